"""From a screen to the square in which the network sees one polar map.

disc            the map's circle on a report screen
square          the square around it
uptake          uptake read from the colours through a table, and drawn again in the one canonical way
bar             the colour bar beside a map, read as a table
rgb             the colours themselves as input, as in the paper
region, whole   a fixed rectangle, or the whole image, in place of a disc
segments        the 17 segments of the left ventricle on a disc, and a map's mean in each
objections      what speaks against judging a screen: raised, or kept for the record
colours         the colours of a set of images, for the contract

`prepare` is the one way through these, used by training, export and the runtime alike, through `edgecad.preparing`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad.polarmap.disc import Disc, find_disc
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.prepared import ChosenBy, PreparedMap, TableReading, View
from edgecad.polarmap.region import region_of
from edgecad.polarmap.rgb import colours_prepared
from edgecad.polarmap.rgb.map_check import colour_histogram
from edgecad.polarmap.search.outline import map_alone
from edgecad.polarmap.square import disc_mask, input_mask
from edgecad.polarmap.uptake import uptake_prepared
from edgecad.polarmap.uptake.candidates import TableCandidates
from edgecad.polarmap.whole import letterboxed

__all__ = [
    "ChosenBy",
    "Disc",
    "Objections",
    "PreparedMap",
    "TableCandidates",
    "TableReading",
    "View",
    "colour_histogram",
    "disc_mask",
    "find_disc",
    "input_mask",
    "prepare",
]

Pixels = NDArray[np.uint8]


def prepare(
    screen: Pixels,
    preparation: Preparation,
    objections: Objections | None = None,
    candidates: TableCandidates | None = None,
) -> PreparedMap:
    """Cut out the region if there is one, then take what the crop rule says, and bring it to the input size.

    Args:
        screen: `(height, width, 3)` uint8 RGB.
        preparation: what the contract asks for.
        objections: what they do with each of the map check's; default: raise it.
        candidates: colour tables through which uptake may be read; default: the contract's.

    Raises:
        InputRefused: if the screen is not exactly one polar map, the image is blank, or the region is one of
            screens of another size; its `reason` says why.
    """
    region = preparation.region
    looked_at = screen if region is None else region_of(screen, region)
    objections = objections or Objections()
    if preparation.crop == "none":
        height, width = looked_at.shape[:2]
        seen = View((width - 1) / 2, (height - 1) / 2, max(height, width), width, height)
        found = PreparedMap(letterboxed(looked_at, preparation.size), None, seen, 0.0)
    else:
        disc = find_disc(looked_at, objections, preparation.map)
        if preparation.input == "rgb":
            found = colours_prepared(looked_at, disc, preparation, objections)
        else:
            candidates = candidates or TableCandidates(contract=preparation.tables)
            disc = map_alone(looked_at, disc)
            found = uptake_prepared(looked_at, disc, preparation, candidates, objections)
    return found if region is None else _moved(found, region.x, region.y)


def _moved(found: PreparedMap, x: int, y: int) -> PreparedMap:
    """Told in pixels of a screen in which what was looked at begins at (x, y)."""
    disc = found.disc and replace(found.disc, x=found.disc.x + x, y=found.disc.y + y)
    return replace(found, disc=disc, view=replace(found.view, x=found.view.x + x, y=found.view.y + y))
