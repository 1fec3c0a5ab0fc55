"""The canonical drawing: one for every table, without an edge at the rim, and read back within a level."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args, get_type_hints

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Drawing, Preparation
from edgecad.errors import ModelInvalid
from edgecad.frozen import json_from_struct, struct_from_json
from edgecad.polarmap import TableCandidates, input_mask, prepare
from edgecad.polarmap.uptake.drawing import drawn, mirrored, uptake_of

Screens = Callable[..., NDArray[np.uint8]]
Truth = Callable[[int], NDArray[np.float32]]
Reading = Callable[..., Preparation]
LEVEL = 100 / 255


@pytest.mark.parametrize("size", [96, 224, 299, 380])
@pytest.mark.parametrize("table", get_args(get_type_hints(Drawing)["table"]))
def test_a_drawing_is_read_back_within_a_level(table: str, size: int, true_uptake: Truth) -> None:
    uptake = mirrored(cv2.resize(true_uptake(7), (256, 256)), 2.0)
    image = drawn(uptake, size, Drawing(table=table, blur=0, beyond="mirrored"))
    back = uptake_of(image, Drawing(table=table, blur=0, beyond="mirrored"))
    expected = cv2.resize(uptake, (size, size), interpolation=cv2.INTER_AREA if size < 128 else cv2.INTER_LINEAR)
    assert np.abs(back - expected).max() < 0.6 * LEVEL


def test_one_patient_is_one_drawing_in_every_table(screen_in: Screens, reading: Reading) -> None:
    """The colours of the screen are gone from what the network sees."""
    named = ("warm", "iron", "rainbow", "grey", "hot-iron", "pet", "hot-metal-blue", "jet")
    tables = [KNOWN_TABLES[name] for name in named]
    images = [
        prepare(screen_in(8, table, quality=90), reading(), candidates=TableCandidates(user=(table,))).image
        for table in tables
    ]
    levels = [uptake_of(image, Drawing()) for image in images]
    apart = [float(np.abs(one - levels[0]).mean()) for one in levels]
    assert max(apart) < LEVEL


def test_mirrored_across_the_rim_there_is_no_edge_and_black_has_one(screen_in: Screens, reading: Reading) -> None:
    screen = screen_in(9, KNOWN_TABLES["warm"])
    steepest = {}
    for beyond in ("mirrored", "black"):
        how = reading(KNOWN_TABLES["warm"], beyond=beyond)
        assert how.drawing is not None
        levels = uptake_of(prepare(screen, how).image, how.drawing)
        steepest[beyond] = float(np.abs(np.diff(levels, axis=1)).max())
    assert steepest["mirrored"] < 3
    assert steepest["black"] > 30


def test_uptake_is_known_in_the_disc_alone_and_is_not_blurred(screen_in: Screens, reading: Reading) -> None:
    found = prepare(screen_in(9, KNOWN_TABLES["warm"]), reading(KNOWN_TABLES["warm"]))
    assert found.uptake is not None
    np.testing.assert_array_equal(np.isfinite(found.uptake), input_mask(224, "polar-map"))
    blurred = uptake_of(found.image, Drawing())
    inside = np.isfinite(found.uptake)
    assert float(np.abs(blurred - found.uptake)[inside].mean()) > 0.02
    assert float(np.nanmax(found.uptake)) <= 100


def test_a_table_of_fewer_colours_than_levels_draws_nothing() -> None:
    """The phantoms' grey has 120 levels below 50 %."""
    text = json_from_struct(Drawing()).replace("hot-iron", "grey")
    with pytest.raises(ModelInvalid, match="grey"):
        struct_from_json(text, Drawing, "the drawing", "train again")
