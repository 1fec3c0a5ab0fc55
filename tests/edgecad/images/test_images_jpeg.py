from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.errors import DeviceFailed
from edgecad.images import read_screen
from edgecad.images.jpeg import decoding
from edgecad.images.jpeg.markers import segments

PROGRESSIVE = (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    return jpeg[:2] + segment(marker, body) + jpeg[2:]


def exif(orientation: int, order: str = "<", kind: int = 3) -> bytes:
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    value = struct.pack(f"{order}HH", orientation, 0) if kind == 3 else struct.pack(f"{order}I", orientation)
    entry = struct.pack(f"{order}HHI", 0x0112, kind, 1) + value
    other = struct.pack(f"{order}HHII", 0x0100, 4, 1, 80)
    return b"Exif\0\0" + mark + struct.pack(f"{order}IH", 8, 2) + other + entry + bytes(4)


def frame_at(jpeg: bytes) -> int:
    return next(part.start for part in segments(jpeg) if part.marker in (0xC0, 0xC2))


def patched(data: bytes, position: int, new: bytes) -> bytes:
    return data[:position] + new + data[position + len(new) :]


@pytest.mark.parametrize("options", [(), PROGRESSIVE, (cv2.IMWRITE_JPEG_RST_INTERVAL, 3)])
def test_pixels_are_those_of_opencv(image, jpeg_of, options):
    data = jpeg_of(image, *options)
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    screen = read_screen(data)
    assert screen.kind == "jpeg"
    assert np.array_equal(screen.pixels, expected)
    assert np.abs(screen.pixels.astype(int) - image).mean() < 4


def of_opencv(data, *, halved=False):
    flags = cv2.IMREAD_REDUCED_COLOR_2 if halved else cv2.IMREAD_COLOR
    return cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)[..., ::-1]


@pytest.mark.parametrize("sampling", ["411", "420", "422", "440", "444", "grey", "grey of 2 x 2", "rgb"])
@pytest.mark.parametrize("options", [(), PROGRESSIVE], ids=["baseline", "progressive"])
@pytest.mark.parametrize(("height", "width"), [(60, 80), (33, 47), (1, 1), (8, 9), (16, 17)])
def test_every_kind_is_read_as_opencv_reads_it_whole_and_halved(image, jpeg_of, sampling, options, height, width):
    part = image[:height, :width]
    if sampling.startswith("grey"):
        data = jpeg_of(part[:, :, 0], *options)
        if sampling != "grey":
            data = patched(data, frame_at(data) + 11, b"\x22")
    elif sampling == "rgb":
        factor = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
        data = jpeg_of(part, *options, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor)
        data = data[:2] + segment(0xEE, adobe(0)) + data[20:]
    else:
        factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{sampling}")
        data = jpeg_of(part, *options, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor)
    for halved in (False, True):
        screen = read_screen(data, halve_jpeg=halved)
        assert np.array_equal(screen.pixels, of_opencv(data, halved=halved))


def adobe(transform: int) -> bytes:
    return b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)


@pytest.mark.parametrize(
    "odd",
    [
        lambda data: patched(data, 11, b"\x02"),
        lambda data: patched(data, 11, b"\x09"),
        lambda data: data[:2] + segment(0xEE, adobe(2)) + data[20:],
        lambda data: data[:2] + segment(0xEE, adobe(7)) + data[20:],
        lambda data: data[:2] + segment(0xEE, adobe(7)) + data[2:],
        lambda data: data[:2] + segment(0xEE, b"Adobe\x07") + data[20:],
        lambda data: data[:2] + segment(0xE0, b"JFIF\0\x09") + data[20:],
        lambda data: data[:2] + segment(0xFE, b"a comment") + patched(data, 11, b"\x09")[2:],
    ],
    ids=["JFIF 2", "JFIF 9", "Adobe 2", "Adobe 7", "JFIF and Adobe 7", "short Adobe", "short JFIF", "comment, JFIF 9"],
)
def test_odd_headers_are_read_as_usual_and_hide_no_damage(jpeg, refused, odd):
    """libjpeg warns of them, as it warns of damage, and OpenCV prints the first warning alone."""
    data = odd(jpeg)
    assert data != jpeg
    assert np.array_equal(read_screen(data).pixels, of_opencv(jpeg))
    with refused("damaged"):
        read_screen(data[: int(len(data) * 0.8)] + b"\xff\xd9")


@pytest.mark.parametrize("factors", [b"\x42\x11\x11", b"\x33\x11\x11", b"\x22\x22\x22", b"\x22\x11\x21"])
def test_colours_sampled_in_an_unusual_way_are_refused_as_what_they_are(jpeg, refused, factors):
    start = frame_at(jpeg)
    for place, factor in zip((11, 14, 17), factors, strict=True):
        jpeg = patched(jpeg, start + place, bytes([factor]))
    with refused("wrong-kind"):
        read_screen(jpeg)


@pytest.mark.parametrize(
    "error", [MemoryError(), ValueError("Insufficient memory (case 4)")], ids=["of Python", "of libjpeg"]
)
def test_lack_of_memory_is_not_the_files_fault(jpeg, monkeypatch, error):
    def decode(*_, **__):
        raise error

    monkeypatch.setattr(decoding.simplejpeg, "decode_jpeg", decode)
    with pytest.raises(DeviceFailed, match="no memory"):
        read_screen(jpeg)


def test_grey_is_repeated(image, jpeg_of):
    pixels = read_screen(jpeg_of(image[:, :, 0])).pixels
    assert pixels.shape == (60, 80, 3)
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_padding_behind_the_end_is_nothing(jpeg, refused):
    expected = read_screen(jpeg).pixels
    assert np.array_equal(read_screen(jpeg + bytes(1000)).pixels, expected)
    with refused("damaged"):
        read_screen(jpeg + jpeg)


def test_every_truncation_is_refused(jpeg, jpeg_of, image, refused):
    for data in (jpeg, jpeg_of(image, *PROGRESSIVE)):
        for length in range(3, len(data), 7):
            with refused("truncated"):
                read_screen(data[:length])


def test_a_truncation_with_an_end_mark_is_refused(jpeg, refused):
    for cut in (0.5, 0.8, 0.95):
        with refused("damaged"):
            read_screen(jpeg[: int(len(jpeg) * cut)] + b"\xff\xd9")


def test_a_file_that_was_never_filled_is_refused(jpeg, refused):
    half = len(jpeg) // 2
    with refused("truncated"):
        read_screen(jpeg[:half] + bytes(half))


def test_a_hole_in_the_data_is_refused(jpeg_of, refused):
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    data = jpeg_of(noise)
    with refused("damaged"):
        read_screen(patched(data, len(data) // 2, bytes(256)))
    with refused("damaged"):
        read_screen(data[: len(data) // 2] + data[len(data) // 2 + 400 :])


def test_lost_scans_are_refused(image, jpeg_of, refused):
    data = jpeg_of(image, *PROGRESSIVE)
    scans = [part for part in segments(data) if part.marker == 0xDA]
    assert len(scans) > 3
    with refused("truncated"):
        read_screen(data[: scans[-1].start] + b"\xff\xd9")
    with refused("truncated"):
        read_screen(data[: scans[0].end] + b"\xff\xd9")


def test_too_many_scans_are_refused(image, jpeg_of, refused):
    data = jpeg_of(image, *PROGRESSIVE)
    last = [part for part in segments(data) if part.marker == 0xDA][-1]
    with refused("damaged"):
        read_screen(data[:-2] + data[last.start : last.end] * 64 + b"\xff\xd9")


@pytest.mark.parametrize(
    ("height", "width", "reason"),
    [(30_000, 30_000, "too-large"), (16, 20_000, "too-large"), (0, 80, "damaged"), (61, 80, None)],
)
def test_declared_sizes_are_held(jpeg, refused, height, width, reason):
    data = patched(jpeg, frame_at(jpeg) + 5, struct.pack(">HH", height, width))
    if reason is None:
        # The same number of blocks: a legal file of another size.
        assert read_screen(data).pixels.shape == (61, 80, 3)
    else:
        with refused(reason):
            read_screen(data)


@pytest.mark.parametrize("marker", [0xC3, 0xC5, 0xC9, 0xCA, 0xCB])
def test_other_codings_are_refused(jpeg, refused, marker):
    with refused("wrong-kind"):
        read_screen(patched(jpeg, frame_at(jpeg) + 1, bytes([marker])))


def test_other_depths_and_colours_are_refused(jpeg, refused):
    at = frame_at(jpeg)
    with refused("wrong-kind"):
        read_screen(patched(jpeg, at + 4, b"\x0c"))
    four = segment(0xC0, b"\x08" + struct.pack(">HHB", 60, 80, 4) + bytes(range(12)))
    with refused("wrong-kind"):
        read_screen(jpeg[:at] + four + jpeg[at + 19 :])


def test_structures_that_do_not_add_up_are_refused(jpeg, refused):
    at = frame_at(jpeg)
    frame = jpeg[at : at + 19]
    for broken in (
        jpeg[:at] + frame + jpeg[at:],
        jpeg[:at] + jpeg[at + 19 :],
        jpeg[:2] + b"\xff\xd8" + jpeg[2:],
        jpeg[:20] + b"x" + jpeg[20:],
        jpeg[:2] + b"\xff\xe5\0\1" + jpeg[2:],
        jpeg + b"x",
        jpeg[:2] + segment(0xFE, b"") * 5000 + jpeg[2:],
        jpeg[:2] + b"\xff\xd9",
    ):
        with refused("damaged"):
            read_screen(broken)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turned_picture_is_refused(jpeg, refused, orientation):
    for block in (
        exif(orientation),
        exif(orientation, ">"),
        exif(orientation, ">", 4),
        exif(orientation, "<", 4),
    ):
        with refused("wrong-kind"):
            read_screen(with_segment(jpeg, 0xE1, block))


@pytest.mark.parametrize("block", [exif(1), exif(0), exif(9), b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"x"])
def test_other_exif_changes_nothing(jpeg, block):
    assert np.array_equal(read_screen(with_segment(jpeg, 0xE1, block)).pixels, read_screen(jpeg).pixels)


def test_profiles_and_comments_change_nothing(jpeg):
    data = with_segment(with_segment(jpeg, 0xFE, b"Jane Doe"), 0xE2, b"ICC_PROFILE\0\1\1" + bytes(3000))
    assert np.array_equal(read_screen(data).pixels, read_screen(data[:-2] + b"\xff\xff\xd9").pixels)
    assert np.array_equal(read_screen(data).pixels, read_screen(jpeg).pixels)


def test_nothing_is_printed(jpeg, png_of, refused, capfd):
    with refused("damaged"):
        read_screen(jpeg[: len(jpeg) // 2] + b"\xff\xd9")
    read_screen(patched(jpeg, 11, b"\x09"))
    with refused("damaged"):
        read_screen(png_of(80, 60, b"\x09" * 241 * 60))
    assert capfd.readouterr() == ("", "")


def test_standard_error_is_left_to_the_process(jpeg, png, refused, monkeypatch):
    """Nothing takes descriptor 2 away, for however short a moment: other threads write there."""
    with monkeypatch.context() as watched:
        for name in ("dup", "dup2"):
            watched.setattr(os, name, lambda *_: pytest.fail("a descriptor was taken"))
        read_screen(jpeg)
        read_screen(png)
        with refused("damaged"):
            read_screen(jpeg[: len(jpeg) // 2] + b"\xff\xd9")


def test_a_closed_standard_error_changes_nothing(tmp_path, jpeg):
    (tmp_path / "good").write_bytes(jpeg)
    (tmp_path / "bad").write_bytes(jpeg[: len(jpeg) // 2] + b"\xff\xd9")
    code = """
import os, sys
from edgecad.errors import InputRefused
from edgecad.images import read_screen
os.close(2)
for _ in range(3):
    read_screen("good")
    try:
        read_screen("bad")
        os._exit(1)
    except InputRefused:
        pass
try:
    os.fstat(2)
    os._exit(2)
except OSError:
    os._exit(0)
"""
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)}, check=False
    )
    assert run.returncode == 0


def test_threads_get_their_own_answers(jpeg, image):
    broken = jpeg[: len(jpeg) // 2] + b"\xff\xd9"
    answers: list[bool] = []

    def good() -> None:
        for _ in range(50):
            answers.append(read_screen(jpeg).pixels.shape == image.shape)

    threads = [threading.Thread(target=good) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(50):
        with pytest.raises(Exception, match="corrupt"):
            read_screen(broken)
    for thread in threads:
        thread.join()
    assert answers == [True] * 150
