"""kill -9 of workers and of the parent: every unit is done, once, with the figures that it always has."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_study import MAKER, SIZE, fake_evaluations, fake_plan, spec_of

from edgecad.errors import EdgecadError
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.leading import StudyOutcome, run_study
from edgecad_train.study.plain import plain_tasks
from edgecad_train.study.scans import store_scans
from edgecad_train.study.workers.messages import PARENT_GONE, WorkerOrder
from edgecad_train.study.workers.pool import WorkerPool, with_workers, worker_orders

SCRIPT = Path(__file__).with_name("fake_study.py")


class Study:
    """A study led by a process that may be killed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parent: subprocess.Popen[bytes] | None = None

    def start(self, workers: int = 2, **environment: str) -> None:
        words = [sys.executable, str(SCRIPT), str(self.path), str(workers)]
        self.parent = subprocess.Popen(words, env=os.environ | {"FAKE_SECONDS": "0.15"} | environment)

    def notes(self, word: str) -> list[list[str]]:
        """Lines of the workers' notes: word, unit, process, worker."""
        file = self.path / "notes.txt"
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if line[0] == word]

    def wait_for_begun(self, count: int) -> None:
        assert self.parent is not None
        until = time.monotonic() + 60
        while len(self.notes("begun")) < count and self.parent.poll() is None and time.monotonic() < until:
            time.sleep(0.01)

    def kill(self) -> None:
        assert self.parent is not None
        self.parent.kill()
        self.parent.wait()

    def end(self) -> int:
        assert self.parent is not None
        return self.parent.wait(120)

    def check_whole(self) -> None:
        """Every unit has a result, nobody worked twice or at the same time, the figures are the fake's."""
        plan, folder = fake_plan(), StudyFolder(self.path)
        assert not self.notes("TWICE")
        assert not self.notes("AT-ONCE")
        assert not folder.undone()
        for unit in plan.study.units:
            told = folder.run(unit)
            assert told is not None
            assert told.records.evaluations == fake_evaluations(spec_of(plan, unit))
        assert {path.name for path in (self.path / "units").iterdir()} == {unit.name for unit in plan.study.units}
        assert not list((self.path / "failed").iterdir())
        assert not (self.path / "cache").exists()
        assert (self.path / "table.md").read_text().count(" 2/2 ") == 8


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "study")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_workers_that_are_killed_are_replaced(study: Study) -> None:
    draw = random.Random(1)  # noqa: S311 - moments, not secrets
    study.start()
    for begun in (2, 9):
        study.wait_for_begun(begun)
        time.sleep(draw.uniform(0, 0.15))
        os.kill(int(study.notes("begun")[-1][2]), signal.SIGKILL)
    assert study.end() == 0
    study.check_whole()
    assert len(study.notes("begun")) > 16, "a kill came while a unit was under way"


def test_after_the_parent_is_killed_workers_end_and_the_rerun_goes_on(study: Study) -> None:
    """Killed twice: once with time for its workers to notice, once with the rerun beside them at once."""
    draw = random.Random(2)  # noqa: S311
    study.start()
    study.wait_for_begun(3)
    time.sleep(draw.uniform(0, 0.2))
    study.kill()
    workers = {int(line[2]) for line in study.notes("begun")}
    until = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, workers)), "workers outlived their parent"
    study.start()
    study.wait_for_begun(9)
    study.kill()
    study.start(workers=3)
    assert study.end() == 0
    study.check_whole()


def test_the_table_grows_while_units_finish(study: Study) -> None:
    study.start()
    study.wait_for_begun(8)
    told = re.search(r"^(\d+) of 16 runs are done", (study.path / "table.md").read_text(), re.MULTILINE)
    assert told is not None
    assert 0 < int(told[1]) < 16
    assert study.end() == 0
    assert "16 of 16 runs are done" in (study.path / "table.md").read_text()


def test_interrupted_it_ends_its_workers(study: Study) -> None:
    study.start(FAKE_SECONDS="5")
    study.wait_for_begun(2)
    assert study.parent is not None
    study.parent.send_signal(signal.SIGINT)
    study.end()
    assert not any(alive(int(line[2])) for line in study.notes("begun"))


def led(path: Path, workers: int = 2) -> StudyOutcome:
    """Lead a study in this process."""
    return run_study(path, fake_plan(), with_workers(workers, MAKER), lambda *words: None)


def test_a_timing_that_kills_its_workers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_DIE", "plain")
    plan = fake_plan(time_plain=True, strategies=("warm-up",))
    ended = run_study(tmp_path / "study", plan, with_workers(2, MAKER), lambda *words: None)
    assert ended.exit_code == 0
    folder = StudyFolder(tmp_path / "study")
    times = [folder.plain_time(task.name) for task in plain_tasks(plan.study)]
    assert times
    for told in times:
        assert told is not None
        assert told.seconds is None
        assert "workers died of it" in told.note


def test_units_that_fail_or_kill_their_workers_do_not_stop_the_others_and_are_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_FAIL", "resnet50v2, warm-up, seed 1")
    monkeypatch.setenv("FAKE_DIE", "mobilenetv2, scratch, seed 1")
    ended = led(tmp_path / "study")
    assert ended.exit_code == 2
    died, failed = ended.failures
    assert died.startswith("mobilenetv2, scratch, seed 1: 3 workers died of it, the last ended by SIGKILL")
    assert failed == "resnet50v2, warm-up, seed 1: resnet50v2, warm-up, seed 1 was told to fail on two lines"
    assert sum(len(row.runs) for row in ended.table.rows) == 14
    assert len(ended.warnings) == 3
    assert all("was ended by SIGKILL; see logs/worker-" in line for line in ended.warnings)
    assert (tmp_path / "study" / "cache").exists()
    monkeypatch.delenv("FAKE_FAIL")
    monkeypatch.delenv("FAKE_DIE")
    ended = led(tmp_path / "study")
    assert (ended.exit_code, ended.failures, ended.warnings) == (0, (), ())
    assert len((tmp_path / "study" / "notes.txt").read_text().splitlines()) == 16 + 2 + 2
    Study(tmp_path / "study").check_whole()


def test_a_unit_that_was_given_up_may_kill_once_more(tmp_path: Path) -> None:
    """A second worker takes it up between its last death and the moment in which that is heard."""
    folder = StudyFolder(tmp_path / "study")
    folder.open(fake_plan().study)
    unit = next(iter(folder.undone()))
    pool = WorkerPool(folder, (), lambda event: None)
    pool._give_up(unit.name, -9, "logs/worker-1.log")
    assert unit.name not in {entry.name for entry in folder.undone()}
    pool._give_up(unit.name, -9, "logs/worker-2.log")
    with pytest.raises(EdgecadError, match="before they reached a unit"):
        pool._give_up("", -9, "logs/worker-1.log")


def test_a_worker_ends_when_its_lifeline_does(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "study")
    plan = fake_plan()
    folder.open(plan.study)
    for name, partition in plan.partitions.items():
        folder.put_partition(name, partition)
    store_scans(plan.data[SIZE], folder.path / "cache")
    (order,) = worker_orders(folder.path, 1, Path("data"), {}, MAKER)
    worker = subprocess.Popen(
        [sys.executable, "-m", "edgecad_train.study.workers.process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"FAKE_SECONDS": "60"},
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker.stdin, worker.stdout:
        from msgspec.json import encode

        worker.stdin.write(encode(order) + b"\n")
        worker.stdin.flush()
        assert b'"begun"' in worker.stdout.readline()
        worker.stdin.close()
        assert worker.wait(10) == PARENT_GONE


def test_workers_share_the_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {4, 5, 6, 7, 9}, raising=False)
    monkeypatch.setattr("edgecad_train.study.workers.pool.usable_threads", lambda: 5)
    shared = [(order.cores, order.threads) for order in worker_orders(tmp_path, 2, Path("data"), {})]
    assert shared == [((4, 5), 2), ((6, 7), 2)]
    assert [(o.cores, o.threads) for o in worker_orders(tmp_path, 1, Path("data"), {})] == [((), 5)]
    assert {(o.cores, o.threads) for o in worker_orders(tmp_path, 8, Path("data"), {})} == {((), 1)}
    monkeypatch.setattr(
        "edgecad_train.study.workers.pool.usable_threads", lambda: 2
    )  # a cgroup's quota below the affinity
    assert [(o.cores, o.threads) for o in worker_orders(tmp_path, 2, Path("data"), {})] == [((), 1), ((), 1)]


def test_a_worker_keeps_to_its_processors_and_threads(tmp_path: Path) -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("this system does not tie processes to processors")
    one = min(os.sched_getaffinity(0))
    order = WorkerOrder(folder=".", source="data", number=1, cores=(one,), threads=1, weights_files={})
    program = (
        f"import os, sys, edgecad_train.study.workers.process as w;w._keep_to({order.cores!r});"
        "print(*os.sched_getaffinity(0))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.split() == [str(one)]
