"""The page of a day: counts, scores, what was not analysed, answers by time, copies."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator

from edgecad.picture.warnings import capitalised, gravity_of
from edgecad.spool.daypage.drawings import histogram, icon, symbols, thresholds_in_words
from edgecad.spool.daypage.rows import answer_row, copy_row, stopped_row
from edgecad.spool.daypage.style import POLICY, STYLE
from edgecad.spool.daypage.summary import DaySummary, Part
from edgecad.spool.daypage.words import SHORT_HASH, State, shown, warns
from edgecad.spool.index import Slot, SpoolRecord

FORMAT = 1
"""Of the page; a page of another one is made again."""
MARK = "edgecad-records"
"""Name of what says in a page's head which records it shows."""
Read = Callable[[Iterable[Slot]], Iterable[SpoolRecord]]
STOPPED = '<th class="time">time</th><th class="why">reason</th><th>what was seen, what is wanted</th>'
SCAN = '<th class="scan">scan</th>'
ANSWERED = (
    f'<th class="pic">map, what moved the score</th><th class="time">time</th>{SCAN}<th class="said">verdict</th>'
    "<th>score, and what to know</th>"
)
COPIED = '<th class="time">time</th><th>same bytes as</th>'


def mark_of(slots: Iterable[Slot]) -> str:
    """What stands in a page's head for these records: format, and the digest of where they lie."""
    names = "\n".join(sorted(slot.record for slot in slots))
    return f"{FORMAT}-{hashlib.sha256(names.encode('utf-8', 'backslashreplace')).hexdigest()[:32]}"


def page_of(day: DaySummary, read: Read) -> Iterator[str]:
    """The page, piece by piece.

    Args:
        read: gives the records that lie at some places, one by one.
    """
    yield from _head(day)
    yield from _counts(day)
    yield from _scores(day)
    yield from _table(day, read, "refused", "Not analysed", STOPPED + SCAN, stopped_row)
    yield from _table(day, read, "failed", "Failed", STOPPED + SCAN, stopped_row)
    yield from _table(day, read, "answered", "Answers", ANSWERED, answer_row)
    yield from _table(day, read, "copy", "Same bytes again", COPIED + SCAN, lambda record, _: copy_row(record))
    yield "</main></body></html>\n"


def _head(day: DaySummary) -> Iterator[str]:
    yield '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{shown(POLICY)}">'
    yield f'<meta name="{MARK}" content="{mark_of(day.slots())}">'
    yield '<meta name="referrer" content="no-referrer"><meta name="viewport" content="width=device-width">'
    yield f"<title>EdgeCAD {shown(day.day)}</title><style>{STYLE}</style></head><body>\n{symbols()}"
    for stamp in day.stamps:
        yield f'<div class="stamp{" warns" if warns(stamp) else ""}"><span>{shown(stamp)}</span></div>'
    yield f"<main><h1>{shown(day.day)}</h1>\n<p>{_counted(day.records, 'file')}. Times are UTC.</p>"
    for (model, precision, device), count in day.engines.most_common():
        of = f": {_counted(count, 'record')}" if len(day.engines) > 1 else ""
        yield f"<p>Model {shown(model[:SHORT_HASH])}, {shown(precision)}, {shown(device)}{of}</p>"
    for finding in sorted(day.findings, key=lambda each: (gravity_of(each), each.code)):
        yield f'<p class="note">Every answer: {shown(finding.text)}</p>'
    for remark in sorted(day.remarks):
        yield f'<p class="note">Every record: {shown(capitalised(remark))}</p>'


def _counts(day: DaySummary) -> Iterator[str]:
    uncertain = f"uncertain, {day.uncertain_above} above threshold" if day.states["uncertain"] else "uncertain"
    tiles: list[tuple[State, str]] = [
        ("above", _side(day.above, "above")),
        ("below", _side(day.below, "below")),
        ("uncertain", uncertain),
        ("refused", "not analysed"),
        ("copy", "same bytes again"),
    ]
    if day.states["failed"]:
        tiles.insert(4, ("failed", "failed"))
    yield '\n<ul class="tiles">'
    for state, words in tiles:
        count = day.states[state]
        trusted = count == 0 or day.doubted[state] < count
        yield f"<li>{icon(state, trusted=trusted)}<b>{count}</b><span>{shown(words)}</span></li>"
    yield "</ul>\n"


def _side(labels: Iterable[str], side: str) -> str:
    """Answers on one side of the threshold, with their class: `below` alone may be read as abnormal."""
    named = " or ".join(sorted(labels))
    return f"{named}, {side} threshold" if named else f"no answer {side}"


def _scores(day: DaySummary) -> Iterator[str]:
    if day.answers:
        thresholds = sorted(day.thresholds)
        which = "threshold" if len(thresholds) == 1 else "thresholds"
        yield f"<p>Scores of {_counted(day.answers, 'answer')}; {which} {thresholds_in_words(thresholds)}</p>"
        yield histogram(day.counts.scores, thresholds)


def _table(
    day: DaySummary,
    read: Read,
    part: Part,
    title: str,
    columns: str,
    row: Callable[[SpoolRecord, DaySummary], str],
) -> Iterator[str]:
    slots = day.slots([part])
    if slots:
        yield f"\n<h2>{title}: {len(slots)}</h2>\n<table><thead><tr>{columns}</tr></thead><tbody>\n"
        for record in read(slots):
            yield row(record, day)
        yield "</tbody></table>"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
