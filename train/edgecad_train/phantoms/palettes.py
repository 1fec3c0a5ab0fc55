"""From percent of maximum to RGB, through a colour table in 256 entries, as a workstation keeps it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean

PALETTES = ("warm", "iron", "rainbow", "grey")
"""Known tables that a folder of phantoms mixes, in equal shares."""


def palette_named(name: str) -> ColourTable:
    """Return a known table.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in KNOWN_TABLES:
        raise UsageError(
            f"no palette {name!r}{did_you_mean(name, ('mixed', *KNOWN_TABLES))}; wanted mixed or one of "
            f"{', '.join(KNOWN_TABLES)}: choose with --palette"
        )
    return KNOWN_TABLES[name]


@lru_cache(maxsize=64)
def entries(table: ColourTable) -> npt.NDArray[np.uint8]:
    """Return the 256 colours of a table from 0 to 100 percent, `(256, 3)` uint8 RGB."""
    return np.rint(table.colours_at(np.linspace(0, 100, 256))).astype(np.uint8)


def colours_from_percent(percent: npt.NDArray[np.float32], table: ColourTable) -> npt.NDArray[np.uint8]:
    """Colour a `(height, width)` map of 0 to 100 percent: `(height, width, 3)` uint8 RGB."""
    levels = np.clip(percent * 2.55 + 0.5, 0, 255).astype(np.uint8)
    return entries(table)[levels]
