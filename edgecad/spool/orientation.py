"""Whether the last answered scans lie as those of the model's training: a warning, which changes no answer.

Everything is had from the records, so nothing is kept beside them, and a new process knows what the last one knew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from edgecad.contract import OrientationReference
from edgecad.polarmap.orientation import SERIES, UPRIGHT, WANTED, Turn, judged_series
from edgecad.spool.index import SpoolRecord

WINDOWS = (SERIES, 100)
"""Last scans that are taken together: few, so that a change is seen soon; and many, because they alone tell a map that
is mirrored top to bottom."""
IN_A_ROW = 3
"""Scans at which the last ones must look turned one after another, but for the first look at all. A watch looks with
every scan: of 5,000 upright phantoms six began to look turned, and one still did two scans later."""


class SeriesWatch:
    """The last answered scans of one OUT, and how they lie. A patient's second scan counts as another's."""

    def __init__(self, reference: OrientationReference | None, *, of_uptake: bool) -> None:
        """See nothing yet.

        Args:
            reference: the contract's.
            of_uptake: whether the network sees uptake; the screen's own colours tell nothing here.
        """
        self._reference, self._uptake = reference, of_uptake
        self._means: deque[tuple[float, ...]] = deque(maxlen=max(WINDOWS))
        self._loaded: frozenset[str] = frozenset()
        self._told: Turn | None = None
        self._upright = self._in_a_row = 0
        self.turn: Turn | None = None
        """How the last scans look, if they do not look upright."""

    @property
    def checks(self) -> bool:
        """Whether this model can tell."""
        return self._reference is not None and self._uptake

    def add(self, record: SpoolRecord) -> str | None:
        """Look at a record that is new. One that was loaded is not: its scan had only to be put away.

        Returns:
            A warning, if from now on the last scans look turned, or turned otherwise. It comes again only
            after they looked upright for `SERIES` scans, so that a case on the limit is told once.
        """
        if record.claim in self._loaded or not self._takes(record):
            return None
        looks, first = self._judged(), len(self._means) == SERIES
        self._in_a_row = 0 if not looks else IN_A_ROW if first else self._in_a_row + 1
        self.turn = looks if self._in_a_row >= IN_A_ROW else None
        self._upright = 0 if looks else self._upright + 1
        if self._upright >= SERIES:
            self._told = None
        if self.turn in (None, self._told):
            return None
        self._told = self.turn
        return self.warning

    def load(self, records: Iterable[SpoolRecord]) -> None:
        """Look at records that earlier processes wrote, the oldest first."""
        self._loaded = frozenset(record.claim for record in records if self._takes(record))
        self.turn = self._told = self._judged()
        self._in_a_row = IN_A_ROW if self.turn else 0

    @property
    def warning(self) -> str | None:
        """What is to be said while the last scans look turned."""
        if self.turn is None:
            return None
        return (
            f"THE LAST SCANS LOOK {self.turn.words.upper()}, all or many of them, taken together and held against the "
            f"training scans: {WANTED}; look at them, and at what exports them"
        )

    @property
    def words(self) -> str:
        """How it stands, for a supervisor."""
        if not self._uptake:
            return "not checked: the network sees the screen's own colours"
        if self._reference is None:
            return "not checked: the model does not know how its training scans lay"
        if len(self._means) < SERIES:
            return f"not known yet: {len(self._means)} of {SERIES} scans"
        return (self.turn or UPRIGHT).words

    def _takes(self, record: SpoolRecord) -> bool:
        if not self.checks or record.status != "answered" or record.segments is None:
            return False
        self._means.append(record.segments)
        return True

    def _judged(self) -> Turn | None:
        means = np.array(self._means, np.float64).reshape(-1, 17)
        for window in WINDOWS:
            judged = self._reference and len(means) >= window and judged_series(self._reference, means[-window:])
            if judged and judged.turn:
                return judged.turn
        return None
