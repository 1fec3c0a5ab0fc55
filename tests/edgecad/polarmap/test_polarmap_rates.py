"""How often the map check is right, with intervals: on screens that are no map, and on phantoms of every look."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace
from scipy.stats import binomtest

from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import prepare
from edgecad.preparing import prepared_from
from edgecad_train.phantoms import PALETTES, draw_patient, jpeg_bytes, render_screen

from .nonmaps import KINDS, Pixels

PREPARATION = Preparation(size=224)
SIZES = (0.5, 0.75, 1.0, 1.4)
"""Of a screen, times 1640 x 1068."""


def refused(screen: Pixels, way: str) -> str:
    """The reason; empty where the screen is taken, as pixels or as a JPEG that is looked at by halves."""
    try:
        if way == "pixels":
            prepare(screen, PREPARATION)
        else:
            prepared_from(jpeg_bytes(screen), replace(PREPARATION, halve_jpeg=True))
    except InputRefused as refusal:
        return refusal.reason
    return ""


def words(count: int, of: int) -> str:
    low, high = binomtest(count, of).proportion_ci(0.95, "exact")
    return f"{count} of {of}, {count / of:.1%} (95 % interval {low:.1%} to {high:.1%})"


def short_and_long(pixels: int, halved: int, long: int) -> list[Any]:
    """How many of each kind are looked at in which way: fewer by halves, which is the same judge on fewer pixels."""
    long_ones = [pytest.param(way, long, marks=pytest.mark.soak) for way in ("pixels", "halved-jpeg")]
    return [("pixels", pixels), ("halved-jpeg", halved), *long_ones]


@pytest.mark.parametrize(("way", "each"), short_and_long(pixels=21, halved=5, long=1000))
@pytest.mark.timeout(7200)
def test_of_screens_that_are_no_map_99_in_100_are_refused(each: int, way: str) -> None:
    taken = Counter(
        kind.__name__ for kind in KINDS for seed in range(each) if not refused(kind(np.random.default_rng(seed)), way)
    )
    drawn = each * len(KINDS)
    said = f"{words(drawn - sum(taken.values()), drawn)} refused; taken: {dict(taken)}"
    print(said)  # noqa: T201 - the figure itself
    assert len(KINDS) >= 12
    assert drawn >= 300 or way != "pixels"
    assert sum(taken.values()) <= 0.01 * drawn, said


@pytest.mark.parametrize(("way", "each"), short_and_long(pixels=40, halved=8, long=200))
@pytest.mark.timeout(7200)
def test_of_phantoms_of_every_table_and_size_at_most_2_in_100_are_refused(each: int, way: str) -> None:
    reasons: Counter[str] = Counter()
    drawn = 0
    for number, palette in enumerate(PALETTES):
        for index in range(each):
            patient = dataclasses.replace(draw_patient(500 + number, index), palette=palette)
            size = SIZES[index % len(SIZES)]
            how = cv2.INTER_AREA if size < 1 else cv2.INTER_CUBIC
            screen = cv2.resize(render_screen(patient), None, fx=size, fy=size, interpolation=how)
            drawn += 1
            reason = refused(np.ascontiguousarray(screen), way)
            if reason:
                reasons[f"{palette} x {size}: {reason}"] += 1
    said = f"{words(sum(reasons.values()), drawn)} refused: {dict(reasons)}"
    print(said)  # noqa: T201 - the figure itself
    assert sum(reasons.values()) <= 0.02 * drawn, said
