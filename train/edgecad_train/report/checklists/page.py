"""reporting-checklist.html: both checklists, filled from what a study knows of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from edgecad.contract import Origin
from edgecad.system.folders import write_whole
from edgecad_train.report.checklists.claim import CLAIM
from edgecad_train.report.checklists.claim import SOURCE as CLAIM_SOURCE
from edgecad_train.report.checklists.item import AnsweredItem, Fact, State, StudyKind, answered
from edgecad_train.report.checklists.tripod import SOURCE as TRIPOD_SOURCE
from edgecad_train.report.checklists.tripod import TRIPOD_AI
from edgecad_train.report.html import NAME as REPORT
from edgecad_train.report.html import Section, html_of

CHECKLIST = "reporting-checklist.html"
LISTS = (
    ("tripod", "TRIPOD+AI", TRIPOD_AI, TRIPOD_SOURCE),
    ("claim", "CLAIM", CLAIM, CLAIM_SOURCE),
)
"""Anchor, name, items and source of each."""
STATES: tuple[State, ...] = ("reported", "in part", "not reported", "does not apply")


def write_checklist(
    folder: Path, title: str, kind: StudyKind, origin: Origin, facts: Mapping[str, Fact], sections: Iterable[Section]
) -> Path:
    """Write the page beside a report.

    Args:
        title: of the report.
        facts: what the study knows of itself, by name.
        sections: of the report, to which the items point.

    Raises:
        KeyError: a fact is of a section that the report does not have.
    """
    path = folder / CHECKLIST
    write_whole(path, checklist_page(title, kind, origin, facts, sections).encode())
    return path


def checklist_page(
    title: str, kind: StudyKind, origin: Origin, facts: Mapping[str, Fact], sections: Iterable[Section]
) -> str:
    """The page's HTML; see `write_checklist`."""
    places = {anchor: name for anchor, name, _ in sections}
    unknown = sorted({fact.section for fact in facts.values()} - places.keys())
    if unknown:
        raise KeyError(f"the report has no section {', '.join(unknown)}")
    found = {anchor: tuple(answered(items, facts, kind)) for anchor, _, items, _ in LISTS}
    content = {
        "title": f"Reporting checklists: {title}",
        "of": kind,
        "report": REPORT,
        "places": places,
        "lists": {
            anchor: {"name": name, "source": source, "answered": found[anchor]} for anchor, name, _, source in LISTS
        },
        "counts": {anchor: counts_of(items) for anchor, items in found.items()},
        "warnings": (),
        "whole_image": False,
    }
    headings = tuple((anchor, name, name) for anchor, name, _, _ in LISTS)
    return html_of("checklist", headings, origin, content, ())


def counts_of(found: Iterable[AnsweredItem]) -> tuple[tuple[State, int], ...]:
    """How many items are in each state; states that nobody is in are left out."""
    counted = Counter(one.state for one in found)
    return tuple((state, counted[state]) for state in STATES if counted[state])
