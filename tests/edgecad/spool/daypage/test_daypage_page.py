"""The page of a day says what its records say, of every state, and nothing in a record becomes more than a text."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from edgecad.answer.prediction import FORCED_STAMP, PHANTOM_STAMP, RESEARCH_STAMP, Finding
from edgecad.spool.daypage.pages import DayPages
from edgecad.spool.daypage.words import moment_of, state_of
from edgecad.spool.index import RecordIndex, SpoolRecord

from .conftest import DAY, DrawnOut, SeenPage

V1 = Path(__file__).parents[2] / "answer" / "record_v1.json"
MARKUP = {
    "html", "head", "meta", "title", "style", "body", "svg", "defs", "pattern", "rect", "path", "symbol", "circle", "g",
    "use", "text", "div", "span", "main", "h1", "h2", "p", "ul", "li", "b", "bdi", "small", "table", "thead", "tbody",
    "tr", "th", "td", "a", "img",
}  # fmt: skip
ANSWER: dict[str, Any] = {"zone": (0.4, 0.6), "certainty": "clear", "scan": "x" * 40}
Mixed = Callable[[int, int], DrawnOut]


def seen(text: str) -> str:
    """A text as the page may show it."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in text)


@pytest.mark.parametrize("seed", range(12))
def test_no_text_of_a_record_becomes_markup(seed: int, mixed: Mixed) -> None:
    out = mixed(seed, 40)
    page = SeenPage(out.page())
    assert page.faults == []
    assert {tag for tag, _ in page.elements} <= MARKUP
    for _, attributes in page.elements:
        assert not any(name.startswith("on") or name in ("style", "srcset") for name in attributes)
    for target in [*page.of("a", "href"), *page.of("img", "src")]:
        assert re.fullmatch(r"\.\./(done|refused)/[\d-]{10}/[^/]+", target)
    assert not any(sign in page.text for sign in "\u202e\x00\x1b\x07")
    for record in out.records:
        assert seen(record.id or "") in page.text
        assert seen(record.reason or "") in page.text
        assert seen(record.message or "") in page.text


@pytest.mark.parametrize("seed", range(4))
def test_a_browser_may_load_this_style_and_pictures_only(seed: int, mixed: Mixed) -> None:
    page = SeenPage(mixed(seed, 20).page())
    (policy,) = [a["content"] for t, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in str(policy).split(";"))
    assert rules["default-src"] == "'none'"
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert rules["style-src"] == f"'sha256-{digest}'"
    assert rules["img-src"] == "'self' file:"
    assert set(rules) == {"default-src", "style-src", "img-src", "base-uri", "form-action"}
    assert "url(" not in page.style
    assert "@import" not in page.style


@pytest.mark.parametrize("seed", range(6))
def test_the_counts_are_those_of_the_records(seed: int, mixed: Mixed) -> None:
    out = mixed(seed, 50)
    written = out.page()
    tiles = dict(re.findall(r'<li><svg[^>]*><use href="#i-(\w+?)(?:-doubted)?"/></svg><b>(\d+)</b>', written))
    counts = Counter(map(state_of, out.records))
    assert {state: int(count) for state, count in tiles.items() if count != "0"} == dict(counts)
    titles = {"refused": "Not analysed", "failed": "Failed", "copy": "Same bytes again", "answered": "Answers"}
    for status, title in titles.items():
        count = sum(record.status == status for record in out.records)
        assert (f"<h2>{title}: {count}</h2>" in written) == (count > 0)
    heights = re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="13.4" height="([\d.]+)"', written)
    scores = Counter(min(19, int((record.probability or 0) * 20)) for record in out.records if record.probability)
    assert len(heights) == len(scores)
    assert max(map(float, heights)) == 44


@pytest.mark.parametrize("seed", range(3))
def test_what_was_not_analysed_comes_first_and_all_by_time(seed: int, mixed: Mixed) -> None:
    out = mixed(seed, 40)
    page = SeenPage(out.page())
    rows = [row for row in page.rows if re.search(r"\d\d:\d\d:\d\d", row)]
    expected = [
        moment_of(record)[11:19]
        for status in ("refused", "failed", "answered", "copy")
        for record in sorted(out.records, key=moment_of)
        if record.status == status
    ]
    assert [re.findall(r"\d\d:\d\d:\d\d", row)[0] for row in rows] == expected


def row_of(out: DrawnOut, record: SpoolRecord) -> str:
    rows: list[str] = re.findall(r"<tr><td>.*?</tr>", out.page(), re.DOTALL)
    (row,) = [row for row in rows if moment_of(record)[11:19] in row]
    return row


@pytest.mark.parametrize("score", [0.0, 0.2, 0.42, 0.6, 1.0])
def test_a_bar_stands_where_the_score_is(score: float, drawn_out: DrawnOut) -> None:
    row = row_of(drawn_out, drawn_out.add(probability=score, threshold=0.42, zone=(0.3, 0.55), certainty="clear"))
    assert f'd="M{round(6 + 288 * 0.42, 1)} 9v19"' in row
    assert f'd="M{round(6 + 288 * score, 1)} 4v21' in row
    assert f'<rect x="{round(6 + 288 * 0.3, 1)}" y="13" width="72.0" height="11" fill="url(#hatch)"/>' in row


def test_words_of_a_verdict(drawn_out: DrawnOut) -> None:
    above, below = drawn_out.add(), drawn_out.add(probability=0.1, label="nonCAD")
    unsure = drawn_out.add(probability=0.45, label="nonCAD", zone=(0.4, 0.6), certainty="uncertain")
    forced = drawn_out.add(overruled=("no disc (3 pixels); send one",), stamp=f"{FORCED_STAMP} - {PHANTOM_STAMP}")
    site = drawn_out.add(threshold=0.75, threshold_from="site")
    assert "<b>CAD</b><small>above threshold" in row_of(drawn_out, above)
    assert "nonCAD<small>below threshold" in row_of(drawn_out, below)
    assert "<b>UNCERTAIN</b><small>below threshold, counts as nonCAD" in row_of(drawn_out, unsure)
    assert "#i-uncertain" in row_of(drawn_out, unsure)
    assert "forced past the map check" in row_of(drawn_out, forced)
    assert "Overruled: no disc</p>" in row_of(drawn_out, forced)
    assert "#i-above-doubted" in row_of(drawn_out, forced)
    assert "at the threshold" in row_of(drawn_out, site)
    assert "threshold 0.75 (site)" in row_of(drawn_out, site)
    page = drawn_out.page()
    assert "<span>nonCAD, below threshold</span>" in page
    assert "uncertain, 0 above threshold" in page
    assert FORCED_STAMP not in page, "it stands in its row"


def test_each_model_stamp_and_threshold_of_the_day_is_said(drawn_out: DrawnOut) -> None:
    unproven = (Finding("model-unmeasured", 1.0, "NOBODY MEASURED IT"),)
    drawn_out.add(threshold=0.5)
    drawn_out.add(threshold=0.31, model="d" * 64, stamp=RESEARCH_STAMP, device="cuda:0", precision="int8")
    page = drawn_out.page()
    for words in (PHANTOM_STAMP, RESEARCH_STAMP, "Model aaaaaaaa, fp32, cpu: 1 record", "Model dddddddd, int8, cuda:0"):
        assert words in page
    assert "thresholds 0.31, 0.5" in page
    drawn_out.add(findings=unproven)
    drawn_out.add(status="refused", reason="no-disc", message="seen; wanted")
    stamps = re.findall(r'<div class="stamp( warns)?"><span>(.*?)</span>', drawn_out.page())
    assert stamps == [("", RESEARCH_STAMP), (" warns", f"UNPROVEN MODEL - {PHANTOM_STAMP}")]


def test_what_all_answers_have_is_said_once(drawn_out: DrawnOut) -> None:
    common, own = Finding("equal-costs-prevalence", 0.6, "EQUAL COSTS"), Finding("overlay", 0.1, "text over the disc")
    for number in range(5):
        findings = (common, own) if number == 2 else (common,)
        drawn_out.add(findings=findings, remarks=("nobody checked the signature", *(["no id"] if number == 1 else [])))
    page = drawn_out.page()
    assert page.count("EQUAL COSTS") == 1
    assert page.count("obody checked the signature") == 1
    assert page.count("Text over the disc") == 1
    assert page.count("No id") == 1


def test_a_picture_that_is_gone_leaves_words_and_no_picture_is_no_link(drawn_out: DrawnOut) -> None:
    there, gone, none = drawn_out.add(), drawn_out.add(), drawn_out.add(picture=False)
    (drawn_out.out / str(gone.figure)).unlink()
    assert "picture removed<img" in row_of(drawn_out, gone)
    assert 'alt=""' in row_of(drawn_out, there)
    assert "no picture" in row_of(drawn_out, none)
    assert "href" not in row_of(drawn_out, none).replace('<use href="#i-above"/>', "")


@pytest.mark.parametrize(
    "figure", ["../../etc/x.figure.png", "/x.figure.png", "done/2026-11-29/../../x.figure.png", "x"]
)
def test_a_record_links_to_nothing_outside_its_out(figure: str, drawn_out: DrawnOut) -> None:
    page = SeenPage((drawn_out.add(figure=figure), drawn_out.page())[1])
    assert page.of("img", "src") == []
    assert page.of("a", "href") == []


def test_links_lead_to_the_files(drawn_out: DrawnOut) -> None:
    drawn_out.add('odd "name" #1 %41?')
    first = drawn_out.add("plain")
    record = f"done/{DAY}/plain.json"
    for other in (record, record.replace(DAY, "2026-11-01"), None):
        drawn_out.add(status="copy", first=other, figure=None, file=first.file)
    page = SeenPage(drawn_out.page())
    targets = [*page.of("img", "src"), *page.of("a", "href")]
    assert len(targets) == 2 + 3
    for target in targets:
        assert (drawn_out.out / "days" / unquote(target)).exists()
    assert "plain of 2026-11-01" in page.text
    assert "a file that came first" in page.text


def test_records_of_schema_1_have_their_page(tmp_path: Path, drawn_out: DrawnOut) -> None:
    (drawn_out.out / "done" / DAY).mkdir()
    shutil.copy(V1, drawn_out.out / "done" / DAY / "59b0e394cebe174f-da13dc.json")
    index = RecordIndex(drawn_out.out)
    index.load()
    pages = DayPages(drawn_out.out, index)
    pages.load()
    assert list(pages.write_stale()) == [DAY]
    page = (drawn_out.out / "days" / f"{DAY}.html").read_text("utf-8")
    assert "18:59:56" in page
    assert "score <b>0.63</b>, threshold 0.50" in page
    assert 'class="thumb whole"' in page, "its picture is laid out as then"
    assert SeenPage(page).faults == []


def test_thirty_scans_take_sixty_kilobytes(drawn_out: DrawnOut) -> None:
    for number in range(30):
        kind = number % 10
        overlay = Finding("overlay", 0.1, f"text or lines over {kind}% of the disc were painted over")
        if kind == 9:
            drawn_out.add(status="refused", reason="several-maps", message="other pictures stand beside the disc; " * 4)
        else:
            drawn_out.add(id=f"study-{number:04d}", findings=(overlay,) * 2, **ANSWER)
    assert len(drawn_out.page().encode()) < 60_000
