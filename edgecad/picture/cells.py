"""The heat map over its picture, cell by cell: drawn for a reader, and laid on the scan's own pixels.

A cell's colour says what that cell did to the score, and nothing finer: nothing is smoothed. What is told by a colour
is told by a sign as well, and regions by their outlines.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.grid import cell_of, on_pixels
from edgecad.answer.heatmap import as_recorded
from edgecad.answer.prediction import Prediction
from edgecad.answer.records import Record
from edgecad.answer.region import cells_on_map, region_of
from edgecad.contract import Crop, HeatmapScale
from edgecad.errors import UsageError
from edgecad.picture.colours import BRIGHTEST, DARKEST, LOWERED, OUTLINED, RAISED, SIGNED, opacity_of
from edgecad.picture.marks import draw_outline, draw_sign, signs_for
from edgecad.polarmap import input_mask

Pixels = NDArray[np.uint8]
Floats = NDArray[np.floating]

PANEL = 400
"""Side of a drawn map, pixels, where nobody asks for another."""
RIM = 2.0
"""Pixels of a prepared image that its disc is drawn short of: half of them are ground. As `input_mask` has it."""
GRID = 0.55
"""What the lines between cells leave of the colours."""
LEAST_CELL = 6
"""Side of a cell below which no lines are drawn between cells, pixels."""


@dataclass(frozen=True)
class CellStyle:
    """How a heat map is drawn.

    Attributes:
        scale: the contract's.
        crop: whether the picture is a disc; nothing is drawn beyond it but stripes.
        striped: whether cells beyond the disc are drawn there, in stripes: they hold so much that a reader must know.
    """

    scale: HeatmapScale
    crop: Crop = "polar-map"
    striped: bool = False


def cell_style(prediction: Prediction, scale: HeatmapScale) -> CellStyle:
    """How an answer's heat map is drawn: striped beyond the disc where a finding says that evidence lies there."""
    outside = any(finding.code == "evidence-outside" for finding in prediction.findings)
    return CellStyle(scale, "none" if prediction.disc is None else "polar-map", striped=outside)


def draw_cells(image: Pixels, heatmap: Floats, style: CellStyle, side: int = PANEL) -> Pixels:
    """A heat map `(h, w)`, logit units, over its picture in grey: cells, signs and outlines.

    Args:
        image: `(size, size, 3)` uint8 RGB, prepared.
        side: of the panel, pixels.

    Returns:
        `(side, side, 3)` uint8 RGB.
    """
    within = None if style.crop == "none" else _within_disc(side, RIM / image.shape[0])
    return _drawn(_in_grey(enlarged_picture(image, side)), np.asarray(heatmap), style, within)


def colour_key(width: int, height: int) -> Pixels:
    """The key of the heat map, `(height, width, 3)` uint8 RGB: from lowered to raised, a cell for each step."""
    steps = (0.0, 0.125, 0.25, 0.51, 1.0)
    values = np.array([[*(-step for step in reversed(steps[1:])), *steps]])
    grey = np.full((height, width), (DARKEST + BRIGHTEST) / 2, np.float32)
    return _drawn(grey, values, CellStyle(HeatmapScale(full_scale=1.0, region_threshold=0.5), "none"), None)


def _drawn(grey: Floats, heatmap: Floats, style: CellStyle, within: Floats | None) -> Pixels:
    values, region = as_recorded(heatmap, style.scale.full_scale), region_of(heatmap, style.scale, style.crop)
    outlined = region.raised | region.lowered
    shares = values / style.scale.full_scale
    opacity = np.where(outlined, np.maximum(opacity_of(shares), OUTLINED), opacity_of(shares))
    panel = _coloured(grey, shares, opacity, within, style.striped)
    for cells, dashed in ((region.raised, False), (region.lowered, True)):
        draw_outline(panel, cells, within, dashed=dashed)
    seen = np.ones(values.shape, np.bool_) if style.striped else cells_on_map(values.shape, style.crop)
    signed = seen & ((np.abs(shares) >= SIGNED) | outlined)
    visible = np.ones(grey.shape, np.bool_) if within is None or style.striped else within > 0
    for sign in signs_for(values, signed, outlined, visible):
        draw_sign(panel, sign)
    return panel


def _coloured(grey: Floats, shares: Floats, opacity: Floats, within: Floats | None, striped: bool) -> Pixels:
    """Cells over the grey picture, with lines between them; black beyond the disc, or striped."""
    height, width = grey.shape
    hues = np.where((shares >= 0)[..., None], np.array(RAISED), np.array(LOWERED))
    laid_on = on_pixels((hues * opacity[..., None]).astype(np.float32), height, width)
    mixed = laid_on + (grey * on_pixels((1 - opacity).astype(np.float32), height, width))[..., None]
    if min(height / shares.shape[0], width / shares.shape[1]) >= LEAST_CELL:
        # The first pixels of a cell are the line to the one before.
        mixed[np.diff(cell_of(height, shares.shape[0]), prepend=0) > 0] *= GRID
        mixed[:, np.diff(cell_of(width, shares.shape[1]), prepend=0) > 0] *= GRID
    if within is not None:
        rim = np.nonzero(within < 0.5)
        inside = np.clip(within[rim] + 0.5, 0, 1)[:, None]
        beyond = laid_on[rim] * _stripes(height, width)[rim][:, None] if striped else 0.0
        mixed[rim] = mixed[rim] * inside + beyond * (1 - inside)
    return np.asarray(np.rint(mixed), np.uint8)


def _stripes(height: int, width: int) -> Floats:
    """Slanted stripes, 0 or 1, `(height, width)`."""
    period = max(4, round(max(height, width) / 50))
    slant = np.arange(height)[:, None] + np.arange(width)
    return np.asarray(2 * (slant % period) < period, np.float32)


def _within_disc(side: int, rim: float) -> Floats:
    """How far within the disc the centre of each pixel lies, pixels; `rim` is a share of the side."""
    axis = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
    return np.asarray(side / 2 - rim * side - np.hypot(axis[:, None], axis))


def _in_grey(image: Pixels) -> Floats:
    """The picture's brightness in the greys below a heat map, `(height, width)`."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return np.asarray(np.linspace(DARKEST, BRIGHTEST, 256, dtype=np.float32)[grey])


def enlarged_picture(picture: Pixels, side: int = PANEL) -> Pixels:
    """A prepared picture as large as a panel, `(side, side, 3)` uint8 RGB."""
    how = cv2.INTER_CUBIC if side > picture.shape[0] else cv2.INTER_AREA
    enlarged: Pixels = cv2.resize(picture, (side, side), interpolation=how)
    return enlarged


def shown_picture(prediction: Prediction) -> Pixels:
    """What of the network's input a reader is shown, `(size, size, 3)` uint8 RGB: no mirror image beyond the disc."""
    if prediction.uptake is None:
        return prediction.image
    inside = input_mask(prediction.image.shape[0], "polar-map")
    return np.ascontiguousarray(cv2.copyTo(prediction.image, inside.view(np.uint8)))


def heatmap_panel(prediction: Prediction, scale: HeatmapScale, side: int = PANEL) -> Pixels:
    """The answer's heat map over its picture, `(side, side, 3)` uint8 RGB; see `draw_cells`."""
    return draw_cells(shown_picture(prediction), prediction.heatmap, cell_style(prediction, scale), side)


def region_panel(prediction: Prediction, scale: HeatmapScale, side: int = PANEL) -> Pixels:
    """The picture in its own colours within the outlined regions, dark elsewhere; `(side, side, 3)` uint8 RGB."""
    picture, crop = shown_picture(prediction), cell_style(prediction, scale).crop
    within = None if crop == "none" else _within_disc(side, RIM / picture.shape[0])
    region = region_of(prediction.heatmap, scale, crop)
    bright = on_pixels(region.raised | region.lowered, side, side)
    if within is not None:
        bright &= within > 0
    enlarged = enlarged_picture(picture, side)
    panel: Pixels = np.where(bright[..., None], enlarged, enlarged // 3)
    for cells, dashed in ((region.raised, False), (region.lowered, True)):
        draw_outline(panel, cells, within, dashed=dashed)
    return panel


def heatmap_on_screen(answer: Prediction | Record) -> NDArray[np.float32]:
    """The heat map in the scan's own pixels, `(height, width)` float32, logit units; NaN where the network saw nothing.

    Each pixel has the value of the cell in which it lies. Nothing is shown outside the disc, where there is no map;
    where the whole image was taken, outside the image.

    Args:
        answer: a prediction, or its record, which holds the map within a thousandth of its full scale.

    Raises:
        UsageError: the record has no map.
    """
    view = answer.view
    if answer.heatmap is None or answer.screen is None or view is None:
        raise UsageError("this record has no heat map; give one of an answered scan, of schema 2 or later")
    (width, height), heatmap = answer.screen, np.asarray(answer.heatmap, np.float32)
    row, column = (
        np.clip(((np.arange(pixels) - middle) / view.side + 0.5) * cells // 1, 0, cells - 1).astype(np.intp)
        for pixels, middle, cells in zip((height, width), (view.y, view.x), heatmap.shape, strict=True)
    )
    y, x = np.ogrid[:height, :width]
    disc = answer.disc
    if disc is not None:
        seen = (x - disc.x) ** 2 + (y - disc.y) ** 2 <= disc.radius**2
    else:
        seen = (abs(x - view.x) <= view.width / 2) & (abs(y - view.y) <= view.height / 2)
    return np.where(seen, heatmap[row[:, None], column], np.float32(np.nan))
