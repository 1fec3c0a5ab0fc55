"""Phantoms against one real map, by the figures of `edgecad_train.phantoms.compare`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.compare import SIDE, fitted, statistics

COUNT = 60
HELD = (
    "sd over the disc",
    "autocorrelation, 16 pixels",
    "autocorrelation, 32 pixels",
    "autocorrelation, 64 pixels",
    "residual to a blur of 2 pixels",
)
"""Spread, smoothness and fine structure. Means are not held: phantoms are hotter than this one heart."""


@cache
def _drawn() -> tuple[dict[str, float], ...]:
    return tuple(statistics(percent_map(draw_patient(0, index)).astype(np.float64)) for index in range(COUNT))


def _is_among_phantoms(uptake: np.ndarray, name: str) -> bool:
    low, high = np.percentile([figures[name] for figures in _drawn()], [1, 99])
    return bool(low <= statistics(uptake)[name] <= high)


@pytest.fixture(scope="module")
def real(shared: Path) -> np.ndarray:
    path = shared / "real" / "polar_percent.npy"
    if not path.is_file():
        pytest.skip(f"no {path.name} among the real files")
    return fitted(np.load(path, allow_pickle=False).astype(np.float64))


@pytest.mark.shared
@pytest.mark.parametrize("name", HELD)
def test_the_real_map_lies_among_phantoms(real: np.ndarray, name: str) -> None:
    assert _is_among_phantoms(real, name)


def _wrong_maps() -> dict[str, tuple[np.ndarray, str]]:
    soft = percent_map(draw_patient(0, 0)).astype(np.float64)
    noise = np.random.default_rng(0).normal(0, 3, soft.shape)
    return {
        "noise by pixel": (soft + noise, "residual to a blur of 2 pixels"),
        "noise of few pixels": (70 + 60 * cv2.GaussianBlur(noise, (0, 0), 4), "autocorrelation, 16 pixels"),
        "a flat map": (np.full_like(soft, 80) + noise / 100, "sd over the disc"),
        "too smooth": (cv2.GaussianBlur(soft, (0, 0), 40), "residual to a blur of 2 pixels"),
    }


@pytest.mark.parametrize("kind", ["noise by pixel", "noise of few pixels", "a flat map", "too smooth"])
def test_a_map_of_another_kind_does_not(kind: str) -> None:
    uptake, name = _wrong_maps()[kind]
    assert not _is_among_phantoms(uptake, name)


def test_a_map_is_cropped_to_its_disc_before_it_is_judged() -> None:
    y, x = np.mgrid[0:300, 0:400]
    uptake = np.where(np.hypot(x - 220, y - 140) <= 100, 60.0, 0.0)
    got = fitted(uptake)
    assert got.shape == (SIDE, SIDE)
    assert got[SIDE // 2, 2] == got[2, SIDE // 2] == 60.0
    assert statistics(got)["mean, radius 0.9"] == pytest.approx(60.0)


def test_maps_are_percent_of_their_maximum() -> None:
    for index in range(8):
        uptake = percent_map(draw_patient(1, index), 256)
        assert uptake.dtype == np.float32
        assert 0 <= uptake.min() < 97 < uptake.max() <= 100
