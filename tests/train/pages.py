"""A report's HTML as tests look at it: tags, text, tables, and figures that lack their interval."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

SETTINGS = frozenset(
    {
        "threshold on the score", "asked for", "its rule", "temperature", "heat map, full colour", "activated region",
        "unfrozen", "drawing", "label smoothing", "head", "opencv-python-headless", "edgecad", "keras", "numpy",
        "python",
        "scikit-learn", "scipy", "statsmodels", "tensorflow", "optuna", "onnxruntime", "the model was made with",
        "text, lines over the disc", "first weights", "strategy",
    }
)  # fmt: skip
"""Rows of facts that hold numbers which somebody set, and no figure of patients."""
ESTIMATE = re.compile(r"\d\.\d|\d ?%")
INTERVAL = re.compile(r"\d\.?\d*%? to [+\N{MINUS SIGN}]?\d|\(\d\.\d+-(\d\.\d+)?\)|\(at least \d")
CHANCE = re.compile(r"\bp [=<] 0?\.\d+")
"""The p-value of a test, which has no interval."""
REASON = re.compile(r"no interval|not estimable|no value|no estimate", re.IGNORECASE)


@dataclass
class Table:
    """A table as it reads."""

    kind: str
    caption: str = ""
    heads: list[list[str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


class Page(HTMLParser):
    """Every tag with its attributes, the text outside styles, the tables, and whether tags close in order."""

    VOID = frozenset({"meta", "img", "path", "circle", "br"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.tables: list[Table] = []
        self.well_formed = True
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append(Table(dict(attrs).get("class") or ""))
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")

    @property
    def _rows(self) -> list[list[str]]:
        return self.tables[-1].heads if "thead" in self.open else self.tables[-1].rows

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.well_formed &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.text += f"{data} "
        if "caption" in self.open:
            self.tables[-1].caption += data
        elif "td" in self.open or "th" in self.open:
            self._rows[-1][-1] += data


def figures_without_interval(page: Page) -> list[str]:
    """Cells with a figure that has neither an interval in its row nor a reason there or in the table's caption.

    Whole numbers are counts. Of facts, numbers that were set are none: `SETTINGS`. Seconds are measured times.
    """
    return [
        f"{table.caption or table.kind}: {' | '.join(row)}"
        for table in page.tables
        if not REASON.search(table.caption) and not table.caption.startswith("As planned")
        for row in table.rows
        if any(ESTIMATE.search(CHANCE.sub("", cell)) for cell in row[1:])
        and not any(INTERVAL.search(cell) or REASON.search(cell) for cell in row)
        and row[0] not in SETTINGS
        and not row[-1].endswith(" s")
    ]
