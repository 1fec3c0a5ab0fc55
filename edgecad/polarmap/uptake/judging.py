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

MAX_PAINTED = 0.50
"""Largest share of the disc that may be painted over. Honest: 0.44, with lines of 2 pixels on a disc of 240."""
MAX_SLOPE = 4.2
"""Percent of the span a pixel of 256: the 99th percentile of the slope, after a blur of 1.5. Honest: 2.5, and 4.0 at
severe defects with sharp borders."""
TOP, MAX_TOP = 99.3, 0.05
"""Levels from which a pixel is at the table's top, and the largest share of the disc there. Honest: 0.028."""
BOTTOM, MAX_BOTTOM = 2.0, 0.02
LEAST_HIGH = 84.0
"""Percent of the span: a map is scaled to its own maximum. Honest: 87, where one hot spot is the maximum."""
MAX_ROUGHNESS = 0.7
"""Mean difference to the map blurred by 2 pixels, percent of the span."""

STRAIGHT_RUN = 41
"""Pixels of 256 along which a straight edge is averaged: a window over the map has long ones, and noise has none."""
STRAIGHT_STEP = 2.9
"""Percent of the span by which levels step at a straight edge, beyond their slope there. Bare maps: at most 1.4, with
lines and values painted over 2.4; a half-transparent white window over a grey map: 2.9 to 33."""

STROKE_REACH, LONE = 10, 0.6
"""Pixels within which a stroke's other edge stands, and how strong, as a share, that edge must at least be. Beside a
lone edge the filter itself answers with 0.4."""
FREE_RUN, FREE_RUN_HALVED = 0.97, 0.6
"""Share of such a run that must be free of strokes. At half the size more of an edge counts as a stroke itself."""

HALVED_MARGIN, HALVED_FINE_MARGIN = 0.02, 0.25
"""Shares by which bounds are stricter where the screen was decoded at half its size. Of 240 screens near the bounds,
levels and slopes were at most 1.8 % lower there, and what is fine (roughness, straight edges) up to 33 %."""

WANTED = "one whole stress map, scaled from 0 to its own maximum, is wanted"


def object_unless_uptake(uptake: Floats, strokes: Strokes, inside: Mask, objections: Objections) -> None:
    """Check uptake `(side, side)`, percent, painted over where there were strokes; `inside` is its disc.

    The reasons are `overlay` for what lies on the map, and `not-a-map`.
    """
    area = int(np.count_nonzero(inside))
    strict, fine = (HALVED_MARGIN, HALVED_FINE_MARGIN) if objections.halved else (0.0, 0.0)
    _object_to_strokes(strokes, area, objections)
    levels = uptake[inside]
    shares = ((levels >= TOP).sum() / area, (levels < BOTTOM).sum() / area)
    if shares[0] > MAX_TOP * (1 - strict):
        objections.against(
            "not-a-map",
            f"{shares[0]:.0%} of the disc is at the top of the colour table, at most {MAX_TOP:.0%} expected; {WANTED}: "
            "set the display window to 0 to 100 %",
        )
    if shares[1] > MAX_BOTTOM * (1 - strict):
        objections.against(
            "not-a-map",
            f"{shares[1]:.0%} of the disc is at the bottom of the colour table, at most {MAX_BOTTOM:.0%} expected; "
            f"{WANTED}",
        )
    if (levels >= LEAST_HIGH * (1 + strict)).sum() < 0.01 * area:
        high = np.quantile(levels, 0.99)
        objections.against(
            "not-a-map", f"the disc's highest level is {high:.0f} % of the colour table; {WANTED}: set its window"
        )
    if (levels >= LEAST_MEDIAN * (1 + strict)).sum() < 0.5 * area:
        median = np.median(levels)
        objections.against("not-a-map", f"half of the disc is below {median:.0f} % of the colour table; {WANTED}")
    _object_to_shape(uptake, inside, objections)
    free_run = FREE_RUN_HALVED if objections.halved else FREE_RUN
    if straight_step(uptake, _free(inside, strokes), free_run) > STRAIGHT_STEP * (1 - fine):
        objections.against(
            "overlay",
            "a straight edge crosses the map, as of a window or a picture that shines through: save the screen without "
            "what lies over it",
        )


def _free(inside: Mask, strokes: Strokes) -> Mask:
    """The disc away from its rim and from what was painted over."""
    core = cv2.erode(inside.view(np.uint8), np.ones((9, 9), np.uint8))
    return np.asarray((core > 0) & (cv2.dilate(strokes.covered.view(np.uint8), np.ones((5, 5), np.uint8)) == 0))


def straight_step(uptake: Floats, free: Mask, free_run: float = FREE_RUN) -> float:
    """The largest step along an edge that is parallel to the screen's sides, percent of the span.

    A half-transparent window over a grey map stays on the grey table; its edges do not stay smooth.

    Args:
        uptake: `(side, side)`, percent.
        free: where to look.
        free_run: share of an edge that must be free.
    """
    return max(_step_across(uptake, free, free_run), _step_across(uptake.T, free.T, free_run))


def _step_across(uptake: Floats, free: Mask, free_run: float) -> float:
    # The rise over 3 pixels, less what the slope over the 4 on each side explains of it.
    step = np.zeros(uptake.shape, np.float32)
    step[:, 6:-5] = 1.375 * (uptake[:, 7:-4] - uptake[:, 4:-7]) - 0.375 * (uptake[:, 11:] - uptake[:, :-11])
    usable = cv2.erode(np.ascontiguousarray(free).view(np.uint8), np.ones((3, 11), np.uint8)).astype(np.float32)
    runs = cv2.blur(usable, (1, STRAIGHT_RUN)) > free_run
    along = cv2.blur(step, (1, STRAIGHT_RUN))
    strongest = float(np.abs(along[runs]).max(initial=0.0))
    if strongest <= STRAIGHT_STEP / 2:
        return strongest
    up, down = np.maximum(along, 0), np.maximum(-along, 0)
    beside = np.ones((1, 2 * STROKE_REACH + 1), np.uint8)
    # What is left of a stroke steps up and down again at once; a window's two edges are far apart.
    alone = [one[runs & (cv2.dilate(other, beside) < LONE * one)] for one, other in ((up, down), (down, up))]
    return float(max(each.max(initial=0.0) for each in alone))


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
    slopes = slope_of(uptake)[core]
    strict, fine = (HALVED_MARGIN, HALVED_FINE_MARGIN) if objections.halved else (0.0, 0.0)
    if (slopes > MAX_SLOPE * (1 - strict)).sum() > 0.01 * len(slopes):
        slope = np.quantile(slopes, 0.99)
        objections.against(
            "not-a-map",
            f"the disc has steep edges ({slope:.1f} % a pixel of 256, a map has at most {MAX_SLOPE}), as of a window, "
            f"a photograph or letters; {WANTED}",
        )
    rough = float(np.abs(uptake - cv2.blur(uptake, (7, 7)))[core].mean())
    if rough > MAX_ROUGHNESS * (1 - fine):
        objections.against(
            "not-a-map", f"the disc is rough ({rough:.1f} %, a map has at most {MAX_ROUGHNESS}); {WANTED}"
        )


def slope_of(uptake: Floats) -> Floats:
    """Slope of uptake blurred by 1.5 pixels, percent a pixel."""
    smooth = cv2.GaussianBlur(uptake, (0, 0), 1.5)
    across, down = (cv2.Sobel(smooth, cv2.CV_32F, *order, ksize=3, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return np.asarray(cv2.magnitude(across, down), np.float32)
