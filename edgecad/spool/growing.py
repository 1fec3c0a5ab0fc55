"""Whether somebody may still write on in a scan: an open file follows it wherever it is moved.

A scan that was taken is told to be still by our own clock. One that was refused because it ends early may grow where it
was put away; its refusal is no last word then.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from edgecad.images.ending import ENDS_EARLY
from edgecad.spool.claims import Claim, Claims
from edgecad.spool.index import SpoolRecord
from edgecad.spool.source import Traits
from edgecad.system.digests import file_sha256

MOST_CUT = 1000
"""Refused scans that are looked at; of more, the last ones."""


class Stillness:
    """Since when each scan that was taken has been as it is, and which ones are waited for."""

    def __init__(self, claims: Claims, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at nothing yet.

        Args:
            patience: seconds for which a scan must not change to count as one that grows no more.
            clock: seconds that never run backwards.
        """
        self._claims, self._patience, self._clock = claims, patience, clock
        self._seen: dict[str, tuple[Traits, float]] = {}
        self._waiting: set[str] = set()

    @property
    def waiting(self) -> int:
        """Scans that are waited for."""
        return len(self._waiting)

    def may_grow(self, claim: Claim, lain: float = 0.0) -> bool:
        """Whether a scan has changed within `patience`.

        Args:
            lain: as its arrival has it; 0 for one that a process before us took.

        Raises:
            OSError: it cannot be looked at.
        """
        now, traits = self._clock(), Traits.of(os.lstat(self._claims.scan_of(claim)))
        before = self._seen.get(claim.id, (claim.traits, now - lain))
        self._seen[claim.id] = before if before[0] == traits else (traits, now)
        return now - self._seen[claim.id][1] < self._patience

    def unfinished(self, claim: Claim) -> bool:
        """Whether a scan was found to end early, or is another than the one that was taken; after `may_grow`."""
        return claim.id in self._waiting or self._seen[claim.id][0] != claim.traits

    def wait_for(self, claim: Claim) -> None:
        """It is not finished."""
        self._waiting.add(claim.id)

    def forget(self, claim: Claim) -> None:
        """It is not waited for any more."""
        self._waiting.discard(claim.id)
        self._seen.pop(claim.id, None)

    def keep(self, claims: Collection[str]) -> None:
        """Forget all but these: somebody may have taken a scan away."""
        self._waiting.intersection_update(claims)


class CutShort:
    """Scans that were refused because they end early, where they lie."""

    def __init__(self, out: Path) -> None:
        """Know of none yet."""
        self._out = out
        self._known: dict[str, tuple[SpoolRecord, Traits | None]] = {}

    def add(self, records: Iterable[SpoolRecord]) -> None:
        """Look after those of some records that were refused so; one that is not as its record says has grown."""
        for record in records:
            if record.status == "refused" and record.reason in ENDS_EARLY:
                self._known[record.file] = (record, self._as_recorded(record))
        while len(self._known) > MOST_CUT:
            del self._known[next(iter(self._known))]

    def grown(self) -> Iterator[SpoolRecord]:
        """Those in which somebody has written on; each once. One that is gone is looked after no more."""
        for name, (record, traits) in tuple(self._known.items()):
            try:
                now = Traits.of(os.lstat(self._out / name))
            except OSError:
                del self._known[name]
                continue
            if now != traits:
                del self._known[name]
                yield record

    def _as_recorded(self, record: SpoolRecord) -> Traits | None:
        """The traits of a scan, if it is the one that its record is of."""
        path = self._out / record.file
        try:
            traits = Traits.of(os.lstat(path))
            same = file_sha256(path) == record.scan_sha256 if traits.size else record.reason == "empty"
        except OSError:
            return None
        return traits if same else None
