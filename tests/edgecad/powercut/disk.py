"""A file system whose power can be cut: it lies in a file, and a copy of that file is what a cut leaves.

What a program has written lies in memory first. The file system brings it to its device some time later, or at a sync.
Here the device is an image file behind a loop device, so the image holds what the device was given, and nothing that
is in memory alone. A copy of the image, mounted elsewhere, is the disk after the cut: the journal is replayed, and what
was not synced is gone or without its bytes.

Two things are not shown: a cut inside of one write of the device, and a drive that loses what it called written. Both
are the file system's to bear.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOLS = ("mkfs.ext4", "mount", "umount", "cp")
PATIENCE = 60.0
"""Seconds to wait for a device that is at rest for as long as a copy takes."""


@dataclass(frozen=True)
class Disk:
    """A mounted file system in an image file.

    Attributes:
        image: the file; it holds what the device was given.
        folder: where it is mounted.
    """

    image: Path
    folder: Path

    def copied(self, copy: Path) -> None:
        """Copy the image as it is at one moment; whoever writes to the disk must be stopped.

        The system may bring things to the device by itself at any time. So a copy counts only if the device wrote
        nothing meanwhile.
        """
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            before, busy = self._writes()
            _run("cp", "--sparse=always", str(self.image), str(copy))
            if not busy and self._writes() == (before, 0):
                return
        raise TimeoutError(f"the device of {self.folder} wrote on for {PATIENCE:g} s; is every writer stopped?")

    def _writes(self) -> tuple[int, int]:
        """Writes that the device has ended, and what it is about."""
        number = self.folder.stat().st_dev
        path = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/stat")
        columns = [int(column) for column in path.read_text("utf-8").split()]
        return columns[4], columns[8]


@contextmanager
def new_disk(place: Path, mebibytes: int) -> Iterator[Disk]:
    """An empty ext4 of so many MiB, which is mounted below `place`; skips the test where that cannot be."""
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]
    if sys.platform != "linux" or missing:
        pytest.skip(f"a power cut needs Linux and {', '.join(missing) or 'a loop device'}")
    place.mkdir(exist_ok=True)
    image = place / "image"
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    # All tables are written now: else the system goes on writing them for minutes.
    _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
    with mounted_image(image, place / "disk") as folder:
        yield Disk(image, folder)
    shutil.rmtree(place)  # hundreds of MB


@contextmanager
def mounted_image(image: Path, folder: Path) -> Iterator[Path]:
    """Mount an image, which replays its journal; skips the test where this user may not."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "ext4", "-o", "loop", str(image), str(folder)],
        capture_output=True, text=True, check=False, env=_environment(),
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"a file system in a file cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        until = time.monotonic() + PATIENCE  # a killed process has it open for a moment longer
        while subprocess.run(["umount", str(folder)], capture_output=True, check=False, env=_environment()).returncode:
            if time.monotonic() >= until:
                _run("umount", "--lazy", str(folder))  # else nothing can remove the folder it lies in
                raise TimeoutError(f"somebody has a file open in {folder}")
            time.sleep(0.05)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, env=_environment())


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _path()}


def _path() -> str:
    """The tools lie where no usual user looks."""
    return f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
