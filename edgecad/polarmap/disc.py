"""Find the polar map on a report screen: a disc on an even ground.

First on a ground that is dark up to the border, as most scanners save it. Where that finds no single map, the ground
is looked for beside the disc: any even colour, in a window, a frame or a panel (`edgecad.polarmap.search`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import MapPlace
from edgecad.errors import InputRefused
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.search.circle import Disc
from edgecad.polarmap.search.dark import disc_on_dark_ground
from edgecad.polarmap.search.pixels import block_means, brightest_channel
from edgecad.polarmap.search.wide import disc_at, disc_on_any_ground

__all__ = ["Disc", "block_means", "brightest_channel", "find_disc"]

Pixels = NDArray[np.uint8]

LOOK_AGAIN = frozenset(("no-disc", "several-maps", "cut-off"))
"""Reasons that may come from the ground, a frame or a panel, and not from the map."""


def find_disc(screen: Pixels, objections: Objections | None = None, place: MapPlace | None = None) -> Disc:
    """Find the polar map on `screen`, `(height, width, 3)` uint8 RGB.

    Args:
        objections: what they do with each; default: raise it.
        place: which one of several maps; default: there is one.

    Raises:
        InputRefused: `blank`, `no-disc`, `small`, `cut-off` or `several-maps`; `no-such-map`: the screen holds
            another number of maps than `place` says.
    """
    objections = objections or Objections()
    if place is not None:
        return disc_at(screen, place, objections)
    refusals = []
    for way in (disc_on_dark_ground, disc_on_any_ground):
        try:
            return way(screen, Objections(halved=objections.halved))
        except InputRefused as refusal:
            refusals.append(refusal)
            if refusal.reason not in LOOK_AGAIN:
                break
    if objections.insisted:
        return _insisted(screen, objections)
    raise _the_better(refusals)


def _insisted(screen: Pixels, objections: Objections) -> Disc:
    """Whatever circle there is; what speaks against it is gathered."""
    try:
        return disc_on_dark_ground(screen, objections)
    except InputRefused as refusal:
        if refusal.reason not in LOOK_AGAIN:
            raise
        return disc_on_any_ground(screen, objections)


def _the_better(refusals: list[InputRefused]) -> InputRefused:
    """Of two refusals the one that tells more: how many maps there are, or what a dark ground is not needed for."""
    first, last = refusals[0], refusals[-1]
    return last if first.reason == "no-disc" or last.reason == "several-maps" else first
