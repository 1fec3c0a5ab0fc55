"""Find polar maps on a ground of any even colour, in windows, frames and panels, one or several."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import MapPlace
from edgecad.errors import InputRefused
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.search.circle import WANTED, Disc
from edgecad.polarmap.search.dark import MIN_DIAMETER, SEARCH_SIDE
from edgecad.polarmap.search.grounds import EVEN, Colour, ground_colours
from edgecad.polarmap.search.guesses import OFF_GROUND, circles_beside
from edgecad.polarmap.search.pictures import object_to_pictures_beside
from edgecad.polarmap.search.pixels import block_means
from edgecad.polarmap.search.place import in_order
from edgecad.polarmap.search.rim import rim_of

Pixels = NDArray[np.uint8]

LEAST_OF_LARGEST = 0.5
"""Diameter, of the largest disc's, from which a disc counts as a map."""
ONE_RIM = 0.02
"""Of the radius, or else 2 pixels, within which two circles are fits of one rim."""


@dataclass(frozen=True)
class DiscOnGround:
    """A disc, the even colour that it stands on, and how far its rim lies from the circle, pixels."""

    disc: Disc
    ground: Colour
    off: float


def disc_on_any_ground(screen: Pixels, objections: Objections) -> Disc:
    """Find the one polar map on `screen`, `(height, width, 3)` uint8 RGB.

    Raises:
        InputRefused: `blank`, `no-disc`, `small`, `cut-off` or `several-maps`.
    """
    found, small, factor = _discs(screen, objections.finest)
    if len(found) > 1:
        objections.against("several-maps", f"{len(found)} maps are on the screen; {WANTED}: say which with --map K/N, "
                           f"as in --map 1/{len(found)}")  # fmt: skip
    best = max(found, key=lambda one: one.disc.radius)
    object_to_pictures_beside(small, factor, best.disc, best.ground, objections)
    return _judged(screen, best, objections)


def disc_at(screen: Pixels, place: MapPlace, objections: Objections) -> Disc:
    """Find the map at a place among several.

    Raises:
        InputRefused: `blank`, `no-disc`, `small` or `cut-off`; `no-such-map`: there is another number of maps.
    """
    found, _, _ = _discs(screen, objections.finest, place.count)
    if len(found) != place.count:
        raise InputRefused(
            "no-such-map",
            f"{len(found)} map{'s' * (len(found) != 1)} on the screen, {place.count} wanted for --map {place}: "
            "say the right number, or save a screen of that layout",
        )
    return _judged(screen, in_order(found, lambda one: one.disc)[place.number - 1], objections)


def _judged(screen: Pixels, found: DiscOnGround, objections: Objections) -> Disc:
    disc = found.disc
    height, width = screen.shape[:2]
    room = min(disc.x, disc.y, width - 1 - disc.x, height - 1 - disc.y) - disc.radius
    if room < -max(objections.finest, 0.005 * disc.radius):
        objections.against("cut-off", f"the disc is cut off by the screen's edge; {WANTED}, whole")
    if 2 * disc.radius < MIN_DIAMETER:
        objections.against("small", f"the disc is {2 * disc.radius:.0f} pixels wide; at least {MIN_DIAMETER} wanted")
    return disc


def _discs(screen: Pixels, finest: float, wanted: int = 1) -> tuple[list[DiscOnGround], Pixels, int]:
    """All maps on the screen, the screen reduced, and by which factor.

    Raises:
        InputRefused: `blank`, `no-disc` or `cut-off`: there is none.
    """
    factor = -(-max(screen.shape[:2]) // SEARCH_SIDE)
    small = block_means(screen, factor)
    found: list[DiscOnGround] = []
    refusals: list[InputRefused] = []
    grounds = ground_colours(small)
    for off_ground in OFF_GROUND:
        for ground in grounds:
            known = [_reduced(one.disc, factor) for one in found]
            for coarse in circles_beside(small, ground, MIN_DIAMETER / 2 / factor, known, off_ground):
                if not _plausible(small, coarse, ground):
                    continue
                # Block (i, j) has its centre at pixel (i + 1/2) * factor - 1/2.
                guess = Disc((coarse.x + 0.5) * factor - 0.5, (coarse.y + 0.5) * factor - 0.5, coarse.radius * factor)
                if any(_same(guess, one.disc, 0.05 * one.disc.radius) for one in found):
                    continue
                try:
                    rim = rim_of(screen, guess, ground, finest)
                    found.append(DiscOnGround(rim.disc, ground, rim.off))
                except InputRefused as refusal:
                    refusals.append(refusal)
        if len(_outermost(found)) >= wanted:
            break
    found = _outermost(found)
    if not found:
        if np.ptp(small, axis=(0, 1)).max() <= EVEN:
            raise InputRefused("blank", f"the screen is blank; {WANTED}")
        cut = [refusal for refusal in refusals if refusal.reason == "cut-off"]
        raise (cut or [InputRefused("no-disc", f"no round rim stands on an even ground; {WANTED}")])[0]
    return found, small, factor


def _reduced(disc: Disc, factor: int) -> Disc:
    return Disc((disc.x + 0.5) / factor - 0.5, (disc.y + 0.5) / factor - 0.5, disc.radius / factor)


def _plausible(small: Pixels, disc: Disc, ground: Colour) -> bool:
    """Whether on the reduced screen ground stands around a circle, and something else within; told in a moment.

    The ground is looked for at two radii: a ring around the map may lie on one of them.
    """
    angles = np.radians(np.arange(0, 360, 4))
    shares = []
    for radius in (1.06 * disc.radius + 1, 1.02 * disc.radius + 1, 0.9 * disc.radius - 1):
        columns = np.rint(disc.x + np.cos(angles) * radius).astype(np.intp)
        rows = np.rint(disc.y + np.sin(angles) * radius).astype(np.intp)
        here = (columns >= 0) & (rows >= 0) & (columns < small.shape[1]) & (rows < small.shape[0])
        off = np.abs(small[rows[here], columns[here]].astype(np.int16) - np.array(ground, np.int16)).max(axis=1)
        shares.append(1 - (off > 2 * EVEN).sum() / len(angles))
    return bool(max(shares[:2]) >= 0.5 and shares[2] <= 0.7)


def _same(one: Disc, other: Disc, within: float) -> bool:
    return _apart(one, other) < within and abs(one.radius - other.radius) < within


def _apart(one: Disc, other: Disc) -> float:
    return float(np.hypot(one.x - other.x, one.y - other.y))


def _outermost(found: list[DiscOnGround]) -> list[DiscOnGround]:
    """Each map once: what lies in a larger disc belongs to it, and small discs are no maps.

    Two guesses at one rim, of which letters beside it drew one away, may end as two circles: the nearer one is kept.
    """
    kept: list[DiscOnGround] = []
    for one in sorted(found, key=lambda each: -each.disc.radius):
        if one.disc.radius < LEAST_OF_LARGEST * (kept[0].disc.radius if kept else 0.0):
            break
        holding = [number for number, other in enumerate(kept) if _apart(one.disc, other.disc) <= other.disc.radius]
        if not holding:
            kept.append(one)
            continue
        other = kept[holding[0]]
        if _same(one.disc, other.disc, max(ONE_RIM * other.disc.radius, 2.0)) and one.off < other.off:
            kept[holding[0]] = one
    return kept
