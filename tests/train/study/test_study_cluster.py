"""The same units on a Ray cluster: answers are bytes, dead nodes are survived, results are written by the same code."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np
import pytest
from fake_study import fake_data, fake_finished, fake_plan

from edgecad.contract import json_from_struct
from edgecad.errors import NotAvailable
from edgecad_train.study.definition.units import Weights
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.scans import stored
from edgecad_train.study.workers.cluster import CONNECT_SECONDS, _check_answers, _threads
from edgecad_train.study.workers.node import NodeAnswer, NodeTask, _weights_file, answered, finished_from
from edgecad_train.versions import package_versions

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: pip install 'edgecad[cluster]'")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodeTask:
    monkeypatch.setenv("FAKE_DIARY", str(tmp_path / "diary.txt"))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))  # put back what the task sets
    plan = fake_plan(versions=package_versions())
    unit = plan.study.units[0]
    return NodeTask(
        unit=unit,
        scans=stored(fake_data()),
        partition=json_from_struct(plan.partitions[unit.part_name]).encode(),
        threads=1,
        runner="fake_study:fake_unit",
    )


def answer_to(task: NodeTask) -> NodeAnswer:
    return msgspec.msgpack.decode(answered(msgspec.msgpack.encode(task), fake_data().images, None), type=NodeAnswer)


def test_a_node_answers_with_what_a_worker_would_have_written(task: NodeTask) -> None:
    plan = fake_plan(versions=package_versions())
    wanted = fake_finished(task.unit, plan.partitions[task.unit.part_name], 1)
    done = finished_from(answer_to(task))
    assert done is not None
    assert done.result == wanted.result
    assert np.array_equal(done.score_maps, wanted.score_maps)
    assert np.array_equal(done.scans, wanted.scans)


def test_an_error_on_a_node_is_an_answer(task: NodeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_FAIL", str(task.unit))
    answer = answer_to(task)
    assert finished_from(answer) is None
    assert answer.failure is not None
    assert (answer.failure.exit_code, answer.failure.unit) == (2, task.unit)
    assert answer.failure.message.endswith("was told to fail")


def test_a_node_with_other_programs_is_told_apart(task: NodeTask) -> None:
    other = package_versions() | {"keras": "0.1"}
    answer = answer_to(msgspec.structs.replace(task, unit=msgspec.structs.replace(task.unit, versions=other)))
    assert answer.failure is not None
    assert answer.failure.exit_code == 4
    assert "install the same on all nodes" in answer.failure.message


def test_weights_travel_as_a_file_of_the_same_kind(task: NodeTask, tmp_path: Path) -> None:
    def named(name: str) -> str:
        unit = msgspec.structs.replace(task.unit, weights=Weights(name=name, sha256="a" * 64))
        return _weights_file(unit, b"weights", tmp_path)

    assert Path(named("own.weights.h5")).name == "own.weights.h5"
    assert Path(named("imagenet")).suffix == ".h5"
    assert Path(named("own.npz")).read_bytes() == b"weights"
    assert _weights_file(task.unit, b"weights", tmp_path) == "none"


def test_a_unit_asks_for_no_more_than_the_smallest_node_has() -> None:
    def node(alive: bool, **resources: float) -> dict[str, object]:
        return {"Alive": alive, "Resources": resources}

    assert _threads([node(True, CPU=16.0), node(True, CPU=2.0), node(False, CPU=1.0), node(True)]) == 2
    assert _threads([node(True, CPU=64.0)]) == 4
    with pytest.raises(NotAvailable, match="no processor"):
        _threads([node(True), node(False, CPU=8.0)])


@needs_ray
@pytest.mark.slow
def test_with_a_node_killed_midway_no_unit_is_lost(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("ray_study.py")), str(tmp_path / "study")],
        env=os.environ | {"FAKE_DIARY": str(diary), "FAKE_SECONDS": "3"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "killed at [4]" in done.stdout
    folder = StudyFolder(tmp_path / "study")
    assert not folder.undone()
    assert len(diary.read_text().splitlines()) > 16, "the node died with a unit, which another took over"
    plan = fake_plan(versions=package_versions())
    for unit in plan.study.units:
        told = folder.result(unit)
        assert told is not None
        assert told.evaluations == fake_finished(unit, plan.partitions[unit.part_name], 1).result.evaluations
    assert (tmp_path / "study" / "table.md").read_text().count(" 2/2 ") == 8


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "no-such-host.invalid:6379", "[::1]:9"])
def test_an_address_where_nothing_listens_is_told_at_once(address: str) -> None:
    """Ray would try for ever, and could not be interrupted."""
    begun = time.monotonic()
    with pytest.raises(NotAvailable, match="nothing answers at"):
        _check_answers(address)
    assert time.monotonic() - begun < 2 * CONNECT_SECONDS
    _check_answers("auto")
