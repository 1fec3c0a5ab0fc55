"""A run with clinical columns: what its contract and folder say, and that they are asked for again in its command."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgecad.contract import NumberColumn, contract_from_json
from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.data.table.clinical import AskedClinical
from edgecad_train.data.table.columns import ClinicalCells, PatientColumns
from edgecad_train.evaluation.clinical.disguise import clinical_columns
from edgecad_train.evaluation.clinical.fusing import ClinicalRequest
from edgecad_train.report.page import write_report
from edgecad_train.running.training import train
from edgecad_train.runs.names import CLINICAL, CONTRACT
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.predictions import predictions_from_csv
from edgecad_train.runs.reading import read_run
from edgecad_train.runs.request import DataOptions, TrainRequest, command_of
from edgecad_train.runs.writing import Contents, write_run
from edgecad_train.splits.split import folds_by_patient
from edgecad_train.training.settings import Settings
from tests.train.small import mobilenet

Run = Callable[..., Any]
SETTINGS = Settings("mobilenetv2", "none", "two-stage", warmup_epochs=1, finetune_epochs=1)


@pytest.fixture(scope="module")
def columns(phantoms: PreparedData) -> PatientColumns:
    draw = np.random.default_rng(0)
    ages = {case.patient: f"{draw.normal(66 if case.label == 'CAD' else 60, 6):.1f}" for case in phantoms.cases}
    ages.pop(next(iter(ages)))
    return PatientColumns(clinical=(ClinicalCells(AskedClinical("age"), ages),))


@pytest.fixture(scope="module")
def outcome(phantoms: PreparedData, columns: PatientColumns) -> TrainingOutcome:
    folds = folds_by_patient(phantoms.cases, seed=0, folds=3)
    found, _ = clinical_columns(columns, phantoms.cases)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.applications, "MobileNetV2", mobilenet)
        return train(phantoms, folds, SETTINGS, "a-run", clinical=ClinicalRequest(found, "image-alone"))


@pytest.fixture(scope="module")
def folder(outcome: TrainingOutcome, columns: PatientColumns, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "a-run"
    path.mkdir()
    write_run(outcome, path, 1.0, "a rule", (), Contents(model=False), columns)
    return path


def test_the_images_own_decision_and_figures_stay_beside_those_of_the_fused_score(outcome: TrainingOutcome) -> None:
    contract = outcome.contract
    assert contract.clinical is not None
    assert contract.decision != contract.clinical.decision
    assert contract.metrics == tuple(metric for evaluation in outcome.evaluations for metric in evaluation.metrics)
    assert contract.fused.metrics == contract.clinical.metrics


def test_the_contract_in_the_folder_has_the_fused_model_and_no_value_but_the_range(
    folder: Path, columns: PatientColumns
) -> None:
    contract = contract_from_json((folder / CONTRACT).read_bytes())
    model = contract.clinical
    assert model is not None
    assert (model.names, model.missing) == (("age",), "image-alone")
    assert model.patients + model.left_out == len(read_run(folder).partition.development)
    (column,) = model.columns
    assert isinstance(column, NumberColumn)
    inside = {age for age in columns.clinical[0].cells.values() if column.minimum < float(age) < column.maximum}
    assert inside
    for name in ("contract.json", "run.json", CLINICAL, "predictions.csv"):
        words = set(re.split(r"[^0-9.]+", (folder / name).read_text("utf-8")))
        assert not words & inside, name


def test_the_folder_has_fused_scores_of_patients_with_a_value(folder: Path, outcome: TrainingOutcome) -> None:
    lines = predictions_from_csv((folder / CLINICAL).read_bytes(), folder / CLINICAL, "again")
    assert outcome.clinical is not None
    assert len(lines) == sum(len(part.scores.patients) for part in outcome.clinical.fused)
    assert {line.part for line in lines} == {"out-of-fold", "test"}
    decision = outcome.clinical.model.decision
    assert all(line.above == (line.score >= decision.threshold) for line in lines)


def test_its_command_asks_for_the_same_columns(folder: Path) -> None:
    run = read_run(folder)
    assert (run.record.clinical, run.record.clinical_missing) == (("age",), "image-alone")
    command = command_of(run.record, run.contract.preparation)
    assert "--clinical age" in command
    assert "--clinical-missing image-alone" in command


def test_its_report_tells_the_fused_score_as_the_one_that_answers(folder: Path) -> None:
    page = write_report(folder).read_text("utf-8")
    assert "With clinical columns: the score that answers" in page
    assert "gain, out-of-fold" in page
    assert "test part, the image alone" in page
    assert "test part, with clinical columns" in page
    assert "sensitivity for CAD, out-of-fold" in page


@pytest.mark.parametrize("options", [{"folds": 0}, {"protocol": "holdout"}])
def test_without_folds_it_is_refused_with_the_way_to_get_them(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"needs out-of-fold scores.*add --folds 5"):
        DataOptions(clinical=["age"], **options)


def test_a_division_without_folds_is_refused_too(phantoms: PreparedData, tmp_path: Path) -> None:
    from edgecad_train.runs.partition import write_partition
    from edgecad_train.splits.split import split_by_patient

    write_partition(split_by_patient(phantoms.cases, seed=0), tmp_path / "split.json")
    with pytest.raises(UsageError, match="needs out-of-fold scores"):
        DataOptions(clinical=["age"], split=tmp_path / "split.json").partition(phantoms, 0)


def test_missing_values_are_no_question_without_columns() -> None:
    with pytest.raises(UsageError, match="name some with --clinical"):
        DataOptions(clinical_missing="image-alone")


def test_class_folders_have_no_columns(phantom_folder: Path) -> None:
    with pytest.raises(UsageError, match="--clinical age is for the columns of a CSV"):
        TrainRequest(phantom_folder, DataOptions(clinical=["age"])).found()
