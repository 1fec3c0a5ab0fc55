"""The score bar: its parts lie where the figures say, differ without colours, and its labels never collide."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad.contract import Decision
from edgecad.picture import canvas
from edgecad.picture.bar import BASELINE, LENGTH, THICK
from edgecad.picture.bar import LEFT as BAR_LEFT
from edgecad.picture.bar import TOP as BAR_TOP
from edgecad.picture.figure import answer_figure
from edgecad.picture.letters import width_of

from .gallery import CONTRACT, LINE, answered, dataclass_zone

Span = tuple[float, float, str]


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch) -> list[Span]:
    """From where to where each label of the bar reaches."""
    found: list[Span] = []
    write = canvas.Canvas.write

    def noted(self: Any, words: str, x: float, baseline: float, size: float, *rest: Any, **more: Any) -> float:
        if baseline == BASELINE:
            found.append((x, x + width_of(words, size), words))
        return write(self, words, x, baseline, size, *rest, **more)

    monkeypatch.setattr(canvas.Canvas, "write", noted)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_labels_never_collide_and_the_ends_and_the_threshold_are_always_named(labels: list[Span], seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = [0.0001, 0.001, 0.01, 0.24, 0.25, 0.26, 0.5, 0.75, 0.98, 0.999, 0.9999]
    threshold = float(rng.choice(ends) if seed % 2 else rng.uniform(0.001, 0.999))
    low, high = sorted((float(rng.uniform(0, threshold)), float(rng.uniform(threshold, 1))))
    zone = None if seed % 5 == 0 else dataclass_zone(low, high)
    own = replace(CONTRACT, decision=Decision(threshold=threshold, rule="given"))
    answer_figure(answered(float(rng.uniform()), threshold, zone=zone, threshold_from="contract"), own, LINE)
    spans = sorted(labels)
    assert all(one[1] + 15 < other[0] for one, other in pairwise(spans))
    assert spans[0][0] >= BAR_LEFT - 1
    assert spans[-1][1] <= BAR_LEFT + LENGTH + 1
    words = [span[2] for span in spans]
    assert {"0", "1"} <= set(words)
    (label,) = (text for text in words if text.startswith("threshold "))
    assert ("uncertain" in label) == (zone is not None)


def test_parts_of_the_bar_differ_by_shape_below_is_hollow_above_filled_the_zone_hatched() -> None:
    picture = answer_figure(answered(0.95, 0.5, zone=dataclass_zone(0.3, 0.7)), CONTRACT, LINE).astype(int).max(axis=-1)
    bar = picture[BAR_TOP : BAR_TOP + THICK]

    def part(low: float, high: float) -> np.ndarray:
        return bar[:, round(BAR_LEFT + LENGTH * low) : round(BAR_LEFT + LENGTH * high)]

    below, zone, above = part(0.05, 0.2), part(0.32, 0.45), part(0.8, 0.9)
    assert np.ptp(above) == 0
    assert below[0].min() > 150 > below[10:20].max()
    assert (np.diff((zone > 110).astype(int), axis=1) != 0).sum(axis=1).min() > 20
    assert np.ptp(below[10:20]) == 0
    assert above.min() > below[10:20].max() + 40


@pytest.mark.parametrize("score", [0.0, 0.004, 0.12, 0.5, 0.77, 0.996, 1.0])
def test_the_needle_points_to_the_score(score: float) -> None:
    picture = answer_figure(answered(score), CONTRACT, LINE)
    at = np.flatnonzero(picture[BAR_TOP - 30].min(axis=-1) > 200)
    assert abs((at[0] + at[-1] + 1) / 2 - (BAR_LEFT + LENGTH * score)) <= 1


@pytest.mark.parametrize("threshold", [0.001, 0.12, 0.5, 0.999])
def test_the_threshold_has_its_line(threshold: float) -> None:
    own = replace(CONTRACT, decision=Decision(threshold=threshold, rule="given"))
    picture = answer_figure(answered(0.7, threshold, threshold_from="contract"), own, LINE)
    at = np.flatnonzero((picture[BAR_TOP + THICK + 5].min(axis=-1)) > 200)
    assert abs((at[0] + at[-1] + 1) / 2 - (BAR_LEFT + LENGTH * threshold)) <= 1
    assert len(at) in (4, 5)
