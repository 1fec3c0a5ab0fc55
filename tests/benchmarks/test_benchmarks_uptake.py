"""The benchmark of uptake runs, small, and its figures are those of what it says; none of them is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from edgecad.contract import Drawing
from edgecad.polarmap.segments import segment_means
from edgecad_train.evaluation.statistics.comparison import bounds_without_variance
from edgecad_train.phantoms import draw_patient, percent_map

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "uptake.py"
SMALL = (
    "--weights", "none", "--runs", "1", "--patients", "24", "--folds", "0", "--phantoms", "1", "--maps", "1",
    "--layouts", "30", "--fresh", "8", "--train-options", "warmup-epochs", "1", "finetune-epochs", "1",
)  # fmt: skip
Measured = Callable[..., dict[str, Any]]


@pytest.fixture
def measured(within_small_network: Callable[[Path], list[str]], tmp_path: Path) -> Measured:
    """Run one measure as a user does, with a small network by the name of MobileNetV2, and read its file."""

    def run(what: str, *words: str) -> dict[str, Any]:
        asks = what not in ("fresh", "preparation")  # these ask no network
        program = within_small_network(PROGRAM) if asks else [sys.executable, PROGRAM.as_posix()]
        command = [*program, what, *SMALL]
        folders = [
            word for name in ("kept", "results", "pictures", "real") for word in (f"--{name}", str(tmp_path / name))
        ]
        done = subprocess.run([*command, *folders, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads((tmp_path / "results" / f"uptake_{what}.json").read_text()))

    return run


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A module of the room by its name."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    return lambda name: importlib.import_module(f"measures.uptake.{name}")


@pytest.mark.slow
def test_scores_are_told_by_table_and_by_layout_and_models_are_kept(measured: Measured, tmp_path: Path) -> None:
    found = measured("score")
    (row,) = found["rows"]
    assert set(row["uptake"]) == set(row["rgb"]) == set(found["tables"])
    assert len(found["tables"]) == 8
    assert set(row["steps"]) == {"64", "32", "20", "16"}
    values = [value for value in row["uptake"].values() if value is not None]
    assert found["uptake"]["largest"] == pytest.approx(max(values) - min(values))
    assert len(values) + sum(" " not in name for name in row["refused"]) == 8
    assert found["scan"] == {"seed 0": None}
    picture = cv2.imread(str(tmp_path / "pictures" / "uptake_score.png"))
    assert picture is not None
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100

    models = sorted((tmp_path / "kept").rglob("model.keras"))
    assert len(models) == 2
    times = [path.stat().st_mtime_ns for path in models]
    _check_layouts(measured("layouts"))
    assert sorted((tmp_path / "kept").rglob("model.keras")) == models
    assert [path.stat().st_mtime_ns for path in models] == times


def _check_layouts(found: dict[str, Any]) -> None:
    """Every kind and every odd screen is told."""
    screens = sum(row["screens"] for row in found["rows"])
    answered = sum(row["answered"] for row in found["rows"])
    near = sum(row["near"] for row in found["rows"])
    assert screens == found["layouts"] * found["maps"] == 5
    assert found["answered"] == pytest.approx(answered / screens)
    assert found["near"] == pytest.approx(near / answered)
    refused = [odd for odd in found["odd"] if odd["moved"] is None]
    assert len(refused) == screens - answered == sum(sum(row["reasons"].values()) for row in found["rows"])
    assert all(odd["message"] for odd in refused)
    assert len(found["odd"]) == screens - near


@pytest.mark.slow
def test_accuracy_pairs_uptake_and_colours_on_the_same_patients(measured: Measured) -> None:
    found = measured("accuracy")
    assert [(row["strategy"], row["tables"]) for row in found["rows"]] == [
        ("warm-up", "mixed"), ("two-stage", "mixed"), ("warm-up", "warm"), ("two-stage", "warm"),
    ]  # fmt: skip
    for row in found["rows"]:
        value, low, high = row["difference"]
        assert -1 <= low <= value <= high <= 1
        assert value == pytest.approx(row["auc"]["uptake"][0] - row["auc"]["colours"][0], abs=1e-9)
        assert row["patients"] + row["refused"] == 8
        assert len(row["each"]) == 1


@pytest.mark.slow
def test_drawings_are_compared_with_the_first(measured: Measured) -> None:
    found = measured("drawings", "--drawings", "17")
    first, other = found["rows"]
    taken = Drawing()
    assert (first["table"], first["beyond"], first["blur"]) == (taken.table, taken.beyond, taken.blur)
    assert (other["table"], other["beyond"], other["blur"]) == (taken.table, "mirrored", taken.blur)
    value, low, high = first["less_first"]
    assert low < value == 0 < high, "no spread is no certainty"
    assert other["less_first"][0] == pytest.approx(other["auc"][0] - first["auc"][0], abs=1e-9)
    assert found["phantoms"] == first["spread"]["maps"] == 1


def test_fresh_counts_what_is_refused_and_leaves_out_what_is_ambiguous(measured: Measured) -> None:
    found = measured("fresh")
    assert found["phantoms"] == 8
    reasons = found["reasons"]
    assert sum(reasons.values()) == len(found["rows"])
    ambiguous = reasons.get("table-ambiguous", 0)
    assert found["ambiguous"] == ambiguous / 8
    assert found["refused"] == (len(found["rows"]) - ambiguous) / 8


def test_preparation_times_both_ways_on_the_same_screens(measured: Measured) -> None:
    found = measured("preparation", "--screens", "1", "--rounds", "1")
    kinds = {(row["screens"], row["way"]) for row in found["rows"]}
    ways = ("pixels alone", "decoded whole", "decoded at half size")
    assert kinds == {(screens, way) for screens in ("continuous tables", "20 steps") for way in ways}
    for row in found["rows"]:
        assert 0 < row["colours"]["low"] <= row["colours"]["median"]
        assert row["ratio"]["low"] <= row["ratio"]["median"] <= row["ratio"]["high"]


def test_a_spread_is_the_largest_less_the_smallest_score_of_a_map(room: Callable[[str], ModuleType]) -> None:
    score = room("score")
    rows = [{"warm": 0.2, "iron": 0.5, "jet": 0.9}, {"warm": 0.4, "iron": 0.4, "jet": None}, {"warm": 0.1}]
    found = score.spread_of(rows, ("warm", "iron", "jet"))
    assert (found.maps, found.largest, found.median) == (2, pytest.approx(0.7), pytest.approx(0.35))
    assert score.spread_of(rows, ("warm", "iron")).largest == pytest.approx(0.3)
    assert score.spread_of([{"warm": None}]).maps == 0


def test_areas_are_compared_on_patients_that_both_answer(room: Callable[[str], ModuleType]) -> None:
    from edgecad_train.evaluation.decision.points import Patients

    accuracy = room("accuracy")
    rng = np.random.default_rng(0)
    truth = rng.random((2, 200)) < 0.5
    good = np.clip(0.5 + 0.3 * (truth - 0.5) + rng.normal(0, 0.1, truth.shape), 0.01, 0.99)
    poor = np.clip(0.5 + 0.1 * (truth - 0.5) + rng.normal(0, 0.1, truth.shape), 0.01, 0.99)
    one, other = ([Patients(*seed) for seed in zip(truth, scores, strict=True)] for scores in (good, poor))
    better = accuracy.compared(one, other, strategy="warm-up", tables="mixed")
    assert better.difference[1] > 0
    assert len(better.each) == 2
    worse = accuracy.compared(other, one, strategy="warm-up", tables="mixed")
    assert worse.difference[0] == pytest.approx(-better.difference[0])
    same = accuracy.compared(one, one, strategy="warm-up", tables="mixed")
    cases = int(min(truth.sum(), (~truth).sum()))
    wide = bounds_without_variance(0.0, cases)
    assert same.difference == (0.0, wide.low, wide.high), "no spread is no certainty"
    assert wide.low < 0 < wide.high

    holes = poor.copy()
    holes[0, :50] = np.nan  # refused there
    refused = [Patients(*seed) for seed in zip(truth, holes, strict=True)]
    left = accuracy.compared(one, refused, strategy="warm-up", tables="mixed")
    assert (left.patients, left.refused) == (350, 50)


def test_severe_patients_have_lost_more(room: Callable[[str], ModuleType]) -> None:
    maps = room("maps")
    patient = next(p for p in (draw_patient(1, i) for i in range(20)) if p.defects)
    worse = maps.severe(patient, np.random.default_rng(0))
    least = segment_means(percent_map(worse, 128)).min()
    assert least < segment_means(percent_map(patient, 128)).min() - 5
    healthy = next(p for p in (draw_patient(1, i) for i in range(20)) if not p.defects)
    assert maps.severe(healthy, np.random.default_rng(0)) == healthy


def test_a_models_folder_tells_its_preparation(room: Callable[[str], ModuleType]) -> None:
    models = room("models")
    drawing = models.Drawing()
    names = {
        models.TrainedOn(0, "mixed", own, "warm-up", 0).name
        for own in (drawing, models.Drawing(blur=0.0), models.Drawing(beyond="mirrored"), None)
    }
    assert len(names) == len({name.rpartition("-")[2] for name in names}) == 4
