"""The folder that is kept between runs: a Debian, wheels, a model, and what the last run found."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulated.errors import Broken

ENTER = Path(__file__).with_name("enter.sh")
PRIVATE = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--")
"""Mounts and processes of such a command are its own: all end with it, however it ends, so no mount is left which a
later removal could reach through. Its first process must be a shell: it takes up those whose parents have ended."""
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
}
"""All that a program there is told: nothing of this machine's own."""
MOUNTS = Path("/proc/self/mountinfo")


@dataclass(frozen=True)
class KeptFolder:
    """A folder of ours, and what lies in it."""

    folder: Path

    @property
    def root(self) -> Path:
        """The Debian."""
        return self.folder / "root"

    @property
    def wheels(self) -> Path:
        """The runtime and what it needs."""
        return self.folder / "wheels"

    @property
    def model(self) -> Path:
        """The model folder."""
        return self.folder / "model"

    @property
    def work(self) -> Path:
        """What is carried over; `/trial` there."""
        return self.root / "trial"

    @property
    def mark(self) -> Path:
        """Says that the folder is ours, so that it may be removed."""
        return self.folder / "made-by-test-aarch64"

    @property
    def stamp(self) -> Path:
        """Says that the Debian is whole."""
        return self.root / "etc" / "edgecad-test-aarch64"

    @property
    def made(self) -> bool:
        """Whether there is a whole Debian."""
        return self.stamp.is_file()

    def claim(self) -> None:
        """Make the folder, or take it where it is ours.

        Raises:
            Broken: it holds something else, or is no folder.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise Broken(f"{self.folder} is no folder; name an empty one: make test-aarch64 AARCH64=FOLDER")
        if self.folder.is_dir() and any(self.folder.iterdir()) and not self.mark.is_file():
            raise Broken(f"{self.folder} holds other things; name an empty folder: make test-aarch64 AARCH64=FOLDER")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mark.touch()

    def run(self, words: Sequence[str], folder: str = "/", log: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the Debian, as root, with mounts of its own.

        Args:
            words: the command.
            folder: in which it starts, a path there.
            log: file here that gets all that it says, while it runs; then the result has none of it.
        """
        inside, kind = ["env", "--chdir", folder, *words], "native" if is_arm(platform.machine()) else "emulated"
        with ExitStack() as stack:
            said: Any = subprocess.PIPE if log is None else stack.enter_context(log.open("wb"))
            return subprocess.run(
                [*PRIVATE, "sh", str(ENTER), kind, str(self.root), *inside],
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.PIPE if log is None else subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )

    def clear(self, folder: Path) -> None:
        """Remove a folder of ours, and nothing that is mounted below it.

        Raises:
            Broken: something is mounted there, or it cannot be removed.
        """
        below = [mount for mount in mounts() if folder in (mount, *mount.parents)]
        if below:
            names = ", ".join(map(str, below))
            raise Broken(f"{names} is mounted, and a removal would reach through it; umount it first")
        words = ["rm", "-rf", "--one-file-system", "--", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Broken(f"{folder} was not removed: {done.stderr.strip()}")

    def remove(self) -> None:
        """Remove the folder, if it is ours.

        Raises:
            Broken: it is not, or something is mounted in it.
        """
        if not self.folder.exists():
            return
        if not self.mark.is_file():
            raise Broken(f"{self.folder} was not made by this program, so it is not removed")
        self.clear(self.folder)


def is_arm(machine: str) -> bool:
    """Whether a machine is one that needs no emulator, by its name."""
    return machine in ("aarch64", "arm64")


def mounts() -> list[Path]:
    """Every place where something is mounted."""
    return [Path(os.fsdecode(_unescaped(line.split(b" ")[4]))) for line in MOUNTS.read_bytes().splitlines()]


def _unescaped(path: bytes) -> bytes:
    r"""A path of mountinfo, which writes a space as `\040` and all other bytes as they are."""
    return re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), path)
