"""From a screen to the square in which the network sees one polar map.

disc            the map's circle on a report screen
overlay         text and lines over it are painted over
map_check       whether the disc holds a polar map
region, whole   a fixed rectangle, or the whole image, in place of a disc
objections      what speaks against judging a screen: raised, or kept for the record
colours         the colours of a set of images, for the contract

`prepare` is the one way through these, used by training, export and the runtime alike, through `edgecad.preparing`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Crop, Preparation
from edgecad.polarmap.disc import Disc, block_means, find_disc
from edgecad.polarmap.map_check import colour_histogram, object_unless_map
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.overlay import edge_strength, overlay_mask, painted_over
from edgecad.polarmap.region import region_of
from edgecad.polarmap.whole import letterboxed

__all__ = [
    "Disc",
    "Objections",
    "PreparedMap",
    "View",
    "colour_histogram",
    "disc_mask",
    "find_disc",
    "input_mask",
    "prepare",
]

Pixels = NDArray[np.uint8]

SIDE = 256
"""Side of the square on which overlays are found and the map is judged, pixels."""


@dataclass(frozen=True)
class View:
    """What of a screen became the input, in its pixels, whose centres have whole coordinates; y down.

    Attributes:
        x, y: the centre.
        side: of the square that became the input; it may reach beyond the screen.
        width, height: of the picture inside it; what is around that is black in the input.
    """

    x: float
    y: float
    side: float
    width: float
    height: float


@dataclass(frozen=True)
class PreparedMap:
    """A polar map, or a whole image, ready for a network.

    Attributes:
        image: `(size, size, 3)` uint8 RGB; the disc touches the four sides, all outside it is black. A whole
            image touches two sides, between black bars.
        disc: where it was on the screen; None for a whole image.
        view: what of the screen `image` shows.
        overlay_share: share of the disc that was text or lines and was painted over, 0 to 1.
    """

    image: Pixels
    disc: Disc | None
    view: View
    overlay_share: float


def prepare(screen: Pixels, preparation: Preparation, objections: Objections | None = None) -> PreparedMap:
    """Cut out the region if there is one, then take what the crop rule says, and bring it to the input size.

    Args:
        screen: `(height, width, 3)` uint8 RGB.
        preparation: what the contract asks for.
        objections: what they do with each of the map check's; default: raise it.

    Raises:
        InputRefused: if the screen is not exactly one polar map, the image is blank, or the region is one of
            screens of another size; its `reason` says why.
    """
    region = preparation.region
    looked_at = screen if region is None else region_of(screen, region)
    if preparation.crop == "none":
        height, width = looked_at.shape[:2]
        seen = View((width - 1) / 2, (height - 1) / 2, max(height, width), width, height)
        found = PreparedMap(letterboxed(looked_at, preparation.size), None, seen, 0.0)
    else:
        found = _prepared_map(looked_at, preparation, objections or Objections())
    return found if region is None else _moved(found, region.x, region.y)


def _moved(found: PreparedMap, x: int, y: int) -> PreparedMap:
    """Told in pixels of a screen in which what was looked at begins at (x, y)."""
    disc = found.disc and replace(found.disc, x=found.disc.x + x, y=found.disc.y + y)
    return replace(found, disc=disc, view=replace(found.view, x=found.view.x + x, y=found.view.y + y))


def _prepared_map(screen: Pixels, preparation: Preparation, objections: Objections) -> PreparedMap:
    """Find the one polar map on `screen`, clean it, judge it, and bring it to the input size."""
    disc = find_disc(screen, objections)
    square = _square_around(screen, disc, SIDE)
    # The rim's own pixels are half ground: one and a half of the screen's, and one of the square.
    inside = disc_mask(SIDE, shrink=1.0 + 1.5 * SIDE / (2 * disc.radius))
    # A small disc is enlarged, and every edge on it is so much softer.
    softness = min(1.0, 2 * disc.radius / SIDE)
    edges = edge_strength(square, inside)
    strokes = overlay_mask(square, edges, inside, softness)
    share = float(strokes.sum() / inside.sum())
    if share > preparation.max_overlay_share:
        objections.against(
            "overlay",
            f"text, lines or texture cover {share:.1%} of the disc, at most {preparation.max_overlay_share:.1%} "
            "allowed; a bare polar map is wanted: save the screen without them",
        )
    if strokes.any():
        square = painted_over(square, strokes)
        edges = edge_strength(square, inside)
    object_unless_map(square, edges, inside, strokes, softness, objections)
    view = View(disc.x, disc.y, *(2 * disc.radius,) * 3)
    return PreparedMap(_input_from(screen, disc, strokes, preparation.size), disc, view, share)


def _input_from(screen: Pixels, disc: Disc, strokes: NDArray[np.bool_], size: int) -> Pixels:
    """The disc's bounding square at the input size, `strokes` painted over and what is outside black."""
    image = _square_around(screen, disc, size)
    if strokes.any():
        covered = cv2.resize(strokes.view(np.uint8), (size, size), interpolation=cv2.INTER_LINEAR_EXACT)
        image = painted_over(image, covered > 0)
    inside = disc_mask(size, shrink=1.0 + 1.5 * size / (2 * disc.radius))
    return np.ascontiguousarray(cv2.copyTo(image, inside.view(np.uint8)))


def _square_around(screen: Pixels, disc: Disc, side: int) -> Pixels:
    """The bounding square of the disc at `side` pixels: whole blocks averaged, then, within a factor of 2, linear.

    Every pixel counts, as when areas are averaged, in a fifth of the time. What lies beyond the screen is black.
    """
    factor = max(1, int(2 * disc.radius / side))
    left, top = (max(int(centre - disc.radius) - factor, 0) for centre in (disc.x, disc.y))
    length = (int(2 * disc.radius / factor) + 4) * factor
    part = screen[top : top + length, left : left + length]
    # At the screen's end a last block may be short of pixels.
    lacking = [-side_of_part % factor for side_of_part in part.shape[:2]]
    if any(lacking):
        part = cv2.copyMakeBorder(part, 0, lacking[0], 0, lacking[1], cv2.BORDER_REPLICATE)
    blocks = block_means(part, factor)
    # Block i has its centre at pixel (i + 1/2) * factor - 1/2 of the part.
    x, y = ((centre + 0.5) / factor - 0.5 for centre in (disc.x - left, disc.y - top))
    scale = 2 * disc.radius / side / factor
    first = scale * (side - 1) / 2
    taken_from = np.array([[scale, 0.0, x - first], [0.0, scale, y - first]])
    square: Pixels = cv2.warpAffine(blocks, taken_from, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    return square


def disc_mask(side: int, shrink: float = 0.0) -> NDArray[np.bool_]:
    """True on the inscribed disc of a square of `side` pixels, its radius less `shrink` pixels."""
    axis = np.arange(side) - (side - 1) / 2
    return np.asarray(axis[:, None] ** 2 + axis[None, :] ** 2 <= (side / 2 - shrink) ** 2)


@lru_cache(maxsize=8)
def input_mask(side: int, crop: Crop) -> NDArray[np.bool_]:
    """Where a prepared image of `side` pixels holds picture, `(side, side)`: its disc but for the rim, or all of it.

    Kept: do not write to it.
    """
    return disc_mask(side, shrink=2.0) if crop == "polar-map" else np.ones((side, side), np.bool_)
