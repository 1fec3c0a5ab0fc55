"""An OUT with records that are drawn, of every state and of hostile words, and pages read as a browser reads them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from edgecad.answer.prediction import FORCED_STAMP, PHANTOM_STAMP, RESEARCH_STAMP, Finding
from edgecad.decision.recalibration import Recalibration
from edgecad.spool.daypage.pages import DayPages
from edgecad.spool.index import RecordIndex, Slot, SpoolRecord
from edgecad.spool.out import make_out

DAY = "2026-11-29"
HOSTILE = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onload='x", "</style><b>", "&lt;&amp;", "]]>",
    "javascript:alert(1)", "=HYPERLINK(1)", "-1+1", "@SUM(A1)", "＝1", "a,b\"c\r\nd", "\u202egpj.exe",
    "\x00\x07\x1b[31m",
    "\u0645\u0631\u064a\u0636 7", "患者１２", "%2e%2e/..", "x" * 300, "a{b}c {0} %s", "<!--", "</table>",
    "&#60;script&#62;",
)  # fmt: skip
MODELS = ("a" * 64, "b" * 63 + "<")
VOID = {"meta", "img", "br", "hr", "link", "input"}


class SeenPage(HTMLParser):
    """A page as a browser reads it; `faults` are elements that are not closed, or closed by another."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.style = self.text = ""
        self.rows: list[str] = []
        self.feed(page)
        self.close()
        self.faults += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            self.style += data
            return
        self.text += data
        if "tr" in self.open:
            self.rows[-1] += data

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")

    def of(self, tag: str, name: str) -> list[str]:
        """Values of an attribute."""
        return [attributes[name] or "" for found, attributes in self.elements if found == tag and name in attributes]


@dataclass
class DrawnOut:
    """An OUT whose records are written by hand."""

    out: Path
    index: RecordIndex
    records: list[SpoolRecord] = field(default_factory=list)

    def add(self, name: str = "", day: str = DAY, picture: bool = True, **fields: Any) -> SpoolRecord:
        """Write a record, and a file where its picture would be."""
        number = len(self.records)
        status = fields.setdefault("status", "answered")
        slot = Slot("refused" if status in ("refused", "failed") else "done", day, name or f"{number:016x}-abcdef")
        moment = f"{day}T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
        answer = {"label": "CAD", "positive": "CAD", "probability": 0.75, "threshold": 0.5, "region_threshold": 0.2}
        common = {
            "time": moment, "scan": f"{number:016x}", "scan_sha256": f"{number:064x}", "stamp": PHANTOM_STAMP,
            "model": MODELS[0], "contract": "c" * 64, "device": "cpu", "provider": "x", "precision": "fp32",
            "claim": f"claim-{number}", "received": moment, "recorded": moment, "file": slot.file(".jpg"),
            "figure": slot.figure if picture else None,
        }  # fmt: skip
        record = SpoolRecord(**{**common, **(answer if status == "answered" else {}), **fields})
        (self.out / slot.record).parent.mkdir(exist_ok=True)
        self.index.write(slot, record)
        if record.figure == slot.figure:
            (self.out / slot.figure).write_bytes(b"picture")
        self.records.append(record)
        return record

    def page(self, day: str = DAY) -> str:
        """The page as it is written now."""
        pages = DayPages(self.out, self.index)
        pages.change(day)
        pages.write_changed()
        assert pages.problem is None
        return (self.out / "days" / f"{day}.html").read_text("utf-8")


@pytest.fixture
def drawn_out(tmp_path: Path) -> DrawnOut:
    make_out(tmp_path / "out")
    index = RecordIndex(tmp_path / "out")
    index.load()
    return DrawnOut(tmp_path / "out", index)


@pytest.fixture
def mixed(drawn_out: DrawnOut) -> Callable[[int, int], DrawnOut]:
    """So many records of a seed, each of any kind."""

    def draw(seed: int, count: int) -> DrawnOut:
        numbers = random.Random(seed)  # noqa: S311 - it draws test cases
        for _ in range(count):
            drawn_out.add(picture=numbers.random() < 0.8, **drawn_fields(numbers))
        return drawn_out

    return draw


def drawn_fields(numbers: random.Random) -> dict[str, Any]:
    """Fields of one record of any kind; every text may be hostile."""

    def words() -> str:
        return numbers.choice([*HOSTILE, f"plain {numbers.randrange(99)}"])

    status = numbers.choices(["answered", "refused", "failed", "copy"], [6, 2, 1, 1])[0]
    stamp = numbers.choice([PHANTOM_STAMP, RESEARCH_STAMP, words()])
    fields: dict[str, Any] = {
        "status": status, "scan": words(), "id": numbers.choice([None, words()]), "stamp": stamp,
        "frame": numbers.choice([None, 3]), "model": numbers.choice(MODELS),
        "remarks": (words(),) * numbers.randrange(2), "device": numbers.choice(["cpu", words()]),
    }  # fmt: skip
    if status == "copy":
        return {**fields, "first": numbers.choice([None, words(), f"done/{DAY}/x.json", "done/2026-11-01/y.json"])}
    if status != "answered":
        return {**fields, "reason": numbers.choice([None, words()]), "message": numbers.choice([None, words()])}
    score, threshold = round(numbers.random(), 4), numbers.choice([0.5, 0.25, 0.5000001])
    zone = numbers.choice([None, (threshold * 0.8, threshold * 1.3)])
    uncertain = zone is not None and zone[0] <= score <= zone[1]
    findings = (Finding(numbers.choice(["overlay", "model-unmeasured", words()]), 0.1, words()),) * numbers.randrange(2)
    overruled = (words(),) if numbers.random() < 0.2 else ()
    by = Recalibration(intercept=0.1, slope=1.0, patients=9, network="0" * 64, date=date(2026, 11, 1))
    return {
        **fields, "probability": score, "threshold": threshold, "label": "CAD" if score >= threshold else words(),
        "threshold_from": numbers.choice(["contract", "site", "user"]), "zone": zone, "findings": findings,
        "certainty": None if zone is None else "uncertain" if uncertain else "clear", "overruled": overruled,
        "stamp": f"{FORCED_STAMP} - {stamp}" if overruled else stamp,
        "recalibration": numbers.choice([None, by]), "region_threshold": numbers.choice([None, 0.2]),
    }  # fmt: skip
