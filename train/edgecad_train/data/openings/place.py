"""Where things about data lie: beside them, but where no scan is looked for."""

from __future__ import annotations

import os
from pathlib import Path

from edgecad_train.classes import CLASSES

ENDING = ".openings.json"
LOCK = ".openings.lock"
"""One for all such files of a folder; it is empty, and stays."""


def beside(data: Path, ending: str) -> Path:
    """A name beside class folders or a CSV that lie anywhere, also inside a class folder of others.

    Args:
        ending: of the name, which begins as that of the data does.
    """
    place = Path(os.path.normpath(data.absolute()))  # `.` and `..` have no name; links are left as they are
    inside = [folder for folder in place.parents if folder.name in CLASSES and _has_classes(folder.parent)]
    return (inside[-1].parent.parent if inside else place.parent) / f"{place.stem}{ending}"


def openings_file(data: Path) -> Path:
    """Where the openings of these data are counted.

    Links are followed: whatever way leads to the scans, they are counted in one place.
    """
    return beside(data.resolve(), ENDING)


def places_of_counts(data: Path) -> tuple[Path, ...]:
    """Folders where the same scans may have been counted under another name.

    Class folders may be named themselves, or by a table beside or within them. The counts of a table within them lie
    there, and those of the folder lie beside it.
    """
    real = data.resolve()
    place = openings_file(data).parent
    inside = (real,) if real.is_dir() else ()
    around = (place.parent,) if _has_classes(place) else ()
    return place, *inside, *around


def _has_classes(folder: Path) -> bool:
    return all((folder / name).is_dir() for name in CLASSES)
