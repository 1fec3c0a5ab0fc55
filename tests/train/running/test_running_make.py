"""The one way to a run folder: begun, resumed wherever it was killed, left alone once it is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.report.page import write_report
from edgecad_train.running.make import make_run
from edgecad_train.runs.listing import newest_unfinished
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.reading import read_run
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.writing import RECORDS
from edgecad_train.versions import package_versions

ALL_RECORDS = {
    "contract.json", "run.json", "history.json", "metrics.json", "predictions.csv", "split.json", "scans.json",
    "heatmaps.npz", "localisation.csv",
}  # fmt: skip


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.fixture
def spec(outcome: TrainingOutcome) -> RunSpec:
    return RunSpec(
        name="a-run",
        data="/data",
        patient_rule="the file's stem",
        preparation=outcome.data.preparation,
        settings=outcome.settings.spelt_out(),
        partition=outcome.partition,
        data_sha256=outcome.data.sha256,
        weights_sha256=None,
        versions=package_versions(),
    )


def _stop_at(stage: str) -> Any:
    def progress(name: str, done: int, of: int, figures: str) -> None:
        if name == stage:
            raise Killed

    return progress


@pytest.mark.parametrize("stage", [None, "frozen part", "warm-up", "fine-tuning"])
def test_a_run_comes_out_the_same_whatever_was_killed(
    stage: str | None, spec: RunSpec, phantoms: PreparedData, outcome: TrainingOutcome, tmp_path: Path
) -> None:
    folder = tmp_path / "runs" / "a-run"
    if stage:
        with pytest.raises(Killed):
            make_run(folder, spec, phantoms, contents=RECORDS, progress=_stop_at(stage))
        assert newest_unfinished(folder.parent).name == "a-run.unfinished"
    made = make_run(folder, spec, phantoms, contents=RECORDS)
    assert made is not None
    np.testing.assert_array_equal(made.log_odds, outcome.log_odds)
    assert made.evaluations == outcome.evaluations
    assert [path.name for path in folder.parent.iterdir()] == ["a-run"]


def test_a_run_that_is_there_is_left_alone(spec: RunSpec, phantoms: PreparedData, tmp_path: Path) -> None:
    assert make_run(tmp_path / "a-run", spec, phantoms, contents=RECORDS) is not None
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "a-run").iterdir()}
    (tmp_path / "a-run.unfinished").mkdir()  # it was killed between its last two steps
    other = with_fields(spec, settings=replace(spec.settings, seed=9))
    assert make_run(tmp_path / "a-run", other, phantoms) is None
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "a-run").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["a-run"]


def test_records_alone_hold_no_model_and_no_picture_and_are_read(
    spec: RunSpec, phantoms: PreparedData, outcome: TrainingOutcome, tmp_path: Path
) -> None:
    folder = tmp_path / "a-run"
    make_run(folder, spec, phantoms, contents=RECORDS)
    assert {path.name for path in folder.iterdir()} == ALL_RECORDS
    run = read_run(folder)
    assert run.record.settings == spec.settings
    assert run.record.plan == outcome.settings.plan
    assert run.partition == outcome.partition
    assert run.trainings == outcome.histories
    assert run.heatmaps is not None
    assert run.heatmaps.images is None
    write_report(folder)
    assert (folder / "report.html").is_file()
    assert not (folder / "cases-right.png").exists()


@pytest.mark.parametrize("field", ["seed", "warmup_epochs", "augment", "activation"])
def test_an_unfinished_run_of_another_spec_is_refused_and_kept(
    field: str, spec: RunSpec, phantoms: PreparedData, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        make_run(tmp_path / "a-run", spec, phantoms, progress=_stop_at("warm-up"))
    settings = replace(spec.settings, **{field: "relu" if field == "activation" else 7})
    with pytest.raises(UsageError, match=r"a-run\.unfinished is another run's"):
        make_run(tmp_path / "a-run", with_fields(spec, settings=settings), phantoms)
    assert (tmp_path / "a-run.unfinished" / "job.json").is_file()


def test_a_folder_that_a_kill_left_without_a_spec_is_begun_anew(
    spec: RunSpec, phantoms: PreparedData, tmp_path: Path
) -> None:
    (tmp_path / "a-run.unfinished").mkdir()
    assert make_run(tmp_path / "a-run", spec, phantoms, contents=RECORDS) is not None


def test_scans_of_another_hash_are_refused(spec: RunSpec, phantoms: PreparedData, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the scans in /data are not those that a-run was begun with"):
        make_run(tmp_path / "a-run", with_fields(spec, data_sha256="0" * 64), phantoms)
    assert not list(tmp_path.iterdir())
