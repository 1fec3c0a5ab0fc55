"""Curves of a training alone, and of folds with their refit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image as mpimg
from matplotlib.figure import Figure

from edgecad_train.report import curves
from edgecad_train.report.curves import draw_curves
from edgecad_train.report.records import EpochRecord, StageRecord, TrainingRecord


def _training(name: str, epochs: int = 10, best: int = 4, validated: bool = True) -> TrainingRecord:
    course = tuple(
        EpochRecord(
            loss=1 / (epoch + 1),
            accuracy=epoch / epochs,
            val_loss=1.1 / (epoch + 1) if validated else None,
            val_accuracy=0.9 * epoch / epochs if validated else None,
        )
        for epoch in range(epochs)
    )
    return TrainingRecord(name, (StageRecord("warm-up", course, best), StageRecord("fine-tuning", course[:6], 2)))


@pytest.fixture
def figure_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Draw, and give the figure."""

    def draw(*trainings: TrainingRecord) -> Figure:
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


def test_the_file_is_a_picture_with_something_on_it(tmp_path: Path) -> None:
    picture = mpimg.imread(draw_curves([_training("run")], "phantom", tmp_path / "curves.png"))
    assert picture.shape[0] > 600
    assert picture.shape[1] > 1000
    assert np.std(picture[..., :3]) > 0.03
