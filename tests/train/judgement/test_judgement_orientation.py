"""`edgecad evaluate` on maps that lie otherwise than those of the training warns, and says so where it cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import ImitatedLayout, render_layout, screen_bytes
from edgecad_train.phantoms.orientation import PHANTOMS

Run = Callable[..., Any]
COUNT = 24
SCREEN = ImitatedLayout(name="small", kind="bare", diameter=200, room=(40, 0, 40, 0))
IRON = known_table("iron")
UPTAKE = Preparation(size=64, input="uptake", drawing=Drawing(), tables=(IRON,))
LOOKS = "mirrored left to right"


def screens_of(folder: Path, *, mirrored: bool, count: int = COUNT) -> Path:
    for number in range(count):
        own = cv2.resize(percent_map(draw_patient(91, number)), (256, 256), interpolation=cv2.INTER_AREA)
        path = folder / ("CAD" if number % 2 else "nonCAD") / f"p{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = np.ascontiguousarray(np.fliplr(own)) if mirrored else own
        path.write_bytes(screen_bytes(render_layout(shown, IRON, SCREEN), SCREEN))
    return folder


@pytest.fixture
def judge(edgecad_here: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("edgecad_train.report.pictures.figures.draw_evaluation", lambda *_: ())

    def run(model: Path, data: Path) -> tuple[dict[str, Any], str]:
        answer = edgecad_here("evaluate", model, data, "--json", "--out", f"judged-{model.name}-{data.name}")
        assert answer.code == 0, answer.stderr
        return dict(json.loads(answer.stdout)), answer.stderr

    return run


def test_mirrored_maps_are_a_warning_and_upright_ones_are_not(judge: Run, make_run: Run, tmp_path: Path) -> None:
    run = make_run(preparation=UPTAKE, orientation=PHANTOMS)
    told, said = judge(run, screens_of(tmp_path / "mirrored", mirrored=True))
    assert told["patients"] >= COUNT - 1
    assert told["orientation"] == f"orientation: the mean of {told['patients']} patients looks {LOOKS}"
    (warning,) = (words for words in told["warnings"] if "look mirrored" in words)
    assert (
        f"the scans look {LOOKS}, {told['patients']} patients taken together and held against the training" in warning
    )
    assert warning in said

    told, said = judge(run, screens_of(tmp_path / "upright", mirrored=False))
    assert told["orientation"] == f"orientation: the mean of {told['patients']} patients lies as in training"
    assert "look mirrored" not in said
    assert "look turned" not in said


def test_why_orientation_is_not_checked_is_said(judge: Run, make_run: Run, tmp_path: Path) -> None:
    few = screens_of(tmp_path / "few", mirrored=True, count=12)
    told, _ = judge(make_run(preparation=UPTAKE, orientation=PHANTOMS), few)
    assert told["orientation"] == "orientation: not checked, because fewer than 20 patients do not tell it"
    told, _ = judge(make_run("unknown", preparation=UPTAKE), few.rename(tmp_path / "unknown-data"))
    assert "the model does not know how its training scans lay" in told["orientation"]
    told, _ = judge(make_run("colours", preparation=Preparation(size=64)), (tmp_path / "unknown-data"))
    assert "the network sees the screen's own colours" in told["orientation"]
