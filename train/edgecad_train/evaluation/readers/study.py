"""Readers and a model on the same patients: how they agree, and each against the reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import msgspec
import numpy as np

from edgecad.contract import Metric
from edgecad.frozen import Frozen
from edgecad_train.data.table.columns import MODEL
from edgecad_train.evaluation.claims.networks import holm
from edgecad_train.evaluation.statistics.agreement import Agreement, RaterDifference, against_reference, agreement
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.metrics import figures
from edgecad_train.evaluation.subgroups.figures import Answers

SHOWN = ("sensitivity_cad", "specificity_cad", "balanced_accuracy")
LEAST = 5
"""Patients whom a reader must have read, so that anything is said of him."""


class RaterPair(Frozen, frozen=True, kw_only=True):
    """Two readers, or a reader and the model."""

    one: str
    other: str
    agreement: Agreement


class ReaderBeside(Frozen, frozen=True, kw_only=True):
    """One reader, and the model on the patients that the reader read, both against the reference."""

    reader: str
    n: int
    positives: int
    """Labelled CAD, of those that were read."""
    metrics: tuple[Metric, ...]
    """Of the reader."""
    model: tuple[Metric, ...]
    """Of the model, on the same patients."""
    difference: RaterDifference
    """Model less reader."""
    sensitivity_p: float | None = None
    """Adjusted by Holm over all readers and both classes; None of a class without patients."""
    specificity_p: float | None = None


class ReaderStudy(Frozen, frozen=True, kw_only=True):
    """All readers."""

    readers: tuple[ReaderBeside, ...]
    pairs: tuple[RaterPair, ...]
    too_few: dict[str, int] = msgspec.field(default_factory=dict)
    """Readers of whom nothing is said, and how many of these patients they read."""
    majority_read: int = 0
    """Patients of whom more than half of two or more readers said one thing."""
    majority_is_label: int = 0
    """Those of them whose label is that."""

    @property
    def labels_are_the_majority(self) -> bool:
        """Whether every label is what most readers said, as after a consensus."""
        return self.majority_read >= LEAST and self.majority_is_label == self.majority_read


@dataclass(frozen=True)
class _Reads:
    """A reader's answers: the rows of the patients that were read, and what was said of each."""

    name: str
    rows: Bools
    said: Bools


def reader_study(reads: Mapping[str, Mapping[str, bool]], answers: Answers) -> ReaderStudy | None:
    """Hold readers beside the model; None where there are none.

    Args:
        reads: by reader, whether each patient was called CAD; patients whom the reader did not read are not there.
        answers: the model's, with the reference as the truth.
    """
    if not reads:
        return None
    everybody = [_reads(name, own, answers.patients) for name, own in reads.items()]
    kept = [one for one in everybody if one.rows.sum() >= LEAST]
    read, same = _majority(everybody, answers.truth)
    return ReaderStudy(
        readers=_adjusted([_beside(one, answers) for one in kept]),
        pairs=tuple(_pairs(kept, answers)),
        too_few={one.name: int(one.rows.sum()) for one in everybody if one not in kept},
        majority_read=read,
        majority_is_label=same,
    )


def _reads(name: str, reads: Mapping[str, bool], patients: Sequence[str]) -> _Reads:
    rows = np.array([patient in reads for patient in patients], bool)
    return _Reads(name, rows, np.array([reads.get(patient, False) for patient in patients], bool))


def _majority(readers: Sequence[_Reads], truth: Bools) -> tuple[int, int]:
    """Patients on whom most of two or more readers agree, and how many of their labels are the same."""
    read = np.sum([one.rows for one in readers], axis=0)
    called = np.sum([one.rows & one.said for one in readers], axis=0)
    clear = (read >= 2) & (2 * called != read)
    return int(clear.sum()), int((clear & ((2 * called > read) == truth)).sum())


def _beside(reader: _Reads, answers: Answers) -> ReaderBeside:
    rows = reader.rows
    truth, said = answers.truth[rows], reader.said[rows]
    called = answers.scores[rows] >= answers.threshold
    return ReaderBeside(
        reader=reader.name,
        n=len(truth),
        positives=int(truth.sum()),
        metrics=_metrics(truth, said),
        model=_metrics(truth, called),
        difference=against_reference(truth, called, said),
    )


def _metrics(truth: Bools, said: Bools) -> tuple[Metric, ...]:
    """Sensitivity, specificity and balanced accuracy of answers, as those of a model are made."""
    scores: Floats = said.astype(np.float64)
    return tuple(metric for metric in figures(truth, scores, 0.5, "test") if metric.name in SHOWN)


def _pairs(readers: Sequence[_Reads], answers: Answers) -> Iterator[RaterPair]:
    called = answers.scores >= answers.threshold
    model = _Reads(MODEL, np.ones(len(called), bool), called)
    for one, other in combinations([*readers, model], 2):
        both = one.rows & other.rows
        if both.sum() >= LEAST:
            yield RaterPair(one=one.name, other=other.name, agreement=agreement(one.said[both], other.said[both]))


def _adjusted(readers: Sequence[ReaderBeside]) -> tuple[ReaderBeside, ...]:
    """With McNemar's p-values adjusted by Holm (1979, Scandinavian Journal of Statistics 6:65), all in one family."""
    tests = {
        (row, name): test.p_value
        for row, reader in enumerate(readers)
        for name, test in (
            ("sensitivity_p", reader.difference.sensitivity_cad), ("specificity_p", reader.difference.specificity_cad),
        )
        if test is not None
    }  # fmt: skip
    if not tests:
        return tuple(readers)
    adjusted = dict(zip(tests, holm(np.array(list(tests.values()))).tolist(), strict=True))
    return tuple(
        msgspec.structs.replace(reader, **{name: value for (own, name), value in adjusted.items() if own == row})
        for row, reader in enumerate(readers)
    )
