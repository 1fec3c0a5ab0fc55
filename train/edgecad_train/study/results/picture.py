"""The table as a picture, `table.png`: an interval a row, and how long a run took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgecad.contract import Origin
from edgecad_train.report.pictures.drawing import BLUE, GREY, INK, ORANGE, new_figure, save, tidy
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.table import COLUMNS

FIGURES = ("auc", "accuracy", "sensitivity_cad", "specificity_cad")
ROW, GAP = 0.3, 1.9
"""Inches a row; rows of space above a network's first."""


def draw_table(rows: Sequence[Row], origin: Origin, path: Path) -> Path:
    """Write a PNG: networks one below the other, a row a strategy, a column a figure.

    The dot is the figure over all runs, the bar its 95 % interval, the small dots the runs' own areas.
    Two-stage, which the others are compared with, is orange. Rows without a finished run stay empty.
    """
    places = tuple(_places(rows))
    height = places[-1] + 1.0
    figure = new_figure(14.5, 1.7 + ROW * height)
    columns = figure.subplots(1, len(FIGURES) + 1, sharey=True, squeeze=False)[0]
    for axes, name in zip(columns, FIGURES, strict=False):
        _draw_figure(axes, name, rows, places)
    _draw_seconds(columns[-1], rows, places)
    _name_rows(columns[0], rows, places, height)
    figure.supxlabel("dot and bar: test patients of all runs, 95 % interval; small dots: the runs' own AUC; "
                     "orange: two-stage", fontsize=9, color=GREY)  # fmt: skip
    return save(figure, path, origin)


def _places(rows: Sequence[Row]) -> Iterator[float]:
    """Where each row lies from the top, in rows."""
    place, network = 0.0, ""
    for row in rows:
        place += 1.0 if row.backbone == network else GAP
        network = row.backbone
        yield place


def _colour(row: Row) -> str:
    return ORANGE if row.units[0].settings.strategy == "two-stage" else BLUE


def _draw_figure(axes: Axes, name: str, rows: Sequence[Row], places: Sequence[float]) -> None:
    tidy(axes)
    for row, y in zip(rows, places, strict=True):
        metric = row.metric(name)
        if metric is None:
            continue
        axes.plot([metric.low, metric.high], [y, y], color=_colour(row), linewidth=2.2, solid_capstyle="butt")
        axes.plot(metric.value, y, "o", color=_colour(row), markersize=6.5)
        if name == "auc" and len(row.areas) > 1:
            own = [area.value for _, area in row.areas]
            axes.plot(own, np.full(len(own), y + 0.28), ".", color=GREY, markersize=4)
    axes.set_xlim(*_limits(name, rows))
    axes.set_title(COLUMNS[name], fontsize=10, color=INK)
    if name == "auc":
        axes.axvline(0.5, color=GREY, linewidth=0.8, linestyle=":")


def _limits(name: str, rows: Sequence[Row]) -> tuple[float, float]:
    """From just below the lowest bound to 1, so that rows can be told apart."""
    lows = [metric.low for row in rows if (metric := row.metric(name))]
    return max(0.0, min(lows, default=0.0) - 0.03) - 0.01, 1.03


def _draw_seconds(axes: Axes, rows: Sequence[Row], places: Sequence[float]) -> None:
    tidy(axes)
    for row, y in zip(rows, places, strict=True):
        if row.seconds:
            axes.barh(y, np.mean(row.seconds), height=0.5, color=_colour(row))
        if row.plain_seconds is not None:
            axes.plot([row.plain_seconds, row.plain_seconds], [y - 0.3, y + 0.3], color=INK, linewidth=2)
    measured = any(row.plain_seconds is not None for row in rows)
    if measured:
        axes.set_xscale("log")
    axes.set_title("seconds a run" + ("\n(line: plain Keras)" if measured else ""), fontsize=10, color=INK)


def _name_rows(axes: Axes, rows: Sequence[Row], places: Sequence[float], height: float) -> None:
    axes.set_ylim(height, 0)
    axes.set_yticks(places, [f"{row.variant} ({row.number})  {len(row.runs)}/{len(row.units)}" for row in rows])
    network = ""
    for row, y in zip(rows, places, strict=True):
        if row.backbone != network:
            network = row.backbone
            axes.annotate(network, (0, y - 0.85), xycoords=("axes fraction", "data"), xytext=(-8, 0),
                          textcoords="offset points", ha="right", va="center", fontweight="bold", color=INK,
                          annotation_clip=False)  # fmt: skip
