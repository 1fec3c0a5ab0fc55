"""The table as a picture, `table.png`: an interval a row, and how long a run took."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from edgecad.contract import NO_NETWORK
from edgecad_train.report.pictures.drawing import GREY, INK, new_figure, save, tidy
from edgecad_train.study.results.claims import reference_rows
from edgecad_train.study.results.rows import Row
from edgecad_train.study.results.study_table import StudyTable
from edgecad_train.study.results.table import COLUMNS

FIGURES = ("auc", "accuracy", "sensitivity_cad", "specificity_cad")
NO_NETWORK_WORDS = "without a network"
ROW, GAP = 0.3, 1.9
"""Inches a row; rows of space above a network's first."""


def draw_table(table: StudyTable, path: Path) -> Path:
    """Write a PNG: networks one below the other, a row a strategy, a column a figure.

    The dot is the figure over all runs, the bar its 95 % interval, the small dots the runs' own areas. Where something
    can be claimed about strategies, one column more has each row less the reference of its network, with intervals
    that hold together; a row that is shown to be worse than the best is hollow there. References are orange. Rows
    without a finished run stay empty.
    """
    rows, claimed = table.rows, bool(table.claims.against)
    places = _places(rows)
    height = max(places) + 1.0
    figure = new_figure(14.5 + 2.5 * claimed, 1.7 + ROW * height)
    columns = figure.subplots(1, len(FIGURES) + 1 + claimed, sharey=True, squeeze=False)[0]
    for axes, name in zip(columns, FIGURES, strict=False):
        _draw_figure(axes, name, table, places)
    if claimed:
        _draw_claims(columns[-2], table, places)
    _draw_seconds(columns[-1], table, places)
    _name_rows(columns[0], rows, places, height)
    figure.supxlabel(_footer(table), fontsize=9, color=GREY)
    return save(figure, path, table.study.origin)


def _footer(table: StudyTable) -> str:
    words = (
        f"dot and bar: test patients of all runs, 95 % interval; small dots: the runs' own AUC; "
        f"square: {table.study.spec.reference}; intervals of two rows may overlap although the rows differ"
    )
    if table.claims.against:
        return f"{words};\nhollow: shown to be worse than the best row, with patients and training"
    return words


def _places(rows: Sequence[Row]) -> tuple[float, ...]:
    """Where each row lies from the top, in rows: those of a network together, the table's first network first."""
    networks = list(dict.fromkeys(row.backbone for row in rows))
    places, place, network = [0.0] * len(rows), 0.0, ""
    for number in sorted(range(len(rows)), key=lambda number: networks.index(rows[number].backbone)):
        place += 1.0 if rows[number].backbone == network else GAP
        network = rows[number].backbone
        places[number] = place
    return tuple(places)


def _is_reference(table: StudyTable, place: int) -> bool:
    return reference_rows(table.study, table.rows).get(place) == place


def _marker(table: StudyTable, place: int) -> str:
    return "s" if _is_reference(table, place) else "o"


def _draw_claims(axes: Axes, table: StudyTable, places: Sequence[float]) -> None:
    """Each row's mean area less the reference's."""
    tidy(axes)
    claims = table.claims
    for own in claims.against:
        place = claims.rows[own.row]
        y = places[place]
        axes.plot([own.low, own.high], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        inside = INK if claims.best is None or own.row in claims.best.rows else "white"
        axes.plot(own.value, y, _marker(table, place), color=INK, markerfacecolor=inside, markersize=6.5)
    for reference in {own.reference for own in claims.against}:
        axes.plot(0, places[claims.rows[reference]], "s", color=INK, markersize=6.5)
    axes.axvline(0, color=GREY, linewidth=0.8, linestyle=":")
    axes.set_title(f"AUC less {table.study.spec.reference}'s\n(intervals together)", fontsize=10, color=INK)


def _draw_figure(axes: Axes, name: str, table: StudyTable, places: Sequence[float]) -> None:
    tidy(axes)
    rows = table.rows
    for place, (row, y) in enumerate(zip(rows, places, strict=True)):
        metric = row.metric(name)
        if metric is None:
            continue
        axes.plot([metric.low, metric.high], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        axes.plot(metric.value, y, _marker(table, place), color=INK, markersize=6.5)
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


def _draw_seconds(axes: Axes, table: StudyTable, places: Sequence[float]) -> None:
    tidy(axes)
    rows = table.rows
    for place, (row, y) in enumerate(zip(rows, places, strict=True)):
        if row.seconds:
            hatch = "////" if _is_reference(table, place) else None
            axes.barh(y, np.mean(row.seconds), height=0.5, facecolor="#c3cad2", edgecolor=GREY, hatch=hatch)
        if row.plain_seconds is not None:
            axes.plot([row.plain_seconds, row.plain_seconds], [y - 0.3, y + 0.3], color=INK, linewidth=2)
    measured = any(row.plain_seconds is not None for row in rows)
    if measured:
        axes.set_xscale("log")
    axes.set_title("seconds a run" + ("\n(line: plain Keras)" if measured else ""), fontsize=10, color=INK)


def _name_rows(axes: Axes, rows: Sequence[Row], places: Sequence[float], height: float) -> None:
    axes.set_ylim(height, 0)
    axes.set_yticks(places, [_row_words(row) for row in rows])
    network = ""
    for y, row in sorted(zip(places, rows, strict=True), key=lambda placed: placed[0]):
        if row.backbone != network:
            network = row.backbone
            name = NO_NETWORK_WORDS if network == NO_NETWORK else network
            axes.annotate(name, (0, y - 0.85), xycoords=("axes fraction", "data"), xytext=(-8, 0),
                          textcoords="offset points", ha="right", va="center", fontweight="bold", color=INK,
                          annotation_clip=False)  # fmt: skip


def _row_words(row: Row) -> str:
    number = f" ({row.number})" if row.number else ""
    return f"{row.variant}{number}  {len(row.runs)}/{len(row.units)}"
