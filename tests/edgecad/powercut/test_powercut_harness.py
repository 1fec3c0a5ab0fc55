"""The harness itself: what was synced outlives every cut, what was not does not, and both are seen."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .cuts import Found, PowerCuts
from .disk import Disk, new_disk

WRITER = """
import itertools, os, pathlib, sys, time
folder, how = pathlib.Path(sys.argv[1]), sys.argv[2]
if how == "all" and os.fork():  # a child in a session of its own writes; it must be stopped as well
    os.wait()
elif how == "all":
    os.setsid()
for number in itertools.count():
    with open(folder / f".{number}", "wb") as file:
        file.write(b"%d " % number * 2000)
        file.flush()
        if how != "no file":
            os.fsync(file.fileno())
    (folder / f".{number}").rename(folder / f"{number}")
    if how != "no folder":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    with open(sys.argv[3], "a") as log:  # outside of the disk, as an acknowledgement
        log.write(f"{number}\\n")
    time.sleep(0.02)
"""
"""Writes files, and promises each once it is written: a receiver in small. It can leave one of the two syncs out."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with new_disk(tmp_path / "power", mebibytes=32) as disk:
        yield disk


def cuts_of(disk: Disk, how: str, count: int) -> list[Found]:
    acknowledged = disk.image.with_name("acknowledged")
    acknowledged.touch()

    def promised(folder: Path) -> list[int]:
        return [int(line) for line in acknowledged.read_text().splitlines()]

    def check(folder: Path, numbers: list[int]) -> Found:
        lost = [number for number in numbers if _content(folder / str(number)) != b"%d " % number * 2000]
        return Found(len(numbers) - len(lost), [f"{number} is lost" for number in lost])

    command = [sys.executable, "-c", WRITER, str(disk.folder), how, str(acknowledged)]
    cuts = PowerCuts(disk, lambda folder: command, lambda folder, number: None, promised, check, longest=0.3)
    return cuts.run(count, ready=lambda folder: (folder / "4").exists())


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def test_what_is_synced_outlives_every_cut(disk: Disk) -> None:
    found = cuts_of(disk, "all", 3)
    assert all(cut.kept >= 4 for cut in found)
    assert [fault for cut in found for fault in cut.faults] == []


def test_a_files_sync_that_is_left_out_is_noticed_at_every_cut(disk: Disk) -> None:
    assert all(cut.faults for cut in cuts_of(disk, "no file", 3))


def test_a_folders_sync_that_is_left_out_is_noticed(disk: Disk) -> None:
    # The next file's sync brings it to the disk as well, so it is missed only between the two.
    assert any(cut.faults for cut in cuts_of(disk, "no folder", 8))
