"""The test part is opened once, and if not, it is said: on the terminal, in the report and in the contract."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.contract import Contract, contract_from_json
from edgecad_train.data import PreparedData
from edgecad_train.data.openings import openings_file
from edgecad_train.data.openings.file import read_openings
from edgecad_train.running import make
from edgecad_train.running.make import make_run
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.writing import RECORDS
from edgecad_train.versions import package_versions

from .conftest import Answered

Run = Callable[..., Answered]
SHORT = ("--backbone", "mobilenetv2", "--weights", "none", "--strategy", "warm-up", "--warmup-epochs", "1",
         "--folds", "0", "--quiet")  # fmt: skip


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.fixture
def scans(phantom_folder: Path, tmp_path: Path) -> Path:
    """The phantoms in a place of their own, where nobody has counted."""
    shutil.copytree(phantom_folder, tmp_path / "place" / "scans")
    return tmp_path / "place" / "scans"


@pytest.fixture
def spec(outcome: TrainingOutcome, scans: Path) -> RunSpec:
    return RunSpec(
        name="a-run",
        data=str(scans),
        patient_rule="the file's stem",
        preparation=outcome.data.preparation,
        settings=outcome.settings.spelt_out(),
        partition=outcome.partition,
        data_sha256=outcome.data.sha256,
        weights_sha256=None,
        versions=package_versions(),
    )


def _openings(scans: Path) -> list[str]:
    return [one.by for one in read_openings(openings_file(scans)).openings]


def _contract(folder: Path) -> Contract:
    return contract_from_json((folder / "contract.json").read_bytes())


def test_a_run_is_one_opening_wherever_it_was_killed_and_none_before_its_test_part(
    spec: RunSpec, scans: Path, phantoms: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs" / "a-run"

    def stop(stage: str, *words: Any) -> None:
        if stage == "fine-tuning":
            raise Killed

    with pytest.raises(Killed):
        make_run(folder, spec, phantoms, contents=RECORDS, progress=stop)
    assert not openings_file(scans).exists()

    def kill(*words: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(make, "write_run", kill)
        with pytest.raises(Killed):
            make_run(folder, spec, phantoms, contents=RECORDS)
    assert _openings(scans) == ["train"]
    assert make_run(folder, spec, phantoms, contents=RECORDS) is not None
    assert _openings(scans) == ["train"]
    openings = _contract(folder).test_openings
    assert openings is not None
    assert openings.untouched
    assert openings.patients == len(spec.partition.test)


def test_a_run_that_cannot_be_counted_is_not_lost(
    spec: RunSpec, scans: Path, phantoms: PreparedData, tmp_path: Path
) -> None:
    openings_file(scans).write_text("a diary")
    assert make_run(tmp_path / "a-run", spec, phantoms, contents=RECORDS) is not None
    openings = _contract(tmp_path / "a-run").test_openings
    assert openings is not None
    assert openings.uncounted is not None
    assert openings_file(scans).read_text() == "a diary"


def test_a_second_opening_is_said_on_terminal_report_and_contract(
    edgecad_here: Run, scans: Path, tmp_path: Path
) -> None:
    assert edgecad_here("train", scans, *SHORT, "--check").code == 0
    assert not openings_file(scans).exists(), "a check opens nothing"
    first = edgecad_here("train", scans, *SHORT)
    assert first.code == 0, first.stderr
    assert "test part: first opening of these 6 test patients\n" in first.stdout
    # Another split has other test patients; those of both are known again, though the folder has another name.
    renamed = scans.rename(scans.with_name("others"))
    second = edgecad_here("train", renamed, *SHORT)
    assert second.code == 0, second.stderr
    words = "these 6 test patients were looked at before, once: 1 by train"
    assert f"test part: {words}" in second.stdout
    folder = tmp_path / "runs" / (tmp_path / "runs" / "latest").read_text().strip()
    openings = _contract(folder).test_openings
    assert openings is not None
    assert (openings.before, openings.by) == (6, {"train": 1})
    page = (folder / "report.html").read_text()
    top = page.partition('id="data"')[0]
    assert words[1:] in top
    assert "of them in the test part, opened before" in top
    assert "opened once" not in page
    judged = edgecad_here("evaluate", folder, renamed, "--json", "--quiet")
    assert judged.code == 0, judged.stderr
    counted = json.loads(judged.stdout)["openings"]
    assert (counted["patients"], counted["before"], counted["most"], counted["by"]) == (30, 6, 2, {"train": 2})
    again = edgecad_here("evaluate", folder, renamed, "--quiet")
    assert (
        "openings: these 30 patients were looked at before, 3 times at most: 1 by evaluate, 2 by train" in again.stdout
    )
    assert "who chooses among models by these figures chooses on these patients" in again.stdout
