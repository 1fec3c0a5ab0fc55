"""report.html of an evaluation: offline, whole, escaped, without a name, and sensible however few the patients are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from edgecad.contract import Contract
from edgecad.errors import ModelInvalid
from edgecad_train.data.labelled import DataFinding
from edgecad_train.data.table.columns import KeptColumn, KeptValues, PatientColumns
from edgecad_train.judgement.demands import Demands
from edgecad_train.judgement.reading import read_evaluation
from edgecad_train.judgement.report.page import page_of, write_report
from edgecad_train.report.pictures.illustrate import shown_cases
from edgecad_train.report.shown import A_GROUP

from ...pages import Page, figures_without_interval  # noqa: TID252 - two rooms read pages alike

Make = Callable[..., Path]
FORBIDDEN = ("diagnos", "healthy", "normal ", "disease")
FEW = {
    "one patient": ([True], [1.0]),
    "three patients": ([True, True, False], [1.0, -1.0, 0.5]),
    "one of each class": ([True, False], [1.0, -1.0]),
    "one class only": ([True] * 12, list(np.linspace(-2, 3, 12))),
    "the other class only": ([False] * 12, list(np.linspace(-2, 3, 12))),
    "apart": ([True] * 10 + [False] * 10, [4.0] * 10 + [-4.0] * 10),
    "the wrong way round": ([True] * 10 + [False] * 10, [-4.0] * 10 + [4.0] * 10),
    "all scores alike": ([True, False] * 10, [0.3] * 20),
}


def _page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text("utf-8"))


def test_nothing_is_fetched_nothing_runs_and_links_lead_somewhere(make_evaluation: Make) -> None:
    page = _page(make_evaluation(drawing=True))
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:image/png;base64,", "#")), address
    policy = next(a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert page.well_formed
    assert page.open == []
    links = {str(a["href"])[1:] for t, a in page.tags if t == "a"}
    assert links == {a["id"] for t, a in page.tags if t == "section"}
    assert sum(t == "img" for t, _ in page.tags) == 7
    assert all(a.get("alt") for t, a in page.tags if t == "img")


def test_every_figure_of_the_record_stands_on_the_page(make_evaluation: Make) -> None:
    folder = make_evaluation()
    text = _page(folder).text
    (evaluation,) = json.loads((folder / "metrics.json").read_text())["evaluations"]
    for metric in evaluation["metrics"]:
        assert re.search(
            rf"{metric['value']:.3f}\s+{metric['low']:.3f} to {metric['high']:.3f}\s+{metric['n']}\s", text
        )
    for count in evaluation["confusion"].values():
        assert re.search(rf"\s{count}\s", text)


def test_the_page_is_made_from_the_folder_alone(make_evaluation: Make, tmp_path: Path) -> None:
    folder = make_evaluation()
    before = (folder / "report.html").read_bytes()
    moved = folder.rename(tmp_path / "elsewhere")
    (moved / "report.html").unlink()
    write_report(moved)
    assert (moved / "report.html").read_bytes() == before


@pytest.mark.parametrize("name", ["metrics.json", "contract.json", "predictions.csv"])
def test_a_folder_that_lacks_a_file_is_refused(make_evaluation: Make, name: str) -> None:
    folder = make_evaluation()
    (folder / name).unlink()
    with pytest.raises(ModelInvalid, match=f"has no {name}; run `edgecad evaluate` again"):
        read_evaluation(folder)


def test_no_patient_and_no_file_is_named_though_findings_and_warnings_do(
    make_evaluation: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_evaluation(drawing=True)
    files = read_evaluation(folder)
    found = (
        DataFinding(code="like-ids", text="Doe-1001 and doe-1001 differ by case alone", files=()),
        DataFinding(code="semicolons", text="columns are apart by semicolons", files=()),
    )
    record = with_fields(files.record, findings=found, warnings=("see Doe-1003", "a second warning"))
    source = page_of(type(files)(**{**vars(files), "record": record}), tuple(folder.glob("*.png")))
    text = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", source)
    assert "doe-" not in text.lower()
    assert ".jpg" not in text
    assert "columns are apart by semicolons" in text
    assert "A second warning" in text
    assert "it stands in metrics.json" in text
    for picture in folder.glob("*.png"):
        assert b"Doe" not in picture.read_bytes()


def test_what_users_write_is_escaped(make_evaluation: Make) -> None:
    page = _page(make_evaluation(reference="<script>alert(1)</script> & 'two'", patient_from="^(<b>x)_"))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "agrees with <script>alert(1)</script> & 'two'" in page.text
    assert "--patient-from '^(<b>x)_'" in page.text
    assert page.well_formed


def test_phantoms_are_called_phantoms_wherever_a_figure_stands(
    make_evaluation: Make, judged_contract: Contract
) -> None:
    page = _page(make_evaluation(against=np.zeros(60), demands=Demands(min_auc=0.8)))
    assert "says nothing about patients" in page.text
    marked = [table for table in page.tables if "PHANTOM" in table.caption]
    assert len(marked) == len([table for table in page.tables if "facts" not in table.kind])
    patients = _page(make_evaluation("other", contract=with_fields(judged_contract, origin="patients")))
    assert "PHANTOM" not in patients.text


def test_the_words_are_those_of_agreement(make_evaluation: Make) -> None:
    text = _page(make_evaluation(reference="three readers")).text
    assert "how far the model agrees with three readers" in text
    assert "agreement with three readers" in text
    assert "given by two readers in consensus" in text
    assert not any(word in text.lower() for word in FORBIDDEN)


def test_flow_says_who_was_found_refused_answered_and_lost(make_evaluation: Make) -> None:
    text = _page(make_evaluation(parts={"Doe-1000": "train", "Doe-1001": "test"})).text
    for words in (
        r"61\s+labelled scans found",
        r"1\s+left out\s+1 unfamiliar",
        r"60\s+scans answered\s+of 60 patients",
        r"36\s+labelled CAD",
        r"24\s+labelled nonCAD\s+no scan answered of 1 more",
        r"these patients\s+36\s+60\s+60\.0%\s+46\.5% to 72\.4%",
        r"in no part of its training\s+58 of 60 patients",
        r"in its training or development part\s+1 of 60 patients",
        r"in its test part\s+1 of 60 patients",
    ):
        assert re.search(words, text), words
    assert "1 of these patients are of the parts that the model was made from" in text
    assert "1 more patients have no figure" in text


def test_thresholds_stand_beside_those_who_chose_them(make_evaluation: Make, judged_contract: Contract) -> None:
    page = _page(make_evaluation())
    evidence = judged_contract.decision.evidence
    assert evidence is not None
    table = next(table for table in page.tables if "points" in table.kind)
    assert len(table.rows) == 2 * len({point.rule for point in evidence.points})
    rows = [row for row in table.rows if len(row) == 7]
    by_rule = {row[0].removesuffix("in force"): row for row in rows}
    for point in evidence.points:
        row = by_rule[point.rule]
        assert row[3:5] == [point.sensitivity.with_interval, point.specificity.with_interval]
    chosen = next(row for row in table.rows if row[0].endswith("in force"))
    here = table.rows[table.rows.index(chosen) + 1]
    assert here[0] == "these patients"
    for cell in here[1:]:
        assert re.fullmatch(r"\d\.\d\d \(\d\.\d\d-\d\.\d\d\)", cell)
    assert "nothing was chosen here" in page.text


@pytest.mark.parametrize("which", ["against", "alone"])
def test_the_comparison_stands_there_where_there_is_one(make_evaluation: Make, which: str) -> None:
    other = np.random.default_rng(1).normal(0, 2, 60)
    folder = make_evaluation(against=other if which == "against" else None)
    page, record = _page(folder), read_evaluation(folder).record
    assert ("Against another model" in page.text) == (which == "against")
    assert ("--against OTHER" in page.text) == (which == "against")
    if record.comparison:
        assert record.comparison.auc is not None
        table = next(table for table in page.tables if table.heads and "difference" in table.heads[0])
        (row,) = (row for row in table.rows if row[0] == "area under the ROC curve")
        assert row[1].replace("\N{MINUS SIGN}", "-") == f"{record.comparison.auc.difference:+.3f}"
        assert row[4] == "60"


def test_a_demand_that_is_missed_stands_on_top(make_evaluation: Make) -> None:
    page = _page(make_evaluation(demands=Demands(min_auc=0.99, min_sensitivity=0.1)))
    top = page.text.partition("labelled scans found")[0]
    assert "DEMAND MISSED: auc" in top
    assert re.search(r"area under the ROC curve\s+0\.99\s+0\.\d+\s+0\.\d+ to 0\.\d+\s+MISSED", page.text)
    assert re.search(r"sensitivity for CAD\s+0\.1\s+0\.\d+\s+0\.\d+ to \d\.\d+\s+met", page.text)
    assert "What was demanded" not in _page(make_evaluation("other")).text


@pytest.mark.parametrize("kind", [*FEW, "many", "compared"])
def test_every_figure_has_an_interval_or_says_why_not(make_evaluation: Make, kind: str) -> None:
    truth, log_odds = FEW.get(kind, (None, None))
    given: dict[str, Any] = {"demands": Demands(min_auc=0.5, min_specificity=0.2)}
    if truth is not None:
        given |= {"truth": np.array(truth), "log_odds": np.array(log_odds, float), "maps": False}
    if kind == "compared":
        given["against"] = np.random.default_rng(1).normal(0, 2, 60)
    page = _page(make_evaluation(**given))
    assert page.well_formed
    assert figures_without_interval(page) == []
    assert "nan" not in re.sub(r"[a-z]nan|nan[a-z]", "", page.text.lower())


@pytest.mark.parametrize("kind", FEW)
def test_few_or_odd_patients_get_pictures_too(make_evaluation: Make, kind: str) -> None:
    truth, log_odds = FEW[kind]
    folder = make_evaluation(drawing=True, truth=np.array(truth), log_odds=np.array(log_odds, float))
    assert len(list(folder.glob("*.png"))) == 7
    text = _page(folder).text
    assert f"{len(truth)} labelled patient{'s' if len(truth) > 1 else ''}," in text
    assert f"This evaluation has {len(truth)} patient" in text


def test_a_record_of_an_earlier_version_has_a_page(make_evaluation: Make) -> None:
    folder = make_evaluation()
    record = json.loads((folder / "metrics.json").read_text())
    old = ("made", "reference", "flow", "in_training", "prevalence", "points", "outside", "again", "versions")
    (folder / "metrics.json").write_text(json.dumps({key: value for key, value in record.items() if key not in old}))
    write_report(folder)
    page = _page(folder)
    assert page.well_formed
    assert "An earlier version made this evaluation" in page.text
    assert figures_without_interval(page) == []


def test_whole_images_are_called_that(make_evaluation: Make, judged_contract: Contract) -> None:
    how = with_fields(judged_contract.preparation, crop="none", input="rgb", drawing=None, tables=())
    page = _page(make_evaluation(contract=with_fields(judged_contract, preparation=how)))
    assert "WHATEVER IS WRITTEN ON A SCREEN STANDS IN THE PICTURES" in page.text
    assert "It names no patient" not in page.text


def test_sections_stand_there_only_where_the_record_has_them(make_evaluation: Make, tiny_contract: Contract) -> None:
    every = {"zone": "Answers that are no clear ones", "groups": "Groups of patients", "readers": "Readers beside the"}
    patients = [f"Doe-{1000 + number}" for number in range(60)]
    columns = PatientColumns(
        kept=(KeptValues(KeptColumn("sex"), {patient: "fm"[number % 2] for number, patient in enumerate(patients)}),),
        reads={"Ann": {patient: number % 3 == 0 for number, patient in enumerate(patients)}},
    )
    page = _page(make_evaluation(columns=columns))
    assert figures_without_interval(page) == []
    for words in every.values():
        assert words in page.text
    assert "Ann" in page.text
    plain = _page(make_evaluation("plain", contract=tiny_contract))
    for words in every.values():
        assert words not in plain.text
    links = {str(a["href"])[1:] for t, a in plain.tags if t == "a"}
    assert not links & every.keys()


def test_a_record_tells_the_few_cases_that_are_kept(make_evaluation: Make) -> None:
    draw = np.random.default_rng(4)
    truth = draw.random(300) < 0.5
    folder = make_evaluation(truth=truth, log_odds=draw.normal(np.where(truth, 1, -1), 2.0))
    files = read_evaluation(folder)
    assert files.heatmaps is not None
    assert files.heatmaps.images is not None
    assert len(files.heatmaps.images) == len(files.heatmaps.score_maps) <= 5 * A_GROUP


def test_a_page_about_a_fused_score_has_that_scores_threshold_and_names_its_columns(
    make_evaluation: Make, judged_contract: Contract
) -> None:
    folder, fixture = make_evaluation(), Path(__file__).parents[3] / "contract" / "contract_v2.json"
    clinical = json.loads(fixture.read_bytes())["clinical"]
    told = json.loads((folder / "contract.json").read_text())
    (folder / "contract.json").write_text(json.dumps({**told, "clinical": clinical}))
    files = read_evaluation(folder)
    text = " ".join(Page(page_of(files, ())).text.split())
    own, fused = judged_contract.decision.threshold, clinical["decision"]["threshold"]
    assert f"threshold on the score {fused:.6g};" in text
    assert f"threshold on the score {own:.6g};" not in text
    assert f"fused with clinical columns: {', '.join(files.clinical)}" in text
    assert files.heatmaps is not None
    assert all(case.score == case.patient_score for case in shown_cases(files, files.heatmaps, by_patient=True))
