"""The benchmark of non-maps runs, small, the whole way of exported models; none of its figures is judged."""

from __future__ import annotations

import importlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgecad_train.phantoms.nonmaps import BUILDING, KEPT, UNTELLABLE

PROGRAM = Path(__file__).resolve().parents[3] / "benchmarks" / "nonmaps.py"
SMALL = (
    "--weights", "none", "--runs", "1", "--patients", "24", "--folds", "0", "--strategy", "warm-up", "--pictures", "1",
    "--kinds", "60", "--fresh", "6", "--train-options", "warmup-epochs", "1",
)  # fmt: skip


@pytest.fixture
def measured(within_small_network: Callable[[Path], list[str]], tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Run one measure as a user does, and read its file."""

    def run(what: str, *words: str) -> dict[str, Any]:
        places = [word for name in ("kept", "results", "real") for word in (f"--{name}", str(tmp_path / name))]
        command = [*within_small_network(PROGRAM), what, *SMALL, *places, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return dict(json.loads((tmp_path / "results" / f"nonmaps_{what}.json").read_text()))

    return run


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """A module of the room by its name."""
    monkeypatch.syspath_prepend(PROGRAM.parent)
    return lambda name: importlib.import_module(f"measures.nonmaps.{name}")


@pytest.mark.slow
def test_every_model_is_shown_every_picture_and_models_are_kept(
    measured: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    found = measured("answered")
    assert len(found["models"]) == 1
    kinds = {part: len(own[::60]) for part, own in (("building", BUILDING), ("kept", KEPT), ("untellable", UNTELLABLE))}
    assert {row["name"]: row["trials"] for row in found["parts"]} == kinds
    for row in found["rows"]:
        assert row["answered"]["hits"] + sum(row["reasons"].values()) == row["answered"]["trials"] == 1
        assert (row["largest"] is None) == (row["answered"]["hits"] == 0)
    for share in found["parts"]:
        own = [row["answered"]["hits"] for row in found["rows"] if row["part"] == share["name"]]
        assert share["hits"] == sum(own)
        assert share["low"] <= share["share"] <= share["high"]
    for share, unsaid in zip(found["parts"], found["unsaid"], strict=True):
        painted = sum(row["painted"] for row in found["rows"] if row["part"] == share["name"])
        assert unsaid["hits"] == share["hits"] - painted

    exported = sorted((tmp_path / "kept").glob("exported/*/models/*/model.onnx"))
    assert len(exported) == 1
    written = exported[0].stat().st_mtime_ns
    model = str(exported[0].parent)
    (run,) = (tmp_path / "kept").glob(f"*/seed-0/{exported[0].parent.name}")
    maps = measured("maps", "--model", model, str(run))
    assert exported[0].stat().st_mtime_ns == written, "what was exported is taken again"
    assert maps["phantoms"] == 6
    assert [row["trials"] for row in maps["each"]] == [6, 6]
    assert len(maps["rows"]) == sum(row["hits"] for row in maps["each"])
    assert maps["real"] == {}


def test_shares_are_about_kinds_and_not_about_pictures(room: Callable[[str], ModuleType]) -> None:
    share_over = room("rates").share_over
    together = share_over("clustered", [8, 0, 0, 0, 0, 0, 0, 0, 0, 0], [8] * 10)
    spread = share_over("spread", [1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [8] * 10)
    assert together.share == spread.share == 0.1
    assert together.units == 10
    assert together.high > spread.high, "eight answers of one kind tell less than one of eight kinds"
    none = share_over("none", [0] * 20, [8] * 20)
    assert none.low == 0 < none.high < 0.2


def test_fresh_phantoms_hold_severe_ones_and_three_vessels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    fresh = importlib.import_module("measures.uptake.fresh")
    screens = fresh.fresh_screens(150)
    three = sum(screen.vessels == 3 for screen in screens)
    assert three >= 15, "the population has one in fifteen, and a tenth is added"
    severe = [screen.vessels for screen in screens if screen.severe]
    assert len(severe) >= 20, "three in ten of those with a defect"
    assert {1, 2} <= set(severe), "with any number of vessels"
    assert len({screen.layout.diameter for screen in screens}) > 30
