"""Does uptake look like a perfusion map's? Each check is a property that every such map has."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.objections import Objections
from edgecad.polarmap.uptake.choosing import LEAST_MEDIAN
from edgecad.polarmap.uptake.strokes import WIDE, Strokes

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

MAX_PAINTED = 0.40
"""Largest share of the disc that may be painted over. Honest: 0.35, with lines and values on a small disc."""
MAX_SLOPE = 3.2
"""Percent of the span a pixel of 256: the 99th percentile of the slope, after a blur of 1.5. Honest: 2.5."""
TOP, MAX_TOP = 99.3, 0.05
"""Levels from which a pixel is at the table's top, and the largest share of the disc there. Honest: 0.028."""
BOTTOM, MAX_BOTTOM = 2.0, 0.02
LEAST_HIGH = 88.0
"""Percent of the span: a map is scaled to its own maximum. Honest: 90.4."""
MAX_ROUGHNESS = 0.7
"""Mean difference to the map blurred by 2 pixels, percent of the span."""

WANTED = "one whole stress map, scaled from 0 to its own maximum, is wanted"


def object_unless_uptake(uptake: Floats, strokes: Strokes, inside: Mask, objections: Objections) -> None:
    """Check uptake `(side, side)`, percent, painted over where there were strokes; `inside` is its disc.

    The reasons are `overlay` for what lies on the map, and `not-a-map`.
    """
    area = int(np.count_nonzero(inside))
    _object_to_strokes(strokes, area, objections)
    levels = uptake[inside]
    shares = ((levels >= TOP).sum() / area, (levels < BOTTOM).sum() / area)
    if shares[0] > MAX_TOP:
        objections.against(
            "not-a-map",
            f"{shares[0]:.0%} of the disc is at the top of the colour table, at most {MAX_TOP:.0%} expected; {WANTED}: "
            "set the display window to 0 to 100 %",
        )
    if shares[1] > MAX_BOTTOM:
        objections.against(
            "not-a-map",
            f"{shares[1]:.0%} of the disc is at the bottom of the colour table, at most {MAX_BOTTOM:.0%} expected; "
            f"{WANTED}",
        )
    high, median = (float(value) for value in np.quantile(levels, (0.99, 0.5)))
    if high < LEAST_HIGH:
        objections.against(
            "not-a-map", f"the disc's highest level is {high:.0f} % of the colour table; {WANTED}: set its window"
        )
    if median < LEAST_MEDIAN:
        objections.against("not-a-map", f"half of the disc is below {median:.0f} % of the colour table; {WANTED}")
    _object_to_shape(uptake, inside, objections)


def _object_to_strokes(strokes: Strokes, area: int, objections: Objections) -> None:
    if strokes.wide.any():
        share = np.count_nonzero(strokes.wide) / area
        objections.against(
            "overlay",
            f"something wide lies over the map, off its colour table ({share:.1%} of the disc; strokes up to "
            f"{WIDE - 1} of 256 pixels are painted over): save the screen without it",
        )
    painted = np.count_nonzero(strokes.covered) / area
    if painted > MAX_PAINTED:
        objections.against(
            "overlay",
            f"lines, text or texture cover {painted:.0%} of the disc, at most {MAX_PAINTED:.0%} can be painted over: "
            "save the screen without them",
        )


def _object_to_shape(uptake: Floats, inside: Mask, objections: Objections) -> None:
    core = cv2.erode(inside.view(np.uint8), np.ones((7, 7), np.uint8)) > 0
    slope = float(np.quantile(slope_of(uptake)[core], 0.99))
    if slope > MAX_SLOPE:
        objections.against(
            "not-a-map",
            f"the disc has steep edges ({slope:.1f} % a pixel of 256, a map has at most {MAX_SLOPE}), as of a window, "
            f"a photograph or letters; {WANTED}",
        )
    rough = float(np.abs(uptake - cv2.blur(uptake, (7, 7)))[core].mean())
    if rough > MAX_ROUGHNESS:
        objections.against(
            "not-a-map", f"the disc is rough ({rough:.1f} %, a map has at most {MAX_ROUGHNESS}); {WANTED}"
        )


def slope_of(uptake: Floats) -> Floats:
    """Slope of uptake blurred by 1.5 pixels, percent a pixel."""
    smooth = cv2.GaussianBlur(uptake, (0, 0), 1.5)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)
