"""`edgecad bench --save`, and what it records for `auto`; no time is judged."""

from __future__ import annotations

import json
import os
import shlex
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.bench import runoff
from edgecad.bench.results import BenchOrder, Measured, StageTimes, Start
from edgecad.bench.runoff import in_turn
from edgecad.errors import ModelInvalid
from edgecad.inference.benches.cache import benches_folder
from edgecad.inference.benches.lookup import bench_for
from edgecad.system import usercache

Run = Callable[..., Any]
QUICK = ("--device", "cpu", "--runs", "20", "--scenario", "single-stream", "--save")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(usercache.VARIABLE, str(folder))
    return folder


@pytest.fixture
def before(cache: Path) -> str:
    """One process for each configuration, short turns, and a cache of this test's own."""
    return f"""
import edgecad.bench.process, edgecad.bench.runoff
edgecad.bench.process.COLD_STARTS = 0
edgecad.bench.runoff.MOST_TURNS, edgecad.bench.runoff.RUNS = 2, 2
edgecad.bench.runoff.NEAR = 1000.0
os.environ["EDGECAD_CACHE"] = {str(cache)!r}
"""


def measured(precision: Any) -> Measured:
    return Measured(
        name="a-run", backbone="tiny", stamp="", model_sha256="0" * 64, device="cpu", provider="", precision=precision,
        threads=1, golden=(), starts=(Start(process=1.0, open=1.0, first=1.0),),
    )  # fmt: skip


def order(model: Path) -> BenchOrder:
    return BenchOrder(model=str(model), device="", precision=None, begun=0.0, scenarios=("single-stream",))


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runoff, "MOST_TURNS", 3)
    monkeypatch.setattr(runoff, "RUNS", 2)


def test_what_is_recommended_is_what_auto_takes_from_then_on(
    edgecad: Run, folder_of: Callable[..., Path], phantom_jpeg: Path, before: str, cache: Path
) -> None:
    folder = folder_of("fp32", "int8")
    done = edgecad("bench", folder, *QUICK, "--json", before=before)
    assert done.code == 0, done.stderr
    record = json.loads(done.stdout)
    saved = bench_for(folder).saved
    assert saved is not None
    assert record["saved"] == str(cache / "benches" / saved.subject.name)
    best = record["recommended"]
    assert (saved.rows[0].device, saved.rows[0].precision) == (best["device"], best["precision"])
    assert {(row.precision, row.fit) for row in saved.rows} == {("fp32", True), ("int8", True)}
    turns = {row["precision"]: row["in_turn"] for row in record["configurations"]}
    assert all(turns[row.precision]["p50"] == row.p50 for row in saved.rows)
    answer = edgecad("infer", phantom_jpeg, "--json", "--model", folder, before=before)
    told = json.loads(answer.stdout)
    assert (told["device"], told["precision"]) == (best["device"], best["precision"])
    assert told["chosen"].startswith(f"bench of {saved.time[:10]}: ")


def test_what_answers_otherwise_than_at_export_is_saved_as_unfit(
    edgecad: Run, folder_of: Callable[..., Path], before: str, cache: Path
) -> None:
    folder = folder_of("fp32", "int8", wrong="int8")
    done = edgecad("bench", folder, *QUICK, before=before)
    assert done.code == 0, done.stderr
    saved = bench_for(folder).saved
    assert saved is not None
    assert [(row.precision, row.fit) for row in saved.rows] == [("fp32", True), ("int8", False)]
    lines = done.stdout.splitlines()
    assert f"saved: auto takes cpu fp32 for this model here ({cache / 'benches' / saved.subject.name})" in lines
    assert lines[-1] == f"next: edgecad infer SCAN --model {shlex.quote(str(folder))}"
    assert any(line.startswith("it was noisy: ") for line in lines) == bool(saved.noisy)


def test_nothing_fit_saves_nothing(edgecad: Run, folder_of: Callable[..., Path], before: str, cache: Path) -> None:
    assert edgecad("bench", folder_of("fp32", wrong="fp32"), *QUICK, before=before).code == 5
    assert not (cache / "benches").exists()


def test_folders_alone_save_nothing(edgecad: Run, model_folder: Path) -> None:
    done = edgecad("bench", model_folder, "--scenario", "offline", "--save")
    assert (done.code, done.stdout) == (2, "")
    assert "--save takes the fastest of one scan after another" in done.stderr


def test_a_cache_that_cannot_be_written_is_said_before_anything_is_measured(
    edgecad: Run, model_folder: Path, closed_folder: Path
) -> None:
    done = edgecad("bench", model_folder, "--save", before=f'os.environ["EDGECAD_CACHE"] = {str(closed_folder)!r}')
    assert (done.code, done.stdout) == (1, "")
    assert "benches" in done.stderr


def test_a_model_that_changed_meanwhile_is_not_saved(
    folder_of: Callable[..., Path], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad.cli.bench.saving import saved, subject_to_save

    folder = folder_of("fp32", "int8")
    subject = subject_to_save(folder)
    (folder / "model.int8.onnx").unlink()
    with pytest.raises(ModelInvalid, match="changed while it was measured, so nothing was saved"):
        saved([], folder, subject)
    assert list(benches_folder().glob("*")) == []


def test_whatever_a_model_is_called_its_bench_can_be_saved_and_read(
    folder_of: Callable[..., Path], cache: Path
) -> None:
    from msgspec.structs import replace

    from edgecad.cli.bench.saving import saved, subject_to_save

    folder = folder_of("fp32")
    times = StageTimes(name="whole", p50=1.0, p90=1.0, p95=1.0, p99=1.0)
    found = replace(measured("fp32"), name="a\nb\x1b" + 300 * "c", in_turn=times)
    _, bench = saved([found], folder, subject_to_save(folder))
    assert bench.model == r"a\nb\x1b" + 192 * "c"
    assert bench_for(folder).saved == bench


def test_the_fastest_take_turns_in_processes_of_their_own(folder_of: Callable[..., Path], short: None) -> None:
    found = [measured("fp32"), measured("int8")]
    told = in_turn(found, found, order(folder_of("fp32", "int8")))
    assert [own.precision for own in told if isinstance(own, Measured)] == ["fp32", "int8"]
    for own in told:
        assert isinstance(own, Measured)
        assert own.in_turn is not None
        assert 0 < own.in_turn.p50 <= own.in_turn.p99


def test_where_one_cannot_take_its_turn_nothing_is_known_in_turn(folder_of: Callable[..., Path], short: None) -> None:
    found = [measured("fp32"), measured("int8")]
    assert in_turn(found, found, order(folder_of("fp32"))) == found


class Player:
    """One whose network takes `milliseconds` times the weather of the turn, which all share, and a bit of its own."""

    def __init__(self, milliseconds: float, seed: int) -> None:
        self.milliseconds, self.turns, self.rng = milliseconds, 0, np.random.default_rng(seed)

    def turn(self) -> list[float]:
        weather = 1 + 0.5 * abs(np.sin(1.7 * self.turns))
        self.turns += 1
        return list(self.milliseconds * weather * self.rng.normal(1, 0.03, runoff.RUNS))


def told_of(*milliseconds: float) -> tuple[list[Player], list[float]]:
    """Players of these times, and what comes out as their medians, in the least one's."""
    players: Any = [Player(each, seed) for seed, each in enumerate(milliseconds)]
    medians = [times.p50 for times in runoff._times(runoff._taken(players))]
    return players, [median / min(medians) for median in medians]


def test_turns_go_on_until_it_is_known_who_is_fastest() -> None:
    """One that is surely slower is soon asked no more, and of two that are near more is asked."""
    (slow, near, fast), ratios = told_of(2.0, 1.05, 1.0)
    assert ratios == pytest.approx([2.0, 1.05, 1.0], rel=0.02)
    assert slow.turns == runoff.TURNS <= near.turns == fast.turns < runoff.MOST_TURNS
    (one, other), ratios = told_of(1.0, 1.02)  # on the edge of alike, so nothing ends it but the number of turns
    assert ratios == pytest.approx([1.0, 1.02], abs=0.005)
    assert one.turns == other.turns > 2 * runoff.TURNS


def test_no_turn_begins_after_the_time_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runoff, "SECONDS", 0.0)
    players, _ = told_of(1.0, 1.02)
    assert [own.turns for own in players] == [runoff.LEAST_TURNS] * 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to die of")
def test_one_that_dies_leaves_all_as_they_were_and_no_process(
    folder_of: Callable[..., Path], short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    own = runoff.start_child

    def watched(*words: Any) -> Any:
        started.append(own(*words))
        return started[-1]

    def killing(process: Any, deadline: float) -> Iterator[bytes]:
        for number, line in enumerate(lines(process, deadline)):
            if number:
                os.kill(started[-1].pid, signal.SIGKILL)
            yield line

    lines = runoff.lines_of
    monkeypatch.setattr(runoff, "start_child", watched)
    monkeypatch.setattr(runoff, "lines_of", killing)
    found = [measured("fp32"), measured("int8")]
    assert in_turn(found, found, order(folder_of("fp32", "int8"))) == found
    assert all(process.poll() is not None for process in started)
