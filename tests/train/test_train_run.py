"""The run folder: whole or not at all, and readable without training's code."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import keras
import numpy as np
import pytest

from edgecad.contract import contract_from_json
from edgecad.folders import new_folder, point_latest
from edgecad_train import runfolder
from edgecad_train.run import Outcome, by_patient
from edgecad_train.splits.split import split_from_file
from edgecad_train.training.stages import predict_logits


@pytest.fixture(scope="module")
def folder(outcome: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "a-run"
    with new_folder(path) as partial:
        runfolder.write_run(outcome, partial, 12.34, "the file's stem")
    point_latest(path)
    return path


def test_a_run_folder_holds_what_its_readers_are_promised(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {
        "model.keras",
        "contract.json",
        "run.json",
        "history.json",
        "metrics.json",
        "predictions.csv",
        "split.json",
        "validation.npz",
        "curves.png",
    }
    assert (folder.parent / "latest").read_text().strip() == "a-run"


def test_the_contract_is_readable_and_tells_of_this_run(folder: Path, outcome: Outcome) -> None:
    contract = contract_from_json((folder / "contract.json").read_bytes())
    assert contract == outcome.contract
    assert (contract.name, contract.positive, contract.classes) == ("a-run", "CAD", ("CAD", "nonCAD"))
    assert (contract.origin, contract.weights, contract.preparation.size) == ("phantom", "none", 224)
    assert contract.split_sha256 == outcome.split.sha256
    assert contract.golden == ()


def test_metrics_carry_both_parts_and_intervals(folder: Path, outcome: Outcome) -> None:
    told = json.loads((folder / "metrics.json").read_text())
    assert told["origin"] == "phantom"
    for part in ("validation", "test"):
        rows = [row for row in told["metrics"] if row["part"] == part]
        assert {"accuracy", "auc", "sensitivity_cad", "specificity_cad"} <= {row["name"] for row in rows}
        assert {row["n"] for row in rows if row["name"] == "accuracy"} == {len(getattr(outcome.split, part))}
        assert all(row["low"] <= row["value"] <= row["high"] for row in rows)


def test_the_threshold_reaches_its_sensitivity_on_the_validation_part(outcome: Outcome) -> None:
    truth, scores = by_patient(outcome.data, outcome.split, "validation", outcome.scores)
    assert (scores[truth] >= outcome.contract.decision.threshold).mean() >= 0.95


def test_predictions_list_every_scan_with_its_part_and_score(folder: Path, outcome: Outcome) -> None:
    with (folder / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["patient"] for row in rows] == [case.patient for case in outcome.data.cases]
    assert {row["patient"] for row in rows if row["part"] == "test"} == set(outcome.split.test)
    assert [float(row["score_cad"]) for row in rows] == pytest.approx(outcome.scores.tolist(), abs=1e-6)


def test_the_saved_network_gives_the_scores_that_were_told(folder: Path, outcome: Outcome) -> None:
    model = keras.models.load_model(folder / "model.keras", compile=False, safe_mode=True)
    images = outcome.data.images[:6]
    logits = np.asarray(model.predict(images, verbose=0), np.float64)
    np.testing.assert_allclose(logits, predict_logits(outcome.network, images), atol=1e-6)
    log_odds = (logits[:, 0] - logits[:, 1]) / outcome.contract.decision.temperature
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), outcome.scores[:6], atol=1e-5)


def test_the_validation_images_are_those_of_the_validation_patients(folder: Path, outcome: Outcome) -> None:
    with np.load(folder / "validation.npz", allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    rows = outcome.split.rows(outcome.data.cases, "validation")
    np.testing.assert_array_equal(images, outcome.data.images[rows])
    np.testing.assert_array_equal(labels, outcome.data.labels[rows])


def test_the_kept_split_can_be_used_again(folder: Path, outcome: Outcome) -> None:
    assert split_from_file(folder / "split.json", outcome.data.cases) == outcome.split


def test_the_history_has_every_epoch_of_both_stages(folder: Path) -> None:
    stages = json.loads((folder / "history.json").read_text())["stages"]
    assert [(stage["stage"], len(stage["epochs"])) for stage in stages] == [("warm-up", 1), ("fine-tuning", 1)]


def test_the_record_of_the_run_tells_settings_boundary_and_patients(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text())
    assert record["settings"]["backbone"] == "mobilenetv2"
    assert record["fine_tuned_from"] == "Conv_1"
    assert (record["scans"], sum(record["patients"].values()), record["refused"]) == (30, 30, [])
    assert record["patient_rule"] == "the file's stem"


def test_nothing_is_published_when_writing_fails_midway(
    outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "latest").write_text("an-earlier-run\n")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(runfolder, "draw_curves", full_disk)
    with pytest.raises(OSError, match="No space left"), new_folder(tmp_path / "a-run") as partial:
        runfolder.write_run(outcome, partial, 1.0, "the file's stem")
    assert [path.name for path in tmp_path.iterdir()] == ["latest"]
    assert (tmp_path / "latest").read_text().strip() == "an-earlier-run"
