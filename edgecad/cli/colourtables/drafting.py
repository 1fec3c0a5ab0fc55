"""A draft of a table from a folder of scans: the order of their colours, without a scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.colourtables.draft import draft_from_colours
from edgecad.contract import MapPlace
from edgecad.errors import InputRefused, UsageError
from edgecad.images import read_screen
from edgecad.images.folder import content_of
from edgecad.polarmap import find_disc
from edgecad.polarmap.bar.reading import map_samples

FEWEST_SCANS = 10
"""Scans whose maps together show most of a table."""
MOST_SCANS = 60


def draft_of_folder(folder: Path, name: str, place: MapPlace | None) -> ColourTable:
    """A draft from the maps of a folder's scans; those that are refused are left out.

    Raises:
        UsageError: too few maps are there, or their colours are not on one line.
    """
    found: list[NDArray[np.float64]] = []
    refused = 0
    for path in content_of(folder).scans[: 2 * MOST_SCANS]:
        try:
            screen = read_screen(path).pixels
            found.append(map_samples(screen, find_disc(screen, place=place)))
        except InputRefused:
            refused += 1
        if len(found) == MOST_SCANS:
            break
    if len(found) < FEWEST_SCANS:
        others = f"; {refused} more show none" if refused else ""
        raise UsageError(
            f"{folder} holds {len(found)} scans with a map{others}; a draft takes {FEWEST_SCANS}: add scans, or name a "
            "screen with a colour bar"
        )
    return draft_from_colours(np.concatenate(found), name, f"a draft from {len(found)} scans without a bar")
