"""The benchmark of decisions runs, small, goes on after a kill, and counts what it claims."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "decisions.py"
SMALL = (
    "--weights", "none", "--runs", "1", "--patients", "24", "--fresh", "12",
    "--train-options", "warmup-epochs", "1", "finetune-epochs", "1", "folds", "2",
)  # fmt: skip


Measured = Callable[[Path], dict[str, Any]]


@pytest.fixture
def measured(with_small_network: Callable[[Path], list[str]]) -> Measured:
    """Run it in a folder as a user does, and read its file."""

    def run(folder: Path) -> dict[str, Any]:
        words = [*SMALL, "--kept", str(folder / "kept"), "--results", str(folder / "found")]
        done = subprocess.run([*with_small_network(PROGRAM), *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads((folder / "found" / "decisions_mobilenetv2.json").read_text()))

    return run


@pytest.mark.slow
def test_a_run_is_judged_by_label_and_by_truth_and_decides_again(measured: Measured, tmp_path: Path) -> None:
    found = measured(tmp_path)
    (row,) = found["rows"]
    assert row["own"]["rule"] == "balanced"
    assert row["again"]["rule"] == "sensitivity>=0.95"
    for which in ("own", "again"):
        for rates in (row[which]["by_label"], row[which]["by_drawn_truth"], row[which]["said"]):
            assert len(rates) == 2
            assert all(0 <= rate <= 1 for rate in rates)
    assert row["again"]["said"][0] >= 0.95
    assert len(found["lines"]) == 3

    (place,) = (tmp_path / "kept").glob("*/seed-0")
    runs = sorted((place / "runs").iterdir())
    (place / "fresh" / "labels.csv").unlink()  # as a kill leaves it
    (place / "judged" / "predictions.csv").unlink()
    assert measured(tmp_path)["rows"] == [row]
    assert sorted((place / "runs").iterdir()) == runs


def _rows(module: Any, *cases: tuple[tuple[float, float], list[str], float, list[str]]) -> list[Any]:
    def judged(rates: tuple[float, float], warnings: list[str]) -> Any:
        return module.JudgedRule("a rule", rates, rates, rates, tuple(warnings))

    return [
        module.DecisionRow(0, 0.9, judged(own, said), judged((0.9, again), told)) for own, said, again, told in cases
    ]


def test_lines_count_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    module = importlib.import_module("measures.decisions.decisions")
    weak = ["operating-point-weak"]
    rows = _rows(
        module,
        ((0.8, 0.8), [], 0.9, []), ((0.5, 0.9), [], 0.4, ["operating-point-refused"]), ((0.5, 0.9), weak, 0.4, []),
        ((0.8, 0.8), weak, 0.4, ["operating-point-useless"]), ((0.6, 0.6), [], 0.4, ["scores-equal"]),
    )  # fmt: skip
    first, second, third = module.claims(rows, "a rule")
    assert (first.count, first.of, first.held) == (4, 5, False)
    assert (second.count, second.of, second.held) == (1, 2, False)
    assert (third.count, third.of, third.held) == (2, 4, False)
    *_, third = module.claims(rows[:4], "a rule")
    assert (third.count, third.of, third.held) == (2, 3, True)
