"""Readers in rows of tables, the same on a terminal and on a page, and what may be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad.contract import Metric
from edgecad_train.evaluation.readers.study import LEAST, SHOWN, ReaderStudy
from edgecad_train.evaluation.statistics.chance import chance_words
from edgecad_train.evaluation.statistics.comparison import McNemar
from edgecad_train.evaluation.statistics.intervals import Estimate

READER_HEADS = ("patients, CAD", "who", "sensitivity", "specificity", "balanced accuracy")
READER_DIFFERENCE_HEADS = ("the model less", "figure", "difference", "95 % interval", "p, Holm")
AGREEMENT_HEADS = ("one", "other", "patients", "same answer", "kappa")
NONE = "none"


def reader_rows(study: ReaderStudy) -> Iterator[tuple[str, ...]]:
    """Each reader, and below it the model on the same patients, as `READER_HEADS`."""
    for one in study.readers:
        yield (f"{one.n}, {one.positives}", one.reader, *_cells(one.metrics))
        yield ("", "the model, there", *_cells(one.model))


def reader_difference_rows(study: ReaderStudy) -> Iterator[tuple[str, ...]]:
    """The model less each reader, paired, as `READER_DIFFERENCE_HEADS`."""
    for one in study.readers:
        apart = one.difference
        for name, test, p_value in (
            ("sensitivity", apart.sensitivity_cad, one.sensitivity_p),
            ("specificity", apart.specificity_cad, one.specificity_p),
        ):
            yield (one.reader, name, *_test(test), NONE if p_value is None else chance_words(p_value))
        yield (one.reader, "balanced accuracy", *_estimate(apart.balanced_accuracy), "no test")


def agreement_rows(study: ReaderStudy) -> Iterator[tuple[str, ...]]:
    """Agreement of every two, as `AGREEMENT_HEADS`."""
    for pair in study.pairs:
        same, kappa = pair.agreement.observed, pair.agreement.kappa
        observed = f"{same.value:.2f} ({same.low:.2f}-{same.high:.2f})"
        beyond = kappa.reason if kappa.value is None else f"{kappa.value:.2f} ({kappa.low:.2f} to {kappa.high:.2f})"
        yield (pair.one, pair.other, str(pair.agreement.n), observed, beyond)


def sentences_about_readers(study: ReaderStudy) -> tuple[str, ...]:
    """What may be read from the readers, and what not."""
    return tuple(_sentences(study))


def _sentences(study: ReaderStudy) -> Iterator[str]:
    for name, read in study.too_few.items():
        yield f"Reader {name} read {read} of these patients; {LEAST} are needed, and nothing is said of this reader."
    if study.readers:
        yield (
            "Each reader is compared on the patients that this reader read. Differences are paired, the model less the "
            "reader, with McNemar's exact test and Newcombe's interval; p-values are adjusted by Holm over all readers "
            "and both classes. Intervals are not adjusted. A difference that is not shown is not shown to be none."
        )
    if study.labels_are_the_majority:
        yield (
            f"The labels are what most of these readers said, for all {study.majority_read} patients of whom most said "
            "one thing. Labels that were made from these readers flatter them: hold them to a reference of its own."
        )
    elif study.readers:
        yield "If the labels were made from these readers, their agreement with the labels is flattered."


def _cells(metrics: Sequence[Metric]) -> Iterator[str]:
    held = {metric.name: metric for metric in metrics}
    for name in SHOWN:
        metric = held.get(name)
        yield f"{metric.value:.2f} ({metric.low:.2f}-{metric.high:.2f})" if metric else NONE


def _test(test: McNemar | None) -> tuple[str, str]:
    return (NONE, NONE) if test is None else (f"{test.difference:+.3f}", f"{test.low:+.3f} to {test.high:+.3f}")


def _estimate(figure: Estimate) -> tuple[str, str]:
    if figure.value is None:
        return NONE, figure.reason
    return f"{figure.value:+.3f}", f"{figure.low:+.3f} to {figure.high:+.3f}"
