"""The areas of all systems by each label rule, side by side: the same systems in another order."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes

from edgecad_train.methods.table import NORMAL_LIMITS
from edgecad_train.report.pictures.drawing import GREY, INK, new_figure, save, tidy
from measures.methods.studies import REFERENCE
from measures.methods.tabling import SystemsFound, SystemsTable

ROW = 0.34
"""Inches a system."""


def draw_systems(found: SystemsFound, path: Path) -> None:
    """Write a PNG: a panel a rule, the systems in the order of the first; nothing where no system is done.

    The dot is the mean area over the seeds, the bar its 95 % interval, the small dots those of the seeds; squares are
    two-stage and normal limits. The dotted line is the true deficit's.
    """
    if not found.tables:
        return
    names = [row.system for row in found.tables[0].rows]
    figure = new_figure(5.2 * len(found.tables) + 1.5, 1.6 + ROW * len(names))
    panels = figure.subplots(1, len(found.tables), sharex=True, sharey=True, squeeze=False)[0]
    for axes, table in zip(panels, found.tables, strict=True):
        _draw(axes, table, names)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    figure.supxlabel(
        f"AUC over {found.seeds} draws of {found.patients} phantoms: mean, 95 % interval, each draw; squares: "
        "in every study; dotted: the true deficit",
        fontsize=9,
        color=GREY,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    save(figure, path, "phantom")


def _draw(axes: Axes, table: SystemsTable, names: list[str]) -> None:
    tidy(axes)
    axes.axvline(table.true_deficit.value, color=GREY, linewidth=0.9, linestyle=":")
    for y, name in enumerate(names):
        row = table.row(name)
        if row is None:
            continue
        axes.plot([row.auc.low, row.auc.high], [y, y], color=INK, linewidth=2.2, solid_capstyle="butt")
        axes.plot(row.auc.value, y, "s" if name in (REFERENCE, NORMAL_LIMITS) else "o", color=INK, markersize=6)
        axes.plot(row.by_seed, [y + 0.27] * len(row.by_seed), ".", color=GREY, markersize=4)
    axes.set_title(f"label rule {table.rule}", fontsize=10, color=INK)
