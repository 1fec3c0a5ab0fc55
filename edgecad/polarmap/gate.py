"""Does the disc hold a polar map? Each check is a property that every perfusion map has.

A polar map is one smooth scalar, drawn through one colour table. So it is smooth and without an edge,
it varies, its colours lie on one line through colour space, and going round any circle they come back the way
they went: the hue never turns about grey, as it does on a colour wheel.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.disc import brightest_channel
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.overlay import SHARPNESS, edge_strength

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SIDE = 256
"""Side of the square on which the map is judged, pixels."""
MAX_ROUGHNESS = 8.0
"""Mean distance, grey levels, to the map blurred by 2 pixels. Colour tables over maps: 1 to 2.5."""
MIN_RANGE = 12
"""Grey levels between the 2nd and the 98th percentile, in the channel that varies most."""
MAX_SHARP_SHARE = 5e-4
"""Share of the disc with edges as sharp as a stroke's, strokes left out. A scanner draws none; a window over the map,
a bite out of it, a sign or a colour table in steps does. Phantoms and the real map: 0, down to JPEG quality 20."""
MAX_COLOURS = 200
"""Cells of a 16 x 16 x 16 colour cube in use. One colour table: 40 to 70; colours of a plane: 500 and more."""
RINGS = (0.15, 0.3, 0.5, 0.7, 0.9)
MIN_CHROMA = 25.0
"""Distance from grey at which a hue can be told, grey levels."""

WANTED = "a polar map drawn through one colour table is wanted"


def object_unless_map(canvas: Pixels, inside: Mask, strokes: Mask, objections: Objections) -> None:
    """Check `canvas` `(512, 512, 3)` uint8 RGB, whose disc is `inside` and whose `strokes` were painted over.

    The reason is `not-a-map`, the message says which property fails.
    """
    sharp = _sharp_share(canvas, inside, strokes)
    canvas = cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(inside.view(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) > 0
    colours = canvas[inside]
    span = _span(colours)
    if span < MIN_RANGE:
        objections.against("not-a-map", f"the disc has one flat colour (range {span} grey levels); {WANTED}")
    roughness = _roughness(canvas, inside)
    if roughness > MAX_ROUGHNESS:
        objections.against(
            "not-a-map",
            f"the disc is rough ({roughness:.0f} grey levels; a map has at most {MAX_ROUGHNESS:.0f}); {WANTED}",
        )
    if sharp > MAX_SHARP_SHARE:
        objections.against(
            "not-a-map",
            f"the disc has sharp edges ({sharp:.2%} of it), as of a window, a hole or colours in steps; {WANTED}",
        )
    if _turning_rings(canvas) >= 2:
        objections.against("not-a-map", f"the colours turn about the centre, as on a colour wheel; {WANTED}")
    used = _colour_cells(colours)
    if used > MAX_COLOURS:
        objections.against(
            "not-a-map", f"the disc holds {used} kinds of colour, at most {MAX_COLOURS} expected; {WANTED}"
        )


def _sharp_share(canvas: Pixels, inside: Mask, strokes: Mask) -> float:
    """Share of the disc with edges that no scanner draws, away from the rim and from painted strokes."""
    core = cv2.erode(inside.view(np.uint8), np.ones((15, 15), np.uint8)) > 0
    core &= cv2.dilate(strokes.view(np.uint8), np.ones((9, 9), np.uint8)) == 0
    return float((edge_strength(canvas)[core] > SHARPNESS).mean()) if core.any() else 1.0


def _span(colours: Pixels) -> int:
    """Grey levels between the 2nd and the 98th percentile of `(n, 3)`, in the channel that varies most."""
    spans = []
    for channel in range(3):
        below = np.bincount(colours[:, channel], minlength=256).cumsum() / len(colours)
        spans.append(int(np.searchsorted(below, 0.98) - np.searchsorted(below, 0.02)))
    return max(spans)


def _roughness(canvas: Pixels, inside: Mask) -> float:
    # Away from the rim, whose step against the ground is no roughness of the map.
    core = cv2.erode(inside.view(np.uint8), np.ones((13, 13), np.uint8)) > 0
    change = cv2.absdiff(canvas, cv2.GaussianBlur(canvas, (0, 0), 2))
    return float(brightest_channel(change)[core].mean())


def _turning_rings(canvas: Pixels) -> int:
    """On how many rings the chroma turns once or more about grey."""
    side = canvas.shape[0]
    smooth = cv2.GaussianBlur(canvas, (0, 0), 1).astype(np.float64)
    red, green, blue = smooth[..., 0], smooth[..., 1], smooth[..., 2]
    chroma = (red - (green + blue) / 2) + 1j * np.sqrt(0.75) * (green - blue)
    angles = np.linspace(0, 2 * np.pi, 181)
    turning = 0
    for ring in RINGS:
        x = np.rint((side - 1) / 2 + ring * side / 2 * np.cos(angles)).astype(np.intp)
        y = np.rint((side - 1) / 2 - ring * side / 2 * np.sin(angles)).astype(np.intp)
        along = chroma[y, x]
        if np.abs(along).min() > MIN_CHROMA:
            turns = np.angle(along[1:] / along[:-1]).sum() / (2 * np.pi)
            turning += abs(round(float(turns))) >= 1
    return turning


def _colour_cells(colours: Pixels) -> int:
    cells = np.bincount(colour_cell(colours), minlength=4096)
    return int((cells > 2e-4 * len(colours)).sum())


def colour_cell(colours: Pixels) -> NDArray[np.int64]:
    """Index `256 r + 16 g + b` of each colour `(..., 3)` in a 16 x 16 x 16 cube."""
    coarse = (colours >> 4).astype(np.int64)
    return np.asarray(coarse[..., 0] * 256 + coarse[..., 1] * 16 + coarse[..., 2])
