"""The benchmark of orientation runs, small, and counts what it says; its rates are those of the commands' own code."""

from __future__ import annotations

import importlib
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.polarmap.orientation import OTHERS, UPRIGHT

PROGRAM = Path(__file__).resolve().parents[3] / "benchmarks" / "orientation.py"
Measured = Callable[..., dict[str, Any]]


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measured:
    """Run one measure as a user does, but in this process, so that all draw their phantoms once; read its file."""

    def run(what: str, *words: str) -> dict[str, Any]:
        small = ("--runs", "1", "--patients", "100", "--fresh", "200", "--screens", "20")
        monkeypatch.syspath_prepend(PROGRAM.parent)
        monkeypatch.setattr(sys, "argv", [str(PROGRAM), what, *small, "--results", str(tmp_path), *words])
        runpy.run_path(str(PROGRAM), run_name="__main__")
        return dict(json.loads((tmp_path / f"orientation_{what}.json").read_text()))

    return run


def test_rates_are_of_every_orientation_and_length(measured: Measured, tmp_path: Path) -> None:
    percent = np.full((300, 300), 70.0)
    percent[:, 150:] = 90  # as a real map would lie whose lateral wall is the brighter one
    np.save(tmp_path / "polar_percent.npy", percent)
    found = measured("rates", "--real", str(tmp_path))
    lies = [turn.words for turn in (UPRIGHT, *OTHERS)]
    rows = {(row["reference"], row["length"], row["lies"]): row for row in found["rows"]}
    assert {(reference, length) for reference, length, _ in rows} == {
        ("100", 1), *((name, length) for name in ("100", "40", "phantoms") for length in (20, 50, 100)),
    }  # fmt: skip
    assert len(rows) == 10 * len(lies)
    for (_, length, turn), row in rows.items():
        value, low, high = row["told"]
        assert row["series"] == 200 // length
        assert low <= value <= high
        assert row["named"] <= (0 if turn == UPRIGHT.words else value)
    assert rows["phantoms", 100, "turned by 180 degrees"]["named"] == 1
    assert rows["phantoms", 100, UPRIGHT.words]["told"][0] == 0
    assert set(found["real"]["fits"]) == set(lies[1:])
    assert found["real"]["fits"]["mirrored left to right"] < 0
    assert 0 <= found["real"]["as_far"] <= 1


def test_a_stream_of_scans_is_told_within_a_hundred_after_it_changed(measured: Measured) -> None:
    found = measured("watch")
    assert found["upright"] == [200, 0]
    rows = {row["lies"]: row for row in found["rows"]}
    half = rows["turned by 180 degrees"]
    assert (half["changes"], half["told"][0], half["named"]) == (1, 1, 1)
    assert 1 < half["scans"]["median"] <= 20


def test_maps_that_are_read_from_screens_in_several_tables_tell_it_as_well(
    measured: Measured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(PROGRAM.parent)
    half = next(turn for turn in OTHERS if turn.words == "turned by 180 degrees")
    monkeypatch.setattr(importlib.import_module("measures.orientation.screens"), "WAYS", (UPRIGHT, half))
    found = measured("screens")
    assert (len(found["tables"]), found["refused"]) == (8, {})
    assert [(row["lies"], row["told"][0]) for row in found["rows"]] == [(UPRIGHT.words, 0), (half.words, 1)]
