"""Colour tables: the known ones, what a table must be, and tables as files."""

from __future__ import annotations

import warnings
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgecad.colourtables import ColourTable
from edgecad.colourtables.files import MAX_BYTES, table_from_file, table_from_word, usable_table, usable_tables
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.contract import Drawing, Preparation
from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad.inference.choices import table_candidates
from edgecad.site import read_site

RAMP = ((0.0, 0, 0, 0), (50.0, 255, 0, 0), (100.0, 255, 255, 255))
PALETTES = {
    "hot-iron": "HOT_IRON", "pet": "PET", "hot-metal-blue": "HOT_METAL_BLUE", "pet-20-step": "PET_20_STEP",
    "spring": "SPRING", "summer": "SUMMER", "fall": "FALL", "winter": "WINTER",
}  # fmt: skip


@pytest.mark.parametrize("name", PALETTES)
def test_palettes_of_the_standard_are_those_that_pydicom_draws(name: str) -> None:
    pixels = pytest.importorskip("pydicom.pixels", reason="pydicom holds the standard's palettes: edgecad[dicom]")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it takes a palette's name for a UID
        entries = pixels.apply_color_lut(np.arange(256, dtype=np.uint8)[None], palette=PALETTES[name])[0]
    table = KNOWN_TABLES[name]
    if table.steps:
        changes = np.flatnonzero(np.r_[True, (np.diff(entries.astype(int), axis=0) != 0).any(axis=1)])
        np.testing.assert_array_equal(table.line()[1], entries[changes])
        assert np.abs(changes - np.arange(table.steps) * 256 / table.steps).max() < 1
    else:
        assert np.abs(table.colours_at(100 * np.arange(256) / 255) - entries.astype(float)).max() <= 1.6


@pytest.mark.parametrize("table", KNOWN_TABLES.values(), ids=lambda table: table.name)
def test_a_known_table_tells_where_it_is_from_and_survives_a_file(table: ColourTable, tmp_path: Path) -> None:
    assert table.source
    path = tmp_path / "table.json"
    path.write_text(json_from_struct(table))
    assert table_from_file(path) == table
    assert table_from_file(path).sha256 == table.sha256
    assert table_from_word(table.name) == table


@pytest.mark.parametrize("count", [64, 32, 20, 11])
def test_a_table_in_steps_has_the_colours_of_the_steps_middles(count: int) -> None:
    table = KNOWN_TABLES["rainbow"]
    stepped = table.in_steps(count)
    assert stepped.steps == count
    middles = 100 * (np.arange(count) + 0.5) / count
    assert np.abs(stepped.colours_at(middles) - table.colours_at(middles)).max() <= 0.5
    edges = stepped.colours_at(np.array([0.0, 99.99 / count, 100.01 / count, 100.0]))
    assert (edges[0] == edges[1]).all()
    assert (edges[1] != edges[2]).any()


def test_a_tables_digest_is_of_its_colours_and_not_of_its_name() -> None:
    one, other = (ColourTable(name=name, points=RAMP) for name in ("one", "other"))
    assert one.sha256 == other.sha256
    assert one.sha256 != ColourTable(name="one", points=(*RAMP[:2], (100.0, 255, 255, 254))).sha256
    assert one.sha256 != one.in_steps(20).sha256


@pytest.mark.parametrize("name", KNOWN_TABLES)
def test_a_table_that_comes_back_from_a_file_has_the_same_digest_and_the_same_words(name: str) -> None:
    table = KNOWN_TABLES[name]
    written = msgspec.json.encode(table)
    again = msgspec.json.decode(written, type=ColourTable)
    assert (again, again.sha256, msgspec.json.encode(again)) == (table, table.sha256, written)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (((0.0, 0, 0, 0), (40.0, 200, 0, 0), (60.0, 0, 0, 0), (100.0, 255, 255, 255)), "doubles back"),
        (((0.0, 0, 0, 0), (80.0, 255, 255, 255), (100.0, 255, 255, 255)), "doubles back"),
        (((0.0, 0, 0, 0), (100.0, 20, 0, 0)), "colours that differ"),
        (((10.0, 0, 0, 0), (100.0, 255, 255, 255)), "begins at 0"),
        (((0.0, 0, 0, 0), (60.0, 99, 0, 0), (50.0, 200, 0, 0), (100.0, 255, 255, 255)), "do not rise"),
        (((0.0, 0, 0, 0), (100.0, 256, 255, 255)), "not 0 to 255"),
        (((0.0, 0, 0, 0),), "1 points"),
    ],
)
def test_what_is_no_table_is_refused(points: tuple[tuple[float, int, int, int], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ColourTable(name="odd", points=points)


@pytest.mark.parametrize("name", ["", "Two Words", "../up", "x" * 65])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        ColourTable(name=name, points=RAMP)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no colour table"),
        (b"\x89PNG\r\n\x1a\n", "no colour table"),
        (b"[" * 100_000, "no colour table"),
        (b'{"name": "a", "points": [[0, 0, 0, 0], [100, 9, 9, 9]], "code": 1}', "no colour table"),
        (b" " * (MAX_BYTES + 1), "no colour table has"),
    ],
)
def test_a_file_that_is_no_table_says_so(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=message):
        table_from_file(path)


def test_a_word_that_is_neither_name_nor_file_lists_what_is_known() -> None:
    with pytest.raises(UsageError, match="known are warm, iron"):
        table_from_word("lava")
    with pytest.raises(UsageError, match="edgecad table learn"):
        table_from_word("lava.json")


def test_a_draft_is_for_a_person_to_look_at(tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    path.write_text(json_from_struct(ColourTable(name="draft", points=RAMP, draft=True)))
    assert table_from_word(path).draft
    uptake = Preparation(size=224, input="uptake", drawing=Drawing())
    for named in (lambda: usable_table(path), lambda: table_candidates(uptake, (), [table_from_word(path)])):
        with pytest.raises(UsageError, match=r"the colour table .*draft(\.json)? is a draft"):
            named()
    with pytest.raises(ValueError, match="the colour table draft is a draft"):
        msgspec.structs.replace(uptake, tables=(table_from_word(path),))


def test_a_sites_relative_path_starts_beside_its_file(tmp_path: Path) -> None:
    (tmp_path / "ours.json").write_text(json_from_struct(ColourTable(name="ours", points=RAMP)))
    assert usable_table("ours.json", tmp_path).name == "ours"
    assert usable_table("warm", tmp_path) is KNOWN_TABLES["warm"]


def test_two_different_tables_of_one_name_cannot_be_told_apart_in_records(tmp_path: Path) -> None:
    path, site = tmp_path / "warm.json", tmp_path / "site.toml"
    path.write_text(json_from_struct(ColourTable(name="warm", points=RAMP)))
    site.write_text('[colours]\ntables = ["warm", "warm.json"]\n')
    uptake = Preparation(size=224, input="uptake", drawing=Drawing())
    for named in (
        lambda: usable_tables(["warm", path]),
        lambda: read_site(site),
        lambda: table_candidates(uptake, (), ["warm", path]),
        lambda: table_candidates(uptake, (), [KNOWN_TABLES["warm"], path]),
    ):
        with pytest.raises(UsageError, match="two different colour tables are called warm; give one another name"):
            named()
    with pytest.raises(ValueError, match="two different colour tables have one name"):
        msgspec.structs.replace(uptake, tables=(KNOWN_TABLES["warm"], table_from_word(path)))


def test_the_same_table_may_be_named_twice(tmp_path: Path) -> None:
    path = tmp_path / "warm.json"
    path.write_text(json_from_struct(msgspec.structs.replace(KNOWN_TABLES["warm"], source="our own viewer")))
    assert usable_tables(["warm", path, "warm", "iron"]) == (KNOWN_TABLES["warm"], KNOWN_TABLES["iron"])
