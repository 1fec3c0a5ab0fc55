"""The same units on a Ray cluster: answers are bytes, dead nodes are survived, results are written by the same code."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest
from fake_study import MAKER, fake_data, fake_evaluations, fake_plan, spec_of, write_fake_run
from msgspec.structs import replace

from edgecad.errors import ModelInvalid, NotAvailable
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.scans import scans_to_json, without_pixels
from edgecad_train.study.workers.cluster import CONNECT_SECONDS, _check_answers, _threads
from edgecad_train.study.workers.node import NodeAnswer, NodeTask, _with_weights, answered
from edgecad_train.versions import package_versions

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed: pip install 'edgecad[cluster]'")


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodeTask:
    monkeypatch.setenv("FAKE_NOTES", str(tmp_path / "notes.txt"))
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))  # put back what the task sets
    plan = fake_plan(versions=package_versions())
    return NodeTask(
        spec=spec_of(plan, plan.study.units[0]),
        keep_model=False,
        scans=scans_to_json(without_pixels(fake_data())),
        threads=1,
        maker=MAKER,
    )


def answer_to(task: NodeTask) -> NodeAnswer:
    return msgspec.msgpack.decode(answered(msgspec.msgpack.encode(task), fake_data().images, None), type=NodeAnswer)


def test_a_node_answers_with_the_run_folder_that_a_worker_would_have_written(task: NodeTask, tmp_path: Path) -> None:
    answer = answer_to(task)
    assert answer.failure is None
    folder = StudyFolder(tmp_path / "study")
    plan = fake_plan(versions=package_versions())
    folder.open(plan.study)
    unit = plan.study.units[0]
    folder.put_archive(unit, answer.archive)
    run = folder.run(unit)
    assert run is not None
    assert run.records.evaluations == fake_evaluations(task.spec)
    write_fake_run(tmp_path / "wanted", task.spec)
    written = {path.name: path.read_bytes() for path in (tmp_path / "wanted").glob("*.*") if path.suffix != ".npz"}
    assert {path.name for path in folder.run_folder(unit).iterdir()} == {*written, "heatmaps.npz"}
    for name, content in written.items():
        assert (folder.run_folder(unit) / name).read_bytes() == content


def test_an_archive_that_is_cut_off_leaves_nothing(task: NodeTask, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "study")
    plan = fake_plan(versions=package_versions())
    folder.open(plan.study)
    unit = plan.study.units[0]
    with pytest.raises(ModelInvalid):
        folder.put_archive(unit, answer_to(task).archive[:-2000])
    assert not list((folder.path / "units").iterdir())


def test_an_error_on_a_node_is_an_answer(task: NodeTask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_FAIL", task.spec.name)
    answer = answer_to(task)
    assert answer.archive == b""
    assert answer.failure is not None
    assert answer.failure.exit_code == 2
    assert answer.failure.message.endswith("was told to fail on two lines")


def test_a_node_with_other_programs_is_told_apart(task: NodeTask) -> None:
    other = package_versions() | {"keras": "0.1"}
    answer = answer_to(replace(task, spec=replace(task.spec, versions=other)))
    assert answer.failure is not None
    assert answer.failure.exit_code == 4
    assert "install the same on all nodes" in answer.failure.message


def test_weights_travel_as_a_file_of_the_same_kind(task: NodeTask, tmp_path: Path) -> None:
    def placed(weights: str) -> Path:
        settings = dataclasses.replace(task.spec.settings, strategy="two-stage", weights=weights)
        spec = replace(task.spec, settings=settings, weights_sha256="a" * 64)
        return Path(str(_with_weights(spec, b"weights", tmp_path).settings.weights))

    assert placed("own.weights.h5").name == "own.weights.h5"
    assert placed("imagenet").suffix == ".h5"
    assert placed("own.npz").read_bytes() == b"weights"
    assert _with_weights(task.spec, b"weights", tmp_path) == task.spec, "random weights are no file"


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
    notes = tmp_path / "notes.txt"
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("ray_study.py")), str(tmp_path / "study")],
        env=os.environ | {"FAKE_NOTES": str(notes), "FAKE_SECONDS": "2"},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "killed at [4]" in done.stdout
    folder = StudyFolder(tmp_path / "study")
    assert not folder.undone()
    assert len(notes.read_text().splitlines()) > 16, "the node died with a unit, which another took over"
    plan = fake_plan(versions=package_versions())
    for unit in plan.study.units:
        told = folder.run(unit)
        assert told is not None
        assert told.records.evaluations == fake_evaluations(spec_of(plan, unit))
    assert (tmp_path / "study" / "table.md").read_text().count(" 2/2 ") == 8


@pytest.mark.parametrize("address", ["127.0.0.1:9", "ray://127.0.0.1:9", "no-such-host.invalid:6379", "[::1]:9"])
def test_an_address_where_nothing_listens_is_told_at_once(address: str) -> None:
    """Ray would try for ever, and could not be interrupted."""
    begun = time.monotonic()
    with pytest.raises(NotAvailable, match="nothing answers at"):
        _check_answers(address)
    assert time.monotonic() - begun < 2 * CONNECT_SECONDS
    _check_answers("auto")
