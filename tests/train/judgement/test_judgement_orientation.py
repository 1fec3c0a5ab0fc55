"""`edgecad evaluate` on maps that lie otherwise than those of the training warns, and says so where it cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.colourtables.known import known_table
from edgecad.contract import Contract, Drawing, OrientationReference, Preparation
from edgecad_train.data.orientation import PatientMeans
from edgecad_train.judgement.models import JudgedAnswers, JudgedModel
from edgecad_train.judgement.orientation import judge_orientation
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import ImitatedLayout, render_layout, screen_bytes
from edgecad_train.phantoms.orientation import PHANTOMS

Run = Callable[..., Any]
COUNT = 24
SCREEN = ImitatedLayout(name="small", kind="bare", diameter=200, room=(40, 0, 40, 0))
IRON = known_table("iron")
UPTAKE = Preparation(size=64, input="uptake", drawing=Drawing(), tables=(IRON,))
LOOKS = "mirrored left to right"


def screens_of(folder: Path, *, mirrored: bool) -> Path:
    for number in range(COUNT):
        own = cv2.resize(percent_map(draw_patient(91, number)), (256, 256), interpolation=cv2.INTER_AREA)
        path = folder / ("CAD" if number % 2 else "nonCAD") / f"p{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = np.ascontiguousarray(np.fliplr(own)) if mirrored else own
        path.write_bytes(screen_bytes(render_layout(shown, IRON, SCREEN), SCREEN))
    return folder


@pytest.fixture
def judge(edgecad_here: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())

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
    assert warning.startswith(f"the scans look {LOOKS}, all or many of them, {told['patients']} patients taken")
    assert warning in said

    told, said = judge(run, screens_of(tmp_path / "upright", mirrored=False))
    assert told["orientation"] == f"orientation: the mean of {told['patients']} patients lies as in training"
    assert "look mirrored" not in said
    assert "look turned" not in said


@pytest.mark.parametrize(
    ("reference", "means", "why"),
    [
        (PHANTOMS, np.full((19, 17), 80.0), "fewer than 20 patients do not tell it"),
        (None, np.full((30, 17), 80.0), "the model does not know how its training scans lay"),
        (PHANTOMS, None, "the network sees the screen's own colours"),
    ],
)
def test_why_orientation_is_not_checked_is_said(
    tiny_contract: Contract, reference: OrientationReference | None, means: np.ndarray | None, why: str
) -> None:
    contract = replace(tiny_contract, orientation=reference)
    model = JudgedModel("m", "run", contract, "0" * 64, lambda images: JudgedAnswers(np.zeros((len(images), 2))), None)
    found = None if means is None else PatientMeans(tuple(map(str, range(len(means)))), means)
    judged = judge_orientation(model, found)
    assert judged.warning is None
    assert judged.line.startswith(f"orientation: not checked, because {why}")
