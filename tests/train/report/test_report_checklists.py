"""reporting-checklist.html: every item once, each place there, and nothing claimed that a run cannot know."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

from edgecad.contract import Openings
from edgecad_train.report.checklists.claim import CLAIM
from edgecad_train.report.checklists.item import AnsweredItem, Fact, ReportingItem, answered
from edgecad_train.report.checklists.of_run import facts_of_run
from edgecad_train.report.checklists.page import CHECKLIST, checklist_page, counts_of
from edgecad_train.report.checklists.tripod import TRIPOD_AI
from edgecad_train.report.html import NAME
from edgecad_train.report.page import SECTIONS, names_of, write_report
from edgecad_train.runs.reading import RunFiles, read_run


def _numbers(words: str) -> list[str]:
    return words.split()


TRIPOD_NUMBERS = _numbers(
    "1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 18a 18b 18c "
    "18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c"
)
"""Of Collins et al. 2024, table 2: 27 items, 52 with their parts."""
UNKNOWABLE = {
    "TRIPOD+AI": _numbers("3a 3c 5b 6a 6c 8a 8b 8c 14 17 18a 18b 18c 18d 18e 19 25 27b 27c"),
    "CLAIM": _numbers("2 4 5 11 13 14 15 16 17 18 34 44"),
}
"""Reference standard, ethics, funding, registration and the like: nothing in a run's files can report these whole."""
NEVER_TOLD = {
    "TRIPOD+AI": _numbers("3a 3c 5b 6c 8b 8c 14 17 18a 18b 18c 18d 19 25 27b 27c"),
    "CLAIM": _numbers("2 4 5 11 13 15 16 17 34 44"),
}
"""Of these a run does not even know a part."""


class _Page(HTMLParser):
    """Links, anchors, and first cells of rows by table."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.tags: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        self.links += [str(found["href"])] if tag == "a" else []
        self.anchors |= {str(found["id"])} if "id" in found else set()


def _answered(folder: Path, kind: str = "run") -> dict[str, dict[str, AnsweredItem]]:
    run = read_run(folder)
    facts = facts_of_run(run, names_of(run))
    return {
        name: {one.item.number: one for one in answered(items, facts, kind)}  # type: ignore[arg-type]
        for name, items in (("TRIPOD+AI", TRIPOD_AI), ("CLAIM", CLAIM))
    }


def test_every_item_is_there_once_and_in_order() -> None:
    assert [item.number for item in TRIPOD_AI] == TRIPOD_NUMBERS
    assert [item.number for item in CLAIM] == [str(number) for number in range(1, 45)]


def test_items_of_one_kind_of_study_are_those_of_the_guideline() -> None:
    by_kind = {kind: [item.number for item in TRIPOD_AI if item.applies == kind] for kind in ("D", "E")}
    assert by_kind == {"D": _numbers("9a 12a 12b 12c 15 22 27a 27b"), "E": _numbers("12f 12g 20c 24")}


@pytest.mark.parametrize("which", ["plain_run", "folds_run"])
def test_the_page_has_a_row_for_every_item(which: str, request: pytest.FixtureRequest) -> None:
    source = (request.getfixturevalue(which) / CHECKLIST).read_text()
    tripod, claim = source.split('<section id="claim">')
    assert re.findall(r'<th scope="row">([^<]+)</th>', tripod) == TRIPOD_NUMBERS
    assert re.findall(r'<th scope="row">([^<]+)</th>', claim) == [str(number) for number in range(1, 45)]


@pytest.mark.parametrize("which", ["plain_run", "folds_run"])
def test_every_place_is_an_anchor_of_the_report(which: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(which)
    report, page = _Page((folder / NAME).read_text()), _Page((folder / CHECKLIST).read_text())
    places = {link.partition("#")[2] for link in page.links if link.startswith(f"{NAME}#")}
    assert len(places) > 6
    assert places <= report.anchors
    assert {link.partition("#")[0] for link in page.links if not link.startswith("#")} == {NAME}


@pytest.mark.parametrize("which", ["plain_run", "folds_run"])
def test_what_a_run_cannot_know_is_never_reported(which: str, request: pytest.FixtureRequest) -> None:
    found = _answered(request.getfixturevalue(which))
    for name, numbers in UNKNOWABLE.items():
        assert all(found[name][number].state in ("in part", "not reported") for number in numbers)
        assert all(found[name][number].missing for number in numbers)
    for name, numbers in NEVER_TOLD.items():
        assert {number: found[name][number].state for number in numbers} == dict.fromkeys(numbers, "not reported")


def test_a_reference_that_nobody_named_is_no_fact(make_run: Callable[..., Path], tmp_path: Path) -> None:
    found = _answered(make_run(tmp_path / "run", reference="unnamed readers"))
    assert found["TRIPOD+AI"]["8a"].state == found["CLAIM"]["14"].state == "not reported"
    named = _answered(make_run(tmp_path / "other", reference="two readers in consensus"))["CLAIM"]["14"]
    assert named.state == "in part"
    assert "two readers in consensus" in named.found[0].words


def test_facts_are_the_runs_own(plain_run: Path, folds_run: Path) -> None:
    plain, folds = _answered(plain_run), _answered(folds_run)
    assert "train: 56, validation: 20, test: 24" in plain["CLAIM"]["19"].found[0].words
    assert "fold 5: 15, test: 24" in folds["CLAIM"]["19"].found[0].words
    assert plain["CLAIM"]["20"].state == "reported"
    versions = " ".join(fact.words for fact in plain["CLAIM"]["23"].found)
    assert all(name in versions for name in ("edgecad 0.1.0", "keras 3.15.0", "tensorflow 2.21.0"))
    assert "best on the validation part" in plain["CLAIM"]["26"].found[0].words
    assert "the other folds chose" in folds["CLAIM"]["26"].found[0].words
    assert "0.35" in plain["CLAIM"]["22"].found[-1].words
    metrics = {
        one["name"]: one for one in json.loads((plain_run / "metrics.json").read_text())["evaluations"][1]["metrics"]
    }
    told = plain["CLAIM"]["38"].found[0].words
    assert f"{metrics['sensitivity_cad']['value']:.3f}" in told
    assert f"{metrics['specificity_cad']['low']:.3f}" in told


def test_without_heat_maps_no_item_says_that_there_are_some(plain_run: Path, folds_run: Path) -> None:
    assert _answered(plain_run)["CLAIM"]["31"].state == "reported"
    assert _answered(folds_run)["CLAIM"]["31"].state == "in part"


def test_a_shared_patient_takes_the_claim_of_disjoint_parts_away(
    plain_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad_train.report.checklists import of_run
    from edgecad_train.report.proof import Overlap

    monkeypatch.setattr(of_run, "overlaps", lambda parts: (Overlap("train", "test", 1),))
    assert _answered(plain_run)["CLAIM"]["20"].state == "not reported"


def test_an_evaluation_is_not_asked_for_what_only_a_development_knows() -> None:
    found = {one.item.number: one.state for one in answered(TRIPOD_AI, {}, "evaluation")}
    assert [number for number, state in found.items() if state == "does not apply"] == [
        item.number for item in TRIPOD_AI if item.applies == "D"
    ]


@pytest.mark.parametrize(("known", "add", "state"), [((), "", "not reported"), (("a",), "", "in part"),
                         (("a", "b"), "", "reported"), (("a", "b"), "more", "in part")])  # fmt: skip
def test_an_item_is_reported_where_all_its_facts_are_there_and_nothing_is_missing(
    known: tuple[str, ...], add: str, state: str
) -> None:
    item = ReportingItem("1", "part", "topic", "what it asks", ("a", "b"), add)
    facts = {name: Fact("data", name) for name in known}
    (found,) = answered([item], facts, "run")
    assert found.state == state
    assert bool(found.missing) == (state != "reported")


def test_a_place_that_the_report_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        checklist_page("a run", "run", "patients", {"title": Fact("nowhere", "it")}, SECTIONS)


def test_the_page_is_offline_stamped_and_names_no_patient(plain_run: Path) -> None:
    source = (plain_run / CHECKLIST).read_text()
    assert "default-src 'none'" in source
    assert "PHANTOM DATA: says nothing about patients" in source
    assert not {"script", "img", "link", "iframe"} & set(_Page(source).tags)
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", source)
    assert "Doe-" not in source


def test_patients_data_are_not_stamped(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", origin="patients")
    run = read_run(folder)
    source = checklist_page("a run", "run", "patients", facts_of_run(run, names_of(run)), SECTIONS)
    assert "PHANTOM" not in source


def test_what_stands_in_a_run_is_escaped(make_run: Callable[..., Path], tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "run", reference="<script>alert(1)</script>"))
    source = checklist_page("<b>", "run", "phantom", facts_of_run(run, names_of(run)), SECTIONS)
    assert "<script" not in source
    assert "&lt;script&gt;" in source


def test_states_are_counted(plain_run: Path) -> None:
    counted = dict(counts_of(_answered(plain_run)["CLAIM"].values()))
    assert sum(counted.values()) == len(CLAIM)
    text = re.sub(r"\s+", " ", (plain_run / CHECKLIST).read_text())
    assert (
        f"{counted['reported']} reported, {counted['in part']} in part, {counted['not reported']} not reported." in text
    )


def test_it_is_written_beside_the_report(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    (folder / "heatmaps.npz").unlink()
    write_report(folder)
    assert (folder / NAME).is_file()
    assert (folder / CHECKLIST).is_file()


def test_openings_of_the_test_part_are_told_where_they_were_counted(plain_run: Path) -> None:
    run = read_run(plain_run)
    contract = with_fields(run.contract, test_openings=Openings(patients=24, before=24, most=2, by={"train": 2}))
    facts = facts_of_run(RunFiles(**{**vars(run), "contract": contract}), names_of(run))
    (found,) = (one for one in answered(TRIPOD_AI, facts, "run") if one.item.number == "12a")
    assert found.state == "reported"
    assert "looked at before" in found.found[1].words
    assert _answered(plain_run)["TRIPOD+AI"]["12a"].state == "in part"
