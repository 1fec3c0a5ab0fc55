"""Scores of each map in every table, as a picture: a line from the least to the largest, a dot a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgecad.bench.plot import LOOKS

MORE = (("#6a4fb0", "X", "-"), ("#2b7a78", "<", "-"))
"""Looks of as many tables as there are."""


def draw_spreads(ways: Mapping[str, Sequence[Mapping[str, float | None]]], tables: Sequence[str], file: Path) -> None:
    """Draw one panel a way, maps in the order of their middle score of the first way.

    Args:
        ways: scores by table of each map, the same maps in each way.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6.4), layout="constrained")
    panels = figure.subplots(len(ways), 1, sharex=True, squeeze=False)[:, 0]
    middles = [np.median([value for value in row.values() if value is not None] or [0.0])
               for row in next(iter(ways.values()))]  # fmt: skip
    order = np.argsort(middles)
    for axes, (name, rows) in zip(panels, ways.items(), strict=True):
        for place, row in enumerate(rows[index] for index in order):
            known = [value for value in row.values() if value is not None]
            if known:
                axes.plot([place, place], [min(known), max(known)], color="#bbbbbb", linewidth=1.2, zorder=1)
        for (colour, marker, _), table in zip(LOOKS + MORE, tables, strict=False):
            values = [rows[index].get(table) for index in order]
            points = [(place, value) for place, value in enumerate(values) if value is not None]
            if points:
                x, y = np.array(points, float).T
                axes.plot(x, y, marker, color=colour, markersize=3, label=table, zorder=2)
        axes.set(ylim=(-0.02, 1.02), ylabel=f"score, input {name}")
        axes.grid(alpha=0.25)
    panels[-1].set(xlabel="maps (phantoms, every seed), by their middle score from uptake")
    panels[0].legend(loc="upper left", ncols=4, fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=110)
