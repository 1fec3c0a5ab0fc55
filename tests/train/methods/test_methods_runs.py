"""A method's run: a run folder as any other, made without Keras where none is needed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.running.methods import make_method_run
from edgecad_train.runs.outcome import by_patient
from edgecad_train.runs.reading import read_heatmaps, read_records
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.writing import RECORDS
from edgecad_train.splits.split import Folds, Split, folds_by_patient, rows_of, split_by_patient
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions

COMMON = {"contract.json", "run.json", "metrics.json", "predictions.csv", "split.json", "scans.json",
          "localisation.csv"}  # fmt: skip


def _spec(data: PreparedData, method: str, partition: Split | Folds) -> RunSpec:
    return RunSpec(
        name="a-run",
        data="/data",
        patient_rule="the file's stem",
        preparation=data.preparation,
        settings=Settings("mobilenetv2", "none"),
        partition=partition,
        data_sha256=data.sha256,
        weights_sha256=None,
        versions=package_versions(),
        method=method,
    )


@pytest.mark.parametrize("method", ["normal-limits", "segments-mlp"])
def test_a_run_folder_holds_what_every_run_holds(method: str, phantoms: PreparedData, tmp_path: Path) -> None:
    partition = split_by_patient(phantoms.cases, seed=0)
    outcome = make_method_run(tmp_path / "a-run", _spec(phantoms, method, partition), phantoms, contents=RECORDS)
    assert outcome is not None
    mapped = {"heatmaps.npz", "learnt.npz"} if method == "normal-limits" else set()
    assert {path.name for path in (tmp_path / "a-run").iterdir()} == COMMON | mapped
    records = read_records(tmp_path / "a-run")
    assert records.record.method is not None
    assert records.record.method.name == method
    assert records.trainings == ()
    assert records.contract.backbone == "none"
    assert {line.part for line in records.predictions} == {"train", "validation", "test"}
    assert bool(records.located) == bool(mapped)
    tested = [line for line in records.predictions if line.part == "test"]
    _, said = by_patient(phantoms, partition.test, outcome.log_odds)
    assert [line.log_odds for line in tested] == pytest.approx(said.tolist(), abs=1e-8)
    assert make_method_run(tmp_path / "a-run", _spec(phantoms, method, partition), phantoms) is None


def test_with_folds_each_is_judged_by_what_did_not_learn_from_it(phantoms: PreparedData, tmp_path: Path) -> None:
    partition = folds_by_patient(phantoms.cases, seed=0, folds=3)
    spec = _spec(phantoms, "normal-limits", partition)
    outcome = make_method_run(tmp_path / "a-run", spec, phantoms, contents=RECORDS)
    assert outcome is not None
    assert set(outcome.chosen) == {"fold 1", "fold 2", "fold 3", "refit"}
    held, tested = rows_of(phantoms.cases, partition.development), rows_of(phantoms.cases, partition.test)
    assert (outcome.log_odds[held] != outcome.own.log_odds[held]).all()
    assert np.array_equal(outcome.log_odds[tested], outcome.own.log_odds[tested])
    maps = read_heatmaps(tmp_path / "a-run")
    assert maps is not None
    constants = maps.log_odds - maps.score_maps.mean(axis=(1, 2), dtype=np.float64)
    of_test = maps.part == "test"
    assert np.ptp(constants[of_test]) < 1e-4
    with np.load(tmp_path / "a-run" / "learnt.npz", allow_pickle=False) as learnt:
        assert constants[of_test].mean() == pytest.approx(float(learnt["intercept"]), abs=1e-4)


def test_other_scans_than_the_runs_are_refused(phantoms: PreparedData, tmp_path: Path) -> None:
    spec = _spec(phantoms, "normal-limits", split_by_patient(phantoms.cases, seed=0))
    with pytest.raises(UsageError, match="not those"):
        make_method_run(tmp_path / "a-run", spec, replace(phantoms, sha256="e" * 64))
    assert not (tmp_path / "a-run").exists()


def test_a_maker_of_units_imports_no_keras_until_a_network_needs_it() -> None:
    program = (
        "import sys, importlib; import edgecad_train.study.workers.making, edgecad_train.study.workers.loop;"
        "from edgecad_train.methods.table import METHODS;"
        "[importlib.import_module(method.module) for method in METHODS.values() if not method.keras];"
        "print(sorted({'keras', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
