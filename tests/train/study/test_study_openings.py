"""A study is one opening of all its test patients, however often it is resumed; its runs' contracts say so."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from fake_study import SIZE, fake_plan, put_fake_run
from msgspec.structs import replace

from edgecad_train.data.openings import count_opening, new_opening, openings_file, patients_of
from edgecad_train.data.openings.file import read_openings
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.leading import run_study
from edgecad_train.study.workers.messages import Listener, WorkerEvent
from edgecad_train.study.workers.run_specs import run_spec_of


def quiet(*words: object) -> None:
    """No bars."""


@pytest.fixture
def plan(tmp_path: Path) -> StudyPlan:
    """Two strategies on two seeds; the scans lie in a folder and have hashes."""
    (tmp_path / "data").mkdir()
    made = fake_plan(strategies=("scratch", "warm-up"), rates="uniform")
    scans = made.data[SIZE]
    hashed = dataclasses.replace(scans, files=tuple(f"{number:064x}" for number in range(len(scans.cases))))
    return dataclasses.replace(made, source=tmp_path / "data", data={SIZE: hashed})


class Stopped(BaseException):
    """Stands for a kill of who leads."""


def _doing(most: int) -> object:
    def work(folder: StudyFolder, plan: StudyPlan, listener: Listener) -> None:
        for number, unit in enumerate(folder.undone()):
            if number == most:
                raise Stopped
            put_fake_run(folder, plan, unit)
            listener(WorkerEvent(kind="done", name=unit.name))

    return work


def test_a_study_is_one_opening_resumed_or_not_and_opens_what_it_tested(plan: StudyPlan, tmp_path: Path) -> None:
    path = openings_file(plan.source)
    with pytest.raises(Stopped):
        run_study(tmp_path / "study", plan, _doing(1), quiet)  # type: ignore[arg-type]
    first = read_openings(path)
    assert len(first.scans) == len(plan.partitions[plan.study.units[0].part_name].test)
    outcome = run_study(tmp_path / "study", plan, _doing(99), quiet)  # type: ignore[arg-type]
    tested = {patient for partition in plan.partitions.values() for patient in partition.test}
    assert outcome.openings is not None
    assert (outcome.openings.patients, outcome.openings.before) == (len(tested), 0)
    held = read_openings(path)
    assert [one.by for one in held.openings] == ["study"]
    assert len(held.scans) == len(tested) > len(first.scans)
    table = (tmp_path / "study" / "table.md").read_text()
    assert f"first opening of these {len(tested)} test patients; this study is one opening" in table
    again = run_study(tmp_path / "study", plan, _doing(0), quiet)  # type: ignore[arg-type]
    assert again.openings == outcome.openings
    assert read_openings(path) == held


def test_a_second_study_and_each_of_its_runs_know_of_the_first(plan: StudyPlan, tmp_path: Path) -> None:
    run_study(tmp_path / "one", plan, _doing(99), quiet)  # type: ignore[arg-type]
    seen = []

    def work(folder: StudyFolder, plan: StudyPlan, listener: Listener) -> None:
        seen.extend((unit, folder.openings(unit)) for unit in folder.undone())
        _doing(99)(folder, plan, listener)  # type: ignore[operator]

    other = run_study(tmp_path / "two", plan, work, quiet)
    assert other.openings is not None
    assert other.openings.by == {"study": 1}
    assert other.openings.before == other.openings.patients
    for unit, known in seen:
        assert known is not None
        size = len(plan.partitions[unit.part_name].test)
        assert (known.patients, known.before, known.by, known.together) == (size, size, {"study": 1}, len(
            [one for one in plan.study.units if one.part_name == unit.part_name]
        ))  # fmt: skip
        assert not known.untouched
        assert "runs of a study were tested on them" in known.words()
        spec = run_spec_of(unit, plan.study.spec, plan.partitions[unit.part_name], "data", "none", known)
        assert spec.openings == known
        assert replace(spec, openings=None) == run_spec_of(
            unit, plan.study.spec, plan.partitions[unit.part_name], "data", "none"
        )


def test_a_training_before_a_study_is_known_to_it(plan: StudyPlan, tmp_path: Path) -> None:
    data = plan.data[SIZE]
    part = plan.partitions[plan.study.units[0].part_name]
    count_opening(plan.source, new_opening("train"), patients_of(data, part.test))
    outcome = run_study(tmp_path / "study", plan, _doing(99), quiet)  # type: ignore[arg-type]
    assert outcome.openings is not None
    assert (outcome.openings.before, outcome.openings.by) == (len(part.test), {"train": 1})


def test_scans_that_nobody_can_count_are_said_and_end_no_study(plan: StudyPlan, tmp_path: Path) -> None:
    outcome = run_study(
        tmp_path / "study", dataclasses.replace(plan, source=tmp_path / "gone"), _doing(99), quiet  # type: ignore[arg-type]
    )  # fmt: skip
    assert outcome.failures == ()
    assert outcome.openings is not None
    assert outcome.openings.uncounted == "the data are not at gone any more"
    assert "could not be counted" in (tmp_path / "study" / "table.md").read_text()
