"""One frame of several: the one that was named, whole, and none of the others."""

from __future__ import annotations

import struct
import time
from itertools import accumulate

import numpy as np
import pytest

from edgecad.errors import InputRefused, UsageError
from edgecad.images import read_screen
from edgecad.images.dicom import pixels as dicom_pixels

pydicom = pytest.importorskip("pydicom")

PLAIN = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
JPEG = "1.2.840.10008.1.2.4.50"
RLE = "1.2.840.10008.1.2.5"


@pytest.fixture(scope="module")
def frames(image):
    """Three pictures `(60, 80, 3)` that differ."""
    return [image, 255 - image, np.roll(image, 30, axis=1)]


def item(content: bytes) -> bytes:
    content += b"\0" * (len(content) % 2)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content


def encapsulated(frames: list[list[bytes]], *, table: bool) -> bytes:
    """Frames of some fragments each, behind an offset table that is full or empty."""
    coded = [b"".join(map(item, fragments)) for fragments in frames]
    offsets = list(accumulate(map(len, coded), initial=0))[:-1]
    return item(struct.pack(f"<{len(offsets)}I", *offsets) if table else b"") + b"".join(coded)


def halves(data: bytes) -> list[bytes]:
    middle = len(data) // 4 * 2
    return [data[:middle], data[middle:]]


def literals(picture: np.ndarray) -> bytes:
    """Run length coding that saves nothing: a count of 128 bytes, then these."""
    segments = []
    for plane in np.moveaxis(picture, 2, 0):
        rows = np.ascontiguousarray(plane).reshape(-1).tobytes()
        parts = [rows[start : start + 128] for start in range(0, len(rows), 128)]
        segment = b"".join(bytes([len(part) - 1]) + part for part in parts)
        segments.append(segment + b"\x80" * (len(segment) % 2))
    offsets = list(accumulate(map(len, segments), initial=64))[:-1]
    return struct.pack("<16I", len(segments), *offsets, *[0] * (15 - len(segments))) + b"".join(segments)


@pytest.mark.parametrize("syntax", [PLAIN, IMPLICIT])
@pytest.mark.parametrize("planar", [0, 1])
def test_a_plain_frame_is_exact(frames, dicom_of, syntax, planar):
    stored = [np.moveaxis(frame, 2, 0) if planar else frame for frame in frames]
    value = b"".join(frame.tobytes() for frame in stored)
    data = dicom_of(value, syntax=syntax, NumberOfFrames=3, PlanarConfiguration=planar)
    for number, frame in enumerate(frames, start=1):
        screen = read_screen(data, frame=number)
        assert np.array_equal(screen.pixels, frame)
        assert screen.frame == number
    assert read_screen(data, 1).sha256 == read_screen(data, 2).sha256, "of the file, whichever frame"


def test_frames_of_an_odd_number_of_bytes_follow_without_padding(dicom_of):
    grey = np.arange(3 * 25, dtype=np.uint8).reshape(3, 5, 5)
    attributes = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "Rows": 5, "Columns": 5}
    data = dicom_of(grey.tobytes(), NumberOfFrames=3, **attributes)
    for number in (1, 2, 3):
        assert np.array_equal(read_screen(data, number).pixels[..., 0], grey[number - 1])


def test_a_dataset_gives_its_frames_as_its_file_does(frames, dicom_of):
    value = b"".join(frame.tobytes() for frame in frames)
    dataset = dicom_of.dataset(value, syntax=PLAIN, NumberOfFrames=3)
    assert np.array_equal(read_screen(dataset, frame=2).pixels, frames[1])
    assert read_screen(dataset, frame=2).sha256 != read_screen(dataset, frame=3).sha256


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("split", [False, True])
def test_a_jpeg_frame_is_our_jpeg(frames, jpeg_of, dicom_of, table, split):
    coded = [jpeg_of(frame) for frame in frames]
    value = encapsulated([halves(data) if split else [data] for data in coded], table=table)
    attributes = {"syntax": JPEG, "fragmented": True, "PhotometricInterpretation": "YBR_FULL_422"}
    data = dicom_of(value, NumberOfFrames=3, **attributes)
    for number, alone in enumerate(coded, start=1):
        assert np.array_equal(read_screen(data, number).pixels, read_screen(alone).pixels)


@pytest.mark.parametrize("table", [True, False])
def test_a_run_length_frame_is_exact(frames, dicom_of, table):
    value = encapsulated([[literals(frame)] for frame in frames], table=table)
    data = dicom_of(value, syntax=RLE, fragmented=True, NumberOfFrames=3)
    for number, frame in enumerate(frames, start=1):
        assert np.array_equal(read_screen(data, number).pixels, frame)


def test_no_other_frame_is_decoded(frames, jpeg_of, dicom_of, refused, monkeypatch):
    good, rubbish = jpeg_of(frames[0]), b"\xff\xd8\xff" + bytes(5000)
    attributes = {"syntax": JPEG, "fragmented": True, "PhotometricInterpretation": "YBR_FULL_422"}
    data = dicom_of(encapsulated([[rubbish], [good], [rubbish]], table=True), NumberOfFrames=3, **attributes)
    decoded = []
    decode = dicom_pixels.rgb_from_jpeg
    monkeypatch.setattr(dicom_pixels, "rgb_from_jpeg", lambda part: decoded.append(len(part)) or decode(part))
    assert np.array_equal(read_screen(data, 2).pixels, read_screen(good).pixels)
    assert decoded == [len(good) + len(good) % 2]
    with pytest.raises(InputRefused):
        read_screen(data, 3)


def test_without_a_choice_the_number_of_frames_is_said_and_how_to_choose(frames, dicom_of):
    data = dicom_of(b"".join(frame.tobytes() for frame in frames), NumberOfFrames=3)
    with pytest.raises(InputRefused, match=r"holds 3 frames; .*1 to 3.*--frame") as caught:
        read_screen(data)
    assert caught.value.reason == "several-frames"


@pytest.mark.parametrize("number", [4, 10**9])
def test_a_frame_that_is_not_there_is_refused_with_those_that_are(frames, dicom_of, number):
    data = dicom_of(b"".join(frame.tobytes() for frame in frames), NumberOfFrames=3)
    with pytest.raises(InputRefused, match=rf"no frame {number}; .*1 to 3") as caught:
        read_screen(data, number)
    assert caught.value.reason == "no-such-frame"


@pytest.mark.parametrize("kind", ["jpeg", "png", "dicom", "image"])
def test_what_has_one_frame_has_the_first_alone(request, refused, kind):
    source = request.getfixturevalue(kind)
    first = read_screen(source, 1)
    assert np.array_equal(first.pixels, read_screen(source).pixels)
    assert (first.frame, read_screen(source).frame) == (1, None)
    with refused("no-such-frame"):
        read_screen(source, 2)


@pytest.mark.parametrize("number", [0, -1])
def test_frames_are_counted_from_one(dicom, number):
    with pytest.raises(UsageError, match="counted from 1"):
        read_screen(dicom, number)


@pytest.mark.parametrize("chosen", [1, 3])
def test_plain_frames_that_do_not_fill_their_element_are_refused_whichever_is_named(frames, dicom_of, refused, chosen):
    value = b"".join(frame.tobytes() for frame in frames)
    with refused("truncated"):
        read_screen(dicom_of(value[:-2], NumberOfFrames=3), chosen)
    with refused("damaged"):
        read_screen(dicom_of(value + bytes(2), NumberOfFrames=3), chosen)
    with refused("truncated"):
        read_screen(dicom_of(value, NumberOfFrames=2**31 - 1), chosen)
    with refused("too-large"):
        read_screen(dicom_of(value, NumberOfFrames=3, Rows=10_000, Columns=10_000), chosen)


@pytest.mark.parametrize(
    "offsets",
    [
        lambda true: true[:2],
        lambda true: [*true, 0],
        lambda true: [true[0], true[1] + 2, true[2]],
        lambda true: [true[0], true[2], true[1]],
        lambda true: [true[0], true[0], true[2]],
        lambda true: [true[1], true[2], true[2]],
        lambda true: [0, 0, 0],
        lambda true: [true[0], true[1], 2 * true[2] - true[1]],  # the end of the last one
        lambda true: [true[0], true[1], 2**32 - 2],
    ],
)
@pytest.mark.parametrize("chosen", [1, 2, 3])
def test_an_offset_table_that_points_elsewhere_is_refused(frames, dicom_of, refused, offsets, chosen):
    coded = [item(literals(frame)) for frame in frames]
    true = [0, len(coded[0]), 2 * len(coded[0])]
    assert len({len(part) for part in coded}) == 1
    told = offsets(true)
    value = item(struct.pack(f"<{len(told)}I", *told)) + b"".join(coded)
    with refused("damaged"):
        read_screen(dicom_of(value, syntax=RLE, fragmented=True, NumberOfFrames=3), chosen)


def test_frames_that_cannot_be_told_apart_are_refused(frames, jpeg_of, dicom_of, refused):
    attributes = {"fragmented": True, "PhotometricInterpretation": "YBR_FULL_422", "syntax": JPEG}
    value = encapsulated([halves(jpeg_of(frame)) for frame in frames], table=False)
    for count in (2, 4, 5, 7, 2**31 - 1):
        with refused("damaged"):
            read_screen(dicom_of(value, NumberOfFrames=count, **attributes), 1)
    split = encapsulated([halves(literals(frame)) for frame in frames], table=False)
    with refused("damaged"):
        read_screen(dicom_of(split, syntax=RLE, fragmented=True, NumberOfFrames=3), 1)


def test_an_end_that_is_missing_is_found_whichever_frame_is_named(frames, dicom_of, refused):
    data = dicom_of(
        encapsulated([[literals(frame)] for frame in frames], table=True),
        syntax=RLE,
        fragmented=True,
        NumberOfFrames=3,
    )
    with refused("truncated"):
        read_screen(data[:-8], 1)


def test_a_crowd_of_fragments_is_refused_at_once(dicom_of, refused):
    value = item(b"") + item(b"") * 1_000_000
    data = dicom_of(value, syntax=JPEG, fragmented=True, NumberOfFrames=1_000_000)
    begun = time.perf_counter()
    with refused("damaged"):
        read_screen(data, 1)
    assert time.perf_counter() - begun < 1


def window(centre: float, width: float) -> object:
    inner, group = pydicom.Dataset(), pydicom.Dataset()
    inner.WindowCenter, inner.WindowWidth = centre, width
    group.FrameVOILUTSequence = [inner]
    return group


def test_a_window_of_one_frame_or_of_all_is_refused_where_it_changes_what_is_shown(frames, dicom_of, refused):
    grey = np.stack([frame[..., 0] for frame in frames])
    attributes = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2", "NumberOfFrames": 3}
    full, narrow = window(128, 256), window(40, 80)
    data = dicom_of(grey.tobytes(), **attributes, PerFrameFunctionalGroupsSequence=[full, narrow, full])
    assert np.array_equal(read_screen(data, 1).pixels[..., 0], grey[0])
    with refused("wrong-kind"):
        read_screen(data, 2)
    with refused("wrong-kind"):
        read_screen(dicom_of(grey.tobytes(), **attributes, SharedFunctionalGroupsSequence=[narrow]), 1)
    with refused("damaged"):
        read_screen(dicom_of(grey.tobytes(), **attributes, PerFrameFunctionalGroupsSequence=[full, full]), 1)
