"""report.html: offline, whole, escaped, and without a patient's name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as with_fields

from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation, contract_from_json
from edgecad.frozen import json_from_struct
from edgecad_train.evaluation.optimism import SAME_EPOCH
from edgecad_train.report import page
from edgecad_train.report.page import page_of, write_report
from edgecad_train.report.pictures import illustrate
from edgecad_train.runs.reading import read_run

from ..pages import Page, figures_without_interval  # noqa: TID252 - two rooms read pages alike

FORBIDDEN = ("diagnos", "healthy", "normal ", "disease")
"""Words for which the labels of readers are no ground."""


@pytest.fixture(scope="session")
def plain(plain_run: Path) -> Page:
    return Page((plain_run / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def folds(folds_run: Path) -> Page:
    return Page((folds_run / "report.html").read_text(encoding="utf-8"))


@pytest.fixture
def page_without_pictures(make_run: Callable[..., Path], tmp_path: Path) -> Callable[..., Page]:
    """The page of a fabricated run, without the seconds that pictures cost."""

    def make(**changes: Any) -> Page:
        return Page(page_of(read_run(make_run(tmp_path / "run", **changes)), ()))

    return make


def test_nothing_is_fetched_and_nothing_runs(plain: Page) -> None:
    for tag, attributes in plain.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        assert not any(name.startswith("on") for name in attributes)
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:image/png;base64,", "#")), address
    policy = next(a["content"] for t, a in plain.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'")


def test_styles_fetch_nothing_either(plain_run: Path) -> None:
    style = re.search(r"<style>(.*?)</style>", (plain_run / "report.html").read_text(encoding="utf-8"), re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_html_is_well_formed_and_links_lead_somewhere(plain: Page, folds: Page) -> None:
    for html in (plain, folds):
        assert html.well_formed
        assert html.open == []
        anchors = {a["id"] for _, a in html.tags if a.get("id")}
        links = {str(a["href"])[1:] for t, a in html.tags if t == "a"}
        assert links <= anchors
        assert len(links) == 9
        assert all(a.get("alt") for t, a in html.tags if t == "img")


@pytest.mark.parametrize("which", ["plain_run", "folds_run"])
def test_every_figure_of_metrics_json_stands_on_the_page(which: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(which)
    text = Page((folder / "report.html").read_text(encoding="utf-8")).text
    evaluations = json.loads((folder / "metrics.json").read_text())["evaluations"]
    assert len(evaluations) == 2
    for evaluation in evaluations:
        for metric in evaluation["metrics"]:
            row = rf"{metric['value']:.3f}\s+{metric['low']:.3f} to {metric['high']:.3f}\s+{metric['n']}\s"
            assert re.search(row, text), metric
            assert metric["method"] in text
        for count in evaluation["confusion"].values():
            assert re.search(rf"\s{count}\s", text)
        for estimate in (evaluation["calibration"]["slope"], evaluation["calibration"]["intercept"]):
            assert f"{estimate['value']:.3f}".replace("-", "\N{MINUS SIGN}") in text


@pytest.mark.parametrize("which", ["plain_run", "folds_run"])
def test_no_patient_and_no_file_of_a_scan_is_named(which: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(which)
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert "Doe" not in re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", source)
    assert ".jpg" not in source
    for picture in folder.glob("*.png"):
        # Texts of a PNG stand in chunks of their own; three letters stand in compressed pixels by chance.
        assert {chunk for chunk, _ in _chunks(picture.read_bytes())} <= {b"IHDR", b"pHYs", b"IDAT", b"IEND", b"tEXt"}
        assert all(b"Doe" not in data for chunk, data in _chunks(picture.read_bytes()) if chunk != b"IDAT")


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def test_phantoms_are_called_phantoms_wherever_a_figure_stands(plain: Page) -> None:
    assert plain.text.count("PHANTOM") >= 10
    banner = next(a for t, a in plain.tags if a.get("class") == "banner")
    assert banner["role"] == "alert"
    assert "says nothing about patients" in plain.text


def test_mixed_data_are_marked_too_and_patients_data_are_not(page_without_pictures: Callable[..., Page]) -> None:
    assert "MIXED" in page_without_pictures(origin="mixed").text
    text = page_without_pictures(origin="patients").text
    assert "PHANTOM" not in text
    assert "Research use only" in text


def test_the_words_are_those_of_agreement(plain: Page, folds: Page) -> None:
    for html in (plain, folds):
        assert "agreement with a simulated reader" in html.text
        assert not any(word in html.text.lower() for word in FORBIDDEN)


def test_what_users_write_is_escaped(page_without_pictures: Callable[..., Page]) -> None:
    html = page_without_pictures(reference="<script>alert(1)</script> & 'two' \"readers\"")
    assert "script" not in {tag for tag, _ in html.tags}
    assert "agreement with <script>alert(1)</script> & 'two' \"readers\"" in html.text
    assert html.well_formed


def test_pictures_are_the_files_of_the_folder(plain: Page, plain_run: Path) -> None:
    sources = [str(a["src"]).partition(",")[2] for t, a in plain.tags if t == "img"]
    shown = {hashlib.sha256(base64.b64decode(source)).hexdigest() for source in sources}
    files = {hashlib.sha256(path.read_bytes()).hexdigest() for path in plain_run.glob("*.png")}
    assert shown == files
    assert len(files) == 11


def test_data_flow_parts_and_provenance_are_those_of_the_files(plain: Page, plain_run: Path) -> None:
    for words in (
        r"123\s+labelled scans found",
        r"3\s+refused\s+2 no-disc, 1 overlay",
        r"120\s+scans prepared",
        r"train\s+56\s+56\.00%\s+34\s+22\s+60\.71%",
        r"test\s+24\s+24\.00%\s+14\s+10",
        r"0 = CAD, 1 = nonCAD; the positive class is CAD",
        r"10 of 154 layers of the backbone \(6\.5%\), 31\.4% of its parameters",
        r"warm-up\s+the head\s+12\s+1e-04",
        r"fine-tuning\s+the head and the top blocks\s+9\s+1e-06",
        r"highest threshold with sensitivity >= 0\.95",
        r"tensorflow\s+2\.21\.0",
        r"fine-tuning\s+88\.0 s",
    ):
        assert re.search(words, plain.text), words
    for path in ("model.keras", "split.json"):
        assert hashlib.sha256((plain_run / path).read_bytes()).hexdigest() in plain.text


def test_kept_epochs_are_those_of_history_json(folds: Page, folds_run: Path) -> None:
    trainings = json.loads((folds_run / "history.json").read_text())["trainings"]
    assert [training["name"] for training in trainings][-1] == "refit"
    for training in trainings:
        for stage in training["stages"]:
            kept = stage["epochs"][stage["best"]]
            last = "\N{EN DASH}" if kept["val_loss"] is None else f"{kept['val_loss']:.3f}"
            row = rf"{training['name']}\s+{stage['stage']}\s+{stage['best'] + 1}\s+{len(stage['epochs'])}\s"
            assert re.search(rf"{row}+{kept['accuracy']:.3f}\s+{kept['loss']:.3f}\s+\S+\s+{last}", folds.text)


def test_folds_say_out_of_fold_and_the_refit(folds: Page) -> None:
    assert "Out-of-fold scores" in folds.text
    assert re.search(r"76\s+development\s+46 CAD, 30 nonCAD", folds.text)
    assert re.search(r"fold 5\s+15\s+15\.00%", folds.text)
    assert "one refit on the whole development part" in folds.text
    assert "validation part" not in folds.text


def test_a_run_without_maps_says_so(folds: Page, folds_run: Path) -> None:
    assert not (folds_run / "heatmaps.npz").exists()
    assert "no heatmaps.npz, so no maps are shown" in folds.text


def test_epochs_that_were_selected_on_the_test_part_are_called_no_result(
    page_without_pictures: Callable[..., Page],
) -> None:
    gap = {"accuracy": 0.8864, "accuracy_chosen_on_test": 0.9545, "auc": 0.9, "auc_chosen_on_test": 0.95}
    html = page_without_pictures(optimism=gap)
    assert "are optimistic and are not results" in html.text
    assert re.search(r"optimism gap, accuracy\s+\+0\.068", html.text)
    assert re.search(r"optimism gap, auc\s+\+0\.050", html.text)
    assert html.text.count("The epochs were chosen on the test part as well") == 1
    assert "were chosen on the test part" not in page_without_pictures().text
    assert "An earlier version measured this gap by two trainings" in html.text


def test_an_optimism_gap_has_its_interval_and_says_what_that_is_about(
    page_without_pictures: Callable[..., Page],
) -> None:
    gap = {"accuracy": 0.75, "accuracy_chosen_on_test": 0.8, "auc": 0.9, "auc_chosen_on_test": 0.89,
           "epochs": {"own": [40, 3], "on_test": [12, 7], "candidates": 60},
           "accuracy_gap": {"value": 0.05, "low": -0.03, "high": 0.14, "method": "Newcombe"},
           "auc_gap": {"value": -0.01, "low": -0.05, "high": 0.03, "method": "DeLong, paired"}}  # fmt: skip
    html = page_without_pictures(optimism=gap)
    assert re.search(r"optimism gap, accuracy\s+\+0\.050, 95 % \N{MINUS SIGN}0\.030 to \+0\.140; Newcombe", html.text)
    assert re.search(r"optimism gap, auc\s+\N{MINUS SIGN}0\.010, 95 %", html.text)
    assert "12, then 7; from 60 candidates of the same training" in html.text
    assert "They say nothing of the choice itself" in html.text
    nothing = {"value": 0.0, "low": 0.0, "high": 0.0, "method": SAME_EPOCH}
    same = page_without_pictures(optimism={**gap, "accuracy_gap": nothing, "auc_gap": nothing})
    assert re.search(r"optimism gap, accuracy\s+0; both ways chose one and the same network", same.text)


def test_what_may_spoil_the_figures_stands_on_top(page_without_pictures: Callable[..., Page]) -> None:
    leak = {"code": "leak-colour-table", "text": "the colour table goes together with the label", "files": []}
    pair = {"code": "near-duplicate-across-parts", "text": "odd one (x.png) and another", "files": ["odd one.png"]}
    html = page_without_pictures(findings=[leak, pair])
    top = html.text.partition("labelled scans found")[0]
    assert "leak-colour-table: the colour table goes together with the label" in top
    assert "look the same: one may have been learnt from and judged by" in top
    assert "odd one" not in html.text


def test_a_head_search_is_shown_and_names_nobody(page_without_pictures: Callable[..., Page]) -> None:
    head = {"units": 128, "dropout": 0.25, "activation": "silu"}
    found = [{"training": "run", "head": head, "lr_exponent": 3.5, "trials": 60, "loss": 0.4}]
    html = page_without_pictures(search={"trials": 60, "found": found})
    assert re.search(r"run\s+units 128; dropout 0.25", html.text)
    assert re.search(r"trials\s+60", html.text)
    assert "Doe" not in html.text


def test_the_report_can_be_written_twice(plain_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (plain_run / "report.html").read_bytes()
    pictures = tuple(plain_run.glob("*.png"))
    monkeypatch.setattr(page, "draw_run", lambda *_: pictures)
    write_report(plain_run)
    assert (plain_run / "report.html").read_bytes() == before


def test_evidence_outside_the_disc_is_averaged_over_each_part(plain: Page, plain_run: Path) -> None:
    with np.load(plain_run / "heatmaps.npz", allow_pickle=False) as arrays:
        maps, parts = arrays["score_maps"], arrays["part"]
    for part, words in (("test", "test part"), ("validation", "validation part")):
        shares = [share_outside_disc(shown) for shown in maps[parts == part]]
        beyond = sum(share >= DOUBTED_FROM for share in shares)
        said = rf"largest {max(shares):.1%}, {len(shares)} maps, {beyond} of them at"
        row = rf"{words}\s+mean {np.mean(shares):.1%} \(95 % .+?\), {said}"
        assert re.search(row, plain.text), row
    assert "no preference for the disc at all, has 21% of it outside" in plain.text
    assert "From 18% on the maps are to be doubted" in plain.text


def test_maps_that_lie_in_the_corners_are_to_be_doubted(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    with np.load(folder / "heatmaps.npz", allow_pickle=False) as arrays:
        kept = dict(arrays)
    for weight, doubted in ((0.01, False), (1.0, True)):
        corners = np.full((7, 7), weight, np.float32)
        corners[1:6, 1:6] = 0.5
        kept["score_maps"] = np.broadcast_to(corners, kept["score_maps"].shape)
        np.savez_compressed(folder / "heatmaps.npz", **kept)
        text = Page(page_of(read_run(folder), ())).text
        assert ("HEAT MAPS TO BE DOUBTED, test part" in text.partition("labelled scans found")[0]) == doubted


def test_scores_that_are_all_equal_and_a_temperature_at_its_end_stand_on_top(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "run")
    metrics = json.loads((folder / "metrics.json").read_text())
    for evaluation in metrics["evaluations"]:
        evaluation["temperature"] = 0.25
    metrics["evaluations"][1]["scores_differ"] = False
    (folder / "metrics.json").write_text(json.dumps(metrics))
    top = Page(page_of(read_run(folder), ())).text.partition("labelled scans found")[0]
    assert "The test scores do not differ beyond rounding" in top
    assert top.count("Temperature 0.25 is the lower end of the range") == 1


def test_every_evaluated_part_is_drawn(plain_run: Path) -> None:
    names = {path.name for path in plain_run.glob("*.png")}
    kinds = ("roc", "calibration", "confusion", "decision-curve")
    parts = {f"{kind}-{part}.png" for kind in kinds for part in ("validation", "test")}
    assert names == parts | {"curves.png", "cases-right.png", "cases-wrong.png"}
    assert illustrate.style_of(read_run(plain_run)).disc


def test_a_page_of_features_pooled_over_the_disc_says_so_and_no_share_outside(
    make_run: Callable[..., Path], tmp_path: Path
) -> None:
    folder = make_run(tmp_path / "run")
    contract = contract_from_json((folder / "contract.json").read_text())
    changed = with_fields(contract, pooled_over="disc", features="both", feature_layer="both_features")
    (folder / "contract.json").write_text(json_from_struct(changed))
    (folder / "cases-right.png").write_bytes(b"")
    text = Page(page_of(read_run(folder), (folder / "cases-right.png",))).text
    assert "last features beside those at a sixteenth of the input's side, layer both_features, over the disc" in text
    assert "Nothing outside the disc can raise or lower a score" in text
    assert "every scan is black" not in text
    assert not illustrate.style_of(read_run(folder)).disc


@pytest.mark.parametrize(("beyond", "shares"), [("mirrored", False), ("black", True)])
def test_a_page_of_uptake_shows_its_drawing_and_no_share_beyond_a_disc_without_an_edge(
    make_run: Callable[..., Path], tmp_path: Path, beyond: Any, shares: bool
) -> None:
    folder = make_run(tmp_path / "run")
    contract = contract_from_json((folder / "contract.json").read_text())
    size = contract.preparation.size
    how = Preparation(
        size=size, input="uptake", drawing=Drawing(table="iron", beyond=beyond), tables=(known_table("jet"),)
    )
    (folder / "contract.json").write_text(json_from_struct(with_fields(contract, preparation=how)))
    run = read_run(folder)
    text = Page(page_of(run, ())).text
    assert "read through the screen's colour table" in text
    assert bool(illustrate.outside_of(run)) == shares
    assert illustrate.style_of(run).note.startswith("maps: uptake, drawn in iron")
    assert ("outside the disc" in illustrate.style_of(run).note) == shares
    assert run.heatmaps is not None
    corner = next(illustrate.shown_cases(run, run.heatmaps)).image[0, 0]
    assert (corner == 0).all() or shares
    (folder / "cases-right.png").write_bytes(b"a picture")
    pictured = Page(page_of(run, (folder / "cases-right.png",))).text
    assert "over the prepared image (uptake, drawn in iron), shown in grey" in pictured
    assert ("every scan is black" in pictured) == shares
    assert ("mirrored across its rim" in pictured) != shares


def test_the_page_tells_whether_heat_maps_show_the_defect(plain: Page, folds: Page) -> None:
    for html, part in ((plain, "Validation part"), (folds, "Out-of-fold scores")):
        text = " ".join(html.text.split())
        assert "Whether they show the defect" in text
        for title in ("Test part", part):
            assert re.search(
                rf"{title}: \d+ scans of \d+ patients of \d+ scans whose defect is known \(segments \d+\)", text
            )
            assert f"{title}: " in text
        assert "map's peak lies on the defect" in text
        assert "region not colder than the disc" in text


def test_a_run_of_an_earlier_version_has_no_such_section(make_run: Callable[..., Path], tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    metrics = json.loads((folder / "metrics.json").read_text())
    del metrics["localisation"]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    (folder / "localisation.csv").unlink()
    run = read_run(folder)
    assert (run.localisation, run.located) == ((), ())
    html = Page(page_of(run, ()))
    assert html.well_formed
    assert "Whether they show the defect" not in html.text


@pytest.mark.parametrize("which", ["plain", "folds"])
def test_every_figure_has_an_interval_or_says_why_not(which: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(which)
    assert len(page.tables) >= 10
    assert figures_without_interval(page) == []


@pytest.mark.parametrize(
    ("row", "lacks"),
    [
        ("<th>accuracy</th><td>0.91</td>", True),
        ("<th>share</th><td>12%</td>", True),
        ("<th>accuracy</th><td>0.91</td><td>0.85 to 0.95</td>", False),
        ("<th>accuracy</th><td>0.91 (0.85-0.95)</td>", False),
        ("<th>accuracy</th><td>0.91; no interval: one patient</td>", False),
        ("<th>temperature</th><td>1.4</td>", False),
        ("<th>patients</th><td>91</td>", False),
    ],
)
def test_the_walk_through_tables_finds_a_figure_that_lacks_its_interval(row: str, lacks: bool) -> None:
    assert bool(figures_without_interval(Page(f"<table><tr>{row}</tr></table>"))) == lacks
