"""Half of a map may be low: severe disease of three vessels is read, and still no map is read the other way round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import TableCandidates, prepare
from edgecad.polarmap.segments import disc_coordinates

pytest.importorskip("edgecad_train.phantoms", reason="phantoms draw the screens: edgecad[train]")
from edgecad_train.phantoms import Defect, draw_patient, percent_map
from edgecad_train.phantoms.imitations import DrawnBar, ImitatedLayout, render_layout

Reading = Callable[..., Preparation]
TABLES = ("warm", "iron", "rainbow", "grey")
BAR = DrawnBar()


def severe_map(severity: float) -> NDArray[np.float32]:
    """A phantom with a large defect in each artery's territory."""
    places = {"LAD": 115.0, "RCA": 245.0, "LCx": 0.0}
    defects = tuple(
        Defect(territory, 0.5, angle, 0.55, 0.42, severity, 0.2, 0.05, 0.0)  # type: ignore[arg-type]
        for territory, angle in places.items()
    )
    return percent_map(replace(draw_patient(31, 1), defects=defects))


def screen_of(percent: NDArray[np.float32], table: ColourTable, bar: DrawnBar | None = None) -> NDArray[np.uint8]:
    return render_layout(percent, table, ImitatedLayout("plain", "plain", bar=bar, room=(60, 60, 60, 60)))


def median_of(percent: NDArray[np.float32]) -> float:
    return float(np.median(percent[disc_coordinates(len(percent))[0] < 1]))


def inverse_of(table: ColourTable) -> ColourTable:
    points = tuple((100 - level, *colour) for level, *colour in reversed(table.points))
    return ColourTable(name=f"{table.name}-inverse", points=points)  # type: ignore[arg-type]


SEVERE = severe_map(0.89)


def test_the_severe_map_is_low_in_half_of_its_disc() -> None:
    assert 41 < median_of(SEVERE) < 49


@pytest.mark.parametrize("bar", [None, BAR], ids=["bare", "bar"])
@pytest.mark.parametrize("name", TABLES[:3])
def test_a_severe_map_is_read(name: str, bar: DrawnBar | None, reading: Reading) -> None:
    table = KNOWN_TABLES[name]
    found = prepare(screen_of(SEVERE, table, bar), reading(*(KNOWN_TABLES[own] for own in TABLES)))
    assert found.uptake is not None
    assert found.reading is not None
    assert found.reading.table == name
    assert np.nanmean(np.abs(found.uptake - cv2.resize(SEVERE, found.uptake.shape))) < 0.7


def test_in_grey_a_severe_map_may_be_its_inverse_until_somebody_says(reading: Reading) -> None:
    grey = KNOWN_TABLES["grey"]
    screen = screen_of(SEVERE, grey)
    with pytest.raises(InputRefused, match="inverted-grey both explain") as refused:
        prepare(screen, reading(grey))
    assert refused.value.reason == "table-ambiguous"
    named = prepare(screen, reading(grey), candidates=TableCandidates((grey,), user=(grey,)))
    assert named.uptake is not None


@pytest.mark.parametrize("index", range(4))
@pytest.mark.parametrize("name", TABLES[:3])
def test_a_map_in_the_inverse_of_a_table_is_not_read_as_a_severe_one(name: str, index: int, reading: Reading) -> None:
    table = KNOWN_TABLES[name]
    inverse = inverse_of(table)
    screen = screen_of(percent_map(draw_patient(31, index)), inverse)
    with pytest.raises(InputRefused):
        prepare(screen, reading(table))
