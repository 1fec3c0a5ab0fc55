"""What an OUT is: the folder of one worker, in which all scans of its source end."""

from __future__ import annotations

from pathlib import Path

from edgecad.spool.index import PLACES
from edgecad.system.folders import made_folder, sync_folder

HEARTBEAT, LOCK = "heartbeat.json", ".lock"
TAKEN, DAYS = "taken", "days"
PARTS = frozenset({TAKEN, DAYS, *PLACES})
"""Folders of an OUT."""


def make_out(out: Path) -> None:
    """Make OUT and the folders in it, as far as they are not there."""
    for folder in (out.parent, out, *(out / name for name in sorted(PARTS))):
        made_folder(folder)
        sync_folder(folder)  # whoever made a folder in it may have been killed before this


def is_out(folder: Path) -> bool:
    """Whether a folder is some worker's OUT."""
    return all((folder / name).is_dir() for name in PARTS)
