"""The run folder: whole or not at all, and readable without training's code."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from edgecad.contract import Decision, contract_from_json
from edgecad.decision.evidence import OperatingPoint
from edgecad.system.folders import new_folder, point_latest
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.localisation.defect import map_auc, peak_on_defect
from edgecad_train.report.page import write_report
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.runs.partition import partition_from_file
from edgecad_train.runs.reading import read_records
from edgecad_train.runs.writing import write_run
from edgecad_train.splits.split import Folds, Split, rows_of, split_by_patient
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.settings import Settings
from edgecad_train.training.trainer import Place, Trainer

ALWAYS = {
    "model.keras", "contract.json", "run.json", "history.json", "metrics.json", "predictions.csv", "split.json",
    "localisation.csv",
    "validation.npz", "calibration.npz", "scans.json", "heatmaps.npz", "report.html", "reporting-checklist.html",
    "curves.png",
    "cases-right.png", "cases-wrong.png",
}  # fmt: skip
DRAWN = ("roc", "calibration", "confusion", "decision-curve")


def _written(outcome: TrainingOutcome, path: Path) -> Path:
    with new_folder(path) as partial:
        write_run(outcome, partial, 12.34, "the file's stem")
        write_report(partial)
    point_latest(path)
    return path


@pytest.fixture(scope="module")
def folder(outcome: TrainingOutcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(outcome, tmp_path_factory.mktemp("runs") / "a-run")


@pytest.fixture(scope="module")
def folder_of_folds(folded: TrainingOutcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(folded, tmp_path_factory.mktemp("runs") / "a-run-of-folds")


def _names(chosen_on: str) -> set[str]:
    return ALWAYS | {f"{name}-{part}.png" for name in DRAWN for part in (chosen_on, "test")}


def test_a_run_folder_holds_what_its_readers_are_promised(folder: Path, folder_of_folds: Path) -> None:
    assert {path.name for path in folder.iterdir()} == _names("validation")
    assert {path.name for path in folder_of_folds.iterdir()} == _names("out-of-fold")
    assert (folder.parent / "latest").read_text().strip() == "a-run"


def test_the_contract_is_readable_and_tells_of_this_run(folder: Path, outcome: TrainingOutcome) -> None:
    contract = contract_from_json((folder / "contract.json").read_bytes())
    assert contract == outcome.contract
    assert (contract.name, contract.positive, contract.classes) == ("a-run", "CAD", ("CAD", "nonCAD"))
    assert (contract.origin, contract.weights, contract.preparation.size) == ("phantom", "none", 224)
    assert contract.split_sha256 == outcome.partition.sha256
    assert contract.golden == ()
    assert {metric.part for metric in contract.metrics} == {"validation", "test"}


@pytest.mark.parametrize("kind", ["one part", "folds"])
def test_where_the_heat_maps_lie_is_kept_of_each_scan_that_chose_or_judged(
    kind: str, folder: Path, folder_of_folds: Path, outcome: TrainingOutcome, folded: TrainingOutcome
) -> None:
    path, told = (folder, outcome) if kind == "one part" else (folder_of_folds, folded)
    records = read_records(path)
    chose = told.partition.chosen_on
    for part, patients in ((chose, told.partition.held), ("test", told.partition.test)):
        own = [line.located for line in records.located if line.part == part]
        assert [scan.scan for scan in own] == rows_of(told.data.cases, patients).tolist()
        for scan in own:
            case, shown = told.data.cases[scan.scan], told.score_maps[scan.scan]
            assert (scan.patient, scan.truth) == (case.patient, "mask" if case.defect else "")
            assert scan.score == pytest.approx(
                1 / (1 + np.exp(-told.log_odds[scan.scan] / told.contract.decision.temperature)), abs=1e-5
            )
            if case.defect is not None:
                assert scan.peak_on_defect == peak_on_defect(shown, case.defect.mask)
                assert scan.map_auc == pytest.approx(map_auc(shown, case.defect.mask), abs=1e-5)
        figures = next(found for found in records.localisation if found.part == part)
        assert figures.scans == len(own)
        assert figures.truths == {"mask": sum(scan.truth == "mask" for scan in own)}


def test_with_folds_what_chose_is_called_out_of_fold_and_covers_all_development_patients(
    folded: TrainingOutcome,
) -> None:
    chose, test = folded.evaluations
    assert (chose.part, test.part) == ("out-of-fold", "test")
    counts = [chose.confusion.true_positive, chose.confusion.false_negative, chose.confusion.true_negative,
              chose.confusion.false_positive]  # fmt: skip
    assert sum(counts) == len(folded.partition.development) == 24
    decision = folded.contract.decision
    assert "out-of-fold" in decision.rule
    assert decision.evidence is not None
    point = decision.evidence.point
    assert (decision.asked, point.rule, decision.evidence.part) == ("balanced", "balanced", "out-of-fold")
    assert (point.sensitivity.count, point.specificity.count) == (counts[0], counts[2])
    assert point.test_sensitivity is not None
    assert point.test_specificity is not None
    seen = (point.test_sensitivity.count, point.test_specificity.count)
    assert seen == (test.confusion.true_positive, test.confusion.true_negative)


def test_each_fold_is_trained_without_the_patients_it_judges_and_none_sees_the_test_part(
    folded: TrainingOutcome, phantoms: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, tuple[set[int], set[int]]] = {}
    whole = Trainer._run

    def watched(self: Trainer, place: Place, *words: Any, **more: Any) -> Any:
        seen[place.name] = (set(place.rows), set() if place.held is None else set(place.held))
        return whole(self, place, *words, **more)

    monkeypatch.setattr(Trainer, "_run", watched)
    checkpoint = Checkpoint(tmp_path)
    outcome = train(phantoms, folded.partition, folded.settings, "again", checkpoint=checkpoint)
    assert isinstance(outcome.partition, Folds)
    tested = set(rows_of(phantoms.cases, outcome.partition.test))
    for number, fold in enumerate(outcome.partition.folds):
        rows, held = seen[f"fold {number + 1}"]
        assert held == set(rows_of(phantoms.cases, fold))
        assert not rows & held
        assert not (rows | held) & tested
        kept, taken = checkpoint.stage(number, 1), outcome.histories[number].stages[1].taken
        assert kept is not None
        assert taken is not None
        logits = kept.seen[taken][0]
        np.testing.assert_array_equal(outcome.log_odds[sorted(held)], logits[:, 0] - logits[:, 1])
    assert seen["refit"] == (set(range(len(phantoms.cases))) - tested, set())
    own = outcome.network_logits[:, 0] - outcome.network_logits[:, 1]
    assert not np.allclose(own, outcome.log_odds[outcome.development])


def test_the_refit_runs_as_many_steps_as_the_folds_median_of_best_epochs(folded: TrainingOutcome) -> None:
    *folds, refit = folded.histories
    assert [history.name for history in folded.histories] == ["fold 1", "fold 2", "fold 3", "refit"]
    assert isinstance(folded.partition, Folds)
    parts = [folded.partition.split(index).train for index in range(3)]
    *steps, whole = (
        -(-len(rows_of(folded.data.cases, part)) // folded.settings.batch_size)
        for part in (*parts, folded.partition.development)
    )
    for stage in range(2):
        median = round(float(np.median([history.stages[stage].best + 1 for history in folds])))
        wanted = max(1, round(median * float(np.mean(steps)) / whole))
        assert len(refit.stages[stage].epochs) == wanted
        assert all(epoch.val_loss is None for epoch in refit.stages[stage].epochs)


def test_the_test_part_chooses_nothing(phantoms: PreparedData, outcome: TrainingOutcome) -> None:
    """With the labels of the test part turned round, all that is chosen stays the same."""
    from dataclasses import replace

    assert isinstance(outcome.partition, Split)
    tested = set(outcome.partition.test)
    turned = {"CAD": "nonCAD", "nonCAD": "CAD"}
    cases = tuple(
        replace(case, label=turned[case.label]) if case.patient in tested else case for case in phantoms.cases
    )
    again = train(replace(phantoms, cases=cases), outcome.partition, outcome.settings, "a-run")
    assert _chosen(again.contract.decision) == _chosen(outcome.contract.decision)
    assert again.contract.decision != outcome.contract.decision, "its figures stand beside what was chosen"
    assert again.contract.heatmap == outcome.contract.heatmap
    assert again.histories == outcome.histories
    assert again.evaluations[0] == outcome.evaluations[0]
    assert again.evaluations[1] != outcome.evaluations[1]


def _chosen(decision: Decision) -> Decision:
    """Without what is shown of the test part."""

    def untested(point: OperatingPoint) -> OperatingPoint:
        return with_fields(point, test_sensitivity=None, test_specificity=None)

    evidence = decision.evidence
    assert evidence is not None
    table = tuple(map(untested, evidence.table))
    return with_fields(decision, evidence=with_fields(evidence, point=untested(evidence.point), table=table))


def test_selecting_on_the_test_part_is_told_and_never_reaches_the_contract(
    phantoms: PreparedData, outcome: TrainingOutcome
) -> None:
    settings = replace(outcome.settings, select_on_test=True)
    told = train(phantoms, split_by_patient(phantoms.cases, seed=0), settings, "a-run")
    assert told.optimism is not None
    assert "optimism gap" in told.optimism.words
    assert told.evaluations == outcome.evaluations
    assert told.contract.decision == outcome.contract.decision
    for one, other in zip(told.network.model.get_weights(), outcome.network.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_strategies_share_a_cache_and_come_out_as_without(phantoms: PreparedData, tmp_path: Path) -> None:
    split = split_by_patient(phantoms.cases, seed=0)
    for strategy in ("warm-up", "two-stage"):
        settings = Settings("mobilenetv2", "none", strategy, warmup_epochs=1, finetune_epochs=1)
        alone = train(phantoms, split, settings, strategy)
        shared = train(phantoms, split, settings, strategy, cache=tmp_path)
        np.testing.assert_array_equal(alone.log_odds, shared.log_odds)
    assert list(tmp_path.glob("*.npy"))


def test_metrics_carry_both_parts_with_intervals(folder: Path, outcome: TrainingOutcome) -> None:
    told = json.loads((folder / "metrics.json").read_text())
    assert told["origin"] == "phantom"
    assert [evaluation["part"] for evaluation in told["evaluations"]] == ["validation", "test"]
    for evaluation, own in zip(told["evaluations"], outcome.evaluations, strict=True):
        assert {"accuracy", "auc", "sensitivity_cad"} <= {row["name"] for row in evaluation["metrics"]}
        assert evaluation["threshold"] == own.threshold


def test_predictions_have_a_line_a_patient_with_its_part_and_score(folder: Path, outcome: TrainingOutcome) -> None:
    with (folder / "predictions.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert {line["patient"] for line in lines} == {case.patient for case in outcome.data.cases}
    assert len(lines) == 30
    assert isinstance(outcome.partition, Split)
    tested = [line for line in lines if line["part"] == "test"]
    truth, log_odds = by_patient(outcome.data, outcome.partition.test, outcome.log_odds)
    assert [line["label"] == "CAD" for line in tested] == list(truth)
    scores = 1 / (1 + np.exp(-log_odds / outcome.contract.decision.temperature))
    assert [float(line["score_cad"]) for line in tested] == pytest.approx(scores, abs=1e-6)
    assert [line["above"] == "1" for line in tested] == list(scores >= outcome.contract.decision.threshold)


def test_with_folds_predictions_name_the_fold_that_held_each_patient_out(
    folder_of_folds: Path, folded: TrainingOutcome
) -> None:
    assert isinstance(folded.partition, Folds)
    with (folder_of_folds / "predictions.csv").open(newline="") as file:
        lines = {line["patient"]: line for line in csv.DictReader(file)}
    for number, fold in enumerate(folded.partition.folds, 1):
        assert {(lines[patient]["part"], lines[patient]["fold"]) for patient in fold} == {("out-of-fold", str(number))}
    assert {(lines[patient]["part"], lines[patient]["fold"]) for patient in folded.partition.test} == {("test", "")}


@pytest.mark.parametrize("which", ["folder", "folder_of_folds"])
def test_the_saved_model_is_the_trained_one_and_loads_safely(which: str, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(which)
    model = keras.models.load_model(path / "model.keras", compile=False, safe_mode=True)
    with np.load(path / "validation.npz", allow_pickle=False) as arrays:
        images, labels, logits = arrays["images"], arrays["labels"], arrays["logits"]
    np.testing.assert_allclose(model.predict(images[:6], verbose=0), logits[:6], atol=1e-5)
    assert len(images) == len(labels) == len(logits)


def test_the_validation_images_are_those_of_the_validation_patients(folder: Path, outcome: TrainingOutcome) -> None:
    with np.load(folder / "validation.npz", allow_pickle=False) as arrays:
        images, labels = arrays["images"], arrays["labels"]
    assert isinstance(outcome.partition, Split)
    rows = rows_of(outcome.data.cases, outcome.partition.validation)
    np.testing.assert_array_equal(images, outcome.data.images[rows])
    np.testing.assert_array_equal(labels, outcome.data.labels[rows])


def test_the_kept_partition_can_be_used_again(folder: Path, folder_of_folds: Path, outcome: TrainingOutcome,
                                              folded: TrainingOutcome) -> None:  # fmt: skip
    assert partition_from_file(folder / "split.json", outcome.data.cases) == outcome.partition
    assert partition_from_file(folder_of_folds / "split.json", folded.data.cases) == folded.partition


def test_the_history_has_every_epoch_of_both_stages(folder: Path) -> None:
    (training,) = json.loads((folder / "history.json").read_text())["trainings"]
    assert training["name"] == "run"
    assert [(s["stage"], len(s["epochs"])) for s in training["stages"]] == [("warm-up", 1), ("fine-tuning", 1)]


def test_the_record_of_the_run_tells_settings_boundary_and_patients(folder: Path) -> None:
    record = json.loads((folder / "run.json").read_text())
    assert record["settings"]["backbone"] == "mobilenetv2"
    assert record["fine_tuned_from"] == "block_13_expand"
    assert record["unfrozen"]["layers"] == 3
    assert (record["scans"], sum(record["patients"].values()), record["refused"]) == (30, 30, [])
    assert record["patient_rule"] == "the file's stem"
    assert {"frozen", "warm-up", "fine-tuning"} <= set(record["seconds_by_step"])
