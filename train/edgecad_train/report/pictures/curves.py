"""Accuracy and loss of each stage, epoch by epoch: the paper's figure 4 for one run, or for its folds and its refit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edgecad.contract import Origin
from edgecad_train.report.pictures.drawing import GREY, INK, new_figure, save, tidy
from edgecad_train.training.history import StageHistory, TrainingHistory


def draw_curves(trainings: Sequence[TrainingHistory], origin: Origin, path: Path) -> Path:
    """Write a PNG with a column a stage: accuracy above, loss below, or beside it of one stage; the kept epoch marked.

    A training alone is drawn with thick lines. Among several, those with a validation part are thin
    lines, each with a dot at its kept epoch, and the refit, which has none, is the thick dark line.
    """
    columns = max(len(training.stages) for training in trainings)
    # A stage alone would be as high as a page where pictures are drawn as wide as one.
    figure = new_figure(4.9 * columns, 6.2) if columns > 1 else new_figure(9.8, 3.7)
    axes = figure.subplots(2, columns, squeeze=False) if columns > 1 else figure.subplots(1, 2, squeeze=False).T
    for column in range(columns):
        above, below = axes[0][column], axes[1][column]
        stages = [training.stages[column] for training in trainings if column < len(training.stages)]
        for stage in stages:
            _draw_stage(above, below, stage, thin=len(stages) > 1 and _validated(stage))
        above.set_title(_title(stages), fontsize=10.5, color=INK)
        # Room for a line at the very top, and for a dot at the first and at the last epoch.
        above.set_ylim(0, 1.05)
        below.set_ylim(0, 1.05 * _largest_loss(stages))
        for each in (below,) if columns > 1 else (above, below):
            each.set_xlabel("epoch")
        longest = max(len(stage.epochs) for stage in stages)
        for each in (above, below):
            tidy(each)
            beyond = min(0.5, 0.04 * longest)  # less than an epoch, so that no tick names one that there is not
            each.set_xlim(1 - beyond, longest + beyond)
            each.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes[0][0].set_ylabel("accuracy")
    axes[1][0].set_ylabel("cross-entropy (nats)")
    handles = _handles([one for row in axes for one in row])
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=len(handles), frameon=False)
    return save(figure, path, origin)


def _largest_loss(stages: Sequence[StageHistory]) -> float:
    """The largest finite loss of the stages, nats; 1 if there is none."""
    epochs = [epoch for stage in stages for epoch in stage.epochs]
    losses = [loss for epoch in epochs for loss in (epoch.loss, epoch.val_loss) if loss is not None]
    return max((loss for loss in losses if math.isfinite(loss)), default=0.0) or 1.0


def _handles(axes: Sequence[Axes]) -> dict[str, Artist]:
    """One entry of the key for each kind of line."""
    found: dict[str, Artist] = {}
    for one in axes:
        handles, labels = one.get_legend_handles_labels()
        found.update(zip(labels, handles, strict=True))
    return found


def _draw_stage(above: Axes, below: Axes, stage: StageHistory, thin: bool) -> None:
    epochs = stage.epochs
    _line(above, [e.accuracy for e in epochs], stage, thin, learnt=True)
    _line(below, [e.loss for e in epochs], stage, thin, learnt=True)
    if _validated(stage):
        _line(above, [e.val_accuracy for e in epochs], stage, thin, learnt=False)
        _line(below, [e.val_loss for e in epochs], stage, thin, learnt=False)
    if not thin:
        for axes in (above, below):
            axes.axvline(stage.kept_index + 1, color=INK, linestyle=":", linewidth=1, label="kept epoch")


def _line(axes: Axes, values: Sequence[float | None], stage: StageHistory, thin: bool, learnt: bool) -> None:
    refit = not _validated(stage)
    colour = GREY if learnt and not refit else INK
    dashes = "--" if learnt else "-"
    label = "refit, training" if refit else "training" if learnt else "validation"
    known = np.array(values, np.float64)
    # Dots where there are few epochs: a line through one point is nothing.
    marker = "o" if len(known) < 8 else None
    width, alpha = (0.9, 0.55) if thin else (1.8, 1.0)
    epochs = range(1, len(known) + 1)
    look: dict[str, Any] = {"color": colour, "ls": dashes, "lw": width, "alpha": alpha}
    axes.plot(epochs, known, marker=marker, markersize=4, label=label, **look)
    if thin and not learnt:
        label = "kept epoch of a fold"
        axes.plot(
            stage.kept_index + 1, known[stage.kept_index], "o", color=colour, markersize=4.5, label=label, clip_on=False
        )


def _validated(stage: StageHistory) -> bool:
    return all(epoch.val_loss is not None and epoch.val_accuracy is not None for epoch in stage.epochs)


def _title(stages: Sequence[StageHistory]) -> str:
    kept = sorted(stage.kept_index + 1 for stage in stages if _validated(stage))
    refit = [stage for stage in stages if not _validated(stage)]
    name, epochs = stages[0].stage, len(stages[0].epochs)
    if len(stages) == 1:
        return f"{name}: epoch {stages[0].kept_index + 1} of {epochs} is kept"
    span = f"epoch {kept[0]}" if kept and kept[0] == kept[-1] else f"epochs {kept[0]} to {kept[-1]}" if kept else ""
    folds = f"{name}: {len(kept)} folds keep {span}" if kept else name
    return f"{folds}; refit keeps {refit[0].kept_index + 1}" if refit else folds
