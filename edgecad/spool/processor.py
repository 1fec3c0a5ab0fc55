"""One scan that was taken: judged, recorded, put away; whatever of that was done already is left as it is."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from edgecad.answer.records import Record, record_of_copy
from edgecad.errors import DeviceFailed, InputRefused, ModelInvalid
from edgecad.images import bytes_from_path
from edgecad.images.opencv import no_memory
from edgecad.inference.answering import ScanOutcome, answer, name_of, provenance_of, refusal, write_figure
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import BY_HASH, Identified, IdentityChoice, Noted
from edgecad.spool.claims import Claim, Claims, suffix_of
from edgecad.spool.counts import CountsByDay
from edgecad.spool.index import AGAIN, COPY, Place, RecordIndex, Slot, SpoolRecord
from edgecad.system.clock import now_text
from edgecad.system.folders import made_folder

MOST_DEATHS = 5
"""How many processes a scan may end; then it is refused unjudged."""
OWN_FAULTS = {errno.EACCES, errno.EPERM, errno.ELOOP, errno.EISDIR, errno.ENXIO}
"""Why a file cannot be read for reasons of its own; any other is the machine's, and passes."""


class NotReadNow(Exception):
    """One scan could not be read, or not be brought to the disk: a bad sector, a lost connection. It stays taken, and
    others have their turn."""


Key = Callable[[bytes], str]
"""What tells one scan from another, of a scan's bytes: hexadecimal, 16 digits or more. It raises nothing."""
Prepare = Callable[[str, bytes, ScanOutcome], None]
"""Given a scan's name among the records, its bytes and what became of it, before its record is written. It may be
called again for the same scan, by a process that follows a killed one."""


def content_hash(data: bytes) -> str:
    """The SHA-256 of a scan's bytes, hexadecimal: the same bytes are the same scan."""
    return hashlib.sha256(data).hexdigest()


def nothing(name: str, data: bytes, outcome: ScanOutcome) -> None:
    """Prepare nothing."""


@dataclass(frozen=True)
class Processor:
    """Judges with one classifier, and writes the records of one OUT.

    Attributes:
        key: scans with the same one are copies of one another.
        prepare: makes what must be there before the record is; not called for copies, nor where the bytes could not
            be read. An `OSError` leaves the scan taken, and it is judged again later.
        wanted: what of whose scan it is stands in records and pictures.
    """

    classifier: Classifier
    out: Path
    claims: Claims
    index: RecordIndex
    counts: CountsByDay
    key: Key = content_hash
    prepare: Prepare = nothing
    wanted: IdentityChoice = BY_HASH

    def handle(self, claim: Claim) -> SpoolRecord:
        """Judge a scan, record it and put it away.

        Raises:
            DeviceFailed, ModelInvalid: nothing can be judged; the scan stays taken.
            NotReadNow: this scan cannot be read, or brought to the disk; it stays taken.
            OSError: the disk failed; the scan stays taken.
        """
        try:
            self.claims.sync(claim)
        except OSError as error:
            raise NotReadNow from error
        record = self._recorded(claim)
        self.claims.put_away(claim, self.out / record.file)
        return record

    def _recorded(self, claim: Claim) -> SpoolRecord:
        """The record of a claim: the one that is there, or a new one."""
        earlier = self.index.claimed(claim.id)
        if earlier is not None:
            return earlier
        found = self.index.find(claim.id)
        if found is not None and found[1].claim == claim.id:
            return found[1]
        data = self._content(claim)
        if isinstance(data, InputRefused):
            return self._written(claim, claim.id, self._refused(claim, data, None))
        key, whose = self._key_of(claim, data), self._whose(claim, data)
        name = name_of(key, self.classifier, whose.identity)
        found = self.index.find(name)
        if found is None:
            return self._judged(claim, name, data, whose)
        slot, first = found
        if first.status == "failed" and first.claim != claim.id:
            # It is no answer: whoever sends that scan again wants another try, unless one has succeeded since.
            slot, first = self.index.answered_since(name) or (slot, first)
        if first.claim == claim.id:
            return first
        more = f"{name}{AGAIN if first.status == 'failed' else COPY}{claim.id}"
        found = self.index.find(more)
        if found is not None:
            return found[1]
        if first.status == "failed":
            return self._judged(claim, more, data, whose)
        return self._copied(claim, more, slot, data, whose)

    def _key_of(self, claim: Claim, data: bytes) -> str:
        """A scan's key; of one that ended too many processes the hash, because the key may be what ended them."""
        if claim.deaths >= MOST_DEATHS:
            return content_hash(data)
        with self.claims.judging(claim):
            return self.key(data)

    def _whose(self, claim: Claim, data: bytes | None) -> Identified:
        """Whose scan it is, as far as the site asks; of what ended too many processes nothing is read."""
        if claim.deaths >= MOST_DEATHS:
            return self.wanted.identified_by(self._noted(claim), None)
        with self.claims.judging(claim):
            return self.wanted.identified_by(self._noted(claim), data)

    def _noted(self, claim: Claim) -> Noted:
        return claim.noted if claim.scan is None else self.wanted.noted(claim.scan)

    def _word(self, claim: Claim, data: bytes | None) -> str:
        """What the record calls a scan."""
        sha256 = None if data is None else content_hash(data)
        return self.wanted.word_for(self._noted(claim).scan, sha256, otherwise=claim.id)

    def _refused(self, claim: Claim, error: Exception, data: bytes | None) -> ScanOutcome:
        return refusal(
            self.classifier,
            error,
            self._word(claim, data),
            draw=True,
            whose=self._whose(claim, data),
            scan_sha256=None if data is None else content_hash(data),
        )

    def _content(self, claim: Claim) -> bytes | InputRefused:
        """A scan's bytes, or why there are none.

        Raises:
            NotReadNow: the machine could not read it, for no reason of its own.
        """
        scan = self.claims.scan_of(claim)
        if not stat.S_ISREG(os.lstat(scan).st_mode):
            return InputRefused("not-a-file", "a link, a pipe or a device; copy the scan itself into the folder")
        try:
            return bytes_from_path(scan)
        except InputRefused as refused:
            cause = refused.__cause__
            if isinstance(cause, OSError) and cause.errno not in OWN_FAULTS:
                raise NotReadNow from cause
            return refused

    def _judged(self, claim: Claim, name: str, data: bytes, whose: Identified) -> SpoolRecord:
        if claim.deaths >= MOST_DEATHS:
            died = InputRefused(
                "ended-the-program",
                f"this program ended {claim.deaths} times while it judged this scan; look at it by hand, and please "
                "report it",
            )
            return self._prepared(claim, name, data, self._refused(claim, died, data))
        with self.claims.judging(claim):
            outcome = answer(self.classifier, data, self._word(claim, data), draw=True, whose=whose)
        if no_memory(outcome.error):
            raise DeviceFailed("this machine's memory does not suffice; give it more, or end other programs")
        if isinstance(outcome.error, (DeviceFailed, ModelInvalid)):
            raise outcome.error
        return self._prepared(claim, name, data, outcome)

    def _prepared(self, claim: Claim, name: str, data: bytes, outcome: ScanOutcome) -> SpoolRecord:
        self.prepare(name, data, outcome)
        return self._written(claim, name, outcome)

    def _copied(self, claim: Claim, name: str, slot: Slot, data: bytes, whose: Identified) -> SpoolRecord:
        copy = record_of_copy(self._word(claim, data), content_hash(data), provenance_of(self.classifier))
        return self._recorded_as(claim, self._slot(slot.place, name), whose.told_in(copy), slot.record)

    def _written(self, claim: Claim, name: str, outcome: ScanOutcome) -> SpoolRecord:
        slot = self._slot("done" if outcome.error is None else "refused", name)
        if outcome.figure is None:
            return self._recorded_as(claim, slot, outcome.record)
        write_figure(self.out / slot.figure, outcome.figure)
        return self._recorded_as(claim, slot, msgspec.structs.replace(outcome.record, figure=slot.figure))

    def _slot(self, place: Place, name: str) -> Slot:
        slot = Slot(place, datetime.now(timezone.utc).date().isoformat(), name)
        made_folder((self.out / slot.record).parent)
        return slot

    def _recorded_as(self, claim: Claim, slot: Slot, record: Record, first: str | None = None) -> SpoolRecord:
        written = SpoolRecord(
            **msgspec.structs.asdict(record),
            claim=claim.id,
            received=claim.received,
            recorded=now_text(),
            file=slot.file(claim.suffix or suffix_of(claim.scan or "")),
            first=first,
        )
        self.index.write(slot, written)
        self.counts.of(slot.day).add(written)
        return written
