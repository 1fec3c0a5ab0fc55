"""Every kind of non-map draws, anew from each seed and alike from the same; the rule of building and judging holds."""

from __future__ import annotations

import hashlib
from collections import Counter

import numpy as np
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import TableCandidates
from edgecad.preparing import prepare_screen, read_for
from edgecad_train.phantoms import PALETTES
from edgecad_train.phantoms.nonmaps import BUILDING, KEPT, TELLABLE, UNTELLABLE, NonMap, shown
from edgecad_train.phantoms.nonmaps.canvas import SIDE
from edgecad_train.phantoms.nonmaps.showing import OTHER_TABLES

TABLES = tuple(map(known_table, PALETTES))
PREPARATION = Preparation(size=224, input="uptake", tables=TABLES, drawing=Drawing())
NAMED = {kind.name: kind for kind in (*TELLABLE, *UNTELLABLE)}
REFUSED_BY_PREPARATION = (
    "vertical-long-axis", "coronary-angiogram", "segment-strain", "bone", "fundus-in-colour", "pie-in-colours",
    "dartboard", "maze", "noise-white", "head-ct", "half-transparent-window", "display-window-below", "pixelated",
    "ellipse", "many-sided-map", "page-of-text",
)  # fmt: skip


def refused(kind: NonMap, seed: int) -> str:
    """The reason; empty where preparation takes the picture."""
    picture = shown(kind, seed)
    candidates = TableCandidates(contract=TABLES, user=(picture.table,) if picture.given else ())
    try:
        prepare_screen(read_for(PREPARATION, picture.file()), PREPARATION, candidates=candidates)
    except InputRefused as refusal:
        return refusal.reason
    return ""


def test_kinds_are_many_and_parted_by_the_rule() -> None:
    assert len(NAMED) == len(TELLABLE) + len(UNTELLABLE)
    assert len(TELLABLE) >= 100
    assert set(BUILDING) | set(KEPT) == set(TELLABLE)
    assert not set(BUILDING) & set(KEPT)
    for kind in TELLABLE:
        even = hashlib.sha256(kind.name.encode()).hexdigest()[0] in "02468ace"
        assert kind.for_building == even == (kind in BUILDING)
    assert 0.35 * len(TELLABLE) <= len(KEPT) <= 0.65 * len(TELLABLE)
    families = {part: Counter(kind.family for kind in kinds) for part, kinds in (("b", BUILDING), ("k", KEPT))}
    assert set(families["b"]) == set(families["k"]), "every family has kinds to build with and kinds to judge with"


@pytest.mark.parametrize("family", sorted({kind.family for kind in NAMED.values()}))
def test_every_kind_draws_and_differs_between_seeds(family: str) -> None:
    for kind in (each for each in NAMED.values() if each.family == family):
        first, second = (kind.draw(kind.rng(seed), TABLES[0]) for seed in (0, 1))
        for drawn in (first, second):
            assert np.isfinite(drawn).all(), kind.name
            if kind.shows == "disc":
                assert drawn.shape in ((SIDE, SIDE), (SIDE, SIDE, 3)), kind.name
            assert drawn.ndim == 2 or drawn.dtype == np.uint8, kind.name
            assert drawn.ndim == 3 or (drawn.min() > -60 and drawn.max() < 170), f"{kind.name} is no percent"
        assert first.shape != second.shape or not np.array_equal(first, second), kind.name


def test_the_same_seed_gives_the_same_picture() -> None:
    kinds = list(NAMED.values())[::12]
    first = [shown(kind, 3).file() for kind in kinds]
    again = [shown(kind, 3).file() for kind in reversed(kinds)]
    assert first == again[::-1]


def test_pictures_stand_in_tables_of_training_and_in_others_that_can_be_known() -> None:
    kind = NAMED["flat"]
    pictures = [shown(kind, seed) for seed in range(80)]
    assert {picture.table.name for picture in pictures} == {*PALETTES, *OTHER_TABLES}
    for picture in pictures:
        own = picture.table.name in PALETTES
        assert own or picture.given or picture.layout.bar is not None
        assert not (own and picture.given)
    assert len({picture.layout.diameter for picture in pictures}) > 20
    assert {picture.layout.quality for picture in pictures} == {None, 95, 92, 85, 75}


@pytest.mark.parametrize("name", REFUSED_BY_PREPARATION)
def test_preparation_alone_refuses(name: str) -> None:
    assert NAMED[name] in BUILDING, "tests look at kinds for building"
    assert refused(NAMED[name], 0)


def test_a_kind_that_cannot_be_told_is_a_map_like_others() -> None:
    assert not refused(NAMED["mirrored"], 1), "what is not to be told must look like a map, or it is told"
