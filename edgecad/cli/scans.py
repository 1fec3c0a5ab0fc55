"""Which scans a command line means: files as they are named, and the scans inside of folders."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from edgecad.images import PassedOver


def listed_scans(named: Iterable[str], pictures: Path | None = None) -> tuple[list[str], list[PassedOver]]:
    """Files as named, and the scans in folders; and what in folders is passed over.

    A name that is nothing is kept, to be refused. What lies in the folder `pictures`, which is our own, is no scan
    unless it is named itself.
    """
    from edgecad.images import content_of

    scans: list[str] = []
    passed: list[PassedOver] = []
    for scan in named:
        if not is_folder(scan):
            scans.append(scan)
            continue
        content = content_of(Path(scan), pictures)
        scans += map(str, content.scans) if content.scans else [scan]
        passed += content.passed
    return scans, passed


def tell_passed(passed: Iterable[PassedOver]) -> None:
    """Say on standard error what in folders is passed over, and why."""
    from edgecad.images import words_of_passed

    for words in words_of_passed(tuple(passed)):
        typer.echo(f"passed over: {words}", err=True)


def is_folder(scan: str) -> bool:
    """Whether a name is a folder's; `-` is standard input, and too long or impossible a name is refused later."""
    try:
        return scan not in ("", "-") and Path(scan).is_dir()
    except (OSError, ValueError):
        return False


def as_utf8(scan: str) -> str:
    """The scan as it was named; bytes that are not UTF-8 are written out, because JSON cannot hold them."""
    return os.fsencode(scan).decode("utf-8", "backslashreplace")
