"""From what was said of all scans to threshold and figures: what was held out chooses, the test part judges.

One way for whatever said it, network or method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Decision, Openings
from edgecad.errors import UsageError
from edgecad_train.classes import POSITIVE
from edgecad_train.data import PreparedData
from edgecad_train.data.openings import Opens, patients_of
from edgecad_train.evaluation.clinical.columns import ClinicalTraining
from edgecad_train.evaluation.clinical.fusing import ClinicalRequest, FusedOutcome, ImageScores, check_folds, fuse
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.evaluation.evaluation import Evaluation, judge_decision
from edgecad_train.evaluation.statistics.metrics import Part
from edgecad_train.runs.outcome import by_patient
from edgecad_train.splits.split import Folds, Split
from edgecad_train.training.settings import Settings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RunVerdict:
    """How a run decides, and how it fared.

    Attributes:
        evaluations: of what chose (validation or out-of-fold), and of the test part.
        openings: of the test part; None where nobody counts them.
    """

    decision: Decision
    evaluations: tuple[Evaluation, Evaluation]
    openings: Openings | None


def judge(
    data: PreparedData,
    partition: Split | Folds,
    settings: Settings,
    said: Floats,
    deciding: Floats,
    opens: Opens | None,
) -> RunVerdict:
    """Choose on what was held out, then open the test part once.

    Args:
        said: log-odds of every scan, `(n,)`, of those held out by what did not learn from them.
        deciding: the same, by what chooses.
        opens: counts the opening; None counts nothing.
    """
    part, held = partition.chosen_on, partition.held
    truth, log_odds = by_patient(data, held, deciding)
    # The one place where scores choose: validation, or out-of-fold of what is exported; one row a patient.
    decision = choose_decision(log_odds, truth, part, settings.rule, settings.uncertain)
    own = by_patient(data, held, said)
    # Before any figure of the test part is there: who is killed hereafter has opened it.
    openings = opens(patients_of(data, partition.test)) if opens else None
    return RunVerdict(*judge_decision(decision, part, own, by_patient(data, partition.test, said)), openings)


def check_fused(columns: Sequence[ClinicalTraining], data: PreparedData, partition: Split | Folds | None) -> None:
    """See before hours of training that clinical columns can be joined afterwards; of a part without folds nothing.

    Raises:
        UsageError: too few patients have a value in every column outside of a fold, or all have the same there.
    """
    if isinstance(partition, Folds):
        check_folds(columns, {case.patient: case.label == POSITIVE for case in data.cases}, partition.folds)


def fused(
    data: PreparedData,
    partition: Split | Folds,
    settings: Settings,
    said: Floats,
    deciding: Floats,
    request: ClinicalRequest,
) -> FusedOutcome:
    """Join clinical columns with the scores that chose the image's own decision, and judge on the test part.

    Args:
        said, deciding: as for `judge`.

    Raises:
        UsageError: there are no folds, or too few patients with a value in every column.
    """
    if not isinstance(partition, Folds):
        raise UsageError("clinical columns need out-of-fold scores, and there are no folds; train with --folds 5")
    own = _scores(data, "out-of-fold", partition.held, deciding)
    tested = _scores(data, "test", partition.test, said)
    return fuse(request, own, tested, partition.folds, settings.rule, settings.uncertain)


def _scores(data: PreparedData, part: Part, patients: tuple[str, ...], log_odds: Floats) -> ImageScores:
    return ImageScores(part, tuple(sorted(patients)), *by_patient(data, patients, log_odds))
