"""A method's run that is exported: what its folder holds, and what a row of a study says instead."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import ModelInvalid, UsageError
from edgecad_train.data import PreparedData
from edgecad_train.ensembles.members import read_members
from edgecad_train.judgement.models import open_model
from edgecad_train.report.page import write_report
from edgecad_train.running.methods import make_method_run
from edgecad_train.runs.spec import RunSpec
from edgecad_train.splits.split import folds_by_patient
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions


def _spec(data: PreparedData, method: str) -> RunSpec:
    return RunSpec(
        name="a-run",
        data="/data",
        patient_rule="the file's stem",
        preparation=data.preparation,
        settings=Settings("mobilenetv2", "none"),
        partition=folds_by_patient(data.cases, seed=0, folds=3),
        data_sha256=data.sha256,
        weights_sha256=None,
        versions=package_versions(),
        method=method,
    )


@pytest.fixture(scope="module")
def limits(phantoms: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of normal limits with its model."""
    folder = tmp_path_factory.mktemp("limits") / "a-run"
    make_method_run(folder, _spec(phantoms, "normal-limits"), phantoms)
    return folder


def test_the_folder_holds_what_export_reads_and_its_contract_is_true(limits: Path, phantoms: PreparedData) -> None:
    names = {path.name for path in limits.iterdir()}
    assert {"model.keras", "validation.npz", "calibration.npz", "learnt.npz"} <= names
    assert "familiarity.npz" not in names  # of fewer patients than it takes
    judged = open_model(limits)
    contract = judged.contract
    assert (contract.backbone, contract.scaling, contract.weights) == ("none", "none", "none")
    assert (contract.feature_layer, contract.pooled_over) == ("square", "disc")
    with np.load(limits / "validation.npz") as kept:
        assert np.abs(judged.logits(kept["images"]) - kept["logits"]).max() < 1e-5
        assert np.ptp(kept["logits"]) > 1e-2


def test_its_report_tells_the_method_and_no_stages(limits: Path) -> None:
    page = write_report(limits).read_text("utf-8")
    assert "total perfusion deficit, Slomka" in page
    assert "--method normal-limits" in page
    assert "<h3>Stages</h3>" not in page
    assert "epoch" not in page
    assert "deep learning" not in (limits / "reporting-checklist.html").read_text("utf-8")


def test_it_is_no_member_of_an_ensemble(limits: Path) -> None:
    with pytest.raises(UsageError, match="run of the method normal-limits, and an ensemble joins networks"):
        read_members([limits, limits])


def test_a_row_of_a_study_leaves_no_model_and_says_why(phantoms: PreparedData, tmp_path: Path) -> None:
    make_method_run(tmp_path / "a-run", _spec(phantoms, "segments-svm"), phantoms)
    assert not (tmp_path / "a-run" / "model.keras").exists()
    assert "no sum over places" in json.loads((tmp_path / "a-run" / "run.json").read_text())["method"]["row_only"]
    with pytest.raises(ModelInvalid, match="segments-svm, a row of a study"):
        open_model(tmp_path / "a-run")
