"""How often the patients that judge a model were looked at before: figures of an untouched part are worth more."""

from __future__ import annotations

import msgspec

from edgecad.frozen import Frozen, demand

NOT_COUNTED = "openings of the test part were not counted; whether it was looked at before is not known"
"""Of a contract that says nothing: one of an earlier version, or of a model that was trained elsewhere."""


class Openings(Frozen, frozen=True, kw_only=True):
    """One opening of labelled patients, and those before it that are known; patients are told by their scans' hashes.

    A run opens its test part, an evaluation all its patients, and a study all of its test parts at once.
    """

    patients: int
    """Who are opened now."""
    before: int = 0
    """Of them, those who were opened before."""
    most: int = 0
    """How often one of them was, at most."""
    by: dict[str, int] = msgspec.field(default_factory=dict)
    """Earlier openings with any of them, by what opened them: `train`, `study` or `evaluate`."""
    together: int = 1
    """Runs that opened them at once: more than one in a study, whose runs with the same test part are one opening."""
    last: str | None = None
    """When the last of these was: UTC, ISO 8601."""
    unread: str | None = None
    """Why earlier openings may be missing here."""
    uncounted: str | None = None
    """Why this opening could not be written down, so that a later one will not know of it."""

    def __post_init__(self) -> None:
        demand(self.together >= 1, f"{self.together} runs opened these patients at once")
        demand(0 <= self.before <= self.patients, f"{self.before} of {self.patients} patients were opened before")
        demand((self.before > 0) == (self.most > 0) == bool(self.by), "openings before, and by whom, do not agree")

    @property
    def untouched(self) -> bool:
        """Whether it is known that nobody looked at any of them before, nor by another run at the same time."""
        return not self.before and self.unread is None and self.together == 1

    @property
    def brief(self) -> str:
        """In a few words."""
        if self.before:
            return "opened before"
        if self.together > 1:
            return f"opened by {self.together} runs of a study"
        return "opened for the first time" if self.unread is None else "opened, how often is not known"

    def words(self, whom: str = "test patients") -> str:
        """In a sentence without its full stop."""
        return "; ".join(part for part in (self._about(whom), self._together, self._unread, self._uncounted) if part)

    def _about(self, whom: str) -> str:
        if not self.before:
            first = f"first opening of these {self.patients} {whom}"
            return first if self.unread is None else f"no earlier opening of these {self.patients} {whom} is known"
        by = ", ".join(f"{count} by {kind}" for kind, count in self.by.items())
        who = f"these {self.patients} {whom} were" if self.before == self.patients else (
            f"{self.before} of these {self.patients} {whom} were"
        )  # fmt: skip
        often = "once" if self.most == 1 else f"{self.most} times at most"
        when = f", last on {self.last[:10]}" if self.last else ""
        return f"{who} looked at before, {often}: {by}{when}; figures are no longer of an untouched part"

    @property
    def _together(self) -> str:
        if self.together == 1:
            return ""
        return f"{self.together} runs of a study were tested on them; to choose one of these runs is to choose on them"

    @property
    def _unread(self) -> str:
        return f"earlier openings may be missing: {self.unread}" if self.unread else ""

    @property
    def _uncounted(self) -> str:
        return f"this opening could not be counted: {self.uncounted}" if self.uncounted else ""


def openings_words(openings: Openings | None) -> str:
    """What is known of the openings of a model's test part, without a full stop."""
    return NOT_COUNTED if openings is None else openings.words()


def openings_sentence(openings: Openings | None) -> str:
    """The same as a sentence."""
    words = openings_words(openings)
    return f"{words[0].upper()}{words[1:]}."
