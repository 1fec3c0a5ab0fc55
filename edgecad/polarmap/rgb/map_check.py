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

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MAX_ROUGHNESS = 8.0
"""Mean distance, grey levels, to the map blurred by 2 pixels. Colour tables over maps: 1 to 2.5."""
MIN_RANGE = 12
"""Grey levels between the 2nd and the 98th percentile, in the channel that varies most."""
SHARP = 12
"""Grey levels by which an edge changes when blurred by 0.75 pixels: a soft end of a stroke counts as well."""
MAX_SHARP_SHARE = 5e-4
"""Share of the disc with sharp edges, strokes left out. A scanner draws none; a window over the map, a bite out of
it, a sign or a colour table in steps does. Phantoms down to JPEG quality 20: 1e-4 at most; the real map: 0."""
MAX_FAINT_SHARE = 2e-3
"""Share with edges half as strong, of a disc that was decoded at half its size: an edge as wide as a pixel keeps half
of its strength there. Bare phantoms from JPEG quality 60: 1.7e-3 at most; what passed at half size alone: 4.5e-3 on."""
LEFT, MAX_LEFT = 20, 30
"""Pixels beside painted strokes that may still change by so many grey levels. Letters and lines that were painted over
leave at most 30; a dot or a sign of 0.08 radii, whose outline alone was taken for a stroke, leaves 40 to 130."""
MAX_COLOURS = 200
"""Cells of a 16 x 16 x 16 colour cube in use. One colour table: 40 to 70; colours of a plane: 500 and more."""
RINGS = (0.15, 0.3, 0.5, 0.7, 0.9)
MIN_CHROMA = 25.0
"""Distance from grey at which a hue can be told, grey levels."""

WANTED = "a polar map drawn through one colour table is wanted"


def object_unless_map(
    square: Pixels, edges: Pixels, inside: Mask, strokes: Mask, softness: float, objections: Objections
) -> None:
    """Check `square` `(256, 256, 3)` uint8 RGB, whose disc is `inside` and whose `strokes` were painted over.

    `edges` is its `edge_strength`, `softness` as for `overlay_mask`. The reason is `not-a-map`, the message says which
    property fails.
    """
    disc = inside.view(np.uint8)
    span = _span(square, disc)
    if span < MIN_RANGE:
        objections.against("not-a-map", f"the disc has one flat colour (range {span} grey levels); {WANTED}")
    roughness = _roughness(square, disc)
    if roughness > MAX_ROUGHNESS:
        objections.against(
            "not-a-map",
            f"the disc is rough ({roughness:.0f} grey levels; a map has at most {MAX_ROUGHNESS:.0f}); {WANTED}",
        )
    sharp = _sharp_share(edges, disc, strokes.view(np.uint8), SHARP * softness)
    if sharp > MAX_SHARP_SHARE:
        objections.against(
            "not-a-map",
            f"the disc has sharp edges ({sharp:.2%} of it), as of a window, a hole or colours in steps; {WANTED}",
        )
    if objections.halved:
        faint = _sharp_share(edges, disc, strokes.view(np.uint8), SHARP * softness / 2)
        if faint > MAX_FAINT_SHARE:
            objections.against("not-a-map", f"the disc has faint edges ({faint:.2%} of it); {WANTED}")
    left = _left_beside(edges, disc, strokes.view(np.uint8), LEFT * softness)
    if left > MAX_LEFT:
        objections.against(
            "not-a-map",
            f"something solid lies on the disc and cannot be painted over ({left} pixels of edge); {WANTED}",
        )
    if _turning_rings(square) >= 2:
        objections.against("not-a-map", f"the colours turn about the centre, as on a colour wheel; {WANTED}")
    used = int((colour_histogram(square, disc) > 2e-4 * np.count_nonzero(disc)).sum())
    if used > MAX_COLOURS:
        objections.against(
            "not-a-map", f"the disc holds {used} kinds of colour, at most {MAX_COLOURS} expected; {WANTED}"
        )


def _sharp_share(edges: Pixels, disc: Pixels, strokes: Pixels, sharp: float) -> float:
    """Share of the disc with edges that no scanner draws, away from the rim and from painted strokes."""
    core = cv2.erode(disc, np.ones((7, 7), np.uint8))
    core[cv2.dilate(strokes, np.ones((5, 5), np.uint8)) > 0] = 0
    held = np.count_nonzero(core)
    return np.count_nonzero(cv2.copyTo(edges, core) > sharp) / held if held else 1.0


def _left_beside(edges: Pixels, disc: Pixels, strokes: Pixels, sharp: float) -> int:
    """Pixels of sharp edge beside the painted strokes: of what was only in part a stroke."""
    beside = cv2.bitwise_and(cv2.dilate(strokes, np.ones((9, 9), np.uint8)), cv2.erode(disc, np.ones((7, 7), np.uint8)))
    return int(np.count_nonzero(cv2.copyTo(edges, beside) > sharp))


def _span(square: Pixels, disc: Pixels) -> int:
    """Grey levels between the 2nd and the 98th percentile of the disc, in the channel that varies most."""
    spans = []
    for channel in range(3):
        counts = cv2.calcHist([square], [channel], disc, [256], [0, 256]).ravel()
        below = counts.cumsum() / counts.sum()
        spans.append(int(np.searchsorted(below, 0.98) - np.searchsorted(below, 0.02)))
    return max(spans)


def _roughness(square: Pixels, disc: Pixels) -> float:
    # Away from the rim, whose step against the ground is no roughness of the map.
    core = cv2.erode(disc, np.ones((13, 13), np.uint8))
    # A box of 7 pixels has a deviation of 2.
    change = cv2.absdiff(square, cv2.blur(square, (7, 7)))
    return float(cv2.mean(brightest_channel(change), core)[0])


def _turning_rings(square: Pixels) -> int:
    """On how many rings the chroma turns once or more about grey."""
    side = square.shape[0]
    smooth = cv2.blur(square, (3, 3))
    rings, angles = np.array(RINGS)[:, None], np.linspace(0, 2 * np.pi, 181)
    x = np.rint((side - 1) / 2 + rings * side / 2 * np.cos(angles)).astype(np.intp)
    y = np.rint((side - 1) / 2 - rings * side / 2 * np.sin(angles)).astype(np.intp)
    red, green, blue = np.moveaxis(smooth[y, x].astype(np.float64), -1, 0)
    chroma = (red - (green + blue) / 2) + 1j * np.sqrt(0.75) * (green - blue)
    coloured = chroma[np.abs(chroma).min(axis=1) > MIN_CHROMA]
    turns = np.angle(coloured[:, 1:] / coloured[:, :-1]).sum(axis=1) / (2 * np.pi)
    return int((np.abs(np.rint(turns)) >= 1).sum())


def colour_histogram(image: Pixels, mask: Pixels | None = None) -> NDArray[np.float32]:
    """Pixels in each cell of a 16 x 16 x 16 RGB cube, `(4096,)`, index `256 r + 16 g + b`.

    Args:
        image: `(height, width, 3)` uint8 RGB.
        mask: `(height, width)` uint8; only where it is not 0.
    """
    counts: NDArray[np.float32] = cv2.calcHist([image], [0, 1, 2], mask, [16] * 3, [0, 256] * 3)
    return counts.ravel()
