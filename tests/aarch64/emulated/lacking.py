"""What a machine lacks for a trial: root, tools, mounts of its own, a kernel that runs programs of aarch64, room."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emulated.errors import Missing
from emulated.place import KeptFolder, is_arm

BINFMT = Path("/proc/sys/fs/binfmt_misc")
MAGIC = "7f454c460201010000000000000000000200b700"
"""First bytes of a program for aarch64, as binfmt_misc shows what it looks for: ELF, 64 bit, little end first, 0xb7."""
TOOLS = {"debootstrap": "debootstrap", "unshare": "util-linux", "mount": "mount", "chroot": "coreutils"}
"""Programs, and the package of Debian and Ubuntu that has each."""
ROOM = 4 * 1024**3
"""Bytes on the disk for a new Debian with the runtime, its wheels and its tests; 2 GB were seen."""


@dataclass(frozen=True)
class Here:
    """What is asked of this machine; a test puts its own answers in."""

    root: Callable[[], bool] = lambda: hasattr(os, "geteuid") and os.geteuid() == 0
    system: Callable[[], str] = platform.system
    processor: Callable[[], str] = platform.machine
    program: Callable[[str], str | None] = shutil.which
    binfmt: Path = BINFMT
    mounts: Callable[[], bool] = lambda: _may_mount()
    free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free


def lacking(place: KeptFolder, here: Here | None = None) -> list[Missing]:
    """All that is missing on this machine; empty: a trial can begin."""
    here = here or Here()
    if here.system() != "Linux":
        return [Missing(f"this is {here.system()}", "use a Linux machine, or an Arm machine and `make test-versions`")]
    found = [*_tools(here), *_root(here), *_emulator(here), *_room(place, here)]
    if not found and not here.mounts():
        how = "run it outside of the container, or give that CAP_SYS_ADMIN"
        found.append(Missing("root may not mount here", how))
    return found


def _tools(here: Here) -> Iterator[Missing]:
    absent = [tool for tool in TOOLS if here.program(tool) is None]
    if absent:
        packages = " ".join(sorted({TOOLS[tool] for tool in absent}))
        yield Missing(f"no {', '.join(absent)} here", f"apt-get install {packages}")


def _root(here: Here) -> Iterator[Missing]:
    if not here.root():
        yield Missing("debootstrap and chroot need root", "sudo make test-aarch64")


def _emulator(here: Here) -> Iterator[Missing]:
    """An Arm machine needs none."""
    if is_arm(here.processor()):
        return
    if not (here.binfmt / "register").exists():
        how = (
            f"apt-get install qemu-user-static binfmt-support; mount -t binfmt_misc binfmt_misc {here.binfmt}; "
            "update-binfmts --enable qemu-aarch64"
        )
        yield Missing("binfmt_misc is not mounted, so the kernel runs no program of another processor", how)
        return
    entries = [text for text in _entries(here.binfmt) if f"magic {MAGIC}" in text]
    if not any(text.startswith("enabled") for text in entries):
        how = "apt-get install qemu-user-static binfmt-support; update-binfmts --enable qemu-aarch64"
        yield Missing("the kernel has no emulator of aarch64", how)
    elif not any("F" in _flags(text) for text in entries):
        how = "register it with the flag F, as Debian's qemu-user-static does (fix_binary)"
        yield Missing("the emulator of aarch64 is not found from within another root", how)


def _entries(folder: Path) -> Iterator[str]:
    for path in sorted(folder.iterdir()):
        if path.name not in ("register", "status"):
            yield path.read_text(encoding="ascii", errors="replace")


def _flags(entry: str) -> str:
    return next((line.partition(":")[2] for line in entry.splitlines() if line.startswith("flags:")), "")


def _room(place: KeptFolder, here: Here) -> Iterator[Missing]:
    there = next(folder for folder in (place.folder, *place.folder.parents) if folder.exists())
    if not place.made and here.free(there) < ROOM:
        how = "name a folder on another disk: make test-aarch64 AARCH64=FOLDER"
        yield Missing(f"{there} has less than {ROOM // 1024**3} GiB free", how)


def _may_mount() -> bool:
    words = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
