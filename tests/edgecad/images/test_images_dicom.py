from __future__ import annotations

import re
import struct
import sys
import zlib

import cv2
import numpy as np
import pytest

from edgecad.errors import NotAvailable
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


@pytest.mark.parametrize("bits", [8, 16])
def test_palettes_are_looked_up(dicom_of, refused, bits):
    values = (np.arange(4800) % 256).astype(np.uint8).reshape(60, 80)
    colours = np.random.default_rng(0).integers(0, 256, (200, 3), np.uint8)
    attributes: dict[str, object] = {"SamplesPerPixel": 1, "PhotometricInterpretation": "PALETTE COLOR"}
    for index, name in enumerate(("Red", "Green", "Blue")):
        table = colours[:, index] if bits == 8 else colours[:, index].astype("<u2") * 257
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [200, 10, bits]
        attributes[f"{name}PaletteColorLookupTableData"] = table.tobytes()
    expected = colours[np.clip(values.astype(int) - 10, 0, 199)]
    assert np.array_equal(read_screen(dicom_of(values.tobytes(), **attributes)).pixels, expected)
    attributes["BluePaletteColorLookupTableData"] = bytes(20)
    with refused("damaged"):
        read_screen(dicom_of(values.tobytes(), **attributes))


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
        ({"RescaleSlope": "-1", "RescaleIntercept": "255"}, "wrong-kind"),
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


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.70"])
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
