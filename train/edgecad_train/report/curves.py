"""Accuracy and loss of each stage, epoch by epoch: the paper's figure 4 for one run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgecad.contract import Origin
from edgecad_train.training.stages import StageHistory

BLUE, ORANGE = "#2b5c8a", "#c8641e"


def draw_curves(histories: Sequence[StageHistory], origin: Origin, path: Path) -> None:
    """Write a PNG with a column a stage: accuracy above, loss below, the chosen epoch marked."""
    figure = Figure(figsize=(5.2 * len(histories), 6.4), layout="constrained")
    axes = figure.subplots(2, len(histories), squeeze=False)
    for column, history in enumerate(histories):
        epochs = history.epochs
        _draw(axes[0][column], history, [e.accuracy for e in epochs], [e.val_accuracy for e in epochs])
        _draw(axes[1][column], history, [e.loss for e in epochs], [e.val_loss for e in epochs])
        axes[0][column].set_title(f"{history.stage}: epoch {history.best + 1} of {len(epochs)} is kept")
        axes[0][column].set_ylim(0, 1.02)
        axes[1][column].set_ylim(bottom=0)
        axes[1][column].set_xlabel("epoch")
        for row in axes:
            row[column].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0][0].set_ylabel("accuracy")
    axes[1][0].set_ylabel("cross-entropy (nats)")
    axes[0][0].legend(loc="lower right")
    if origin != "patients":
        figure.suptitle("PHANTOM DATA: says nothing about patients", color="#8a1c1c")
    figure.savefig(path, dpi=110)


def _draw(axes: Axes, history: StageHistory, training: Sequence[float], validation: Sequence[float]) -> None:
    epochs = range(1, len(training) + 1)
    # Dots where there are few epochs: a line through one point is nothing.
    marker = "o" if len(training) < 8 else None
    axes.plot(epochs, training, color=BLUE, marker=marker, label="training")
    axes.plot(epochs, validation, color=ORANGE, marker=marker, label="validation")
    axes.axvline(history.best + 1, color="0.5", linestyle=":", label="best epoch")
    axes.grid(alpha=0.25)
