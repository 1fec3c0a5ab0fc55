"""The colour tables of a set of scans: named, or told by the scans together; and what is left out is said."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from edgecad.colourtables.known import known_table
from edgecad.contract import MapPlace
from edgecad.polarmap import TableCandidates
from edgecad_train.data import Case, PreparedData, parse_input, preparation_for, read_cases
from edgecad_train.options import InputOptions
from edgecad_train.phantoms import draw_patient, render_screen
from edgecad_train.phantoms.imitations import ImitatedLayout, render_layout, screen_bytes
from edgecad_train.phantoms.uptake import percent_map

Drawn = Callable[..., list[Case]]
SIZE = 64


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Screens of phantoms without a bar: so many in each table, `drawn(jet=3)`, patients counted from `first`."""

    def draw(first: int = 0, **counts: int) -> list[Case]:
        folder, cases = tmp_path_factory.mktemp("drawn"), []
        names = [name.replace("_", "-") for name, count in counts.items() for _ in range(count)]
        for number, name in enumerate(names, start=first):
            patient = draw_patient(7, number)
            layout = dataclasses.replace(patient.layout, colour_bar=False)
            screen = render_screen(dataclasses.replace(patient, palette=name, layout=layout))
            path = folder / f"{number}-{name}.png"
            cv2.imwrite(str(path), cv2.cvtColor(screen, cv2.COLOR_RGB2BGR))
            cases.append(Case(path, "CAD" if number % 2 else "nonCAD", str(number)))
        return cases

    return draw


def read(cases: list[Case], *tables: str, input: str = "uptake") -> PreparedData:  # noqa: A002
    return read_cases(cases, preparation_for(parse_input(InputOptions(input=input, table=list(tables))), SIZE, cases))  # type: ignore[arg-type]


def names(data: PreparedData) -> list[str]:
    return [table.name for table in data.preparation.tables]


def reasons(data: PreparedData) -> Counter[str]:
    return Counter(entry.reason for entry in data.refused)


def test_scans_tell_their_tables_and_the_contract_will_hold_them_commonest_first(drawn: Drawn) -> None:
    cases = drawn(warm=2, rainbow=4, iron=3)
    data = read(cases)
    assert names(data) == ["rainbow", "iron", "warm"]
    assert [reading.table for reading in data.readings] == [case.path.stem.partition("-")[2] for case in data.cases]
    assert {reading.chosen_by for reading in data.readings} == {"contract"}
    assert not data.refused
    assert data.preparation == msgspec.structs.replace(
        preparation_for(parse_input(InputOptions()), SIZE, cases), tables=data.preparation.tables
    )


def test_colours_as_input_have_no_table(drawn: Drawn) -> None:
    cases = drawn(warm=2)
    data = read(cases, input="rgb")
    assert (data.readings, data.ambiguous) == ((), ())
    assert data.preparation == preparation_for(parse_input(InputOptions(input="rgb")), SIZE, cases)


def test_a_scan_that_two_tables_explain_is_read_through_the_one_that_the_others_tell(drawn: Drawn) -> None:
    cases = drawn(jet=12)
    told: list[int] = []
    data = read_cases(
        cases, preparation_for(parse_input(InputOptions()), SIZE, cases), lambda done, _: told.append(done)
    )
    assert (len(data.cases), names(data)) == (12, ["jet"])
    # Both kinds are among them: some that jet alone explains, and some that lie on a hot table as well.
    assert 0 < len(data.ambiguous) < 12
    assert set(data.ambiguous) < {case.path for case in cases}
    assert {reading.chosen_by for reading in data.readings} == {"contract"}
    assert told == [*range(1, 13), *range(1, 13)]
    alone = read([case for case in cases if case.path in data.ambiguous])
    assert reasons(alone) == {"table-ambiguous": len(data.ambiguous)}


def test_a_scan_that_two_of_the_told_tables_explain_is_left_out(drawn: Drawn) -> None:
    ambiguous = read(drawn(jet=12)).ambiguous
    both = [*drawn(jet=12), *drawn(12, hot_iron=4)]
    data = read(both)
    assert set(names(data)) == {"jet", "hot-iron"}
    assert reasons(data) == {"table-ambiguous": len(ambiguous)}
    assert all("--table" in entry.message for entry in data.refused)
    assert {entry.path.name for entry in data.refused} == {path.name for path in ambiguous}


def test_tables_that_were_named_are_all_there_are(drawn: Drawn) -> None:
    cases = [*drawn(jet=6), *drawn(6, rainbow=2)]
    data = read(cases, "jet", "pet")
    assert names(data) == ["jet"]
    assert {reading.chosen_by for reading in data.readings} == {"user"}
    assert reasons(data) == {"table-unknown": 2}
    assert {entry.path.name for entry in data.refused} == {"6-rainbow.png", "7-rainbow.png"}


def test_a_table_that_nobody_knows_is_said_with_the_next_step(drawn: Drawn, tmp_path: Path) -> None:
    cases = drawn(warm=2)
    for case in cases:  # blue in place of red, and red in place of blue
        cv2.imwrite(str(case.path), np.asarray(cv2.imread(str(case.path)))[..., ::-1])
    data = read(cases)
    assert (data.cases, names(data)) == ((), [])
    assert reasons(data) == {"table-unknown": 2}
    assert all("edgecad table learn" in entry.message for entry in data.refused)
    turned = msgspec.structs.replace(
        known_table("warm"), name="turned", points=tuple((p, b, g, r) for p, r, g, b in known_table("warm").points)
    )
    (tmp_path / "turned.json").write_bytes(msgspec.json.encode(turned))
    again = read(cases, str(tmp_path / "turned.json"))
    assert (len(again.cases), again.preparation.tables) == (2, (turned,))


def test_inverted_grey_counts_only_where_it_is_named(drawn: Drawn) -> None:
    cases = [*drawn(grey=2), *drawn(2, inverted_grey=2)]
    data = read(cases)
    assert (names(data), reasons(data)) == (["grey"], {"table-unknown": 2})
    assert names(read(cases[2:], "inverted-grey")) == ["inverted-grey"]


def test_what_is_read_again_through_the_tables_that_were_told_is_the_same(drawn: Drawn) -> None:
    """A run that is resumed knows its tables from the start."""
    cases = [*drawn(jet=8), *drawn(8, grey=2)]
    data = read(cases)
    again = read_cases(cases, data.preparation)
    assert (again.sha256, again.preparation) == (data.sha256, data.preparation)
    assert np.array_equal(again.images, data.images)


def test_a_model_is_judged_as_the_runtime_reads(drawn: Drawn) -> None:
    cases = drawn(jet=12)
    preparation = read(cases).preparation
    judged = read_cases(cases, preparation, candidates=TableCandidates(contract=preparation.tables))
    assert reasons(judged) == {"table-ambiguous": len(read(cases).ambiguous)}
    assert judged.preparation == preparation


def test_the_number_of_workers_changes_nothing(drawn: Drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [*drawn(jet=6), *drawn(6, warm=3), *drawn(9, iron=3)]
    found = []
    for workers in (1, 4):
        monkeypatch.setattr("edgecad_train.data.reading.MAX_WORKERS", workers)
        monkeypatch.setattr("os.cpu_count", lambda: 8)
        found.append(read(cases))
    one, four = found
    assert (one.preparation, one.readings, one.sha256) == (four.preparation, four.readings, four.sha256)
    assert np.array_equal(one.images, four.images)


def test_the_map_of_several_that_was_named_is_learnt_from(tmp_path: Path) -> None:
    percent, table = percent_map(draw_patient(7, 3), 256), known_table("warm")
    cases = []
    for number in (1, 2):
        layout = ImitatedLayout(name="two", kind="maps", maps=MapPlace(number=number, count=2))
        path = tmp_path / f"{number}.png"
        path.write_bytes(screen_bytes(render_layout(percent, table, layout), layout))
        cases.append(Case(path, "CAD", str(number)))
    bare = ImitatedLayout(name="one", kind="bare")
    (tmp_path / "bare.png").write_bytes(screen_bytes(render_layout(percent, table, bare), bare))
    alone = read([Case(tmp_path / "bare.png", "CAD", "bare")]).images[0]
    for words, shown in (("1/2", 0), ("2/2", 1)):
        data = read_cases(cases, preparation_for(parse_input(InputOptions(map=words)), SIZE, cases))
        assert str(data.preparation.map) == words
        off = [float(np.abs(image.astype(int) - alone).mean()) for image in data.images]
        assert off[shown] < 4
        assert off[1 - shown] > 8
    (refused, _) = read(cases).refused
    assert refused.reason == "several-maps"
    assert "--map" in refused.message
