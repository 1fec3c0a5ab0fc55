"""Tables that EdgeCAD knows by name.

A known table is no candidate for a scan by being known: a jet map lies on a hot table as well, with levels 40 % off.
Candidates are those of the model's training scans, the site's and the user's; the others are there to notice that a
second table would explain the same colours.

Sources: DICOM PS3.6 Annex B (well-known colour palettes), as facts, with points where a palette bends and each within
one grey level of the standard's 256 entries; the phantoms' own four (`warm`, `iron`, `rainbow`, `grey`) were drawn for
EdgeCAD after habits of the field.
"""

from __future__ import annotations

from edgecad.colourtables.table import ColourTable
from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean

_DICOM = "DICOM PS3.6, Annex B"
_PHANTOMS = "EdgeCAD's phantoms"

Entries = tuple[tuple[int, int, int, int], ...]


def _palette(name: str, entries: Entries) -> ColourTable:
    """A palette of 256 entries by those where it bends: (entry, red, green, blue)."""
    points = tuple((100 * entry / 255, *colour) for entry, *colour in entries)
    return ColourTable(name=name, points=points, source=_DICOM)  # type: ignore[arg-type]


def _steps(name: str, colours: tuple[tuple[int, int, int], ...], source: str) -> ColourTable:
    middles = (100 * (step + 0.5) / len(colours) for step in range(len(colours)))
    points = tuple((level, *colour) for level, colour in zip(middles, colours, strict=True))
    return ColourTable(name=name, kind="steps", points=points, source=source)


_ALL = (
    # Low is purple on black, then red, orange, yellow and white: as on the screens of the paper's kind.
    ColourTable(
        name="warm",
        points=(
            (0, 0, 0, 0),
            (12, 26, 8, 62),
            (28, 96, 14, 122),
            (42, 158, 28, 142),
            (50, 174, 38, 122),
            (60, 221, 73, 52),
            (70, 241, 132, 21),
            (80, 254, 190, 6),
            (90, 255, 224, 134),
            (100, 255, 254, 250),
        ),
        source=_PHANTOMS,
    ),
    ColourTable(
        name="iron",
        points=(
            (0, 0, 0, 0),
            (15, 52, 4, 6),
            (40, 148, 26, 4),
            (60, 218, 92, 8),
            (80, 250, 176, 52),
            (92, 255, 226, 146),
            (100, 255, 255, 246),
        ),
        source=_PHANTOMS,
    ),
    ColourTable(
        name="rainbow",
        points=(
            (0, 0, 0, 0),
            (12, 24, 10, 84),
            (28, 22, 52, 190),
            (42, 10, 150, 206),
            (54, 20, 184, 92),
            (66, 146, 212, 24),
            (76, 246, 220, 20),
            (87, 250, 128, 14),
            (96, 232, 34, 24),
            (100, 255, 236, 232),
        ),
        source=_PHANTOMS,
    ),
    ColourTable(name="grey", points=((0, 0, 0, 0), (50, 120, 120, 120), (100, 255, 255, 255)), source=_PHANTOMS),
    ColourTable(name="linear-grey", points=((0, 0, 0, 0), (100, 255, 255, 255)), source="the field's habit"),
    ColourTable(name="inverted-grey", points=((0, 255, 255, 255), (100, 0, 0, 0)), source="the field's habit"),
    _palette("hot-iron", ((0, 0, 0, 0), (128, 255, 0, 0), (191, 255, 126, 0), (255, 255, 255, 255))),
    _palette("pet", ((0, 0, 0, 0), (63, 0, 128, 125), (128, 128, 0, 255), (192, 255, 128, 0), (255, 255, 255, 255))),
    _palette(
        "hot-metal-blue",
        (
            (0, 0, 0, 0),
            (85, 0, 0, 167),
            (102, 50, 0, 200),
            (119, 90, 0, 150),
            (136, 140, 32, 50),
            (144, 164, 47, 26),
            (153, 190, 64, 0),
            (170, 255, 96, 0),
            (231, 255, 211, 179),
            (240, 255, 228, 206),
            (255, 255, 255, 255),
        ),
    ),
    _steps(
        "pet-20-step",
        (
            (0, 0, 0),
            (96, 0, 80),
            (48, 48, 80),
            (48, 48, 112),
            (80, 80, 128),
            (96, 96, 176),
            (112, 112, 192),
            (128, 128, 224),
            (48, 96, 48),
            (48, 144, 48),
            (80, 192, 80),
            (64, 224, 64),
            (224, 224, 80),
            (208, 208, 96),
            (208, 176, 64),
            (208, 144, 0),
            (192, 96, 0),
            (176, 48, 0),
            (255, 0, 0),
            (255, 255, 255),
        ),
        _DICOM,
    ),
    _palette("spring", ((0, 255, 0, 255), (255, 255, 255, 0))),
    _palette("summer", ((0, 0, 255, 0), (127, 0, 192, 0), (255, 0, 128, 254))),
    _palette("fall", ((0, 0, 0, 255), (127, 0, 127, 192), (255, 127, 255, 128))),
    _palette("winter", ((0, 255, 255, 0), (255, 255, 0, 0))),
    ColourTable(
        name="jet",
        points=(
            (0, 0, 0, 128),
            (12.5, 0, 0, 255),
            (37.5, 0, 255, 255),
            (62.5, 255, 255, 0),
            (87.5, 255, 0, 0),
            (100, 128, 0, 0),
        ),
        source="a table of drawing programs",
    ),
)

KNOWN_TABLES: dict[str, ColourTable] = {table.name: table for table in _ALL}


def known_table(name: str) -> ColourTable:
    """The table of a name.

    Raises:
        UsageError: there is none.
    """
    if name not in KNOWN_TABLES:
        raise UsageError(
            f"no colour table {name!r} is known{did_you_mean(name, KNOWN_TABLES)}; known are "
            f"{', '.join(KNOWN_TABLES)}; see edgecad table list"
        )
    return KNOWN_TABLES[name]
