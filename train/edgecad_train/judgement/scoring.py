"""From labelled scans and a model to one score a patient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.findings import object_to_unseen, unseen_colours
from edgecad.contract import Origin
from edgecad.errors import InputRefused, UsageError
from edgecad.polarmap import Objections
from edgecad_train.classes import POSITIVE
from edgecad_train.data import Case, PreparedData, Refusal
from edgecad_train.data.orientation import PatientMeans, patient_means
from edgecad_train.evaluation.localisation.cases import SaidOfScan, located_scans
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.judgement.models import JudgedModel

BATCH = 64


@dataclass(frozen=True)
class ScoredPatients:
    """What a model made of labelled patients, one row each, in the order of their names.

    Attributes:
        patients: their names.
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, mean over a patient's scans, before temperature.
        scans: how many each has.
        refused: scans that were left out, and why.
        origin: phantoms, patients or both.
        data_sha256: hash of the scans and labels.
        files: SHA-256 of the files of each patient's scans; empty where they were not kept.
        segments: each patient's mean uptake in the segments; None where colours are the input.
        located: where the heat map of each scan lies; none of a model without heat maps, and of whole images.
    """

    patients: tuple[str, ...]
    truth: NDArray[np.bool_]
    log_odds: NDArray[np.float64]
    scans: tuple[int, ...]
    refused: tuple[Refusal, ...]
    origin: Origin
    data_sha256: str
    files: tuple[frozenset[str], ...] = ()
    segments: PatientMeans | None = None
    located: tuple[LocatedScan, ...] = ()

    def only(self, patients: set[str]) -> ScoredPatients:
        """The rows of some of the patients."""
        rows = [row for row, patient in enumerate(self.patients) if patient in patients]
        return ScoredPatients(
            tuple(self.patients[row] for row in rows),
            self.truth[rows],
            self.log_odds[rows],
            tuple(self.scans[row] for row in rows),
            self.refused,
            self.origin,
            self.data_sha256,
            tuple(self.files[row] for row in rows) if self.files else (),
            self.segments and self.segments.only(patients),
        )


def score_patients(model: JudgedModel, prepared: PreparedData) -> ScoredPatients:
    """Score the scans that the model would answer, and average by patient.

    Args:
        prepared: labelled scans, prepared as the model's contract says.

    Raises:
        UsageError: the model would refuse them all.
    """
    answered, refused = _answered(prepared, model)
    if not answered:
        raise UsageError(
            f"{model.name} refuses all {len(prepared.cases)} scans: {refused[-1].message}; judge it on scans that it "
            "can answer"
        )
    cases = [prepared.cases[row] for row in answered]
    files = [prepared.files[row] for row in answered] if prepared.files else []
    log_odds, located = _said(prepared, answered, model)
    scores = _by_patient(cases, files, log_odds, prepared, refused)
    return replace(scores, located=located, segments=patient_means(prepared, answered))


def _answered(prepared: PreparedData, model: JudgedModel) -> tuple[list[int], list[Refusal]]:
    """Rows of the scans whose colours the model knows: a deployed model refuses the others."""
    answered, refused = [], list(prepared.refused)
    crop = model.contract.preparation.crop
    for row, case in enumerate(prepared.cases):
        try:
            object_to_unseen(unseen_colours(prepared.images[row], model.contract), crop, Objections())
            answered.append(row)
        except InputRefused as refusal:
            refused.append(Refusal(case.path, refusal.reason, str(refusal), case.where))
    return answered, refused


def _said(
    prepared: PreparedData, rows: list[int], model: JudgedModel
) -> tuple[NDArray[np.float64], tuple[LocatedScan, ...]]:
    """Log-odds of CAD of each scan, `(rows,)`, and where its heat map lies."""
    positive = model.contract.classes.index(POSITIVE)
    log_odds, located = np.zeros(len(rows)), list[LocatedScan]()
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        logits, maps = model.answers(np.asarray(prepared.images[batch]))
        own = logits[:, positive] - logits[:, 1 - positive]
        log_odds[start : start + BATCH] = own
        if maps is not None:
            said = [SaidOfScan(*one) for one in zip(batch, own.tolist(), maps, strict=True)]
            located += located_scans(prepared, said, model.contract)
    return log_odds, tuple(located)


def _by_patient(
    cases: list[Case], files: list[str], log_odds: NDArray[np.float64], prepared: PreparedData, refused: list[Refusal]
) -> ScoredPatients:
    patients = sorted({case.patient for case in cases})
    index = {patient: row for row, patient in enumerate(patients)}
    rows = np.array([index[case.patient] for case in cases])
    scans = np.bincount(rows, minlength=len(patients))
    truth = np.zeros(len(patients), bool)
    truth[rows] = [case.label == POSITIVE for case in cases]
    own: dict[str, set[str]] = {patient: set() for patient in patients} if files else {}
    for case, digest in zip(cases, files, strict=False):
        own[case.patient].add(digest)
    return ScoredPatients(
        tuple(patients),
        truth,
        np.bincount(rows, log_odds, len(patients)) / scans,
        tuple(scans.tolist()),
        tuple(refused),
        prepared.origin,
        prepared.sha256,
        tuple(map(frozenset, own.values())),
    )
