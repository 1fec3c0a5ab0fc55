"""The study folder: what is there is whole, what is damaged is done again, and nobody else's study is touched."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest
from fake_study import fake_evaluations, fake_plan, put_fake_run, spec_of
from filelock import FileLock

from edgecad.errors import UsageError
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.definition.units import Unit
from edgecad_train.study.folder import Failure, StudyFolder
from edgecad_train.study.plain import PlainTime


@pytest.fixture
def plan() -> StudyPlan:
    return fake_plan(seeds=1)


@pytest.fixture
def folder(tmp_path: Path, plan: StudyPlan) -> StudyFolder:
    opened = StudyFolder(tmp_path / "study")
    opened.open(plan.study)
    return opened


def again(folder: StudyFolder) -> StudyFolder:
    """As the next process sees it."""
    return StudyFolder(folder.path)


def evaluations_of(folder: StudyFolder, unit: Unit) -> tuple[Evaluation, ...] | None:
    run = folder.run(unit)
    return run.records.evaluations if run else None


def test_a_run_is_read_as_it_was_written(folder: StudyFolder, plan: StudyPlan) -> None:
    unit = plan.study.units[0]
    assert unit in folder.undone()
    put_fake_run(folder, plan, unit)
    assert evaluations_of(again(folder), unit) == fake_evaluations(spec_of(plan, unit))
    assert unit not in again(folder).undone()
    assert {path.name for path in (folder.path / "units").iterdir()} == {unit.name}


@pytest.mark.parametrize("damage", [b"", b"{", b'{"schema": 1}', b"\xff\xfe", None])
@pytest.mark.parametrize("name", ["run.json", "metrics.json", "contract.json", "split.json", "predictions.csv"])
def test_a_damaged_run_is_none_and_is_replaced(
    folder: StudyFolder, plan: StudyPlan, name: str, damage: bytes | None
) -> None:
    unit = plan.study.units[0]
    put_fake_run(folder, plan, unit)
    damaged = folder.run_folder(unit) / name
    damaged.unlink() if damage is None else damaged.write_bytes(damage)
    later = again(folder)
    assert later.run(unit) is None
    assert unit in later.undone()
    put_fake_run(later, plan, unit)
    assert evaluations_of(later, unit) == fake_evaluations(spec_of(plan, unit))


def test_a_run_under_another_units_name_does_not_count(folder: StudyFolder, plan: StudyPlan) -> None:
    one, other = plan.study.units[:2]
    put_fake_run(folder, plan, one)
    folder.run_folder(one).rename(folder.run_folder(other))
    assert again(folder).run(other) is None


def test_a_split_that_was_changed_is_refused(folder: StudyFolder, plan: StudyPlan) -> None:
    unit = plan.study.units[0]
    folder.put_partition("seed 0", plan.partitions["seed 0"])
    assert folder.partition(unit) == plan.partitions["seed 0"]
    folder.put_partition("seed 0", fake_plan(seeds=2).partitions["seed 1"])
    with pytest.raises(UsageError, match="not the split that the study began with"):
        folder.partition(unit)


def test_a_failure_is_kept_until_the_unit_is_tried_again(folder: StudyFolder, plan: StudyPlan) -> None:
    unit = plan.study.units[0]
    failure = Failure(message="no weights", exit_code=4)
    folder.put_failure(unit, failure)
    assert again(folder).failure(unit) == failure
    assert unit not in folder.undone()
    folder.forget_failures()
    assert unit in folder.undone()


def test_a_run_ends_a_failure(folder: StudyFolder, plan: StudyPlan) -> None:
    unit = plan.study.units[0]
    folder.put_failure(unit, Failure(message="no weights", exit_code=4))
    put_fake_run(folder, plan, unit)
    assert folder.failure(unit) is None


def test_another_study_is_refused_by_what_differs(folder: StudyFolder) -> None:
    folder.open(fake_plan(seeds=1).study)
    with pytest.raises(UsageError, match=r"holds another study \(seeds 1 there, 2 here\)"):
        folder.open(fake_plan(seeds=2).study)


def test_a_folder_in_use_for_something_else_is_left_alone(tmp_path: Path, plan: StudyPlan) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").touch()
    with pytest.raises(UsageError, match="holds no study"):
        StudyFolder(tmp_path / "letters").open(plan.study)
    assert [path.name for path in (tmp_path / "letters").iterdir()] == ["a.txt"]


def test_a_damaged_study_is_refused(folder: StudyFolder, plan: StudyPlan) -> None:
    (folder.path / "study.json").write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        again(folder).open(plan.study)


def test_two_commands_cannot_lead_one_study(folder: StudyFolder) -> None:
    with folder.alone(), pytest.raises(UsageError, match="another edgecad study works"), again(folder).alone():
        pass
    with again(folder).alone():
        pass


def _hold(path: Path, held: object, let_go: object) -> None:
    with FileLock(path):
        held.set()  # type: ignore[attr-defined]
        let_go.wait(30)  # type: ignore[attr-defined]


def test_litter_is_removed_but_not_from_under_a_living_worker(folder: StudyFolder) -> None:
    for name in (".dead.0f0f.partial", ".alive.0f0f.partial"):
        (folder.path / "units" / name).mkdir()
        (folder.path / "units" / name / "result.json").touch()
    (folder.path / "failed" / ".dead.json.1a1a.partial").touch()
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    holder = context.Process(target=_hold, args=(folder.path / "locks" / "alive.lock", held, let_go))
    holder.start()
    try:
        assert held.wait(30)
        folder.clear_litter()
    finally:
        let_go.set()
        holder.join()
    assert [path.name for path in (folder.path / "units").iterdir()] == [".alive.0f0f.partial"]
    assert not list((folder.path / "failed").iterdir())


def test_times_that_could_not_be_measured_are_forgotten(folder: StudyFolder) -> None:
    folder.put_plain_time("a", PlainTime(backbone="a", kind="head", seconds=2.0, epochs=3, threads=1))
    folder.put_plain_time("b", PlainTime(backbone="b", kind="head", seconds=None, epochs=0, threads=1, note="no"))
    folder.forget_failures()
    assert folder.plain_time("a") is not None
    assert folder.plain_time("b") is None
