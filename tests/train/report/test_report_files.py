"""Reading a run folder: whole ones are read, damaged ones are refused in one line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import ModelInvalid
from edgecad_train.report.page import write_report
from edgecad_train.runs.reading import read_run


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _set(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def _without_column(path: Path) -> None:
    path.write_text(path.read_text().replace("score_cad", "score", 1))


def _short_line(path: Path) -> None:
    path.write_text(path.read_text().rstrip().rpartition(",")[0].rpartition(",")[0] + "\n")


def _not_utf8(path: Path) -> None:
    path.write_bytes(b"\xff\xfe" + path.read_bytes())


def _other_arrays(path: Path) -> None:
    images, maps = np.zeros((2, 8, 8, 3), np.uint8), np.zeros((3, 7, 7))
    np.savez(path, images=images, score_maps=maps, log_odds=[0], patient=["a"], part=["test"])


def _objects(path: Path) -> None:
    np.savez(path, images=np.array([{}], object), score_maps=[0], log_odds=[0], patient=["a"], part=["test"])


DAMAGE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "no contract": ("contract.json", Path.unlink, "has no contract.json"),
    "no metrics": ("metrics.json", Path.unlink, "has no metrics.json"),
    "no predictions": ("predictions.csv", Path.unlink, "has no predictions.csv"),
    "contract cut": ("contract.json", _cut, "the model's contract cannot be used"),
    "metrics cut": ("metrics.json", _cut, "metrics.json"),
    "history cut": ("history.json", _cut, "history.json"),
    "run cut": ("run.json", _cut, "run.json"),
    "split cut": ("split.json", _cut, "split.json"),
    "maps cut": ("heatmaps.npz", _cut, "heatmaps.npz"),
    "maps of two lengths": ("heatmaps.npz", _other_arrays, "do not fit together"),
    "maps with objects": ("heatmaps.npz", _objects, "heatmaps.npz"),
    "maps are text": ("heatmaps.npz", lambda path: path.write_text("maps") and None, "heatmaps.npz"),
    "a newer schema": (
        "run.json",
        lambda path: _set(path, schema=4),
        "reads 3; update edgecad",
    ),
    "an older schema": ("metrics.json", lambda path: _set(path, schema=1), "train again with this version"),
    "no trainings": ("history.json", lambda path: _set(path, trainings=[]), "no training"),
    "another kind of split": ("split.json", lambda path: _set(path, kind="thirds"), "thirds"),
    "a column is missing": ("predictions.csv", _without_column, "no column score_cad"),
    "a line is short": ("predictions.csv", _short_line, "line 101"),
    "not text": ("predictions.csv", _not_utf8, "not UTF-8"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_is_refused_in_one_line(name: str, make_run: Callable[..., Path], tmp_path: Path) -> None:
    file, damage, words = DAMAGE[name]
    folder = make_run(tmp_path / "run")
    damage(folder / file)
    with pytest.raises(ModelInvalid) as refusal:
        write_report(folder)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not (folder / "report.html").exists()
    assert not list(folder.glob("*.png"))


def test_no_folder_at_all(tmp_path: Path) -> None:
    with pytest.raises(ModelInvalid, match="no run folder at"):
        read_run(tmp_path / "none")


def test_a_whole_run_is_read_and_unknown_fields_are_let_be(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "run", folds=3, future={"a": 1}))
    assert len(run.predictions) == 100
    assert {line.part for line in run.predictions} == {"out-of-fold", "test"}
    assert [training.name for training in run.trainings] == ["fold 1", "fold 2", "fold 3", "refit"]
    assert [evaluation.part for evaluation in run.evaluations] == ["out-of-fold", "test"]
    assert run.heatmaps is not None
    assert run.heatmaps.images.shape[0] == 120


def test_a_model_file_that_is_not_there_does_not_stop(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    (folder / "model.keras").unlink()
    assert read_run(folder).model_sha256 is None
