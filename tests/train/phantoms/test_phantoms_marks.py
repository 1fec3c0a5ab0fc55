"""Every phantom says so: in its pixels, and in the metadata of each format."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgecad_train.phantoms import PhantomPatient, dicom_bytes, draw_patient, jpeg_bytes, png_bytes, render_screen
from edgecad_train.phantoms.layouts import CORNERS, draw_text
from edgecad_train.phantoms.screen import FONT
from edgecad_train.phantoms.streams import Stream, stream

Pixels = npt.NDArray[np.uint8]
BAND = 84
"""Rows at the top and at the bottom that the text line keeps to."""


@pytest.fixture(scope="module")
def screen() -> Pixels:
    """A small phantom screen: a quarter of the full one in each direction."""
    return cv2.resize(render_screen(draw_patient(7, 1)), (410, 267), interpolation=cv2.INTER_AREA)


def _patient(corner: str, text: str | None = None) -> PhantomPatient:
    patient = draw_patient(7, 0)
    layout = replace(patient.layout, text_corner=corner, text=patient.layout.text if text is None else text)
    return replace(patient, layout=layout)


def _band(screen: Pixels, corner: str) -> Pixels:
    rows = screen[:BAND] if corner.startswith("top") else screen[-BAND:]
    return rows[:, :820] if corner.endswith("left") else rows[:, 820:]


def test_every_text_line_begins_with_the_word() -> None:
    lines = [draw_text(stream(0, index, Stream.TEXT)) for index in range(300)]
    assert all(line.split()[0] == "PHANTOM" for line in lines)
    assert all(line.isascii() for line in lines), "OpenCV draws question marks for the rest"


@pytest.mark.parametrize("corner", CORNERS)
def test_the_text_is_lit_in_its_band_and_changes_with_its_words(corner: str) -> None:
    screen = render_screen(_patient(corner))
    assert (_band(screen, corner) > 200).sum() > 500
    assert not (_band(render_screen(_patient(corner, "")), corner) > 0).any()
    other = render_screen(_patient(corner, _patient(corner).layout.text.replace("PHANTOM", "PATIENT")))
    changed = np.flatnonzero((screen != other).any(axis=(1, 2)))
    assert changed.size > 5
    assert changed.max() < BAND if corner.startswith("top") else changed.min() >= screen.shape[0] - BAND


@pytest.mark.parametrize("corner", ["top-left", "bottom-left"])
def test_the_letters_of_the_word_stand_in_the_pixels(corner: str) -> None:
    patient = _patient(corner)
    band = _band(render_screen(patient), corner)[..., 0]
    scale = patient.layout.text_scale

    def written(word: str) -> Pixels:
        (width, height), _ = cv2.getTextSize(word, FONT, scale, 1)
        canvas = np.zeros((height + 12, width), np.uint8)
        cv2.putText(canvas, word, (0, height + 2), FONT, scale, 255, 1, cv2.LINE_AA)
        return canvas

    def likeness(word: str) -> float:
        return float(cv2.matchTemplate(band, written(word), cv2.TM_CCOEFF_NORMED).max())

    assert likeness("PHANTOM") > 0.95
    assert likeness("PATIENT") < 0.9


def test_the_word_stays_readable_in_a_jpeg() -> None:
    patient = _patient("top-left")
    screen = render_screen(patient)
    decoded = cv2.cvtColor(
        cv2.imdecode(np.frombuffer(jpeg_bytes(screen), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )
    assert decoded.shape == (1068, 1640, 3)
    one, other = _band(screen, "top-left").astype(float), _band(decoded, "top-left").astype(float)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.99
    # Quality 95 shifts the red and blue of an edge, but not a map's colours.
    assert np.abs(decoded.astype(int) - screen).mean() < 1.0


def test_a_jpegs_comment_says_phantom(screen: Pixels) -> None:
    data = jpeg_bytes(screen)
    assert data[:4] == b"\xff\xd8\xff\xe0", "start of image, then JFIF"
    comments, at = [], 2
    while data[at : at + 2] != b"\xff\xda":
        assert data[at] == 0xFF
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at + 1] == 0xFE:
            comments.append(data[at + 4 : at + 2 + length])
        at += 2 + length
    assert len(comments) == 1
    assert comments[0].startswith(b"PHANTOM: synthetic")
    assert b"research use only" in comments[0]


def test_a_pngs_description_says_phantom_and_its_pixels_are_exact(screen: Pixels) -> None:
    data = png_bytes(screen)
    texts, at = [], 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + body) == struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0]
        if kind == b"tEXt":
            texts.append(body)
        at += 12 + length
    assert len(texts) == 1
    assert texts[0].startswith(b"Description\x00PHANTOM: synthetic")
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), screen)


def test_a_dicom_object_says_phantom_wherever_a_patient_would_stand(screen: Pixels) -> None:
    pydicom = pytest.importorskip("pydicom", reason="DICOM needs the extra edgecad[dicom]")
    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes(screen)))
    for name in ("PatientName", "PatientID", "SeriesDescription", "ImageComments"):
        assert "PHANTOM" in str(dataset[name].value), name
    assert dataset.QualityControlSubject == "YES"
    assert (dataset.PatientBirthDate, dataset.PatientSex) == ("", "")
    uids = [dataset.SOPInstanceUID, dataset.StudyInstanceUID, dataset.SeriesInstanceUID]
    assert len(set(uids)) == 3
    assert all(uid.is_valid and uid.startswith("2.25.") for uid in uids)
    np.testing.assert_array_equal(dataset.pixel_array, screen)


def test_a_picture_of_odd_size_can_be_dicom(screen: Pixels) -> None:
    pydicom = pytest.importorskip("pydicom", reason="DICOM needs the extra edgecad[dicom]")
    odd = screen[:101, :99].copy()
    assert odd.size % 2 == 1
    np.testing.assert_array_equal(pydicom.dcmread(io.BytesIO(dicom_bytes(odd))).pixel_array, odd)
