"""What was found as a section of Markdown for `benchmarks/README.md`: what is worse than wanted first."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.study.results.true_deficit import TrueDeficit, phantom_words
from measures.methods.studies import REFERENCE, SLOW, WITHOUT_WEIGHTS
from measures.methods.tabling import REFERENCES, SystemRow, SystemsFound, SystemsTable
from measures.methods.times import ALL, SystemTime, TimesFound

LEAST_PEAK = 0.90
"""Share of heat maps whose peak is wanted on the defect, as of our own networks."""
HEADS = ("system", "AUC", "by seed", *(f"less {name}" for name in REFERENCES), "sensitivity", "specificity",
         "peak on the defect", "may be best")  # fmt: skip


def section(found: SystemsFound | None, times: TimesFound | None) -> Iterator[str]:
    """Paragraphs: what is missed, a table a label rule, times."""
    missed = [*(_missed(found) if found else ()), *(_late(times) if times else ())]
    yield (
        "\n".join(_wrapped(f"- {line}", "  ") for line in missed) if missed else "Nothing that was measured is missed."
    )
    for table in found.tables if found else ():
        yield _of_rule(table)
    if found and found.tau is not None:
        yield _orders(found.tables, found.tau)
    if times:
        yield from _times(times)


def _missed(found: SystemsFound) -> Iterator[str]:
    for table in found.tables:
        own = table.row(REFERENCE)
        above = [row for row in table.rows if REFERENCE in row.less and row.less[REFERENCE].low > 0]
        if own and above:
            places = [row.system for row in table.rows].index(REFERENCE) + 1
            shown = ", ".join(f"{row.system} by {_words(row.less[REFERENCE], signed=True)}" for row in above)
            yield (
                f"**By the rule {table.rule}, {REFERENCE} is {places} of {len(table.rows)}:** it is shown to be below "
                f"{shown}."
            )
        poor = [row for row in table.rows if (peak := row.maps.get("peak_on_defect")) and peak.value < LEAST_PEAK]
        if poor:
            shown = ", ".join(f"{row.system} {_number(row.maps['peak_on_defect'].value, digits=2)}" for row in poor)
            wanted = _number(LEAST_PEAK, digits=2)
            yield f"By the rule {table.rule} peaks miss the defect too often ({wanted} wanted): {shown}."
        if table.lacking:
            yield f"By the rule {table.rule} not measured, or not for all seeds: {', '.join(table.lacking)}."


def _late(times: TimesFound) -> Iterator[str]:
    for row in times.rows:
        if missed := row.missed():
            yield f"**{missed}.**"


def _of_rule(table: SystemsTable) -> str:
    said = phantom_words(TrueDeficit(table.true_deficit, table.rule))
    head = f"**Label rule {table.rule}**, {table.patients:,} PHANTOMS, {table.cad} labelled CAD. {said}"
    return f"{_wrapped(head)}\n\n{_table(HEADS, (_line(_cells(row)) for row in table.rows))}"


def _cells(row: SystemRow) -> Iterator[str]:
    network = WITHOUT_WEIGHTS.get(row.system)
    yield f"{row.system} (random {network})" if network else row.system
    yield _words(row.auc)
    yield ", ".join(map(_number, row.by_seed))
    for reference in REFERENCES:
        yield _words(row.less[reference], signed=True) if reference in row.less else ""
    yield _words(row.sensitivity, digits=2)
    yield _words(row.specificity, digits=2)
    peak = row.maps.get("peak_on_defect")
    yield f"{_words(peak, digits=2)}, {row.maps_of}" if peak else "no map"
    yield "" if row.may_be_best is None else ("yes" if row.may_be_best else "no")


def _orders(tables: Sequence[SystemsTable], tau: float) -> str:
    one, other = tables[:2]
    orders = (f"{table.rule}: {', '.join(row.system for row in table.rows)}" for table in (one, other))
    return _wrapped(
        f"**The order is the rule's.** {'. '.join(orders)}. Kendall's rank correlation of both is "
        f"{_number(tau, digits=2)}. An order on phantoms is no order on patients."
    )


def _times(times: TimesFound) -> Iterator[str]:
    yield _wrapped(
        f"**Times** of {times.patients} phantoms; {times.load:.1f} processes wanted a processor when they were taken. "
        "Fitting and scoring: five folds of a quick method (60 s wanted), one fit of a slow network; a command also "
        "starts Python, reads the screens, and writes runs, tables and pictures (of all quick rows in 600 s wanted)."
    )
    heads = ("system", "fits", "fitting and scoring, s", "of which a frozen network", "command, s", "its processors, s")
    yield _table(heads, (_line(_time(row)) for row in times.rows))


def _time(row: SystemTime) -> Sequence[str]:
    own = "" if row.system == ALL else f"{row.fit + row.frozen:.1f}"
    name = f"{row.system} (one fit)" if row.system in SLOW else row.system
    return name, str(row.fits), own, f"{row.frozen:.1f}", f"{row.command:.0f}", f"{row.processor:.0f}"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 120, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


def _table(heads: Sequence[str], rows: Iterator[str]) -> str:
    return "\n".join([_line(heads), f"|{'---|' * len(heads)}", *rows])


def _line(cells: Sequence[str] | Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(found: Interval, *, signed: bool = False, digits: int = 3) -> str:
    value, low, high = (_number(own, signed, digits) for own in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})"


def _number(value: float, signed: bool = False, digits: int = 3) -> str:
    """As everywhere on that page: .948, +.040."""
    return (
        f"{value:{'+' if signed else ''}.{digits}f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.{digits}f}"
    )
