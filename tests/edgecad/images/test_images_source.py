from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import types
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.images import Screen, read_screen


def test_a_path_bytes_and_a_path_object_are_one_screen(tmp_path, png, image):
    path = tmp_path / "scan-of-jane.txt"
    path.write_bytes(png)
    for source in (png, path, str(path)):
        screen = read_screen(source)
        assert screen.kind == "png"
        assert screen.sha256 == hashlib.sha256(png).hexdigest()
        assert np.array_equal(screen.pixels, image)
        assert screen.pixels.flags.c_contiguous
        assert not screen.pixels.flags.writeable


def test_an_array_is_copied_and_grey_is_repeated(image):
    source = image.copy()
    screen = read_screen(source)
    source[:] = 0
    assert np.array_equal(screen.pixels, image)
    assert screen.kind == "array"
    assert screen.sha256 == hashlib.sha256(image.tobytes()).hexdigest()
    grey = read_screen(image[:, :, 0])
    assert np.array_equal(grey.pixels, np.repeat(image[:, :, :1], 3, axis=2))
    assert np.array_equal(read_screen(image[::2, ::-1]).pixels, image[::2, ::-1])


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 4, 4), np.uint8), "wrong-kind"),
        (np.zeros((4, 4, 1), np.uint8), "wrong-kind"),
        (np.zeros(4, np.uint8), "wrong-kind"),
        (np.zeros((1, 4, 4, 3), np.uint8), "wrong-kind"),
        (np.zeros((4, 4, 3), np.float32), "wrong-kind"),
        (np.full((4, 4, 3), np.nan), "wrong-kind"),
        (np.zeros((4, 4, 3), np.uint16), "wrong-kind"),
        (np.zeros((4, 4, 3), object), "wrong-kind"),
        (np.zeros((0, 4, 3), np.uint8), "empty"),
        (np.broadcast_to(np.uint8(0), (1, 20_000, 3)), "too-large"),
        (np.broadcast_to(np.uint8(0), (5000, 5000, 3)), "too-large"),
    ],
)
def test_arrays_that_are_no_screen_are_refused(array, reason, refused):
    with refused(reason):
        read_screen(array)


def test_nan_is_named():
    with pytest.raises(Exception, match="NaN"):
        read_screen(np.full((4, 4, 3), np.nan))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"dear colleague, Jane Doe", "not-an-image"),
        (b"GIF89a" + bytes(100), "not-an-image"),
        (b"BM" + bytes(100), "not-an-image"),
        (b"II*\0" + bytes(100), "not-an-image"),
        (b"\xff\xd8", "truncated"),
        (b"\x89PNG", "truncated"),
        (bytes(64 * 2**20 + 1), "too-large"),
    ],
)
def test_files_that_are_no_screen_are_refused(tmp_path, content, reason, refused):
    path = tmp_path / "scan-of-jane.jpg"
    path.write_bytes(content)
    with refused(reason):
        read_screen(path)
    with refused(reason):
        read_screen(content)


def test_what_is_not_a_readable_file_is_refused(tmp_path, refused):
    with refused("missing"):
        read_screen(tmp_path / "scan-of-jane.jpg")
    with refused("unreadable"):
        read_screen(tmp_path)
    with refused("unreadable"):
        read_screen("scan-of\0.jpg")
    os.mkfifo(tmp_path / "pipe")
    with refused("unreadable"):
        read_screen(tmp_path / "pipe")
    with refused("unreadable"):
        read_screen("/dev/zero")
    with refused("wrong-kind"):
        read_screen(None)  # type: ignore[arg-type]


def test_a_denied_permission_is_a_refusal(tmp_path, refused, monkeypatch):
    def denied(*_arguments):
        raise PermissionError(13, "denied", "scan-of-jane")

    monkeypatch.setattr("edgecad.images.source.os.open", denied)
    with refused("unreadable"):
        read_screen(tmp_path / "scan-of-jane.jpg")


def test_a_module_that_another_thread_is_importing_is_no_obstacle(jpeg, monkeypatch):
    monkeypatch.setitem(sys.modules, "pydicom", types.ModuleType("pydicom"))  # begun, and without its names yet
    assert read_screen(jpeg).kind == "jpeg"


def test_a_screen_checks_itself(image):
    with pytest.raises(ValueError, match="wanted"):
        Screen(image[:, :, :1], "", "array")
    with pytest.raises(ValueError, match="contiguous"):
        Screen(image[:, ::2], "", "array")


def test_importing_the_room_is_light():
    code = "import sys, edgecad.images; sys.exit('pydicom' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert run.returncode == 0


def test_real_files(shared, refused):
    screen = read_screen(shared / "real/scan.jpg")
    capture = read_screen(shared / "real/scan_sc.dcm")
    assert screen.pixels.shape == capture.pixels.shape == (1068, 1640, 3)
    assert np.abs(screen.pixels.astype(int) - capture.pixels).mean() < 2
    lossless = cv2.imencode(".png", np.ascontiguousarray(screen.pixels[..., ::-1]))[1].tobytes()
    assert np.array_equal(read_screen(lossless).pixels, screen.pixels)
    with refused("wrong-kind"):
        read_screen(shared / "real/nm_projections.dcm")
