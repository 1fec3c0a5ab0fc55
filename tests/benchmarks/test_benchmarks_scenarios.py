"""The scenarios run, small, under the real LoadGen; what it does not find valid ends the program. No time is judged."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
SMALL = ("--seconds", "1", "--queries", "70", "--percentile", "0.9", "--screens", "2", "--precision", "fp32")
INVALID = """
Scenario : Server
Completed samples per second    : 61.20
Result is : INVALID
  Performance constraints satisfied : NO
  Min duration satisfied : Yes
  Min queries satisfied : Yes
  Early stopping satisfied: NO
Recommendations:
 * Reduce target QPS to improve latency.
Early Stopping Result:
 * Run unsuccessful.
 * Would need to run at least 1146 more queries,
 with the run being successful if every additional query were under latency.

50.00 percentile latency (ns)   : 16600000
99.90 percentile latency (ns)   : 89300000

No warnings encountered during test.
"""

needs_loadgen = pytest.mark.skipif(
    importlib.util.find_spec("mlperf_loadgen") is None, reason="LoadGen is not installed: pip install '.[bench]'"
)
Ended = tuple[subprocess.CompletedProcess[str], dict[str, Any]]


@pytest.fixture
def ended(model_folder: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Run the program as a user runs it, and read its file."""

    def run(*words: str) -> Ended:
        command = [sys.executable, str(BENCHMARKS / "scenarios.py"), *SMALL, *words]
        command += ["--model", str(model_folder), "--results", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done, json.loads((tmp_path / "scenarios_fp32_mobilenetv2.json").read_text())

    return run


@needs_loadgen
def test_all_three_are_valid_and_every_screen_is_answered(ended: Callable[..., Ended]) -> None:
    done, found = ended("--bound", "60000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert found["held"]
    assert list(found["scenarios"]) == ["SingleStream", "Offline", "Server"]
    for row in found["scenarios"].values():
        assert row["loadgen"]["result"] == "VALID"
        assert row["loadgen"]["a_second"] > 0
        assert row["system"]["answered"] >= 70
        assert row["system"]["failed"] == row["system"]["other_score"] == 0
    server = found["scenarios"]["Server"]["order"]
    assert server["rate"] <= 0.95 * found["scenarios"]["Offline"]["loadgen"]["a_second"] * 1.0001
    assert found["machine"]["threads"] >= 1
    assert done.stdout.count("| VALID |") == 3


@needs_loadgen
def test_a_bound_that_cannot_be_kept_ends_the_program_with_loadgens_reason(ended: Callable[..., Ended]) -> None:
    done, found = ended("--scenarios", "Server", "--bound", "0.01", "--shares", "0.5", "0.4")
    assert done.returncode == 1
    assert "Server: INVALID: not satisfied: Performance constraints" in done.stderr
    assert not found["held"]
    rates = [row["order"]["rate"] for row in found["server_attempts"]]
    assert rates[1] == pytest.approx(0.8 * rates[0])


def test_a_summary_is_read_with_loadgens_own_words(measure: Callable[[str], ModuleType]) -> None:
    summary = measure("scenarios.summary").summary_from_text(INVALID)
    assert not summary.valid
    assert summary.a_second == 61.2
    assert summary.latency_ms == {"50.00": 16.6, "99.90": 89.3}
    assert summary.early_stopping[0] == "Run unsuccessful."
    assert summary.early_stopping[1].startswith("Would need to run at least 1146 more queries, with the run")
    assert summary.reason == (
        "not satisfied: Performance constraints, Early stopping; Reduce target QPS to improve latency."
    )


def test_a_summary_without_a_result_is_not_valid(measure: Callable[[str], ModuleType]) -> None:
    summary = measure("scenarios.summary").summary_from_text("")
    assert not summary.valid
    assert summary.reason == "LoadGen wrote no result"


@pytest.mark.parametrize(
    ("reasons", "overs"),
    [([""], [1.25]), (["Min duration", "Min duration", ""], [1.25, 2.5, 5.0]), (["Early stopping"], [1.25])],
)
def test_a_test_that_ran_out_of_screens_is_run_again_with_more(
    measure: Callable[[str], ModuleType],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    reasons: list[str],
    overs: list[float],
) -> None:
    scenarios, told = measure("scenarios.scenarios"), []

    def run(test: Any, folder: Path) -> None:
        reason = reasons[len(told)]
        told.append(test.over)
        judged = f"INVALID\n  {reason} satisfied : NO\n" if reason else "VALID\n"
        (folder / "mlperf_log_summary.txt").write_text(f"Result is : {judged}")
        (folder / "system.json").write_text('{"failed": 0, "other_score": 0}')

    monkeypatch.setattr(scenarios, "run", run)
    options = measure("scenarios.options").ScenarioOptions(
        model=tmp_path, precision="fp32", screens=1, seconds=1.0, queries=1, percentile=0.9
    )
    outcome = scenarios.run_scenario(options, "Offline", workers=1)
    assert told == overs
    assert outcome.held is (reasons[-1] == "")


def test_another_score_than_before_the_test_is_counted(
    measure: Callable[[str], ModuleType], model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad import Classifier

    completed = []
    loadgen = ModuleType("mlperf_loadgen")
    loadgen.QuerySampleResponse = lambda number, *_: number  # type: ignore[attr-defined]
    loadgen.QuerySamplesComplete = completed.extend  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlperf_loadgen", loadgen)
    screens = [jpeg_bytes(render_screen(draw_patient(0, index))) for index in range(2)]
    with Classifier(model_folder, device="cpu") as classifier:
        system = measure("scenarios.loadgen").SystemUnderTest(classifier, screens, workers=1)
        system._screens = [screens[0], screens[0], b"no picture"]
        system._expected.append(0.5)
        sample = ModuleType("sample")
        for number in range(3):
            sample.id, sample.index = 100 + number, number  # type: ignore[attr-defined]
            system.issue([sample])
    assert completed == [100, 101, 102]
    assert system.counts == {"answered": 1, "failed": 1, "other_score": 1}
    assert system.error.startswith("InputRefused")


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a file of `benchmarks/measures`."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return lambda name: importlib.import_module(f"measures.{name}")
