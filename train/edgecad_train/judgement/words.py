"""An evaluation in lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.cli.table import table_lines
from edgecad.decision.zone_words import share_rows
from edgecad_train.classes import CLASSES
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.localisation.figures import Localisation, LocatedGroup
from edgecad_train.evaluation.localisation.words import FIGURES, above_words, judged_words
from edgecad_train.evaluation.prevalences import LOCAL_HEADS, local_rows, ratio_rows
from edgecad_train.evaluation.readers.study import ReaderStudy
from edgecad_train.evaluation.readers.words import (
    AGREEMENT_HEADS,
    READER_DIFFERENCE_HEADS,
    READER_HEADS,
    agreement_rows,
    reader_difference_rows,
    reader_rows,
    sentences_about_readers,
)
from edgecad_train.evaluation.recalibration.words import recalibration_lines
from edgecad_train.evaluation.statistics.chance import chance_said
from edgecad_train.evaluation.statistics.comparison import AucDifference, McNemar, ModelComparison
from edgecad_train.evaluation.statistics.confusion import Confusion
from edgecad_train.evaluation.subgroups.figures import GroupedColumn
from edgecad_train.evaluation.subgroups.words import (
    DIFFERENCE_HEADS,
    GROUP_HEADS,
    difference_rows,
    group_rows,
    sentences_about_groups,
)
from edgecad_train.judgement.openings import evaluation_opening_words
from edgecad_train.judgement.record import EvaluationRecord

STAMP = "PHANTOM DATA OR MODEL: says nothing about patients"


def lines_of(record: EvaluationRecord) -> Iterator[str]:
    """The whole record, line by line."""
    evaluation = record.evaluation
    counts = evaluation.confusion
    if record.origin != "patients":
        yield STAMP
    yield (
        f"{record.model.name} ({record.model.kind}, {record.model.backbone}): {record.patients} patients, "
        f"{counts.positives} of them {CLASSES[0]}; {record.scans} scans; agreement with their labels"
    )
    yield from _confusion(counts, evaluation)
    yield from _figures(evaluation)
    yield from _local(record)
    if record.orientation:
        yield record.orientation
    if record.openings:
        yield f"openings: {evaluation_opening_words(record.openings)}"
    if record.localisation:
        yield from _localisation(record.localisation)
    yield from _asked(record)
    if record.demands:
        yield "demands, judged on the figure itself:"
    yield from (f"  {demand}" for demand in record.demands)


def _asked(record: EvaluationRecord) -> Iterator[str]:
    """What options add: groups, readers, another model, a recalibration."""
    for column in record.groups:
        yield from _groups(column)
    yield from (f"  {words}" for words in sentences_about_groups(record.groups))
    if record.readers:
        yield from _readers(record.readers)
    if record.comparison and record.against:
        yield from _comparison(record.comparison, record.against.name)
    if record.recalibration:
        yield from recalibration_lines(record.recalibration)


def _confusion(counts: Confusion, evaluation: Evaluation) -> Iterator[str]:
    yield f"at the model's threshold {evaluation.threshold:.3f} (temperature {evaluation.temperature:.2f}):"
    counted = ((counts.true_positive, counts.false_negative), (counts.false_positive, counts.true_negative))
    rows = ((f"labelled {name}", str(cad), str(other)) for name, (cad, other) in zip(CLASSES, counted, strict=True))
    yield from table_lines(("", *(f"called {name}" for name in CLASSES)), rows, "lrr")


def _figures(evaluation: Evaluation) -> Iterator[str]:
    yield "figures, a patient one vote:"
    rows = (
        (
            metric.name, f"{metric.value:.3f}", f"95 % {metric.low:.3f} to {metric.high:.3f}",
            f"n = {metric.n}, {metric.method}",
        )
        for metric in evaluation.metrics
    )  # fmt: skip
    yield from table_lines((), rows, "lrll")
    yield from (f"  {name}: {estimate}" for name, estimate, _ in evaluation.calibration.estimates)
    if evaluation.zone:
        yield "with the model's uncertain zone:"
        yield from (f"  {name}: {words}" for name, words in share_rows(evaluation.zone, CLASSES[0]))


def _local(record: EvaluationRecord) -> Iterator[str]:
    """Predictive values by prevalence, and likelihood ratios."""
    if record.local:
        yield "at the model's threshold, with 95 % intervals:"
        yield from table_lines(LOCAL_HEADS, local_rows(record.local), "lll")
        yield from (f"  {name} likelihood ratio: {figure}" for name, figure in ratio_rows(record.local))


def _groups(column: GroupedColumn) -> Iterator[str]:
    note = f" ({column.note})" if column.note else ""
    yield f"by {column.column}{note}, with 95 % intervals:" if column.groups else f"by {column.column}: {column.note}"
    yield from table_lines(GROUP_HEADS, group_rows(column), "lrrlllll") if column.groups else ()
    if column.differences:
        yield from table_lines(DIFFERENCE_HEADS, difference_rows(column), "lllrl")


def _readers(study: ReaderStudy) -> Iterator[str]:
    if study.readers:
        yield "readers beside the model, against the labels, with 95 % intervals:"
        yield from table_lines(READER_HEADS, reader_rows(study), "lllll")
        yield from table_lines(READER_DIFFERENCE_HEADS, reader_difference_rows(study), "llrll")
    if study.pairs:
        yield "agreement, with 95 % intervals:"
        yield from table_lines(AGREEMENT_HEADS, agreement_rows(study), "llrll")
    yield from (f"  {words}" for words in sentences_about_readers(study))


def _localisation(found: Localisation) -> Iterator[str]:
    """Figures of the heat maps: where defects are known, else of all above the threshold."""
    yield f"heat maps: {judged_words(found)}"
    if found.judged:
        yield from table_lines((), _shown(found.judged), "lrll")
    yield f"heat maps: {above_words(found)}"
    if found.above:
        yield from table_lines((), _shown(found.above), "lrll")


def _shown(group: LocatedGroup) -> Iterator[tuple[str, ...]]:
    for figure in group.figures:
        interval = f"95 % {figure.low:.3f} to {figure.high:.3f}"
        yield FIGURES[figure.name], f"{figure.value:.3f}", interval, f"n = {figure.n}, {figure.method}"


def _comparison(comparison: ModelComparison, other: str) -> Iterator[str]:
    yield f"against {other}, on the same {comparison.accuracy.n} patients (this model less that one):"
    yield from table_lines((), _compared(comparison), "lrlll")
    if comparison.auc:
        yield f"  McNemar exact with Newcombe's interval; AUC: {comparison.auc.method}"


def _compared(comparison: ModelComparison) -> Iterator[tuple[str, ...]]:
    tests = {
        "accuracy": comparison.accuracy,
        "sensitivity_cad": comparison.sensitivity_cad,
        "specificity_cad": comparison.specificity_cad,
    }
    for name, test in tests.items():
        if test:
            yield (name, *_difference(test), f"right alone: {test.only_one_right}, {test.only_other_right}")
    if comparison.auc:
        yield ("auc", *_difference(comparison.auc), f"{comparison.auc.one:.3f}, {comparison.auc.other:.3f}")


def _difference(test: McNemar | AucDifference) -> tuple[str, str, str]:
    return f"{test.difference:+.3f}", f"95 % {test.low:+.3f} to {test.high:+.3f}", chance_said(test.p_value)
