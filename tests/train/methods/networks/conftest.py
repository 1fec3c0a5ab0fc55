"""Drawn maps of which every other one has a cold wall, and tasks on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.contract import Drawing, Preparation
from edgecad.polarmap.uptake.drawing import drawn
from edgecad_train.classes import CLASSES
from edgecad_train.data import Case, PreparedData
from edgecad_train.data.prepared import ScreenFacts
from edgecad_train.methods.task import MethodScans, Task
from edgecad_train.training.settings import Settings

DRAWING = Drawing(blur=0.0)
HOW = Preparation(size=64, input="uptake", drawing=DRAWING)
FITTED = 36
"""Of 48 scans, the first ones may be learnt from."""


def disc_of(
    of: Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]], size: int = 64
) -> NDArray[np.float32]:
    """A map `(size, size)` from a function of x, to the right, and y, upwards, as shares of the radius."""
    axis = (np.arange(size) - (size - 1) / 2) / (size / 2)
    x, y = np.meshgrid(axis, -axis)
    return np.asarray(of(x, y), np.float32)


def wall_map(rng: np.random.Generator, cold: bool) -> NDArray[np.float32]:
    """Uptake of about 70 percent with some noise; where it is cold the inferior wall has half of it."""
    depth = rng.uniform(25, 40) if cold else 0.0
    spread = disc_of(lambda x, y: 70 - depth * np.exp(-((x / 0.4) ** 2) - ((y + 0.6) / 0.3) ** 2))
    return np.asarray(spread + rng.normal(0, 4) + rng.normal(0, 2, spread.shape), np.float32).clip(0, 100)


@pytest.fixture(scope="session")
def scans() -> MethodScans:
    """48 maps of 64 pixels, a patient each."""
    rng = np.random.default_rng(5)
    labels = [CLASSES[number % 2] for number in range(48)]
    images = np.stack([drawn(wall_map(rng, label == CLASSES[0]), HOW.size, DRAWING) for label in labels])
    cases = tuple(Case(Path(f"{row}.png"), label, f"p{row:02d}") for row, label in enumerate(labels))
    facts = (ScreenFacts("png", HOW.size, HOW.size),) * len(cases)
    return MethodScans(PreparedData(cases, images, facts, "phantom", "0" * 64, (), (), HOW))


@pytest.fixture
def task(scans: MethodScans) -> Task:
    """Learn from the first scans, and tell of the others."""
    return task_on(scans)


def task_on(scans: MethodScans, seed: int = 3) -> Task:
    """The same with another seed or other scans."""
    return Task(scans, np.arange(FITTED), np.arange(FITTED, len(scans.truth)), Settings("mobilenetv2"), seed)
