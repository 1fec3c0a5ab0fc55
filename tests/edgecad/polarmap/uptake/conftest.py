"""Screens of phantoms in any table, and the uptake that was drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.contract import Drawing, Preparation

Pixels = NDArray[np.uint8]
SIZE = 224


@pytest.fixture(scope="session")
def true_uptake() -> Callable[[int], NDArray[np.float32]]:
    """Uptake of phantom number n, `(512, 512)` percent."""
    phantoms: Any = pytest.importorskip("edgecad_train.phantoms", reason="phantoms draw the screens: edgecad[train]")
    return lambda number: phantoms.percent_map(phantoms.draw_patient(31, number))


@pytest.fixture(scope="session")
def screen_in(true_uptake: Callable[[int], NDArray[np.float32]]) -> Callable[..., Pixels]:
    """A black screen with phantom number n in a table, its disc `diameter` wide; `quality` of a JPEG, or None."""

    def drawn(number: int, table: ColourTable, diameter: int = 420, quality: int | None = None) -> Pixels:
        uptake = cv2.resize(true_uptake(number), (diameter, diameter), interpolation=cv2.INTER_AREA)
        screen = np.zeros((diameter + 120, diameter + 260, 3), np.uint8)
        axis = np.arange(diameter) - (diameter - 1) / 2
        inside = axis[:, None] ** 2 + axis[None, :] ** 2 <= (diameter / 2) ** 2
        colours = np.rint(table.colours_at(uptake)).astype(np.uint8)
        screen[60 : 60 + diameter, 130 : 130 + diameter][inside] = colours[inside]
        if quality is None:
            return screen
        encoded = cv2.imencode(".jpg", screen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.ascontiguousarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1])

    return drawn


@pytest.fixture
def reading() -> Callable[..., Preparation]:
    """A preparation that reads uptake through these tables."""

    def made(*tables: ColourTable, size: int = SIZE, **drawing: Any) -> Preparation:
        return Preparation(size=size, input="uptake", tables=tables, drawing=Drawing(**drawing))

    return made
