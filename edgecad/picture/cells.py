"""The heat map over its picture: drawn for a reader, and laid on the scan's own pixels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import nothing_outside_disc
from edgecad.answer.prediction import Prediction
from edgecad.answer.records import Record
from edgecad.errors import UsageError
from edgecad.picture.colours import INK, LOWERED, RAISED
from edgecad.polarmap import input_mask

Pixels = NDArray[np.uint8]

PANEL = 400
"""Side of a drawn map, pixels."""


def heatmap_panel(prediction: Prediction, full_scale: float) -> Pixels:
    """The answer's heat map over its picture; see `heatmap_over`."""
    return heatmap_over(shown_picture(prediction), prediction.heatmap, full_scale)


def shown_picture(prediction: Prediction) -> Pixels:
    """What of the network's input a reader is shown, `(size, size, 3)` uint8 RGB: no mirror image beyond the disc."""
    if prediction.uptake is None:
        return prediction.image
    inside = input_mask(prediction.image.shape[0], "polar-map")
    return np.ascontiguousarray(cv2.copyTo(prediction.image, inside.view(np.uint8)))


def heatmap_over(image: Pixels, heatmap: NDArray[np.float32], full_scale: float) -> Pixels:
    """A heat map `(h, w)`, logit units, over its picture in grey; colour is full at `full_scale`.

    Args:
        image: `(size, size, 3)` uint8 RGB, prepared.

    Returns:
        `(400, 400, 3)` uint8 RGB.
    """
    values = _enlarged(heatmap)
    strength = np.clip(np.abs(values) / full_scale, 0, 1)[..., None] * 0.85
    colour = np.where(values[..., None] >= 0, np.array(RAISED), np.array(LOWERED))
    mixed = _in_grey(image) * (1 - strength) + colour * strength
    return np.asarray(np.rint(mixed).clip(0, 255), np.uint8)


def heatmap_on_screen(answer: Prediction | Record) -> NDArray[np.float32]:
    """The heat map in the scan's own pixels, `(height, width)` float32, logit units; NaN where the network saw nothing.

    Nothing is shown outside the disc, where there is no map; where the whole image was taken, outside the image.

    Args:
        answer: a prediction, or its record, which holds the map within a thousandth of its full scale.

    Raises:
        UsageError: the record has no map.
    """
    view = answer.view
    if answer.heatmap is None or answer.screen is None or view is None:
        raise UsageError("this record has no heat map; give one of an answered scan, of schema 2 or later")
    (width, height), heatmap = answer.screen, np.asarray(answer.heatmap, np.float32)
    rows, columns = heatmap.shape
    # Pixel to cell, each counted from the centre of the first one.
    across, down = columns / view.side, rows / view.side
    cell_of = np.array(
        [
            [across, 0.0, (view.side / 2 - view.x) * across - 0.5],
            [0.0, down, (view.side / 2 - view.y) * down - 0.5],
        ]
    )
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed = cv2.warpAffine(heatmap, cell_of, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    y, x = np.ogrid[:height, :width]
    disc = answer.disc
    if disc is not None:
        seen = (x - disc.x) ** 2 + (y - disc.y) ** 2 <= disc.radius**2
    else:
        seen = (abs(x - view.x) <= view.width / 2) & (abs(y - view.y) <= view.height / 2)
    return np.where(seen, placed, np.float32(np.nan))


def region_panel(prediction: Prediction, region_threshold: float) -> Pixels:
    """The map, bright where the heat map lies beyond `region_threshold` logit units. `(400, 400, 3)` uint8 RGB."""
    values = _enlarged(prediction.heatmap)
    picture = enlarged_picture(shown_picture(prediction))
    beyond = np.abs(values) > region_threshold
    panel: Pixels = np.where(beyond[..., None], picture, picture // 3).astype(np.uint8)
    for colour, mask in ((RAISED, values > region_threshold), (LOWERED, values < -region_threshold)):
        contours, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(panel, contours, -1, colour, 2, cv2.LINE_AA)
    if not beyond.any():
        words = f"none beyond +-{region_threshold:.2g} logit units"
        cv2.putText(panel, words, (12, PANEL - 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
    return panel


def _enlarged(heatmap: NDArray[np.float32]) -> NDArray[np.float32]:
    enlarged: NDArray[np.float32] = cv2.resize(heatmap, (PANEL, PANEL), interpolation=cv2.INTER_LINEAR)
    if nothing_outside_disc(heatmap):
        enlarged[~input_mask(PANEL, "polar-map")] = 0
    return enlarged


def enlarged_picture(picture: Pixels) -> Pixels:
    """A prepared picture as large as a panel, `(400, 400, 3)` uint8 RGB."""
    enlarged: Pixels = cv2.resize(picture, (PANEL, PANEL), interpolation=cv2.INTER_CUBIC)
    return enlarged


def _in_grey(image: Pixels) -> NDArray[np.float64]:
    grey = cv2.cvtColor(enlarged_picture(image), cv2.COLOR_RGB2GRAY)
    return np.repeat(grey[..., None].astype(np.float64) * 0.6, 3, axis=2)
