"""Who the patients of a run are: counts by part that add up, figures that follow from its own scores, and resuming."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from edgecad.errors import ModelInvalid
from edgecad_train.data.table.columns import KeptValues, PatientColumns
from edgecad_train.data.table.keep import KeptColumn
from edgecad_train.evaluation.subgroups.words import TOO_FEW
from edgecad_train.report.groups import characteristic_tables, group_tables
from edgecad_train.runs.characteristics import read_characteristics, write_characteristics
from edgecad_train.runs.outcome import TrainingOutcome, by_patient


def _columns(outcome: TrainingOutcome) -> PatientColumns:
    patients = sorted({case.patient for case in outcome.data.cases})
    sex = {patient: "fm"[row % 2] for row, patient in enumerate(patients) if row % 7}
    age = {patient: f"{40 + row}" for row, patient in enumerate(patients)}
    return PatientColumns((KeptValues(KeptColumn("sex"), sex), KeptValues(KeptColumn("age", (50.0, 60.0)), age)))


@pytest.mark.parametrize("kind", ["outcome", "folded"])
def test_counts_add_up_and_figures_follow_from_the_runs_own_scores(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    outcome: TrainingOutcome = request.getfixturevalue(kind)
    columns = _columns(outcome)
    write_characteristics(outcome, columns, tmp_path)
    found = read_characteristics(tmp_path)
    assert found is not None
    partition = outcome.partition
    members = {"development": partition.development, "test": partition.test}
    assert found.parts == {part: len(own) for part, own in members.items()}
    for one, kept in zip(found.columns, columns.kept, strict=True):
        assert sum(count.patients for count in one.counts) == 30
        for count in one.counts if one.column == "sex" else ():
            own = [p for p in members[count.part] if kept.of.get(p, "not given") == count.group]
            assert count.patients == len(own)
    assert [one.part for one in found.figures] == [partition.chosen_on, "test"]
    held = found.figures[0].columns[0]
    truth, log_odds = by_patient(outcome.data, partition.held, outcome.log_odds)
    for group in held.groups:
        rows = np.array([columns.kept[0].of.get(p, "not given") == group.name for p in sorted(partition.held)])
        area = group.figure("auc")
        assert (group.n, group.positives) == (rows.sum(), truth[rows].sum())
        if area is not None and area.value is not None:
            assert area.value == pytest.approx(roc_auc_score(truth[rows], log_odds[rows]), abs=1e-9)


def test_tables_have_a_cell_a_part_and_say_what_is_missing(outcome: TrainingOutcome, tmp_path: Path) -> None:
    write_characteristics(outcome, _columns(outcome), tmp_path)
    found = read_characteristics(tmp_path)
    assert found is not None
    for column in characteristic_tables(found):
        (grid,) = column.grids
        assert all(len(row) == len(grid.heads) == 3 for row in grid.cells)
    small = [
        cell
        for one in found.figures[1].columns
        for grid in group_tables(one).grids
        for row in grid.cells
        for cell in row
    ]
    assert TOO_FEW in small  # six test patients


def test_lines_of_patients_hold_groups_and_no_ages(outcome: TrainingOutcome, tmp_path: Path) -> None:
    write_characteristics(outcome, _columns(outcome), tmp_path)
    rows = list(csv.DictReader((tmp_path / "groups.csv").read_text().splitlines()))
    assert len(rows) == 30
    assert {row["age"] for row in rows} == {"below 50", "50 to below 60", "60 and above"}
    assert {row["sex"] for row in rows} == {"f", "m", "not given"}
    assert "phantom" not in (tmp_path / "characteristics.json").read_text()


def test_without_columns_nothing_is_written_and_an_older_run_is_read(outcome: TrainingOutcome, tmp_path: Path) -> None:
    write_characteristics(outcome, PatientColumns(), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert read_characteristics(tmp_path) is None
    assert characteristic_tables(None) == ()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 1}'])
def test_a_damaged_file_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "characteristics.json").write_text(text)
    with pytest.raises(ModelInvalid, match=r"characteristics\.json"):
        read_characteristics(tmp_path)


def test_a_later_files_schema_says_to_update(outcome: TrainingOutcome, tmp_path: Path) -> None:
    write_characteristics(outcome, _columns(outcome), tmp_path)
    path = tmp_path / "characteristics.json"
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 9'))
    with pytest.raises(ModelInvalid, match="update edgecad"):
        read_characteristics(tmp_path)


def test_a_run_that_resumes_looks_for_the_same_columns(phantom_folder: Path, tmp_path: Path, spec: Any) -> None:
    from edgecad_train.cli.train.steps import _found_again

    shutil.copytree(phantom_folder, tmp_path / "data")
    found = _found_again(spec(tmp_path / "data" / "labels.csv", ("sex",)))
    assert [values.column.name for values in found.columns.kept] == ["sex"]
    assert _found_again(spec(tmp_path / "data" / "labels.csv", ())).columns.kept == ()


@pytest.fixture
def spec(outcome: TrainingOutcome) -> Any:
    from edgecad_train.runs.spec import RunSpec

    def make(data: Path, keep: tuple[str, ...]) -> RunSpec:
        return RunSpec(
            name="a-run", data=str(data), patient_rule="", preparation=outcome.data.preparation, keep=keep,
            settings=outcome.settings, partition=outcome.partition, data_sha256="", weights_sha256=None, versions={},
        )  # fmt: skip

    return make
