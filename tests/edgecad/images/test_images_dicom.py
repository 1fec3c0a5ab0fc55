from __future__ import annotations

import re
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest

from edgecad.errors import InputRefused, NotAvailable
from edgecad.images import read_screen
from edgecad.system.installation import install_command

pydicom = pytest.importorskip("pydicom")

JPEG = "1.2.840.10008.1.2.4.50"
RLE = "1.2.840.10008.1.2.5"
IMPLICIT = "1.2.840.10008.1.2"


def rle_of(planes) -> bytes:
    """Runs where they last three or more bytes, literals elsewhere, no-operations for good measure."""
    segments = [pack(plane.tobytes()) for plane in planes]
    offsets = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


def pack(data: bytes) -> bytes:
    packed, position = bytearray(b"\x80"), 0
    while position < len(data):
        run = 1
        while run < 128 and data[position : position + 1] * (run + 1) == data[position : position + run + 1]:
            run += 1
        packed += bytes([257 - run, data[position]]) if run > 1 else bytes([0, data[position]])
        position += run
    return bytes(packed) + b"\x80" * (len(packed) % 2)


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", IMPLICIT])
def test_rgb_is_exact(image, dicom_of, syntax):
    screen = read_screen(dicom_of(image.tobytes(), syntax=syntax))
    assert screen.kind == "dicom"
    assert np.array_equal(screen.pixels, image)
    planar = dicom_of(np.moveaxis(image, 2, 0).tobytes(), syntax=syntax, PlanarConfiguration=1)
    assert np.array_equal(read_screen(planar).pixels, image)


def test_a_dataset_is_read_as_its_file(image, dicom_of):
    dataset = dicom_of.dataset(image.tobytes(), syntax="1.2.840.10008.1.2.1")
    assert np.array_equal(read_screen(dataset).pixels, image)
    del dataset.file_meta
    assert np.array_equal(read_screen(dataset).pixels, image)
    assert read_screen(dataset).sha256 == read_screen(image).sha256


def test_a_dataset_without_pixels_is_refused(image, dicom_of, refused):
    dataset = dicom_of.dataset(image.tobytes(), syntax="1.2.840.10008.1.2.1")
    del dataset.PixelData
    with refused("damaged"):
        read_screen(dataset)
    with refused("wrong-kind"):
        read_screen(pydicom.Dataset())


@pytest.mark.parametrize(("photometric", "inverted"), [("MONOCHROME1", True), ("MONOCHROME2", False)])
def test_grey_is_repeated(image, dicom_of, refused, photometric, inverted):
    grey = image[:, :, 0]
    attributes = {"SamplesPerPixel": 1, "PhotometricInterpretation": photometric}
    expected = np.repeat((255 - grey if inverted else grey)[..., None], 3, axis=2)
    assert np.array_equal(read_screen(dicom_of(grey.tobytes(), **attributes)).pixels, expected)
    full = dicom_of(grey.tobytes(), **attributes, WindowCenter=127.5, WindowWidth=256)
    assert np.array_equal(read_screen(full).pixels, expected)
    with refused("wrong-kind"):
        read_screen(dicom_of(grey.tobytes(), **attributes, WindowCenter=[40, 80], WindowWidth=[80, 160]))


def test_ybr_is_made_rgb(image, dicom_of):
    ybr = pydicom.pixels.convert_color_space(image, "RGB", "YBR_FULL")
    pixels = read_screen(dicom_of(ybr.tobytes(), PhotometricInterpretation="YBR_FULL")).pixels
    assert np.abs(pixels.astype(int) - image).max() <= 3
    pairs = ybr.reshape(-1, 2, 3)
    halved = np.concatenate((pairs[..., 0], pairs[:, :1, 1], pairs[:, :1, 2]), axis=1)
    pixels = read_screen(dicom_of(halved.tobytes(), PhotometricInterpretation="YBR_FULL_422")).pixels
    assert np.abs(pixels.astype(int) - image).mean() < 2


VALUES = (np.arange(4800) % 256).astype(np.uint8).reshape(60, 80)
STORED = {
    "8 bits": (8, lambda entry: entry),
    "16 bits, repeated": (16, lambda entry: entry.astype("<u2") * 257),
    "16 bits, high byte": (16, lambda entry: entry.astype("<u2") << 8),
    "16 bits, low byte": (16, lambda entry: entry.astype("<u2")),
    "8 bits in 16, low byte": (8, lambda entry: entry.astype("<u2")),
    "8 bits in 16, high byte": (8, lambda entry: entry.astype("<u2") << 8),
    "8 bits in 16, repeated": (8, lambda entry: entry.astype("<u2") * 257),
}


def palette(colours, bits, stored, form="PaletteColorLookupTableData", **attributes):
    for index, name in enumerate(("Red", "Green", "Blue")):
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [len(colours), 10, bits]
        table = stored(colours[:, index])
        attributes[form.replace("Palette", f"{name}Palette")] = table if isinstance(table, bytes) else table.tobytes()
    return {"SamplesPerPixel": 1, "PhotometricInterpretation": "PALETTE COLOR", **attributes}


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", IMPLICIT])
@pytest.mark.parametrize("how", STORED)
@pytest.mark.parametrize("entries", [200, 201])
def test_palettes_are_looked_up(dicom_of, refused, how, syntax, entries):
    colours = np.random.default_rng(0).integers(0, 256, (entries, 3), np.uint8)
    colours[:, 2] = 0  # one colour's table may be empty
    attributes = palette(colours, *STORED[how])
    expected = colours[np.clip(VALUES.astype(int) - 10, 0, entries - 1)]
    assert np.array_equal(read_screen(dicom_of(VALUES.tobytes(), syntax=syntax, **attributes)).pixels, expected)
    attributes["BluePaletteColorLookupTableData"] = bytes(20)
    with refused("damaged"):
        read_screen(dicom_of(VALUES.tobytes(), **attributes))


def test_a_palette_that_means_two_things_is_refused(dicom_of, refused):
    colours = np.random.default_rng(0).integers(1, 256, (200, 3), np.uint8)
    other = palette(colours, 8, lambda entry: (entry[::-1].astype("<u2") << 8) + entry)
    with refused("wrong-kind"):
        read_screen(dicom_of(VALUES.tobytes(), **other))
    unlike = palette(colours, 8, lambda entry: entry) | {"BluePaletteColorLookupTableDescriptor": [200, 10, 16]}
    with refused("wrong-kind"):
        read_screen(dicom_of(VALUES.tobytes(), **unlike))


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_in_segments_is_put_together(dicom_of, refused, bits):
    """60 entries up, 2 given, 138 down; pydicom says what they are."""
    unit, top = ("B", 255) if bits == 8 else ("<H", 65280)
    words = [0, 1, 0, 1, 59, top, 0, 2, top // 2, top // 3, 1, 138, 0]
    made = np.array(pydicom.pixels.processing._expand_segmented_lut(tuple(words), unit))
    colours = np.repeat((made >> (bits - 8)).astype(np.uint8)[:, None], 3, axis=1)
    form = "SegmentedPaletteColorLookupTableData"

    def dicom(words):
        value = b"".join(struct.pack(unit, word) for word in words)
        return dicom_of(VALUES.tobytes(), **palette(colours, bits, lambda _: value + b"\0" * (len(value) % 2), form))

    expected = colours[np.clip(VALUES.astype(int) - 10, 0, 199)]
    assert np.array_equal(read_screen(dicom(words)).pixels, expected)
    for broken, reason in (
        (words[:-3], "damaged"), ([*words, 0, 1, 9], "damaged"), (words[3:], "wrong-kind"), ([0, 0] * 50, "damaged"),
        ([*words[:3], 2, 1, 0, 0], "wrong-kind"), ([0, 1, 0, *[1, 255, 9] * 1000], "damaged"),
    ):  # fmt: skip
        with refused(reason):
            read_screen(dicom(broken))


def test_run_lengths_are_undone(image, dicom_of, refused):
    planes = np.moveaxis(image, 2, 0)
    assert np.array_equal(read_screen(dicom_of(rle_of(planes), syntax=RLE)).pixels, image)
    with refused("damaged"):
        read_screen(dicom_of(rle_of(planes[:2]), syntax=RLE))
    with refused("truncated"):
        read_screen(dicom_of(rle_of(planes)[:-2000], syntax=RLE))
    with refused("damaged"):
        read_screen(dicom_of(rle_of(planes), syntax=RLE, Rows=59))
    with refused("too-large"):
        read_screen(dicom_of(rle_of(planes), syntax=RLE, Rows=4000, Columns=4000))


def test_an_encapsulated_jpeg_is_our_jpeg(image, jpeg, dicom_of, refused):
    attributes = {"syntax": JPEG, "PhotometricInterpretation": "YBR_FULL_422"}
    assert np.array_equal(read_screen(dicom_of(jpeg, **attributes)).pixels, read_screen(jpeg).pixels)
    with refused("truncated"):
        read_screen(dicom_of(jpeg[:-300], **attributes))
    with refused("damaged"):
        read_screen(dicom_of(jpeg, **attributes, Rows=61))
    with refused("damaged"):
        read_screen(dicom_of(cv2.imencode(".png", image)[1].tobytes(), **attributes))


def test_a_jpeg_that_leaves_its_colours_open_is_refused(jpeg, dicom_of, refused):
    assert read_screen(dicom_of(jpeg, syntax=JPEG)).kind == "dicom"
    unmarked = jpeg[:2] + jpeg[20:]
    with refused("wrong-kind"):
        read_screen(dicom_of(unmarked, syntax=JPEG))


@pytest.mark.parametrize(
    "sop_class",
    ["1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.128", "1.2.840.10008.5.1.4.1.1.7.3", "1.2.3.4", ""],
)
def test_other_objects_are_refused_by_name(image, dicom_of, refused, sop_class):
    with refused("wrong-kind"):
        read_screen(dicom_of.dataset(image.tobytes(), syntax=IMPLICIT, SOPClassUID=sop_class))


def test_the_refusal_names_the_kind_but_no_private_number(image, dicom_of):
    def message(sop_class: str) -> str:
        with pytest.raises(Exception, match="Secondary Capture") as caught:
            read_screen(dicom_of(image.tobytes(), SOPClassUID=sop_class))
        return str(caught.value)

    assert "Nuclear Medicine Image" in message("1.2.840.10008.5.1.4.1.1.20")
    assert "1.2.999.19700101" not in message("1.2.999.19700101")


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"NumberOfFrames": 2}, "several-frames"),
        ({"NumberOfFrames": -1}, "damaged"),
        ({"BitsStored": 7}, "wrong-kind"),
        ({"BitsAllocated": 16, "BitsStored": 16}, "wrong-kind"),
        ({"PixelRepresentation": 1}, "wrong-kind"),
        ({"PhotometricInterpretation": "HSV"}, "wrong-kind"),
        ({"SamplesPerPixel": 4}, "wrong-kind"),
        ({"PhotometricInterpretation": "MONOCHROME2"}, "wrong-kind"),
        ({"PlanarConfiguration": 7}, "wrong-kind"),
        ({"PixelAspectRatio": ["2", "1"]}, "wrong-kind"),
        ({"PresentationLUTShape": "INVERSE"}, "wrong-kind"),
        ({"Rows": 20_000}, "too-large"),
        ({"Rows": 10_000, "Columns": 10_000}, "too-large"),
        ({"Rows": 0}, "damaged"),
        ({"Rows": None}, "damaged"),
        ({"Rows": 61}, "truncated"),
        ({"Rows": 59}, "damaged"),
    ],
)
def test_other_frames_are_refused(image, dicom_of, refused, attributes, reason):
    with refused(reason):
        read_screen(dicom_of(image.tobytes(), **attributes))


def test_attributes_that_change_nothing_are_read(image, dicom_of):
    same = {"PixelAspectRatio": ["1", "1"], "PresentationLUTShape": "IDENTITY", "RescaleSlope": "1"}
    assert np.array_equal(read_screen(dicom_of(image.tobytes(), **same)).pixels, image)
    empty = {"PixelAspectRatio": None, "PresentationLUTShape": "", "RescaleSlope": None, "RescaleIntercept": None}
    assert np.array_equal(read_screen(dicom_of(image.tobytes(), **empty)).pixels, image)


GREY = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}


@pytest.mark.parametrize(
    "leftover",
    [
        {"RescaleSlope": "1", "RescaleIntercept": "0"},
        {"RescaleSlope": "-1", "RescaleIntercept": "255"},
        {"RescaleSlope": "0.031", "RescaleIntercept": "-12.5", "RescaleType": "US"},
        {"WindowCenter": 40, "WindowWidth": 80},
    ],
)
@pytest.mark.parametrize("place", ["top", "group"])
def test_what_a_converter_left_of_grey_values_changes_no_colours(image, dicom_of, refused, leftover, place):
    """And changes grey, where all but the identity is refused."""
    told = dict(leftover)
    if place == "group":
        item, group = pydicom.Dataset(), pydicom.Dataset()
        for name, value in leftover.items():
            setattr(item, name, value)
        group.PixelValueTransformationSequence = [item]
        told = {"SharedFunctionalGroupsSequence": [group]}
    assert np.array_equal(read_screen(dicom_of(image.tobytes(), **told)).pixels, image)
    grey = image[:, :, 0]
    if leftover.get("RescaleSlope") == "1":
        assert np.array_equal(read_screen(dicom_of(grey.tobytes(), **GREY, **told)).pixels[..., 0], grey)
        return
    with refused("wrong-kind"):
        read_screen(dicom_of(grey.tobytes(), **GREY, **told))


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.201"])
def test_other_codings_are_refused(dicom, refused, syntax):
    written = b"1.2.840.10008.1.2.1\0"
    padded = (syntax + "\0" * (len(syntax) % 2)).encode()
    data = dicom.replace(
        b"UI" + struct.pack("<H", len(written)) + written, b"UI" + struct.pack("<H", len(padded)) + padded
    )
    assert data != dicom
    with refused("wrong-kind"):
        read_screen(data)


def test_a_deflated_bomb_is_not_inflated(dicom, refused):
    squeezer = zlib.compressobj(9, wbits=-15)
    bomb = b"".join(squeezer.compress(bytes(2**20)) for _ in range(200)) + squeezer.flush()
    written = b"UI" + struct.pack("<H", 20) + b"1.2.840.10008.1.2.1\0"
    deflated = b"UI" + struct.pack("<H", 22) + b"1.2.840.10008.1.2.1.99"
    meta, _, _ = dicom.partition(struct.pack("<HH2sH", 8, 0x16, b"UI", 26))
    with refused("wrong-kind"):
        read_screen(meta.replace(written, deflated) + bomb)


def test_every_truncation_is_refused(dicom):
    for length in [*range(132, 1000, 9), *range(1000, len(dicom), 997)]:
        with pytest.raises(Exception, match="DICOM") as caught:
            read_screen(dicom[:length])
        assert caught.value.reason in ("truncated", "damaged", "wrong-kind")


def test_a_head_without_end_is_refused(dicom, refused):
    at = dicom.index(struct.pack("<HH", 0x0010, 0x0010))
    crowd = b"".join(struct.pack("<HH2sH", 9, element, b"UN"[:2], 0) + bytes(4) for element in range(0x1000, 0x2000))
    with refused("too-large"):
        read_screen(dicom[:at] + crowd * 30 + dicom[at:])


PADDING = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 126) + bytes(126)


@pytest.mark.parametrize("after", [b"", bytes(512), bytes(3), PADDING, PADDING + bytes(100)])
def test_padding_behind_the_data_set_is_stepped_over(image, jpeg, dicom_of, after):
    assert np.array_equal(read_screen(dicom_of(image.tobytes()) + after).pixels, image)
    screen = read_screen(dicom_of(jpeg, syntax=JPEG) + after)
    assert np.array_equal(screen.pixels, read_screen(jpeg).pixels)


@pytest.mark.parametrize("after", [b"", bytes(512), PADDING])
def test_one_whole_frame_needs_no_end_mark(image, jpeg, dicom_of, refused, after):
    for syntax, value in ((JPEG, jpeg), (RLE, rle_of(np.moveaxis(image, 2, 0)))):
        data = dicom_of(value, syntax=syntax)
        assert data.endswith(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
        assert np.array_equal(read_screen(data[:-8] + after).pixels, read_screen(data).pixels)
        with refused("truncated"):
            read_screen(data[:-108] + after[:50])
    with refused("damaged"):
        read_screen(dicom_of(jpeg, syntax=JPEG)[:-8] + b"more of it")


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", IMPLICIT])
@pytest.mark.parametrize("meta", [True, False])
def test_a_file_without_a_preamble_is_told_by_its_first_elements(image, dicom_of, syntax, meta):
    whole = dicom_of(image.tobytes(), syntax=syntax, SpecificCharacterSet="ISO_IR 100", ImageType=["DERIVED", "REST"])
    bare = whole[132:] if meta else whole[whole.index(b"\x08\0\x05\0") :]
    screen = read_screen(bare)
    assert (screen.kind, screen.says) == ("dicom", ("rest",))
    assert np.array_equal(screen.pixels, image)
    for length in range(140, 700, 7):
        with pytest.raises(InputRefused):
            read_screen(bare[:length])


def test_compressed_frames_without_a_meta_group_do_not_say_how(jpeg, dicom_of, refused):
    whole = dicom_of(jpeg, syntax=JPEG)
    bare = whole[whole.index(b"\x08\0\x16\0") :]
    with refused("wrong-kind"):
        read_screen(bare)
    with pytest.raises(InputRefused, match="does not say how they are compressed"):
        read_screen(bare)


def test_pixel_data_are_read_as_they_stand_there(image, dicom_of):
    """Some writers declare explicit types and write none; what an archive does not know it calls UN."""
    whole, length = dicom_of(image.tobytes()), struct.pack("<I", image.size)
    tag, rest = struct.pack("<HH", 0x7FE0, 0x0010), b"OB\0\0" + length
    for instead in (length, b"UN\0\0" + length, b"OW\0\0" + length):
        assert whole.count(tag + rest) == 1
        assert np.array_equal(read_screen(whole.replace(tag + rest, tag + instead)).pixels, image)


@pytest.mark.parametrize("length", [2**20, 40 * 2**20])
@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", IMPLICIT])
def test_a_long_private_block_is_stepped_over(image, dicom_of, syntax, length):
    whole = dicom_of(image.tobytes(), syntax=syntax)
    explicit, pixels = syntax != IMPLICIT, whole.index(struct.pack("<HH", 0x7FE0, 0x0010))
    kind = struct.pack("<2sH", b"OB", 0) if explicit else b""
    head = struct.pack("<HH", 0x0029, 0x1010) + kind + struct.pack("<I", length)
    screen = read_screen(whole[:pixels] + head + bytes(length) + whole[pixels:])
    assert np.array_equal(screen.pixels, image)


def test_a_palette_beyond_all_sense_is_refused_before_it_is_looked_into(dicom_of, refused):
    colours = np.zeros((200, 3), np.uint8)
    long = palette(colours, 16, lambda entry: bytes(2**20))
    with refused("too-large"):
        read_screen(dicom_of(VALUES.tobytes(), **long))


def test_without_pydicom_the_extra_is_named(dicom, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(NotAvailable, match=re.escape(install_command("dicom"))):
        read_screen(dicom)


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({}, ()),
        ({"SeriesDescription": "Myocard REST AC Doe"}, ("rest",)),
        ({"SeriesDescription": "Stress/Rest MPI"}, ()),
        ({"SeriesDescription": "REST AC", "ProtocolName": "MYOCARD STRESS/REST 1 DAY"}, ("rest",)),
        ({"SeriesDescription": "Stress AC", "ProtocolName": "Rest Stress"}, ()),
        ({"SeriesDescription": "Stress AC", "ImageType": ["DERIVED", "REST"]}, ()),
        ({"SeriesDescription": "MPI", "ProtocolName": "Rest", "ImageType": ["DERIVED", "STRESS"]}, ("rest",)),
        ({"SeriesDescription": "STRESS_NAC"}, ("not attenuation-corrected",)),
        ({"SeriesDescription": "Stress non-corrected"}, ("not attenuation-corrected",)),
        ({"SeriesDescription": "rest", "ProtocolName": "no AC"}, ("rest", "not attenuation-corrected")),
        ({"ImageType": ["DERIVED", "SECONDARY", "REST"]}, ("rest",)),
        ({"SeriesDescription": "Stress AC polar map, arrested"}, ()),
        ({"SeriesDescription": ""}, ()),
    ],
)
def test_what_the_series_says_of_the_acquisition_is_kept_and_nothing_else(image, dicom_of, attributes, says):
    assert read_screen(dicom_of(image.tobytes(), **attributes)).says == says
    assert read_screen(dicom_of.dataset(image.tobytes(), syntax=IMPLICIT, **attributes)).says == says
