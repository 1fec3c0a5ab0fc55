"""The way of the scans into an evaluation: found, passed over, refused, answered; and the patients by class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from edgecad.contract import Decision
from edgecad.decision.evidence import Share
from edgecad.frozen import Frozen
from edgecad_train.classes import POSITIVE
from edgecad_train.data.found import Found
from edgecad_train.evaluation.decision.points import Patients, share
from edgecad_train.judgement.scoring import ScoredPatients

UNFAMILIAR = "unfamiliar"
"""Reason of a scan that is refused because it is unlike those of the training, as the runtime says it."""


class PatientFlow(Frozen, frozen=True, kw_only=True):
    """How many scans and patients there are at each step.

    Attributes:
        found: labelled scans that were found, or that the CSV lists.
        passed: what else was in the folder and is no scan, by its kind.
        refused: scans that were left out, by reason.
        answered: scans that the model answered.
        positives, negatives: patients of each class with an answered scan: those that the figures are about.
        lost_positives, lost_negatives: patients of each class of whom no scan was answered.
    """

    found: int
    passed: dict[str, int]
    refused: dict[str, int]
    answered: int
    positives: int
    negatives: int
    lost_positives: int
    lost_negatives: int
    unfamiliar: int = 0
    """Patients with a scan that was refused because it is unlike those of the training."""

    @property
    def patients(self) -> int:
        """Those that the figures are about."""
        return self.positives + self.negatives

    @property
    def lost(self) -> int:
        """Patients of whom no scan was answered."""
        return self.lost_positives + self.lost_negatives


def flow_of(found: Found, scores: ScoredPatients) -> PatientFlow:
    """Count what was found and what a model answered of it."""
    label_of = {case.patient: case.label for case in found.cases}
    patient_of = {case.path: case.patient for case in found.cases}
    lost = Counter(label for patient, label in label_of.items() if patient not in set(scores.patients))
    positives = int(scores.truth.sum())
    return PatientFlow(
        found=len(found.cases),
        passed=dict(Counter(one.kind for one in found.passed).most_common()),
        refused=dict(Counter(one.reason for one in scores.refused).most_common()),
        answered=sum(scores.scans),
        positives=positives,
        negatives=len(scores.truth) - positives,
        lost_positives=lost[POSITIVE],
        lost_negatives=sum(lost.values()) - lost[POSITIVE],
        unfamiliar=len({patient_of.get(one.path) for one in scores.refused if one.reason == UNFAMILIAR}),
    )


def prevalence_of(scores: ScoredPatients) -> Share:
    """Share labelled CAD of the patients that the figures are about."""
    return share(int(scores.truth.sum()), len(scores.truth))


class PointHere(Frozen, frozen=True, kw_only=True):
    """How these patients fare at a threshold that others chose; a share is None where it is one of nobody."""

    rule: str
    """The one that found the threshold, as `--decide` takes it; the contract's words where it has no evidence."""
    threshold: float
    in_force: bool
    sensitivity: Share | None
    specificity: Share | None
    ppv: Share | None
    npv: Share | None


def points_of(patients: Patients, decision: Decision) -> tuple[PointHere, ...]:
    """These patients at every threshold that the contract names, from the lowest to the highest."""
    named = _named(decision)
    return tuple(_point(patients, decision, rule, named[rule]) for rule in sorted(named, key=lambda rule: named[rule]))


def _named(decision: Decision) -> Mapping[str, float]:
    """Thresholds by their rules."""
    if decision.evidence is None:
        return {decision.rule: decision.threshold}
    return {point.rule: point.threshold for point in decision.evidence.points}


def _point(patients: Patients, decision: Decision, rule: str, threshold: float) -> PointHere:
    counts = patients.at(threshold)
    called, others = counts.true_positive + counts.false_positive, counts.true_negative + counts.false_negative
    in_force = rule == (decision.rule if decision.evidence is None else decision.evidence.point.rule)
    return PointHere(
        rule=rule,
        threshold=threshold,
        in_force=in_force,
        sensitivity=_share(counts.true_positive, counts.positives),
        specificity=_share(counts.true_negative, counts.negatives),
        ppv=_share(counts.true_positive, called),
        npv=_share(counts.true_negative, others),
    )


def _share(count: int, n: int) -> Share | None:
    return share(count, n) if n else None
