"""Hostile files: bounded in memory and time, and nothing but a screen or a refusal comes out."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import InputRefused
from edgecad.images import Screen, read_screen

from .lossless import lossless_jpeg

MEASURED = """
import pathlib, resource, sys, time
from edgecad.errors import InputRefused
from edgecad.images import read_screen
data = pathlib.Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
try:
    read_screen(data)
    reason = "read"
except InputRefused as refusal:
    reason = refusal.reason
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(reason, (after - before) // 1024, time.process_time() - start)
"""


def measured(path: Path, data: bytes) -> tuple[str, int, float]:
    """Reason, megabytes and processor seconds of reading `data` in a process of its own."""
    path.write_bytes(data)
    root = Path(__file__).resolve().parents[3]
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURED, str(path)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    reason, megabytes, seconds = run.stdout.split()
    return reason, int(megabytes), float(seconds)


def squeezed(megabytes: int) -> bytes:
    squeezer = zlib.compressobj(6)
    block = bytes(2**20)
    return b"".join(squeezer.compress(block) for _ in range(megabytes)) + squeezer.flush()


@pytest.fixture(scope="session")
def bomb() -> bytes:
    """A gigabyte and a half, in as many kilobytes."""
    return squeezed(1500)


def test_a_png_of_ninety_megapixels_costs_nothing(tmp_path, png_of):
    reason, megabytes, seconds = measured(tmp_path / "png", png_of(30_000, 30_000, bytes(100)))
    assert reason == "too-large"
    assert megabytes < 20
    assert seconds < 2


@pytest.mark.parametrize(("kind", "before"), [(b"zTXt", b"Comment\0\0"), (b"iCCP", b"icc\0\0"), (b"fdAT", b"\0\0\0\1")])
def test_ancillary_bombs_are_never_inflated(tmp_path, png_of, make_chunk, bomb, kind, before):
    data = png_of(4, 4, bytes(13 * 4), before=make_chunk(kind, before + bomb))
    reason, megabytes, seconds = measured(tmp_path / "png", data)
    assert reason == "read"
    assert megabytes < 50
    assert seconds < 2


def test_a_pixel_bomb_is_not_inflated(tmp_path, png_of, bomb):
    reason, megabytes, seconds = measured(tmp_path / "png", png_of(4, 4, b"", compressed=bomb))
    assert reason == "damaged"
    assert megabytes < 50
    assert seconds < 2


def test_a_pixel_bomb_that_libpng_may_inflate_is_small(tmp_path, png_of):
    reason, megabytes, seconds = measured(tmp_path / "png", png_of(4, 4, b"", compressed=squeezed(1000)))
    assert reason == "damaged"
    assert megabytes < 50
    assert seconds < 5


def test_a_progressive_bomb_is_bounded(tmp_path, jpeg_of):
    import cv2

    flat = jpeg_of(np.zeros((4000, 4000, 3), np.uint8), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    scan = flat.rindex(b"\xff\xda")
    data = flat[:scan] + flat[scan:-2] * 54 + b"\xff\xd9"
    _reason, megabytes, seconds = measured(tmp_path / "jpeg", data)
    assert megabytes < 500
    assert seconds < 5


def test_a_jpeg_of_stuffing_is_bounded(tmp_path, jpeg):
    data = jpeg[:-2] + b"\xff\x00" * (31 * 2**20) + b"\xff\xd9"
    reason, megabytes, seconds = measured(tmp_path / "jpeg", data)
    assert reason == "damaged"
    assert megabytes < 300
    assert seconds < 5


def test_a_run_length_bomb_is_bounded(tmp_path, dicom_of):
    import struct

    header = struct.pack("<16I", 1, 64, *[0] * 14)
    grey = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    for packed in (b"\x81\0" * 4_000_000, b"\x80" * 32_000_000):
        data = dicom_of(header + packed, syntax="1.2.840.10008.1.2.5", Rows=2000, Columns=2000, **grey)
        reason, megabytes, seconds = measured(tmp_path / "dicom", data)
        assert reason in ("damaged", "truncated")
        assert megabytes < 300
        assert seconds < 1.5


def test_a_palette_of_segments_does_not_blow_up(tmp_path, dicom_of):
    """A megabyte of segments of 65,535 entries each asks for 170,000 times as many."""
    linear = b"\0\0\1\0\0\0" + b"\1\0\xff\xff\7\7" * 50_000
    attributes: dict[str, object] = {"SamplesPerPixel": 1, "PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = [0, 0, 16]
        attributes[f"Segmented{colour}PaletteColorLookupTableData"] = linear
    reason, megabytes, seconds = measured(tmp_path / "dicom", dicom_of(bytes(4800), **attributes))
    assert reason == "damaged"
    assert megabytes < 50
    assert seconds < 2


def mutant(data: bytes, draw: random.Random) -> bytes:
    """Cut, flip, overwrite, repeat, splice: one to three of these at random places."""
    broken = bytearray(data)
    for _ in range(draw.randint(1, 3)):
        at, length = draw.randrange(len(broken)), draw.choice((1, 2, 4, 16, 200))
        how = draw.randrange(6)
        if how == 0:
            del broken[at:]
        elif how == 1:
            broken[at] ^= 1 << draw.randrange(8)
        elif how == 2:
            broken[at : at + length] = draw.randbytes(length)
        elif how == 3:
            broken[at:at] = broken[at : at + length]
        elif how == 4:
            del broken[at : at + length]
        else:
            broken[at : at + 4] = draw.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))
        if not broken:
            break
    return bytes(broken)


def with_checksums(data: bytes) -> bytes:
    """Mend a PNG's checksums, so that mutants get past them."""
    out, at = bytearray(data[:8]), 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        out += data[at:end] + zlib.crc32(data[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
    return bytes(out) + data[at:]


def outcome(data: bytes, *, halved: bool = False) -> str:
    try:
        screen = read_screen(data, halve_jpeg=halved)
    except InputRefused as refusal:
        return "told" if any(word in str(refusal) for word in ("\n", "Doe")) else refusal.reason
    return "read" if isinstance(screen, Screen) else "strange"


REASONS = {"read", "empty", "truncated", "not-an-image", "too-large", "wrong-kind", "damaged"}


@pytest.mark.parametrize(
    "kind",
    ["jpeg", "progressive", "png", "mended png", "dicom", "bare dicom", "jpeg in dicom", "lossless in dicom", "rle"],
)
@pytest.mark.parametrize("count", [300, pytest.param(1500, marks=pytest.mark.soak)])
@pytest.mark.timeout(7200)
def test_mutants_are_read_or_refused(kind, count, image, jpeg, jpeg_of, png, dicom, dicom_of, capfd):
    """Nine kinds, so 13,500 files in the long form; none may crash, take 5 s, or a gigabyte."""
    import cv2

    made = {
        "jpeg": lambda: jpeg,
        "progressive": lambda: jpeg_of(image, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "png": lambda: png,
        "mended png": lambda: png,
        "dicom": lambda: dicom[:1500] + bytes(len(dicom) - 1500),
        "bare dicom": lambda: dicom[dicom.index(b"\x08\0\x16\0") :],
        "lossless in dicom": lambda: dicom_of(lossless_jpeg(image), syntax="1.2.840.10008.1.2.4.70"),
        "jpeg in dicom": lambda: dicom_of(jpeg, syntax="1.2.840.10008.1.2.4.50"),
        "rle": lambda: dicom_of(bytes(range(256)) * 20, syntax="1.2.840.10008.1.2.5"),
    }
    data, draw = made[kind](), random.Random(7)  # noqa: S311 - a seeded mutation, not a secret
    head = data[:900] if "dicom" in kind else data
    outcomes, slowest, before = Counter(), 0.0, peak_mib()
    for _ in range(count):
        broken = mutant(head, draw) + data[len(head) :]
        begun = time.perf_counter()
        seen = outcome(with_checksums(broken) if kind == "mended png" else broken)
        slowest = max(slowest, time.perf_counter() - begun)
        outcomes[seen] += 1
        if kind in ("jpeg", "progressive"):
            assert outcome(broken, halved=True) == seen, "at half its size a file is no better"
    assert capfd.readouterr() == ("", "")
    with capfd.disabled():
        print(f" {kind}: {dict(outcomes)}, slowest {slowest:.2f} s")  # noqa: T201 - what a soak is run for
    assert set(outcomes) <= REASONS
    assert len(outcomes) >= 3
    assert slowest < 5
    assert peak_mib() - before < 1024


def peak_mib() -> float:
    """The most resident memory of this process so far."""
    resource = pytest.importorskip("resource", reason="no such figure on Windows")
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
