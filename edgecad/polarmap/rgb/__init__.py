"""The screen's own colours as input, as in the paper: text and lines painted over, and judged as a picture.

overlay     text and lines over the map are painted over
map_check   whether the disc holds a polar map
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad.polarmap.disc import Disc
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.prepared import PreparedMap, View
from edgecad.polarmap.rgb.map_check import object_unless_map
from edgecad.polarmap.rgb.overlay import edge_strength, overlay_mask, painted_over
from edgecad.polarmap.square import SIDE, disc_within, square_around

Pixels = NDArray[np.uint8]


def colours_prepared(screen: Pixels, disc: Disc, preparation: Preparation, objections: Objections) -> PreparedMap:
    """Clean the map in `disc` of `screen` `(height, width, 3)` uint8 RGB, judge it, and bring it to the input size."""
    square = square_around(screen, disc, SIDE)
    inside = disc_within(SIDE, disc)
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
    image = square_around(screen, disc, size)
    if strokes.any():
        covered = cv2.resize(strokes.view(np.uint8), (size, size), interpolation=cv2.INTER_LINEAR_EXACT)
        image = painted_over(image, covered > 0)
    inside = disc_within(size, disc)
    return np.ascontiguousarray(cv2.copyTo(image, inside.view(np.uint8)))
