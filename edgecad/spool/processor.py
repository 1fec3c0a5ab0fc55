"""One scan that was taken: judged, recorded, put away; whatever of that was done already is left as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import msgspec

from edgecad.answer.records import Record, record_of_copy
from edgecad.clinical.sources import NO_VALUES, ClinicalGiven, ClinicalSources
from edgecad.errors import DeviceFailed, JudgeDied, ModelInvalid
from edgecad.inference.answering import ScanOutcome, answer, name_of, provenance_of, refusal, write_figure
from edgecad.inference.classifier import Classifier
from edgecad.inference.identity import BY_HASH, Identified, IdentityChoice, Noted
from edgecad.spool.apart.messages import Question
from edgecad.spool.apart.process import judged_apart, judging_died
from edgecad.spool.claims import Claim, Claims, suffix_of
from edgecad.spool.counts import CountsByDay
from edgecad.spool.index import AGAIN, COPY, Place, RecordIndex, Slot, SpoolRecord
from edgecad.spool.reading import (
    Content,
    StillGrowing,
    Unread,
    content_hash,
    demand_end,
    demand_unchanged,
    read_scan,
    sync,
)
from edgecad.system.clock import now_text
from edgecad.system.folders import made_folder

MOST_DEATHS = 5
"""How many processes may end over a scan; then its key is the hash of its bytes, because the key may be what ends them.
From the first death on it is judged in a process of its own."""
LAST_DEATHS = 20
"""How many processes may end over a scan although it is judged in one of its own; then it has failed unjudged."""
Key = Callable[[bytes], str]
"""What tells one scan from another, of a scan's bytes: hexadecimal, 16 digits or more. It raises nothing."""
Prepare = Callable[[str, bytes, ScanOutcome], None]
"""Given a scan's name among the records, its bytes and what became of it, before its record is written. It may be
called again for the same scan, by a process that follows a killed one."""


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
        meanwhile: called every few moments while a scan is judged in a process of its own.
        clinical: where clinical values of scans come from.
    """

    classifier: Classifier
    out: Path
    claims: Claims
    index: RecordIndex
    counts: CountsByDay
    key: Key = content_hash
    prepare: Prepare = nothing
    wanted: IdentityChoice = BY_HASH
    meanwhile: Callable[[], None] = lambda: None
    clinical: ClinicalSources = NO_VALUES

    def handle(self, claim: Claim, *, may_grow: bool = False) -> SpoolRecord:
        """Judge a scan, record it and put it away.

        Args:
            may_grow: somebody may still write on in it, so that it ends early is no verdict.

        Raises:
            DeviceFailed, ModelInvalid: nothing can be judged; the scan stays taken.
            NotReadNow: this scan cannot be read, or brought to the disk; it stays taken.
            StillGrowing: it ends early and may grow, or it changed while it was judged; it stays taken.
            OSError: the disk failed; the scan stays taken.
        """
        sync(self.claims, claim)
        record = self._recorded(claim, may_grow)
        self.claims.put_away(claim, self.out / record.file)
        return record

    def _recorded(self, claim: Claim, may_grow: bool) -> SpoolRecord:
        """The record of a claim: the one that is there, or a new one."""
        earlier = self.index.claimed(claim.id)
        if earlier is not None:
            return earlier
        found = self.index.find(claim.id)
        if found is not None and found[1].claim == claim.id:
            return found[1]
        content = read_scan(self.claims, claim)
        if isinstance(content, Unread):
            demand_end(content.why, may_grow)
            return self._written(claim, claim.id, self._refused(claim, content.why, None), content)
        key, whose = self._key_of(claim, content.data), self._whose(claim, content.data)
        clinical = self._clinical(claim, whose, content.data)
        name = name_of(key, self.classifier, whose.identity, clinical=clinical)
        for own in (name, f"{name}{AGAIN}{claim.id}", f"{name}{COPY}{claim.id}"):
            found = self.index.find(own)
            if found is not None and found[1].claim == claim.id:
                return found[1]
        question = Question(self._word(claim, content.data), whose, clinical)
        known = self._known(name)
        if not known:
            return self._judged(claim, name, content, question, may_grow)
        settled = _settled(known, content.data)
        if settled is not None:
            return self._copied(claim, f"{name}{COPY}{claim.id}", settled[0], content, question)
        again = f"{name}{AGAIN}{claim.id}"
        apart = any(record.reason == JudgeDied.reason for _, record in known)
        return self._judged(claim, again, content, question, may_grow, apart)

    def _known(self, name: str) -> list[tuple[Slot, SpoolRecord]]:
        """What became of scans of that name so far, the first one first."""
        first = self.index.find(name)
        if first is None:
            return []
        return [first] if first[1].status == "answered" else [first, *self.index.again(name)]

    def _key_of(self, claim: Claim, data: bytes) -> str:
        """A scan's key; of one that ended too many processes the hash, because the key may be what ended them."""
        if claim.deaths >= MOST_DEATHS:
            return content_hash(data)
        with self.claims.judging(claim):
            return self.key(data)

    def _whose(self, claim: Claim, data: bytes | None) -> Identified:
        """Whose scan it is, as far as the site asks; of what ended too many processes nothing is read."""
        if claim.deaths >= MOST_DEATHS:
            return self.wanted.unread_by(self._noted(claim))
        with self.claims.judging(claim):
            return self.wanted.identified_by(self._noted(claim), data)

    def _clinical(self, claim: Claim, whose: Identified, data: bytes) -> ClinicalGiven:
        """The values of a scan; of what ended too many processes nothing is read, so a table alone tells them."""
        with self.claims.judging(claim):
            return self.clinical.values(claim.row, whose.identity, None if claim.deaths >= MOST_DEATHS else data)

    def _noted(self, claim: Claim) -> Noted:
        return self.wanted.noted(claim.scan) if claim.scan else claim.noted

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

    def _judged(
        self,
        claim: Claim,
        name: str,
        content: Content,
        question: Question,
        may_grow: bool,
        apart: bool = False,
    ) -> SpoolRecord:
        outcome = self._outcome(claim, content.data, question, apart=apart or claim.deaths > 0)
        if isinstance(outcome.error, (DeviceFailed, ModelInvalid)):
            raise outcome.error
        demand_end(outcome.error, may_grow)
        self.prepare(name, content.data, outcome)
        return self._written(claim, name, outcome, content)

    def _outcome(self, claim: Claim, data: bytes, question: Question, *, apart: bool) -> ScanOutcome:
        """Judge a scan; in a process of its own if one died over it before."""
        if claim.deaths >= LAST_DEATHS:
            return self._refused(claim, judging_died(f"ended this program {claim.deaths} times"), data)
        with self.claims.judging(claim):
            if apart:
                return judged_apart(self.classifier, data, question, self.meanwhile)
            return answer(self.classifier, data, draw=True, **msgspec.structs.asdict(question))

    def _copied(self, claim: Claim, name: str, first: Slot, content: Content, question: Question) -> SpoolRecord:
        copy = record_of_copy(question.scan, content_hash(content.data), provenance_of(self.classifier))
        told = question.whose.told_in(copy)
        return self._recorded_as(claim, self._slot(first.place, name), told, content, first.record)

    def _written(self, claim: Claim, name: str, outcome: ScanOutcome, content: Content | Unread) -> SpoolRecord:
        slot = self._slot("done" if outcome.error is None else "refused", name)
        if outcome.figure is None:
            return self._recorded_as(claim, slot, outcome.record, content)
        write_figure(self.out / slot.figure, outcome.figure)
        try:
            return self._recorded_as(claim, slot, msgspec.structs.replace(outcome.record, figure=slot.figure), content)
        except StillGrowing:
            (self.out / slot.figure).unlink(missing_ok=True)
            raise

    def _slot(self, place: Place, name: str) -> Slot:
        slot = Slot(place, datetime.now(timezone.utc).date().isoformat(), name)
        made_folder((self.out / slot.record).parent)
        return slot

    def _recorded_as(
        self, claim: Claim, slot: Slot, record: Record, content: Content | Unread, first: str | None = None
    ) -> SpoolRecord:
        written = SpoolRecord(
            **msgspec.structs.asdict(record),
            claim=claim.id,
            received=claim.received,
            recorded=now_text(),
            file=slot.file(claim.suffix or suffix_of(claim.scan)),
            first=first,
        )
        # Again, of what was written before it was read; what is unchanged after this is on the disk.
        sync(self.claims, claim)
        demand_unchanged(self.claims, claim, content)
        self.index.write(slot, written)
        self.counts.of(slot.day).add(written)
        return written


def _settled(known: list[tuple[Slot, SpoolRecord]], data: bytes) -> tuple[Slot, SpoolRecord] | None:
    """What is the last word on a scan: its answer, or a refusal of these very bytes.

    A failure is none, whoever sends that scan again wants another try. Nor is the refusal of other bytes that count as
    the same scan: they may have been its beginning, or damaged on their way.
    """
    for entry in known:
        if entry[1].status == "answered":
            return entry
    sha256 = content_hash(data)
    return next((entry for entry in known if entry[1].status == "refused" and entry[1].scan_sha256 == sha256), None)
