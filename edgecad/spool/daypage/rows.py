"""Rows of the page's tables, one a record; each is HTML, with every text from a record made harmless."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from edgecad.picture.warnings import capitalised, gravity_of, in_few_words, seen_part
from edgecad.spool.daypage.drawings import icon, score_bar
from edgecad.spool.daypage.summary import DaySummary
from edgecad.spool.daypage.words import (
    clock_words,
    figures_of,
    is_above,
    is_trusted,
    link,
    moment_of,
    name_of_scan,
    numbers_of,
    shown,
    state_of,
)
from edgecad.spool.index import DAY, FIGURE, PLACES, RECORD, SpoolRecord

OURS = re.compile(rf"(?:{'|'.join(PLACES)})/({DAY.pattern})/([^/\\]+){re.escape(FIGURE)}")
"""Where pictures lie, relative to OUT: day and name."""
FROM = {"site": " (site)", "user": " (user)"}
"""What is said after a threshold that is not the model's own."""


def stopped_row(record: SpoolRecord, day: DaySummary) -> str:
    """One that was refused or failed: when, why, what was seen and wanted, which."""
    reason = shown(record.reason or "no reason is recorded")
    figure = figure_of(record)
    linked = reason if figure is None else f'<a href="{link(figure)}">{reason}</a>'
    notes = "".join(_notes(_own_remarks(record, day)))
    return (
        f'<tr><td>{_time(record)}</td><td><div class="verdict">{icon(state_of(record))}{linked}</div></td>'
        f"<td>{shown(record.message or '')}{notes}</td><td>{name_of_scan(record)}</td></tr>\n"
    )


def answer_row(record: SpoolRecord, day: DaySummary) -> str:
    """One that was answered: its picture, when, which, the verdict, the score and what to know."""
    trusted, (score, threshold) = is_trusted(record), figures_of(record)
    bar = score_bar(*numbers_of(record), record.zone, trusted=trusted)
    after = "" if record.recalibration is None else " (recalibrated)"
    notes = "".join(_notes(_what_to_know(record, day)))
    return (
        f"<tr><td>{_thumbnail(record)}</td><td>{_time(record)}</td><td>{name_of_scan(record)}</td>"
        f'<td><div class="verdict">{icon(state_of(record), trusted=trusted)}<div>{_verdict(record)}</div></div></td>'
        f"<td>{bar}score <b>{score}</b>{after}, threshold {threshold}{FROM.get(record.threshold_from or '', '')}"
        f"{notes}</td></tr>\n"
    )


def copy_row(record: SpoolRecord) -> str:
    """One whose bytes came before: when, which, and where the answer is."""
    return f"<tr><td>{_time(record)}</td><td>{icon('copy')}{_first(record)}</td><td>{name_of_scan(record)}</td></tr>\n"


def figure_of(record: SpoolRecord) -> str | None:
    """Where a record's picture lies, relative to OUT; None where it has none there."""
    return record.figure if record.figure and OURS.fullmatch(record.figure) else None


def _time(record: SpoolRecord) -> str:
    return clock_words(moment_of(record))


def _thumbnail(record: SpoolRecord) -> str:
    """Both maps of the picture. What is below it is seen where the picture is gone."""
    figure = figure_of(record)
    if figure is None:
        return '<span class="thumb">no picture</span>'
    whole = "" if record.region_threshold is not None else " whole"  # an earlier version's, laid out otherwise
    return (
        f'<a class="thumb{whole}" href="{link(figure)}">picture removed'
        f'<img src="{link(figure)}" alt="" loading="lazy"></a>'
    )


def _verdict(record: SpoolRecord) -> str:
    label, above = shown(record.label or ""), is_above(record)
    score, threshold = numbers_of(record)
    side = "at the threshold" if score == threshold else f"{'above' if above else 'below'} threshold"
    forced = "<small>forced past the map check</small>" if record.overruled else ""
    if record.certainty == "uncertain":
        return f"<b>UNCERTAIN</b><small>{side}, counts as {label}</small>{forced}"
    return f"{f'<b>{label}</b>' if above else label}<small>{side}</small>{forced}"


def _what_to_know(record: SpoolRecord, day: DaySummary) -> Iterator[str]:
    for objection in record.overruled:
        yield f"Overruled: {seen_part(objection)}"
    for finding in sorted(record.findings, key=gravity_of):
        if finding not in day.findings:
            yield in_few_words(finding, record.positive or "the positive class")
    yield from _own_remarks(record, day)


def _own_remarks(record: SpoolRecord, day: DaySummary) -> Iterator[str]:
    return (capitalised(remark) for remark in record.remarks if remark not in day.remarks)


def _notes(notes: Iterator[str]) -> Iterator[str]:
    return (f'<p class="note">{shown(note)}</p>' for note in notes)


def _first(record: SpoolRecord) -> str:
    """Which file a copy is one of; one of another day has no link, because that day may be removed."""
    place = OURS.fullmatch((record.first or "").removesuffix(RECORD) + FIGURE)
    if place is None or record.first is None:
        return "a file that came first"
    day, name = place[1], shown(place[2])
    if day != Path(record.file).parent.name:
        return f"{name} of {day}"
    return f'<a href="{link(record.first)}">{name}</a>'
