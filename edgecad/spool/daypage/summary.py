"""What a day is, taken together; records are added one by one, and none is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from edgecad.answer.prediction import Finding
from edgecad.spool.counts import DailyCounts
from edgecad.spool.daypage.words import State, is_above, is_trusted, model_stamp, moment_of, numbers_of, state_of
from edgecad.spool.index import Slot, SpoolRecord

_T = TypeVar("_T")
Part = Literal["refused", "failed", "answered", "copy"]
Engine = tuple[str, str, str]
"""A model's hash, its precision and its device."""


@dataclass
class DaySummary:
    """One day of an OUT.

    Attributes:
        states: records by icon.
        doubted: those of them whose answers may not have their colour.
        uncertain_above: of those that are uncertain, how many lie above their threshold.
        above, below: what answers on that side are called.
        counts: as DAY.json has them, for the scores.
        thresholds: of answers.
        engines: records by what made them.
        findings: those that every answer has, of two or more.
        remarks: those that every record has, of two or more.
    """

    day: str
    states: Counter[State] = field(default_factory=Counter)
    doubted: Counter[State] = field(default_factory=Counter)
    uncertain_above: int = 0
    above: set[str] = field(default_factory=set)
    below: set[str] = field(default_factory=set)
    thresholds: Counter[float] = field(default_factory=Counter)
    engines: Counter[Engine] = field(default_factory=Counter)
    _stamps: set[str] = field(default_factory=set)
    _findings: Counter[Finding] = field(default_factory=Counter)
    _remarks: Counter[str] = field(default_factory=Counter)
    _places: dict[Part, list[tuple[str, Slot]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counts = DailyCounts(self.day)

    def add(self, slot: Slot, record: SpoolRecord) -> None:
        """Count one record, and remember where it lies."""
        self.counts.add(record)
        self.states[state_of(record)] += 1
        self.engines[record.model, record.precision, record.device] += 1
        self._stamps.add(model_stamp(record))
        self._remarks.update(set(record.remarks))
        self._places.setdefault(record.status, []).append((moment_of(record), slot))
        if record.status == "answered":
            self._add_answer(record)

    def _add_answer(self, record: SpoolRecord) -> None:
        self.doubted[state_of(record)] += not is_trusted(record)
        self.thresholds[numbers_of(record)[1]] += 1
        self._findings.update(set(record.findings))
        if record.label is not None:
            (self.above if is_above(record) else self.below).add(record.label)
        self.uncertain_above += record.certainty == "uncertain" and is_above(record)

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(self.states.values())

    @property
    def answers(self) -> int:
        """How many of them are answers."""
        return len(self._places.get("answered", ()))

    @property
    def stamps(self) -> list[str]:
        """What must stand on the page; without what another one says as well."""
        return sorted(one for one in self._stamps if not any(each.endswith(f" - {one}") for each in self._stamps))

    @property
    def findings(self) -> frozenset[Finding]:
        """Findings that every answer has, of two or more."""
        return _common(self._findings, self.answers)

    @property
    def remarks(self) -> frozenset[str]:
        """Remarks that every record has, of two or more."""
        return _common(self._remarks, self.records)

    def slots(self, parts: Collection[Part] = ("refused", "failed", "answered", "copy")) -> list[Slot]:
        """Where records of these parts lie, by time."""
        places: Iterable[tuple[str, Slot]] = (place for part in parts for place in self._places.get(part, ()))
        return [slot for _, slot in sorted(places, key=lambda place: (place[0], place[1].name))]


def _common(counted: Counter[_T], of: int) -> frozenset[_T]:
    return frozenset(each for each, count in counted.items() if of > 1 and count == of)
