"""Colour tables in which bars are drawn: known ones, those of drawing programs, inverted ones, and steps."""

from __future__ import annotations

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES

PROGRAMS = {
    "viridis": cv2.COLORMAP_VIRIDIS, "plasma": cv2.COLORMAP_PLASMA, "inferno": cv2.COLORMAP_INFERNO,
    "magma": cv2.COLORMAP_MAGMA, "cividis": cv2.COLORMAP_CIVIDIS, "turbo": cv2.COLORMAP_TURBO,
    "hot": cv2.COLORMAP_HOT, "bone": cv2.COLORMAP_BONE, "parula": cv2.COLORMAP_PARULA, "pink": cv2.COLORMAP_PINK,
}  # fmt: skip
CONTINUOUS = (
    "warm", "iron", "rainbow", "grey", "inverted-grey", "hot-iron", "pet", "hot-metal-blue", "jet",
    *PROGRAMS,
)  # fmt: skip
STEPPED = (("rainbow", 10), ("warm", 16), ("iron", 20), ("rainbow", 32), ("viridis", 10), ("grey", 16), ("jet", 20))
OWN_STEPS = ("pet-20-step",)


def program_table(name: str) -> ColourTable:
    """A table of a drawing program, by OpenCV's 256 colours of it."""
    levels = np.arange(256, dtype=np.uint8)[:, None]
    colours = cv2.cvtColor(cv2.applyColorMap(levels, PROGRAMS[name]), cv2.COLOR_BGR2RGB)[:, 0]
    points = tuple((100 * level / 255, *map(int, colour)) for level, colour in enumerate(colours))
    return ColourTable(name=name, points=points, source="OpenCV")  # type: ignore[arg-type]


def table_of(name: str) -> ColourTable:
    """A continuous table of `CONTINUOUS`, or a known one in steps of its own."""
    return KNOWN_TABLES[name] if name in KNOWN_TABLES else program_table(name)


def all_tables() -> tuple[ColourTable, ...]:
    """Every table: 19 continuous ones, 8 in steps."""
    stepped = tuple(table_of(name).in_steps(count) for name, count in STEPPED)
    return (*map(table_of, (*CONTINUOUS, *OWN_STEPS)), *stepped)
