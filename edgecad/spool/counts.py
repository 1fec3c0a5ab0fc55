"""Counts of a day, for the physicist: how many were answered, how many refused and why, how the scores lie.

They can be had from the records again at any time, so a killed process costs none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from edgecad.spool.index import SpoolRecord
from edgecad.system.folders import write_whole

BINS = 20
"""Of the scores, from 0 to 1."""


class DailyCounts(msgspec.Struct):
    """Counts of one day, UTC.

    Attributes:
        records: files, copies among them.
        above: answers at or above the threshold.
        uncertain: answers in the model's uncertain zone; of a model without one there are none.
        refused, failed: by reason.
        scores: answers by score, in twentieths from 0 to 1.
        models: answers by the model's SHA-256, of which a process has one, but a day may see several.
        turned: answers at which the last scans, taken together, looked turned or mirrored, by how they looked. It
            alone cannot be had from the day's records, and is kept when they are counted anew.
    """

    day: str
    schema: int = 1
    records: int = 0
    answered: int = 0
    above: int = 0
    uncertain: int = 0
    copies: int = 0
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    failed: dict[str, int] = msgspec.field(default_factory=dict)
    scores: list[int] = msgspec.field(default_factory=lambda: [0] * BINS)
    models: dict[str, int] = msgspec.field(default_factory=dict)
    turned: dict[str, int] = msgspec.field(default_factory=dict)

    def add_turned(self, looks: str) -> None:
        """Count an answer at which the last scans looked turned."""
        self.turned[looks] = self.turned.get(looks, 0) + 1

    def add(self, record: SpoolRecord) -> None:
        """Count one record."""
        self.records += 1
        if record.status == "answered" and record.probability is not None and record.threshold is not None:
            self.answered += 1
            self.above += record.probability >= record.threshold
            self.uncertain += record.certainty == "uncertain"
            self.scores[min(BINS - 1, int(record.probability * BINS))] += 1
            self.models[record.model] = self.models.get(record.model, 0) + 1
        elif record.status == "copy":
            self.copies += 1
        else:
            reasons = self.refused if record.status == "refused" else self.failed
            reasons[record.reason or ""] = reasons.get(record.reason or "", 0) + 1


class CountsByDay:
    """A file a day in a folder; written when told to, not with every record."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, DailyCounts] = {}
        self._written: dict[str, bytes] = {}

    def of(self, day: str) -> DailyCounts:
        """The counts of a day as they stand; empty ones if there are none."""
        if day not in self._open:
            try:
                content = self._path(day).read_bytes()
                self._open[day] = msgspec.json.decode(content, type=DailyCounts)
                self._written[day] = content
            except (FileNotFoundError, msgspec.DecodeError):
                self._open[day] = DailyCounts(day)
        return self._open[day]

    def recount(self, day: str, records: Iterable[SpoolRecord]) -> None:
        """Count a day anew from its records."""
        self._open[day] = DailyCounts(day, turned=self.of(day).turned)
        for record in records:
            self._open[day].add(record)

    def save(self) -> None:
        """Write what was counted, and keep only the last day in memory."""
        for day, counts in self._open.items():
            content = msgspec.json.format(msgspec.json.encode(counts), indent=1) + b"\n"
            if self._written.get(day) != content:
                write_whole(self._path(day), content)
                self._written[day] = content
        last = max(self._open, default="")
        self._open = {day: counts for day, counts in self._open.items() if day == last}
        self._written = {day: content for day, content in self._written.items() if day == last}

    def _path(self, day: str) -> Path:
        return self._folder / f"{day}.json"
