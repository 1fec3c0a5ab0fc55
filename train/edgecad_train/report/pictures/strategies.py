"""The same patients' heat maps under each strategy, with the share of evidence outside the disc (figure 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import DOUBTED_FROM, scale_of_maps, share_outside_disc
from edgecad.contract import Crop, HeatmapScale, Origin
from edgecad.picture.cells import CellStyle, draw_cells
from edgecad_train.report.outside import NOTE
from edgecad_train.report.pictures.drawing import GREY
from edgecad_train.report.pictures.sheet import Sheet, pixels

Pixels = NDArray[np.uint8]

TILE, GAP, LINE, MARGIN = 1.7, 0.1, 0.32, 0.2
"""Inches: side of a picture, space between columns, height of the line under a picture, margin."""
SHORT = 16
"""Signs that a column's head has room for in large letters."""
HEAD, TOP = 0.35, 1.0
"""Inches from the top: where the columns' names and the pictures begin."""


@dataclass(frozen=True)
class StrategyMaps:
    """What one strategy's model says of a series of scans.

    Attributes:
        name: of the strategy.
        maps: `(n, h, w)`, heat maps of the score, logit units.
        scores: `(n,)`, P(CAD), 0 to 1.
        scale: of the colours, the contract's; None: that of these maps.
    """

    name: str
    maps: NDArray[np.floating]
    scores: NDArray[np.floating]
    scale: HeatmapScale | None = None

    def cells(self, row: int, crop: Crop, disc: bool) -> CellStyle:
        """How the runtime draws one of the maps; see `draw_strategies`."""
        return CellStyle(self.scale or scale_of_maps(self.maps), crop, disc and bool(self.shares[row] >= DOUBTED_FROM))

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of each map's evidence that lies outside the disc, `(n,)`, 0 to 1."""
        return np.array([share_outside_disc(shown) for shown in self.maps])


def draw_strategies(
    strategies: Sequence[StrategyMaps],
    images: Pixels,
    labels: Sequence[str],
    origin: Origin,
    path: Path,
    rows: int = 6,
    crop: Crop = "polar-map",
    disc: bool = True,
    seen: str = "polar map",
) -> Path:
    """Write a PNG with a row a scan and a column a strategy.

    Args:
        strategies: all about the same scans, in the same order.
        images: `(n, size, size, 3)` uint8 RGB, prepared.
        labels: `(n,)`, what the readers said.
        rows: how many scans are drawn, the first ones; the mean shares are over all `n`.
        crop: whether images are discs.
        disc: whether they are discs on black that count; the share of evidence outside one is left out otherwise.
        seen: what the images show, in words.

    Raises:
        ValueError: the strategies are not about the same scans.
    """
    if not strategies or any(len(one.maps) != len(images) or len(one.scores) != len(images) for one in strategies):
        raise ValueError("every strategy needs one map and one score for each image")
    shown = min(rows, len(images))
    height = TOP + shown * (TILE + LINE) + 1.35
    sheet = Sheet(2 * MARGIN + (len(strategies) + 1) * (TILE + GAP) - GAP, height)
    _first_column(sheet, images[:shown], labels, len(images), seen)
    for column, one in enumerate(strategies, start=1):
        _column(sheet, MARGIN + column * (TILE + GAP), one, images[:shown], crop, disc)
    sheet.key(height - 1.25, None, NOTE if disc else "")
    return sheet.save(path, origin)


def _first_column(sheet: Sheet, images: Pixels, labels: Sequence[str], of: int, seen: str) -> None:
    sheet.words(MARGIN, HEAD, seen, size=11 if len(seen) < SHORT else 7.5, bold=True)
    sheet.words(MARGIN, HEAD + 0.24, f"{len(images)} of {of} scans", colour=GREY)
    for row, image in enumerate(images):
        y = TOP + row * (TILE + LINE)
        sheet.tile(MARGIN, y, TILE, image)
        sheet.words(MARGIN, y + TILE + 0.03, f"labelled {labels[row]}")


def _column(sheet: Sheet, x: float, one: StrategyMaps, images: Pixels, crop: Crop, disc: bool) -> None:
    shares = one.shares
    sheet.words(x, HEAD, one.name, size=11, bold=True)
    if disc:
        mean = f"{shares.mean():.0%} outside the disc,\nmean of {len(shares)} scans"
        sheet.words(x, HEAD + 0.24, mean, colour=GREY)
    for row, image in enumerate(images):
        y = TOP + row * (TILE + LINE)
        sheet.tile(x, y, TILE, draw_cells(image, one.maps[row], one.cells(row, crop, disc), pixels(TILE)))
        outside = f"; {shares[row]:.0%} outside" if disc else ""
        sheet.words(x, y + TILE + 0.03, f"score {one.scores[row]:.2f}{outside}")
