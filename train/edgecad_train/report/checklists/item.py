"""Items of a checklist, facts of a study, and how facts answer items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

Applies = Literal["D", "E", "D;E"]
"""To the development of a model, to its evaluation, to both."""
StudyKind = Literal["run", "evaluation"]
State = Literal["reported", "in part", "not reported", "does not apply"]


@dataclass(frozen=True)
class ReportingItem:
    """One item.

    Attributes:
        number: as the guideline counts.
        part: of a paper, in which the guideline has it.
        topic: in a word or two.
        asks: what it asks, in a clause.
        facts: names of facts that answer it, all of them together.
        add: what the authors must still say; nothing where the facts answer it whole.
        absent: what to do where no fact answers it; `add` where that says it.
        applies: to what kind of study.
    """

    number: str
    part: str
    topic: str
    asks: str
    facts: tuple[str, ...] = ()
    add: str = ""
    absent: str = ""
    applies: Applies = "D;E"


@dataclass(frozen=True)
class Fact:
    """Something that a study knows of itself.

    Attributes:
        section: anchor of the report's section that tells it.
        words: the fact, as a sentence without its full stop.
    """

    section: str
    words: str


@dataclass(frozen=True)
class AnsweredItem:
    """An item with its state, the facts that answer it, and what is missing."""

    item: ReportingItem
    state: State
    found: tuple[Fact, ...] = ()
    missing: str = ""


def answered(items: Iterable[ReportingItem], facts: Mapping[str, Fact], kind: StudyKind) -> Iterator[AnsweredItem]:
    """Answer every item, in order.

    Args:
        facts: by name; an item is answered by those of its own that are there.
        kind: an evaluation develops nothing; a run does both, because it judges a test part.
    """
    for item in items:
        if kind == "evaluation" and item.applies == "D":
            yield AnsweredItem(item, "does not apply", missing="asked of the development alone: see the model's run")
            continue
        found = tuple(facts[name] for name in item.facts if name in facts)
        if not found:
            yield AnsweredItem(item, "not reported", missing=item.absent or item.add or f"say {item.asks}")
        elif item.add or len(found) < len(item.facts):
            yield AnsweredItem(item, "in part", found, item.add or item.absent or f"say {item.asks}")
        else:
            yield AnsweredItem(item, "reported", found)
