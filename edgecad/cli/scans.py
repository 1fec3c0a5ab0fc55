"""Which scans a command line means: files as they are named, and the scans inside of folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def listed_scans(named: Iterable[str], pictures: Path | None = None) -> Iterator[str]:
    """Files as named, and the scans in folders; a name that is nothing is kept, to be refused.

    What lies in the folder `pictures`, which is our own, is no scan unless it is named itself.
    """
    from edgecad.images import is_scan_file

    ours = None if pictures is None else pictures.resolve()
    for scan in named:
        if is_folder(scan):
            outside = (path for path in Path(scan).rglob("*") if ours is None or ours not in path.resolve().parents)
            inside = sorted(path for path in outside if is_scan_file(path))
            yield from map(str, inside)
            if not inside:
                yield scan
        else:
            yield scan


def is_folder(scan: str) -> bool:
    """Whether a name is a folder's; `-` is standard input, and too long or impossible a name is refused later."""
    try:
        return scan not in ("", "-") and Path(scan).is_dir()
    except (OSError, ValueError):
        return False


def on_one_line(name: str) -> str:
    """A name as a terminal can show it: line breaks and control characters are written out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)


def as_utf8(scan: str) -> str:
    """The scan as it was named; bytes that are not UTF-8 are written out, because JSON cannot hold them."""
    return os.fsencode(scan).decode("utf-8", "backslashreplace")
