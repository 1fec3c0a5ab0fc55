"""A run in progress: one hand at a time, nothing lost on a full disk, nothing left by a usage error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edgecad.contract import Preparation
from edgecad.errors import EdgecadError, GateFailed, ModelInvalid, NotAvailable, UsageError
from edgecad.frozen import json_from_struct
from edgecad.system.folders import write_whole
from edgecad_train.cli.train.ready import check_ready_again
from edgecad_train.runs.listing import is_running, newest_unfinished, notes_about
from edgecad_train.runs.spec import RunSpec, read_spec
from edgecad_train.runs.unfinished import begun, resumed
from edgecad_train.splits.split import Split
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions


def _spec(name: str = "a-run", **others: Any) -> RunSpec:
    values = {
        "name": name, "data": "data", "patient_from": None, "patient_rule": "the file's stem",
        "preparation": Preparation(size=224),
        "settings": Settings("mobilenetv2", "none", "two-stage"),
        "partition": Split(seed=0, train=("a",), validation=("b",), test=("c",)),
        "data_sha256": "0" * 64, "weights_sha256": None, "versions": package_versions(),
    }  # fmt: skip
    return RunSpec(**{**values, **others})


def test_what_was_asked_is_read_back_the_same(tmp_path: Path) -> None:
    with begun(tmp_path / "runs", _spec()) as unfinished:
        assert read_spec(unfinished.folder) == _spec()
        assert unfinished.final == tmp_path / "runs" / "a-run"


def test_what_a_run_needs_is_seen_in_its_job_before_it_goes_on(tmp_path: Path) -> None:
    check_ready_again(_left(tmp_path / "runs", _spec()))
    settings = Settings("mobilenetv2", str(tmp_path / "w.h5"))
    other = _left(tmp_path / "others", _spec(settings=settings, weights_sha256="0" * 64))
    with pytest.raises(UsageError, match=r"the weights in .*w\.h5 are not those that a-run was begun with"):
        check_ready_again(other)


def test_a_run_that_ends_leaves_nothing_unfinished(tmp_path: Path) -> None:
    with begun(tmp_path / "runs", _spec()) as unfinished:
        unfinished.final.mkdir()
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["a-run"]


def test_a_usage_error_leaves_nothing_at_all(tmp_path: Path) -> None:
    with pytest.raises(UsageError), begun(tmp_path / "runs", _spec()):
        raise UsageError("no such thing")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_keeps_what_was_trained_and_says_how_to_go_on(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgecadError, match=r"No space left.*edgecad train --resume --out") as told,
        begun(tmp_path / "runs", _spec()),
    ):
        raise OSError(28, "No space left on device", "state-0.npz")
    assert told.value.exit_code == 1
    assert newest_unfinished(tmp_path / "runs").name == "a-run.unfinished"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GateFailed])
def test_an_interrupt_or_a_failed_check_keeps_what_was_trained(error: type[BaseException], tmp_path: Path) -> None:
    def stopped() -> None:
        with begun(tmp_path / "runs", _spec()) as unfinished:
            (unfinished.folder / "training-0.npz").write_bytes(b"hours of work")
            raise error("stop")

    with pytest.raises(error):
        stopped()
    assert (newest_unfinished(tmp_path / "runs") / "training-0.npz").is_file()


def test_what_a_kill_left_half_written_is_cleared_when_the_run_goes_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), begun(tmp_path / "runs", _spec()):
        raise KeyboardInterrupt
    (tmp_path / "runs" / ".a-run.12ab.partial").mkdir()
    with resumed(newest_unfinished(tmp_path / "runs")):
        assert not list((tmp_path / "runs").glob(".*.partial"))


def test_two_hands_on_one_run_are_a_usage_error(tmp_path: Path) -> None:
    with begun(tmp_path / "runs", _spec()) as unfinished:
        with pytest.raises(UsageError, match="being trained by another process"), resumed(unfinished.folder):
            pass
        assert unfinished.folder.is_dir()


def test_other_versions_are_refused_by_name_and_the_run_is_kept(tmp_path: Path) -> None:
    folder = _left(tmp_path / "runs", _spec())
    write_whole(folder / "job.json", json_from_struct(_spec(versions={**package_versions(), "keras": "0.1"})).encode())
    with pytest.raises(UsageError, match=r"begun with keras 0\.1"), resumed(folder):
        pass
    assert folder.is_dir()


@pytest.mark.parametrize("error", [UsageError("the scans are not those"), NotAvailable("no weights")])
def test_a_resumed_run_keeps_its_folder_whatever_ends_it(error: Exception, tmp_path: Path) -> None:
    """A disk that is not there today: frozen outputs took half an hour, and no training has ended yet."""
    folder = _left(tmp_path / "runs", _spec())
    (folder / "frozen").mkdir()
    with pytest.raises(type(error)), resumed(folder):
        raise error
    assert (folder / "frozen").is_dir()


def _left(runs: Path, spec: RunSpec) -> Path:
    """Folder of a run that was interrupted."""
    with pytest.raises(KeyboardInterrupt), begun(runs, spec):
        raise KeyboardInterrupt
    return newest_unfinished(runs)


@pytest.mark.parametrize("text", ['{"schema": 3}', "not json", '{"schema": 2, "name": "x"}'])
def test_a_job_that_cannot_be_read_is_invalid(text: str, tmp_path: Path) -> None:
    folder = tmp_path / "a.unfinished"
    folder.mkdir()
    (folder / "job.json").write_text(text)
    with pytest.raises(ModelInvalid):
        read_spec(folder)


def test_the_run_begun_last_is_the_one_to_go_on_with(tmp_path: Path) -> None:
    for name in ("20260102-1", "20260103-1", "20260101-1"):
        with pytest.raises(KeyboardInterrupt), begun(tmp_path, _spec(name)):
            raise KeyboardInterrupt
    assert newest_unfinished(tmp_path).name == "20260103-1.unfinished"


def test_two_runs_that_begin_in_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    with begun(tmp_path, _spec(data="one")) as first, begun(tmp_path, _spec(data="other")) as second:
        assert first.folder != second.folder
        assert (read_spec(first.folder).data, read_spec(second.folder).data) == ("one", "other")
        assert second.final == tmp_path / "a-run-2"


def test_a_reader_that_goes_away_is_no_failing_disk(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), begun(tmp_path, _spec()):
        raise BrokenPipeError


def test_a_run_that_another_process_is_at_is_said_to_be_running_since_when(tmp_path: Path) -> None:
    with begun(tmp_path, _spec()) as unfinished:
        assert is_running(unfinished.folder)
        (note,) = notes_about(tmp_path)
        assert re.fullmatch(r"a-run is running now \(started \d{4}-\d\d-\d\d \d\d:\d\d\); the new run .*", note)
        with pytest.raises(UsageError, match=r"a-run is running now .*; wait for it"):
            newest_unfinished(tmp_path)


def test_a_run_that_nobody_is_at_is_said_with_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), begun(tmp_path / "my runs", _spec()):
        raise KeyboardInterrupt
    assert not is_running(tmp_path / "my runs" / "a-run.unfinished")
    (note,) = notes_about(tmp_path / "my runs")
    assert note == f"a-run has not ended; to resume it: edgecad train --resume --out '{tmp_path / 'my runs'}'"


def test_what_is_resumed_with_is_the_newest_that_nobody_is_at(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), begun(tmp_path, _spec("20260101-1")):
        raise KeyboardInterrupt
    with begun(tmp_path, _spec("20260102-1")):
        assert newest_unfinished(tmp_path).name == "20260101-1.unfinished"
        assert len(list(notes_about(tmp_path))) == 2


def test_looking_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), begun(tmp_path, _spec()):
        raise KeyboardInterrupt
    folder = newest_unfinished(tmp_path)
    with resumed(folder):
        assert is_running(folder)
