"""Each training benchmark runs, small, and its file says what it measured; no time is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "training.py"
SMALL = ("--backbone", "mobilenetv2", "--train", "12", "--held", "4", "--test", "2")
STAGES = {"warm-up", "fine-tuning"}


@pytest.fixture
def measured(
    with_small_network: Callable[[Path], list[str]],
    with_small_network_anew: Callable[[Path], list[str]],
    tmp_path: Path,
) -> Callable[..., dict[str, Any]]:
    """Run one benchmark as a user runs it, and read its file; whole commands train the small network."""

    def run(what: str, *words: str) -> dict[str, Any]:
        program = with_small_network_anew if what == "memory" else with_small_network
        command = [*program(PROGRAM), what, *SMALL, *words, "--results", str(tmp_path / "results")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        found = json.loads(next((tmp_path / "results").glob(f"training_{what}*.json")).read_text())
        assert found["what"] == what
        assert found["machine"]["threads"] >= 1
        return dict(found)

    return run


def test_same_compares_both_losses_of_both_stages(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("same", "--epochs", "1")
    assert [row["stage"] for row in found["rows"]] == ["warm-up", "fine-tuning"]
    first = [entry for entry in found["worst"] if entry["epochs"] == "first 10"]
    assert {(entry["stage"], entry["loss"]) for entry in first} == {
        (s, n) for s in STAGES for n in ("loss", "val_loss")
    }
    assert all(entry["worst_relative"] <= entry["limit"] == 1e-4 for entry in first)
    # Untrained MobileNetV2 answers even odds to everything: its losses agree, and that says nothing.
    assert found["held"] is None


@pytest.mark.parametrize(
    ("epoch", "first", "loss", "held"),
    [(10, 1, 0.50004, True), (10, 1, 0.50006, False), (11, 0, 0.50006, True), (11, 0, 0.5006, False)],
)
def test_same_holds_first_and_later_epochs_to_their_own_limits(
    monkeypatch: pytest.MonkeyPatch, epoch: int, first: int, loss: float, held: bool
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    same = importlib.import_module("measures.training.same")
    rows = [same.EpochLosses("warm-up", epoch, loss, 9.0, 0.5, 9.0)]
    assert same.worst_of(rows, "warm-up", "loss", bool(first)).held is held
    assert same.worst_of(rows, "warm-up", "loss", not first).held is None


def test_speed_says_when_the_machine_was_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    speed = importlib.import_module("measures.training.speed")
    steady, late = speed.timed([1.0, 1.1, 1.2]), speed.timed([1.0, 1.0, 1.3])
    assert speed.noise(steady, {"warm-up": steady, "fine-tuning": steady}) == []
    assert len(speed.noise(late, {"warm-up": steady, "fine-tuning": steady})) == 1
    (reason,) = speed.noise(steady, {"warm-up": speed.timed([1.3]), "fine-tuning": speed.timed([1.0])})
    assert "does more" in reason


def test_speed_keeps_every_time_of_both_sides(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("speed", "--warmup-epochs", "2", "--finetune-epochs", "1", "--plain-epochs", "1")
    assert set(found["plain_epoch"]) == STAGES
    assert all(len(told["seconds"]) == 1 for told in found["plain_epoch"].values())
    warmup, finetune = (found["plain_epoch"][stage]["median"] for stage in ("warm-up", "fine-tuning"))
    assert found["plain_seconds"] == pytest.approx(2 * warmup + finetune)
    assert found["times_faster"] == pytest.approx(found["plain_seconds"] / found["whole_command"]["median"])
    (steps,) = found["seconds_by_step"]
    assert found["warm_up_in_feature_passes"] == pytest.approx(1 + steps["warm-up"] / steps["frozen"])
    assert found["environment"]["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert found["noisy"] == bool(found["noisy_because"])
    assert found["settings"]["backbone"] == "mobilenetv2"


def test_search_counts_configurations(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("search", "--trials", "4", "--warmup-epochs", "2")
    assert found["trials"] == 4
    assert found["a_minute"] == pytest.approx(240 / found["seconds"])


def test_memory_is_that_of_the_whole_command(measured: Callable[..., dict[str, Any]]) -> None:
    found = measured("memory", "--images", "20")
    assert found["images"] == 20
    assert 0.2 < found["peak_resident_GB"] < 4.0, "TensorFlow alone takes more than the lower bound"
    assert found["held"]


def test_growth_draws_a_line_through_its_points(measured: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    found = measured("growth", "--counts", "20", "24", "--epoch-counts", "1", "2", "--epoch-images", "20")
    (x0, y0), (x1, y1) = found["points"]["epochs"]
    assert (x0, x1) == (1, 2)
    assert found["lines"]["epochs"]["slope"] == pytest.approx(y1 - y0)
    assert (tmp_path / "pictures" / "training_growth.png").stat().st_size > 1000
