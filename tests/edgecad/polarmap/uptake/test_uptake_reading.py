"""Uptake read from colours: right through every table, and refused where the table is not sure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Preparation
from edgecad.errors import InputRefused
from edgecad.polarmap import Objections, PreparedMap, TableCandidates, prepare
from edgecad.polarmap.segments import segment_means
from edgecad.polarmap.uptake.lookup import TableLookup

Pixels = NDArray[np.uint8]
Screens = Callable[..., Pixels]
Truth = Callable[[int], NDArray[np.float32]]
Reading = Callable[..., Preparation]

CONTINUOUS = [table for table in KNOWN_TABLES.values() if table.steps is None]
TWINS = {"winter", "inverted-grey", "linear-grey"}
"""Winter lies on jet and on hot iron wholly; inverted grey is grey."""
OURS = ColourTable(
    name="ours", points=((0.0, 0, 20, 30), (30.0, 10, 80, 40), (70.0, 90, 200, 160), (100.0, 230, 250, 255))
)


def error_of(found: PreparedMap, truth: NDArray[np.float32]) -> float:
    """Mean distance of uptake to what was drawn, percent."""
    assert found.uptake is not None
    return float(np.nanmean(np.abs(found.uptake - cv2.resize(truth, found.uptake.shape))))


@pytest.mark.parametrize("quality", [None, 75])
@pytest.mark.parametrize("table", [*CONTINUOUS, OURS], ids=lambda table: table.name)
def test_uptake_is_read_through_every_table(
    table: ColourTable, quality: int | None, screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    screen = screen_in(1, table, quality=quality)
    named = TableCandidates(user=(table,)) if table.name in TWINS else None
    if table.name == "inverted-grey":
        pytest.skip("its map is dark at the rim, on a dark ground: drawn on a bright one below")
    found = prepare(screen, reading(table), candidates=named)
    assert found.reading is not None
    assert (found.reading.table, found.reading.steps) == (table.name, None)
    assert found.reading.sha256 == table.sha256
    assert error_of(found, true_uptake(1)) < 0.5
    assert found.overlay_share < 0.05


def test_each_segments_mean_is_that_of_what_was_drawn(screen_in: Screens, true_uptake: Truth, reading: Reading) -> None:
    found = prepare(screen_in(2, OURS), reading(OURS))
    assert found.uptake is not None
    truth = cv2.resize(true_uptake(2), found.uptake.shape)
    expected = segment_means(np.where(np.isfinite(found.uptake), truth, np.float32(np.nan)))
    assert np.abs(segment_means(found.uptake) - expected).max() < 0.5


def test_who_chose_a_table_is_told(screen_in: Screens, reading: Reading) -> None:
    how, screen = reading(KNOWN_TABLES["warm"]), screen_in(3, OURS)
    for chosen_by, candidates in (
        ("user", TableCandidates(how.tables, user=(OURS,))),
        ("site", TableCandidates(how.tables, site=(OURS,))),
        ("contract", TableCandidates((*how.tables, OURS))),
        ("user", TableCandidates((OURS,), (OURS,), (OURS,))),
    ):
        found = prepare(screen, how, candidates=candidates)
        assert found.reading is not None
        assert (found.reading.table, found.reading.chosen_by) == ("ours", chosen_by)


def test_a_table_that_nobody_named_is_refused_with_the_next_step(screen_in: Screens, reading: Reading) -> None:
    with pytest.raises(InputRefused, match=r"edgecad table learn.*--table") as refused:
        prepare(screen_in(3, OURS), reading(KNOWN_TABLES["warm"], KNOWN_TABLES["grey"]))
    assert refused.value.reason == "table-unknown"


def test_a_known_table_that_is_no_candidate_is_refused_by_its_name(screen_in: Screens, reading: Reading) -> None:
    with pytest.raises(InputRefused, match="hot-iron would explain") as refused:
        prepare(screen_in(3, KNOWN_TABLES["hot-iron"]), reading(KNOWN_TABLES["grey"]))
    assert refused.value.reason == "table-unknown"


def test_two_tables_that_tell_of_two_maps_are_refused_until_somebody_says_which(
    screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    """Whatever is drawn in winter lies on the upper end of jet as well, with other levels."""
    winter, jet = KNOWN_TABLES["winter"], KNOWN_TABLES["jet"]
    screen = screen_in(4, winter)
    for candidates in (
        TableCandidates((winter,)), TableCandidates((jet,)), TableCandidates((winter, jet)),
        TableCandidates((jet,), site=(winter,)), TableCandidates((jet,), user=(winter, jet)),
    ):  # fmt: skip
        with pytest.raises(InputRefused, match=r"both explain the colours") as refused:
            prepare(screen, reading(), candidates=candidates)
        assert refused.value.reason == "table-ambiguous"
    found = prepare(screen, reading(), candidates=TableCandidates((jet,), user=(winter,)))
    assert error_of(found, true_uptake(4)) < 0.5


def inverted_on_white(screen: Pixels) -> Pixels:
    return np.asarray(255 - screen, np.uint8)


def test_an_inverted_map_is_never_read_the_other_way_round(
    screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    """Grey, inverted as pixels: the table runs the other way, and so does the ground."""
    linear = ColourTable(name="linear-grey", points=((0.0, 0, 0, 0), (100.0, 255, 255, 255)))
    screen = inverted_on_white(screen_in(5, linear))
    with pytest.raises(InputRefused, match="runs the other way") as refused:
        prepare(screen, reading(linear))
    assert refused.value.reason == "table-unknown"
    inverted = KNOWN_TABLES["inverted-grey"]
    found = prepare(screen, reading(linear), candidates=TableCandidates((linear,), user=(inverted,)))
    assert error_of(found, true_uptake(5)) < 0.5


def test_who_insists_gets_the_nearest_table_and_the_objection(screen_in: Screens, reading: Reading) -> None:
    objections = Objections(insisted=True)
    found = prepare(screen_in(3, KNOWN_TABLES["hot-iron"]), reading(KNOWN_TABLES["grey"]), objections)
    assert found.reading is not None
    assert found.reading.table == "hot-iron"
    assert any("none of the tables" in each for each in objections.gathered)


@pytest.mark.parametrize("table", CONTINUOUS, ids=lambda table: table.name)
def test_a_lookup_reads_noisy_colours_as_near_as_the_tables_slope_allows(table: ColourTable) -> None:
    draw = np.random.default_rng(0)
    levels = draw.uniform(0, 100, 4000)
    colours = (table.colours_at(levels) + draw.normal(0, 1, (4000, 3))).round().clip(0, 255).astype(np.uint8)
    read, apart = TableLookup(table).read(colours)
    assert np.abs(read - levels).mean() < 0.6
    assert apart.mean() < 2.5


def test_threads_that_fill_one_lookup_read_what_one_thread_reads() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (40_000, 3), dtype=np.uint8)
    parts = np.array_split(colours, 16)
    alone, shared = TableLookup(OURS), TableLookup(OURS)
    expected = [alone.read(part) for part in parts]
    with ThreadPoolExecutor(8) as pool:
        for one, other in zip(expected, pool.map(shared.read, parts), strict=True):
            np.testing.assert_array_equal(one[0], other[0])
            np.testing.assert_array_equal(one[1], other[1])


def with_bar(screen: Pixels, table: ColourTable, low: float) -> Pixels:
    """A bar of levels from `low` to 100 percent, beside the map."""
    wide = np.concatenate([screen, np.zeros_like(screen[:, :160])], axis=1)
    levels = np.linspace(100, low, 360)
    wide[100:460, -110:-80] = np.rint(table.colours_at(levels)).astype(np.uint8)[:, None]
    return wide


@pytest.mark.parametrize("name", ["pet", "jet", "hot-metal-blue"])
def test_a_bar_that_shows_a_part_of_a_known_table_is_no_scale(
    name: str, screen_in: Screens, true_uptake: Truth, reading: Reading
) -> None:
    table = KNOWN_TABLES[name]
    screen, asked = screen_in(3, table), reading(KNOWN_TABLES["grey"])
    whole = prepare(with_bar(screen, table, 0), asked)
    assert whole.reading is not None
    assert whole.reading.chosen_by == "bar"
    assert error_of(whole, true_uptake(3)) < 0.7
    with pytest.raises(InputRefused, match=f"to 100 % of the table {name}: it is cut off") as refused:
        prepare(with_bar(screen, table, 40), asked)
    assert refused.value.reason == "table-ambiguous"
    said = prepare(with_bar(screen, table, 40), asked, None, TableCandidates(user=(table,)))
    assert error_of(said, true_uptake(3)) < 0.7
