"""DICOM frames in JPEG Lossless and JPEG 2000: exact, or refused before a decoder sees them."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest

from edgecad.errors import InputRefused, NotAvailable
from edgecad.images import read_screen
from edgecad.images.jpeg2000 import decoding
from edgecad.system.installation import install_command

from .lossless import JFIF, adobe, lossless_jpeg, segment

pydicom = pytest.importorskip("pydicom")

LOSSLESS = ["1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"]
EXACT, LOSSY = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
GREY = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}


# --- JPEG Lossless -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("names", [b"\1\2\3", b"RGB", b"\0\1\2"])
@pytest.mark.parametrize("marks", [b"", adobe(0), segment(0xFE, b"of Jane Doe")])
@pytest.mark.parametrize("apart", [False, True])
def test_a_lossless_jpeg_is_exact(image, dicom_of, syntax, names, marks, apart):
    data = lossless_jpeg(image, names=names, marks=marks, apart=apart)
    assert np.array_equal(read_screen(dicom_of(data, syntax=syntax)).pixels, image)


@pytest.mark.parametrize("predictor", [1, 2])
def test_grey_inverted_grey_and_palettes_are_lossless(image, dicom_of, predictor):
    grey = image[..., 0]
    data = lossless_jpeg(grey, predictor=predictor)
    assert np.array_equal(read_screen(dicom_of(data, syntax=LOSSLESS[0], **GREY)).pixels[..., 1], grey)
    inverted = GREY | {"PhotometricInterpretation": "MONOCHROME1"}
    assert np.array_equal(read_screen(dicom_of(data, syntax=LOSSLESS[1], **inverted)).pixels[..., 1], 255 - grey)
    colours = np.random.default_rng(0).integers(0, 256, (256, 3), np.uint8)
    palette: dict[str, object] = GREY | {"PhotometricInterpretation": "PALETTE COLOR"}
    for index, name in enumerate(("Red", "Green", "Blue")):
        palette[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 8]
        palette[f"{name}PaletteColorLookupTableData"] = colours[:, index].tobytes()
    assert np.array_equal(read_screen(dicom_of(data, syntax=LOSSLESS[1], **palette)).pixels, colours[grey])


@pytest.mark.parametrize("marks", [b"", JFIF, adobe(1)])
def test_a_lossless_jpeg_of_other_colours_is_made_rgb(image, dicom_of, marks):
    ybr = pydicom.pixels.convert_color_space(image, "RGB", "YBR_FULL")
    data = lossless_jpeg(ybr, marks=marks)
    pixels = read_screen(dicom_of(data, syntax=LOSSLESS[1], PhotometricInterpretation="YBR_FULL")).pixels
    assert np.abs(pixels.astype(int) - image).max() <= 3


@pytest.mark.parametrize(
    ("options", "attributes", "reason"),
    [
        ({"marks": JFIF}, {}, "wrong-kind"),
        ({"marks": adobe(1)}, {}, "wrong-kind"),
        ({"marks": adobe(0)}, {"PhotometricInterpretation": "YBR_FULL"}, "wrong-kind"),
        ({}, {"PhotometricInterpretation": "YBR_FULL_422"}, "wrong-kind"),
        ({"depth": 12}, {}, "wrong-kind"),
        ({"sampling": 0x21}, {}, "wrong-kind"),
        ({"names": b"\1\2\2"}, {}, "damaged"),
        ({}, {"Rows": 61}, "damaged"),
        ({}, {"PhotometricInterpretation": "YBR_RCT"}, "wrong-kind"),
    ],
)
def test_a_lossless_jpeg_that_means_two_things_is_refused(image, dicom_of, refused, options, attributes, reason):
    data = lossless_jpeg(image, **options)
    with refused(reason):
        read_screen(dicom_of(data, syntax=LOSSLESS[1], **attributes))


def test_a_broken_lossless_jpeg_is_refused(image, jpeg, dicom_of, refused):
    data = lossless_jpeg(image, apart=True)
    begins = [index for index in range(len(data)) if data[index : index + 2] == b"\xff\xda"]
    for broken, reason in (
        (data[:-2], "truncated"),
        (data[:-400], "truncated"),
        (data[: begins[2]] + b"\xff\xd9", "truncated"),
        (data[:-2] + data[begins[0] : -2] + b"\xff\xd9", "damaged"),
        (data[: begins[2] + 40] + b"\xff\xd9", "damaged"),
        (jpeg, "damaged"),
    ):
        with refused(reason):
            read_screen(dicom_of(broken, syntax=LOSSLESS[1]))


def test_a_lossless_jpeg_of_its_own_is_refused(image, refused):
    """Nothing but DICOM says what its components are."""
    with refused("wrong-kind"):
        read_screen(lossless_jpeg(image))


def test_a_huge_lossless_jpeg_is_not_decoded(image, dicom_of, refused):
    data = lossless_jpeg(image)
    huge = data.replace(struct.pack(">HH", 60, 80), struct.pack(">HH", 16_000, 16_000))
    with refused("too-large"):
        read_screen(dicom_of(huge, syntax=LOSSLESS[1]))


# --- JPEG 2000 ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def codestream():
    """OpenCV's JPEG 2000 of a picture, without the boxes around it; the colours are not transformed."""
    if not cv2.haveImageWriter("x.jp2"):
        pytest.skip("this OpenCV writes no JPEG 2000")

    def encode(pixels):
        whole = cv2.imencode(".jp2", np.ascontiguousarray(pixels[..., ::-1] if pixels.ndim == 3 else pixels))[1]
        data = whole.tobytes()
        return data[data.index(b"\xff\x4f\xff\x51") :]

    return encode


@pytest.fixture
def openjpeg():
    return pytest.importorskip("openjpeg", reason="needs the extra edgecad[jpeg2000]")


def encoded(openjpeg, pixels, *, mct):
    kind = (1 if pixels.ndim == 3 else 2) if mct or pixels.ndim == 2 else 4
    return bytes(openjpeg.encode(np.ascontiguousarray(pixels), photometric_interpretation=kind, use_mct=mct))


@pytest.mark.parametrize(("photometric", "mct"), [("YBR_RCT", True), ("RGB", True), ("RGB", False)])
def test_jpeg_2000_is_exact(image, dicom_of, openjpeg, photometric, mct):
    data = encoded(openjpeg, image, mct=mct)
    told = dicom_of(data, syntax=EXACT, PhotometricInterpretation=photometric)
    assert np.array_equal(read_screen(told).pixels, image)
    assert np.array_equal(read_screen(told[:-8]).pixels, image), "one whole frame needs no end mark"


def test_jpeg_2000_of_grey_and_of_other_colours_is_made_rgb(image, dicom_of, openjpeg):
    grey = image[..., 0]
    data = encoded(openjpeg, grey, mct=False)
    assert np.array_equal(read_screen(dicom_of(data, syntax=LOSSY, **GREY)).pixels[..., 2], grey)
    ybr = pydicom.pixels.convert_color_space(image, "RGB", "YBR_FULL")
    told = dicom_of(encoded(openjpeg, ybr, mct=False), syntax=EXACT, PhotometricInterpretation="YBR_FULL")
    assert np.abs(read_screen(told).pixels.astype(int) - image).max() <= 3


@pytest.mark.parametrize("seed", range(3))
def test_corrupt_jpeg_2000_is_read_or_refused(image, dicom_of, openjpeg, seed):
    data, draw = bytearray(encoded(openjpeg, image, mct=True)), np.random.default_rng(seed)
    start = data.index(b"\xff\x93") + 2
    for place in draw.integers(start, len(data) - 2, 20):
        data[place] = draw.integers(0, 0x80)
    told = ""
    try:
        told = str(read_screen(dicom_of(bytes(data), syntax=EXACT)).pixels.shape)
    except InputRefused as refusal:
        told = refusal.reason
    assert told in ("(60, 80, 3)", "damaged")


@pytest.mark.parametrize(
    ("does", "seen"),
    [
        ("os.abort()", "failed on the picture's data"),
        ("sys.exit(1)", "failed on the picture's data"),
        ("time.sleep(60)", "did not end within"),
        ("os.write(1, bytes(99))", "another size"),
        ("sys.exit(4)", "cannot be imported"),
    ],
)
def test_whatever_the_decoder_does_is_an_answer(image, dicom_of, codestream, tmp_path, monkeypatch, does, seen):
    (tmp_path / "decoder_in_a_test.py").write_text(f"import os, sys, time\nsys.stdin.buffer.read()\n{does}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(decoding, "_MODULE", "decoder_in_a_test")
    if "sleep" in does:  # a slow machine may take seconds to start the others
        monkeypatch.setattr(decoding, "TIME_LIMIT", 2.0)
    monkeypatch.setattr(decoding, "check_installed", lambda *_, **__: None)
    with pytest.raises((InputRefused, NotAvailable), match=seen):
        read_screen(dicom_of(codestream(image), syntax=EXACT))


def test_without_the_decoder_the_extra_is_named(image, dicom_of, codestream, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NotAvailable, match="openjpeg") as caught:
        read_screen(dicom_of(codestream(image), syntax=EXACT))
    assert install_command("jpeg2000") in str(caught.value)


@pytest.fixture
def unseen(monkeypatch):
    """A decoder that must not be reached."""
    monkeypatch.setattr(decoding, "check_installed", lambda *_, **__: pytest.fail("the decoder was called"))


def test_what_the_markers_forbid_is_never_decoded(image, dicom_of, codestream, refused, unseen):
    data = codestream(image)
    sizes = struct.pack(">II", 80, 60)
    assert data.count(sizes) == 2
    tile = data.index(b"\xff\x90")
    length = int.from_bytes(data[tile + 6 : tile + 10], "big")

    def sized(width, height):
        return data.replace(sizes, struct.pack(">II", width, height), 1)

    for broken, reason in (
        (data[:-2], "truncated"), (data[: tile + 100], "truncated"), (data[:tile], "truncated"),
        (data[:30], "truncated"),
        (data[: tile + length - 50] + b"\xff\xd9", "truncated"), (data + b"more", "damaged"), (b"\0" + data, "damaged"),
        (data[:tile] + b"\xff\xd9", "truncated"), (sized(16_000, 16_000), "too-large"), (sized(0, 60), "damaged"),
        (sized(160, 60), "truncated"), (data[:8] + bytes(8) + data[16:], "damaged"),
        (data.replace(b"\7\1\1", b"\x0b\1\1"), "wrong-kind"), (data.replace(b"\7\1\1", b"\7\2\1"), "wrong-kind"),
        (data.replace(sizes + bytes(8) + sizes, sizes + bytes(8) + struct.pack(">II", 1, 1)), "wrong-kind"),
        (cv2.imencode(".jp2", image)[1].tobytes(), "wrong-kind"), (cv2.imencode(".jpg", image)[1].tobytes(), "damaged"),
    ):  # fmt: skip
        with refused(reason):
            read_screen(dicom_of(broken, syntax=EXACT))


@pytest.mark.parametrize(
    ("syntax", "attributes", "reason"),
    [
        (EXACT, {"Rows": 61}, "damaged"),
        (EXACT, {"PhotometricInterpretation": "YBR_RCT"}, "wrong-kind"),
        (LOSSY, {"PhotometricInterpretation": "YBR_ICT"}, "wrong-kind"),
        ("1.2.840.10008.1.2.1", {"PhotometricInterpretation": "YBR_RCT"}, "wrong-kind"),
        (EXACT, {"BitsStored": 7}, "wrong-kind"),
    ],
)
def test_jpeg_2000_that_means_two_things_is_refused(
    image, dicom_of, codestream, refused, unseen, syntax, attributes, reason
):
    with refused(reason):
        read_screen(dicom_of(codestream(image), syntax=syntax, **attributes))


def test_colours_that_are_transformed_are_not_also_ybr(image, dicom_of, codestream, refused, unseen):
    data = bytearray(codestream(image))
    transform = data.index(b"\xff\x52") + 8
    assert data[transform] == 0
    data[transform] = 1
    with refused("wrong-kind"):
        read_screen(dicom_of(bytes(data), syntax=EXACT, PhotometricInterpretation="YBR_FULL"))


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_gdcm", "SC_rgb_gdcm_KY"])
def test_what_another_program_wrote_is_read_as_pydicom_reads_it(openjpeg, name):
    """Files that come with pydicom: a test card of 100 by 100, whose first rows are red."""
    path = pydicom.data.get_testdata_file(f"{name}.dcm", download=False)
    if path is None:
        pytest.skip("this pydicom brings no such file")
    pixels = read_screen(path).pixels
    assert pixels.shape == (100, 100, 3)
    assert np.abs(pixels[5, 50].astype(int) - (255, 0, 0)).max() <= 2
    if name.endswith("KY"):
        frame = next(pydicom.encaps.generate_frames(pydicom.dcmread(path).PixelData, number_of_frames=1))
        assert np.array_equal(pixels, openjpeg.decode(io.BytesIO(frame), 0))
