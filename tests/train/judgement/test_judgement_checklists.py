"""Checklists of an evaluation: filled from its files, with places in its own report."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edgecad_train.evaluation.subgroups.figures import GroupedColumn, PatientGroup
from edgecad_train.judgement.reading import EvaluationFiles, read_evaluation
from edgecad_train.judgement.report.checklist import facts_of_evaluation
from edgecad_train.judgement.report.page import names_of
from edgecad_train.report.checklists.claim import CLAIM
from edgecad_train.report.checklists.item import AnsweredItem, answered
from edgecad_train.report.checklists.page import CHECKLIST
from edgecad_train.report.checklists.tripod import TRIPOD_AI

Run = Callable[..., Any]


@pytest.fixture
def evaluated(
    edgecad_here: Run, make_run: Run, few_phantoms: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """Evaluate a model, `evaluated(*options, **run)`; give the evaluation's folder."""
    monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())

    def run(*options: str, **more: Any) -> Path:
        done = edgecad_here("evaluate", make_run(**more), few_phantoms, "--out", "judged", *options)
        assert done.code == 0, done.stderr
        return Path("judged")

    return run


def _answered(files: EvaluationFiles) -> dict[str, AnsweredItem]:
    source = (files.folder / "report.html").read_text()
    sections = [(anchor, anchor, anchor) for anchor in re.findall(r'<section id="([a-z]+)">', source)]
    facts = facts_of_evaluation(files, names_of(files), sections)
    return {
        f"{name} {one.item.number}": one
        for name, items in (("TRIPOD+AI", TRIPOD_AI), ("CLAIM", CLAIM))
        for one in answered(items, facts, "evaluation")
    }


def test_places_are_anchors_of_the_evaluations_own_report(evaluated: Callable[..., Path]) -> None:
    folder = evaluated()
    source = (folder / CHECKLIST).read_text()
    places = set(re.findall(r'href="report\.html#([a-z]+)"', source))
    assert places
    assert places <= set(re.findall(r'<section id="([a-z]+)">', (folder / "report.html").read_text()))
    assert len(re.findall(r'<th scope="row">', source)) == len(TRIPOD_AI) + len(CLAIM)
    assert "PHANTOM DATA" in source
    assert not any(name in source for name in ("p0000", ".jpg"))


def test_what_only_a_development_knows_does_not_apply(evaluated: Callable[..., Path]) -> None:
    found = _answered(read_evaluation(evaluated()))
    assert {item.number for item in TRIPOD_AI if found[f"TRIPOD+AI {item.number}"].state == "does not apply"} == {
        item.number for item in TRIPOD_AI if item.applies == "D"
    }
    for number in ("25", "26", "32"):  # training, selection, internal data
        assert found[f"CLAIM {number}"].state == "not reported"


def test_patients_are_external_only_where_all_are_known_to_be_new(evaluated: Callable[..., Path]) -> None:
    files = read_evaluation(evaluated())
    n = files.record.patients
    for known, state in ((None, "not reported"), ({"new": n}, "in part"), ({"new": n - 1, "train": 1}, "not reported")):
        record = replace(files.record, in_training=known)
        found = _answered(EvaluationFiles(**{**vars(files), "record": record}))
        assert found["CLAIM 33"].state == state


def test_readers_are_told_where_somebody_named_them(evaluated: Callable[..., Path]) -> None:
    found = _answered(read_evaluation(evaluated("--labelled-by", "two readers in consensus")))
    assert found["CLAIM 14"].state == "in part"
    assert "two readers in consensus" in found["CLAIM 14"].found[0].words
    for number in ("17", "18a", "18d"):
        assert found[f"TRIPOD+AI {number}"].state == "not reported"


def test_figures_are_the_evaluations_own(evaluated: Callable[..., Path]) -> None:
    files = read_evaluation(evaluated())
    found, area = _answered(files), files.record.evaluation.metric("auc")
    assert area is not None
    assert f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f}, n = {area.n})" in found["CLAIM 37"].found[0].words
    assert f"{files.record.patients} patients" in found["CLAIM 35"].found[0].words


def test_what_no_section_of_the_report_tells_is_not_reported(evaluated: Callable[..., Path]) -> None:
    files = read_evaluation(evaluated())
    told = facts_of_evaluation(files, names_of(files), [("figures", "Figures", "Figures")])
    assert {fact.section for fact in told.values()} == {"figures"}


def test_a_model_that_was_not_recalibrated_says_so(evaluated: Callable[..., Path]) -> None:
    found = _answered(read_evaluation(evaluated()))["TRIPOD+AI 12f"]
    assert (found.state, found.found[0].words) == ("reported", "none: the model was judged as it is")


ALL = [(anchor, anchor, anchor) for anchor in ("patients", "figures", "groups", "readers", "recalibration")]


def _group(name: str) -> PatientGroup:
    return PatientGroup(name=name, n=6, positives=3)


def test_groups_are_told_by_their_columns_and_centres_apart(evaluated: Callable[..., Path]) -> None:
    files = read_evaluation(evaluated())
    columns = (
        GroupedColumn(column="sex", groups=(_group("f"), _group("m"))),
        GroupedColumn(column="Centre", groups=(_group("a"), _group("b"))),
        GroupedColumn(column="age", groups=(), note="nobody has one"),
    )
    told = {}
    for chosen in (columns, columns[:1], columns[2:]):
        record = replace(files.record, groups=chosen)
        told[len(chosen), chosen[0].column] = facts_of_evaluation(
            EvaluationFiles(**{**vars(files), "record": record}), names_of(files), ALL
        )
    every, one, none = told.values()
    assert "by sex, Centre," in every["subgroups"].words
    assert "by Centre," in every["heterogeneity"].words
    assert "heterogeneity" not in one
    assert "subgroups" not in none


def test_readers_and_groups_of_a_table_are_told(
    edgecad_here: Run, make_run: Run, few_phantoms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())
    lines = ["path,label,patient,sex,reader:one,reader:two"]
    for number, path in enumerate(sorted(few_phantoms.glob("*/*.*"))):
        label = path.parent.name
        lines.append(f"{path},{label},{path.stem},{'fm'[number % 2]},{label},{label}")
    table = tmp_path / "table.csv"
    table.write_text("\n".join(lines))
    done = edgecad_here("evaluate", make_run(), table, "--keep", "sex", "--out", "judged")
    assert done.code == 0, done.stderr
    files = read_evaluation(Path("judged"))
    told = facts_of_evaluation(files, names_of(files), ALL)
    assert told["readers"].words == "agreement of 2 readers, with intervals"
    assert "by sex," in told["subgroups"].words


def test_without_readers_their_agreement_is_no_fact(evaluated: Callable[..., Path]) -> None:
    files = read_evaluation(evaluated())
    assert "readers" not in facts_of_evaluation(files, names_of(files), ALL)
