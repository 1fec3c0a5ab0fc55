"""Curves of a training alone, and of folds with their refit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image as mpimg
from matplotlib.figure import Figure

from edgecad_train.report.pictures import curves
from edgecad_train.report.pictures.curves import draw_curves
from edgecad_train.training.history import Epoch, StageHistory, TrainingHistory


def _training(name: str, epochs: int = 10, best: int = 4, validated: bool = True) -> TrainingHistory:
    course = tuple(
        Epoch(
            loss=1 / (epoch + 1),
            accuracy=epoch / epochs,
            val_loss=1.1 / (epoch + 1) if validated else None,
            val_accuracy=0.9 * epoch / epochs if validated else None,
        )
        for epoch in range(epochs)
    )
    return TrainingHistory(name, (StageHistory("warm-up", course, best), StageHistory("fine-tuning", course[:6], 2)))


@pytest.fixture
def figure_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Draw, and give the figure."""

    def draw(*trainings: TrainingHistory) -> Figure:
        kept: list[Figure] = []
        monkeypatch.setattr(curves, "save", lambda figure, path, _: kept.append(figure) or path)
        draw_curves(trainings, "phantom", tmp_path / "curves.png")
        return kept[0]

    return draw


def test_a_training_alone_has_a_column_a_stage_and_says_which_epoch_is_kept(figure_of: Any) -> None:
    accuracy, fine_accuracy, loss, _ = figure_of(_training("run")).axes
    assert accuracy.get_title() == "warm-up: epoch 5 of 10 is kept"
    assert fine_accuracy.get_title() == "fine-tuning: epoch 3 of 6 is kept"
    lines = {line.get_label(): line for line in accuracy.lines}
    assert list(lines["training"].get_ydata()) == [epoch / 10 for epoch in range(10)]
    assert list(lines["validation"].get_ydata()) == pytest.approx([0.09 * epoch for epoch in range(10)])
    assert list(lines["kept epoch"].get_xdata()) == [5, 5]
    assert list({line.get_label(): line for line in loss.lines}["training"].get_xdata()) == list(range(1, 11))


def test_of_one_stage_the_loss_stands_beside_the_accuracy(figure_of: Any) -> None:
    stage = _training("run").stages[0]
    accuracy, loss = figure_of(TrainingHistory("run", (stage,))).axes
    assert accuracy.get_position().x1 < loss.get_position().x0
    assert accuracy.get_xlabel() == loss.get_xlabel() == "epoch"


def test_folds_are_thin_with_a_dot_each_and_the_refit_is_one_thick_line(figure_of: Any) -> None:
    folds = [_training(f"fold {k}", best=k) for k in (3, 6, 8)]
    axes = figure_of(*folds, _training("refit", epochs=7, best=6, validated=False)).axes[0]
    assert axes.get_title() == "warm-up: 3 folds keep epochs 4 to 9; refit keeps 7"
    by_label: dict[str, list[Any]] = {}
    for line in axes.lines:
        by_label.setdefault(line.get_label(), []).append(line)
    assert {label: len(lines) for label, lines in by_label.items()} == {
        "training": 3,
        "validation": 3,
        "kept epoch of a fold": 3,
        "refit, training": 1,
        "kept epoch": 1,
    }
    assert [int(dot.get_xdata()[0]) for dot in by_label["kept epoch of a fold"]] == [4, 7, 9]
    assert by_label["refit, training"][0].get_linewidth() > by_label["training"][0].get_linewidth()
    assert len(by_label["refit, training"][0].get_xdata()) == 7


def test_a_line_at_accuracy_one_and_its_dots_lie_within_the_axes(figure_of: Any) -> None:
    perfect = tuple(Epoch(loss=0.5, accuracy=1.0, val_loss=0.5, val_accuracy=1.0) for _ in range(4))
    for axes in figure_of(TrainingHistory("run", (StageHistory("warm-up", perfect, 0),))).axes:
        for line in axes.lines:
            if line.get_label() in ("training", "validation"):
                points = axes.transAxes.inverted().transform(axes.transData.transform(line.get_xydata()))
                assert points.min() > 0.02
                assert points.max() < 0.98


def test_a_loss_that_is_not_finite_does_not_stop_the_picture(figure_of: Any) -> None:
    course = (Epoch(loss=0.5, accuracy=0.5), Epoch(loss=float("nan"), accuracy=0.5))
    for losses, top in ((course, 0.525), (course[1:], 1.05)):
        axes = figure_of(TrainingHistory("refit", (StageHistory("warm-up", losses, 0),))).axes[1]
        assert axes.get_ylim() == pytest.approx((0, top))


@pytest.mark.parametrize("epochs", [1, 2, 3, 30])
def test_ticks_are_whole_epochs_that_there_are(figure_of: Any, epochs: int) -> None:
    course = tuple(Epoch(loss=0.5, accuracy=0.5) for _ in range(epochs))
    figure = figure_of(TrainingHistory("refit", (StageHistory("warm-up", course, 0),)))
    for axes in figure.axes:
        low, high = axes.get_xlim()
        ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
        assert ticks
        assert all(tick == round(tick) and 1 <= tick <= epochs for tick in ticks)


def test_the_file_is_a_picture_with_something_on_it(tmp_path: Path) -> None:
    picture = mpimg.imread(draw_curves([_training("run")], "phantom", tmp_path / "curves.png"))
    assert picture.shape[0] > 600
    assert picture.shape[1] > 1000
    assert np.std(picture[..., :3]) > 0.03
