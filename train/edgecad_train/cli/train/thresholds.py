"""The table of thresholds as lines of a terminal of 100 columns, the uncertain zone, and labels to read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad.cli.table import table_lines
from edgecad.contract import Contract
from edgecad.decision.evidence import LOCAL_PREVALENCES, Evidence
from edgecad.decision.evidence_table import NOTES, Note, ThresholdRow, predictive_words, prevalence_words, rows_of
from edgecad.decision.zone_words import ZONE, zone_rows
from edgecad_train.classes import CLASSES, POSITIVE

MARKS: dict[Note, str] = {"in force": ">", "refused": "x", "cannot be shown": "?"}
HEADS = ("", "rule", "score >=", "sensitivity", "specificity", "on n", "PPV/NPV", "test")
NAMED = 20
"""Most patients that a line names; run.json has all."""


def lines_of_thresholds(contract: Contract) -> Iterator[str]:
    """A line a threshold; nothing where no patient chose one."""
    evidence, prevalence = contract.decision.evidence, contract.labelling.prevalence
    if evidence is None:
        return
    point = evidence.point
    counts = f"{point.sensitivity.n} {contract.positive}, {point.specificity.n} {contract.negative}"
    yield f"thresholds on the {evidence.part} patients ({counts}), with 95 % intervals:"
    rows = rows_of(evidence, prevalence)
    yield from table_lines(HEADS, map(_cells, rows), "l" * len(HEADS))
    noted = {note for row in rows for note in row.notes}
    yield from (f"  {mark} {note}: {NOTES[note]}" for note, mark in MARKS.items() if note in noted)
    yield "  on n: patients that a threshold rests on; test: sensitivity/specificity there, it chose nothing"
    yield from _predictive(evidence, prevalence)


def lines_of_zone(contract: Contract) -> Iterator[str]:
    """A line each of what is known of the uncertain zone."""
    decision = contract.decision
    for name, words in zone_rows(decision.zone, decision.zone_words, decision.threshold, contract.positive):
        yield f"{'' if name == ZONE else '  '}{name}: {words}"


def _predictive(evidence: Evidence, prevalence: float | None) -> Iterator[str]:
    if prevalence is None:
        return
    local = (f"{predictive_words(evidence.point, one)} at {prevalence_words(one)}" for one in LOCAL_PREVALENCES)
    yield f"  PPV/NPV: at the training prevalence, {prevalence_words(prevalence)}"
    yield f"  PPV/NPV of the threshold in force: {', '.join(local)}"


def _cells(row: ThresholdRow) -> tuple[str, ...]:
    marks = "".join(MARKS[note] for note in row.notes)
    return (
        marks, row.rule, row.threshold, row.sensitivity, row.specificity, row.rests_on, row.predictive, row.tested,
    )  # fmt: skip


def words_of_labels(patients: Sequence[str]) -> str:
    """One line that names the patients."""
    named = ", ".join(patients[:NAMED])
    if len(patients) > NAMED:
        named += f" and {len(patients) - NAMED} more in run.json"
    return (
        f"read these labels again: {len(patients)} patients labelled {POSITIVE} have held-out scores below the median "
        f"of {CLASSES[1]}: {named}"
    )
