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
    time.sleep(0.005)
"""
"""Writes files, and promises each once it is written: a receiver in small. It can leave one of the two syncs out."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with new_disk(tmp_path / "power", mebibytes=32) as disk:
        yield disk


def cuts_of(disk: Disk, how: str) -> list[Found]:
    acknowledged = disk.image.with_name("acknowledged")
    acknowledged.touch()

    def promised(folder: Path) -> list[int]:
        return [int(line) for line in acknowledged.read_text().splitlines()]

    def check(folder: Path, numbers: list[int]) -> Found:
        lost = [number for number in numbers if _content(folder / str(number)) != b"%d " % number * 2000]
        return Found(len(numbers) - len(lost), [f"{number} is lost" for number in lost])

    command = [sys.executable, "-c", WRITER, str(disk.folder), how, str(acknowledged)]
    cuts = PowerCuts(disk, lambda folder: command, lambda folder, number: None, promised, check, longest=0.3)
    return cuts.run(3, ready=lambda folder: (folder / "9").exists())


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def test_what_is_synced_outlives_every_cut(disk: Disk) -> None:
    found = cuts_of(disk, "all")
    assert all(cut.kept >= 9 for cut in found)
    assert [fault for cut in found for fault in cut.faults] == []


@pytest.mark.parametrize("how", ["no file", "no folder"])
def test_a_sync_that_is_left_out_is_noticed_at_every_cut(how: str, disk: Disk) -> None:
    assert all(cut.faults for cut in cuts_of(disk, how))
