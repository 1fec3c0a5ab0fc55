"""Out-of-fold log-odds of the image and clinical columns become the fused model, with its own decision and figures.

Every score that chooses or judges is of a patient to whom neither the network nor the fused model was fitted: for each
fold the model is fitted to the other folds' patients. The networks behind their out-of-fold log-odds did learn from
that fold, as in any stacking; the model of a few coefficients cannot use that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgecad.clinical.values import Value
from edgecad.contract import (
    ClinicalColumn,
    ClinicalGain,
    ClinicalModel,
    Decision,
    Missing,
    NumberColumn,
    YesNoColumn,
)
from edgecad.decision.rules import Rule
from edgecad.errors import UsageError
from edgecad_train.evaluation.clinical.columns import LEAST_PATIENTS, ClinicalTraining
from edgecad_train.evaluation.clinical.fitting import METHOD, FittedTerms, fitted_terms, log_odds_by
from edgecad_train.evaluation.decision.choice import choose_decision, with_test_part
from edgecad_train.evaluation.evaluation import Evaluation, evaluate_part
from edgecad_train.evaluation.statistics.comparison import compare_auc
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, smaller_class
from edgecad_train.evaluation.statistics.metrics import Part
from edgecad_train.evaluation.statistics.ties import tied


@dataclass(frozen=True)
class ClinicalRequest:
    """What is asked of a run beside its image: the columns, and what becomes of scans without usable values."""

    columns: tuple[ClinicalTraining, ...]
    missing: Missing


@dataclass(frozen=True)
class ImageScores:
    """What is said of patients of a part: names, `(n,)` True for CAD, `(n,)` log-odds before temperature."""

    part: Part
    patients: tuple[str, ...]
    truth: Bools
    log_odds: Floats


@dataclass(frozen=True)
class FusedScores:
    """The fused score of patients who have a value in every column; log-odds before its temperature, `(n,)`."""

    scores: ImageScores
    image: Floats
    """Log-odds of the image alone, `(n,)`."""

    @property
    def part(self) -> Part:
        """Of the patients."""
        return self.scores.part


@dataclass(frozen=True)
class FusedOutcome:
    """A fused model, how it does, and its patients."""

    model: ClinicalModel
    evaluations: tuple[Evaluation, ...]
    fused: tuple[FusedScores, ...]


def fuse(
    request: ClinicalRequest,
    development: ImageScores,
    test: ImageScores,
    folds: Sequence[Sequence[str]],
    rule: Rule,
    uncertain: float,
) -> FusedOutcome:
    """Fit the fused model on out-of-fold log-odds, choose its decision cross-fitted, and judge it on the test part.

    Args:
        development: out-of-fold.
        test: of the network that is exported.
        folds: patients of each.
        rule, uncertain: as `edgecad_train.evaluation.decision.choice.choose_decision` takes them.

    Raises:
        UsageError: too few patients of a class have a value in every column, in the development part or without one
            of its folds.
    """
    own = _complete(development, request.columns)
    terms = _fitted(own, request.columns)
    tested = _answered(_complete(test, request.columns), terms, request.columns)
    crossed = own.log_odds.copy()
    fold_of = {patient: number for number, members in enumerate(folds) for patient in members}
    fold = np.array([fold_of[patient] for patient in own.patients])
    for held in sorted(set(fold.tolist())):
        others = _fitted(_some(own, fold != held), request.columns)
        crossed[fold == held] = _scored(others, _some(own, fold == held), request.columns)
    decision = choose_decision(crossed, own.truth, "out-of-fold", rule, uncertain)
    judged = _scored(terms, tested, request.columns)
    parts = [FusedScores(replace(own, log_odds=crossed), own.log_odds)]
    if len(tested.patients):
        decision = with_test_part(decision, tested.truth, judged)
        parts.append(FusedScores(replace(tested, log_odds=judged), tested.log_odds))
    evaluations = tuple(evaluate_part(one.scores.truth, one.scores.log_odds, decision, one.part) for one in parts)
    left_out = len(development.patients) - len(own.patients)
    return FusedOutcome(_model(request, terms, decision, own, left_out, evaluations, parts), evaluations, tuple(parts))


def check_folds(columns: Sequence[ClinicalTraining], truth: Mapping[str, bool], folds: Sequence[Sequence[str]]) -> None:
    """See before hours of training that the model can be fitted afterwards, without any of the folds.

    Args:
        truth: of each patient, True for CAD.
        folds: patients of each.

    Raises:
        UsageError: too few patients of a class have a value in every column there, or all have the same.
    """
    for held in folds if columns else ():
        others = tuple(patient for fold in folds if fold is not held for patient in fold)
        scores = ImageScores("out-of-fold", others, np.array([truth[p] for p in others], bool), np.zeros(len(others)))
        _fitted(_complete(scores, columns), columns)


def _model(
    request: ClinicalRequest,
    terms: FittedTerms,
    decision: Decision,
    own: ImageScores,
    left_out: int,
    evaluations: Sequence[Evaluation],
    parts: Sequence[FusedScores],
) -> ClinicalModel:
    return ClinicalModel(
        baseline=terms.baseline,
        image=terms.image,
        columns=terms.terms,
        decision=decision,
        missing=request.missing,
        patients=len(own.patients),
        left_out=left_out,
        metrics=tuple(metric for evaluation in evaluations for metric in evaluation.metrics),
        gains=tuple(_gains(parts)),
        method=METHOD,
    )


def _gains(parts: Sequence[FusedScores]) -> Iterator[ClinicalGain]:
    for one in parts:
        truth = one.scores.truth
        if one.part != "validation" and smaller_class(truth):
            found = compare_auc(truth, tied(one.scores.log_odds), tied(one.image))
            yield ClinicalGain(
                part=one.part,
                n=found.n,
                image_auc=found.other,
                gain=found.difference,
                low=found.low,
                high=found.high,
                method=found.method,
            )


def _complete(scores: ImageScores, columns: Sequence[ClinicalTraining]) -> ImageScores:
    """The patients who have a value in every column."""
    return _some(scores, np.array([all(patient in c.values for c in columns) for patient in scores.patients], bool))


def _answered(scores: ImageScores, terms: FittedTerms, columns: Sequence[ClinicalTraining]) -> ImageScores:
    """The patients whose values a runtime would use: within the ranges, and of known categories."""
    values = {column.name: column.values for column in columns}
    usable = [all(_is_usable(term, values[term.name][patient]) for term in terms.terms) for patient in scores.patients]
    return _some(scores, np.array(usable, bool))


def _is_usable(term: ClinicalColumn, value: Value) -> bool:
    if isinstance(term, NumberColumn):
        return term.minimum <= float(value) <= term.maximum
    return isinstance(term, YesNoColumn) or any(each.name == value for each in term.categories)


def _some(scores: ImageScores, members: Bools) -> ImageScores:
    names = tuple(patient for patient, is_one in zip(scores.patients, members, strict=True) if is_one)
    return ImageScores(scores.part, names, scores.truth[members], scores.log_odds[members])


def _fitted(scores: ImageScores, columns: Sequence[ClinicalTraining]) -> FittedTerms:
    least = min(int(scores.truth.sum()), int((~scores.truth).sum()))
    if least < LEAST_PATIENTS // 2:
        raise UsageError(
            f"{least} patients of a class outside of a fold have a value in every clinical column, and "
            f"{LEAST_PATIENTS // 2} are wanted; fill the columns, name fewer, or take fewer --folds"
        )
    try:
        return fitted_terms(scores.truth, scores.log_odds, scores.patients, columns)
    except ValueError as error:
        raise UsageError(f"the clinical columns cannot be fitted: {error}; leave that column out") from error


def _scored(terms: FittedTerms, scores: ImageScores, columns: Sequence[ClinicalTraining]) -> Floats:
    return log_odds_by(terms, scores.log_odds, scores.patients, columns)
