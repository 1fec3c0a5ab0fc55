"""From labelled scans and a model to one score a patient."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.answer.familiarity import object_to_unfamiliar
from edgecad.answer.findings import object_to_unseen, unseen_colours
from edgecad.answer.heatmap import share_outside_disc
from edgecad.contract import Contract, Origin
from edgecad.errors import InputRefused, UsageError
from edgecad.polarmap import Objections
from edgecad_train.classes import POSITIVE
from edgecad_train.data import Case, PreparedData, Refusal
from edgecad_train.data.orientation import PatientMeans, patient_means
from edgecad_train.evaluation.localisation.cases import SaidOfScan, located_scans
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.judgement.models import JudgedModel
from edgecad_train.report.outside import OutsideEvidence, outside_evidence
from edgecad_train.report.shown import rows_to_show
from edgecad_train.runs.reading import HeatMaps

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
        shown: heat maps and prepared images of a few scans, see `rows_to_show`; None of a model without heat maps.
        outside: how much of the heat maps lies outside the disc; None where that says nothing.
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
    shown: HeatMaps | None = None
    outside: OutsideEvidence | None = None

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
    known, refused = _known_colours(prepared, model)
    said = _said(prepared, known, model)
    answered = [one for one in said if _familiar(one, prepared, model, refused)]
    if not answered:
        raise UsageError(
            f"{model.name} refuses all {len(prepared.cases)} scans: {refused[-1].message}; judge it on scans that it "
            "can answer"
        )
    rows = [one.row for one in answered]
    cases = [prepared.cases[row] for row in rows]
    files = [prepared.files[row] for row in rows] if prepared.files else []
    log_odds = np.array([one.log_odds for one in answered])
    scores = _by_patient(cases, files, log_odds, prepared, refused)
    with_maps = [SaidOfScan(one.row, one.log_odds, one.heatmap) for one in answered if one.heatmap is not None]
    located = tuple(located_scans(prepared, with_maps, model.contract))
    maps = _Maps([one for one in answered if one.heatmap is not None], prepared, model.contract)
    segments = patient_means(prepared, rows)
    return replace(scores, located=located, shown=maps.shown(scores), outside=maps.outside, segments=segments)


@dataclass(frozen=True)
class _Said:
    """What a model says of one scan: log-odds of CAD, its heat map `(h, w)`, its distance to the training scans."""

    row: int
    log_odds: float
    heatmap: NDArray[np.float32] | None
    distance: float | None


@dataclass(frozen=True)
class _Maps:
    """Scans that were answered with a heat map."""

    said: list[_Said]
    prepared: PreparedData
    contract: Contract

    @property
    def patients(self) -> list[str]:
        return [self.prepared.cases[one.row].patient for one in self.said]

    @property
    def outside(self) -> OutsideEvidence | None:
        """Where discs lie on black, how much of the maps is there."""
        if not self.said or not self.contract.black_counts:
            return None
        shares = [share_outside_disc(one.heatmap) for one in self.said if one.heatmap is not None]
        return outside_evidence(self.patients, shares)

    def shown(self, scores: ScoredPatients) -> HeatMaps | None:
        """Those that a report shows: their images are taken from the store only now, so that few are held."""
        if not self.said:
            return None
        index = {patient: row for row, patient in enumerate(scores.patients)}
        of_scan = [index[patient] for patient in self.patients]
        decision = self.contract.decision
        probabilities = expit(scores.log_odds[of_scan] / decision.temperature)
        kept = [self.said[row] for row in rows_to_show(scores.truth[of_scan], probabilities, decision.threshold)]
        rows = [one.row for one in kept]
        return HeatMaps(
            images=np.asarray(self.prepared.images[rows]),
            score_maps=np.stack([one.heatmap for one in kept if one.heatmap is not None]),
            log_odds=np.array([one.log_odds for one in kept]),
            patient=np.array([self.prepared.cases[row].patient for row in rows], str),
            part=np.full(len(rows), "test"),
            row=np.array(rows, np.int64),
        )


def _known_colours(prepared: PreparedData, model: JudgedModel) -> tuple[list[int], list[Refusal]]:
    """Rows of the scans whose colours the model knows: a deployed model refuses the others."""
    known, refused = [], list(prepared.refused)
    crop = model.contract.preparation.crop
    for row, case in enumerate(prepared.cases):
        try:
            object_to_unseen(unseen_colours(prepared.images[row], model.contract), crop, Objections())
            known.append(row)
        except InputRefused as refusal:
            refused.append(Refusal(case.path, refusal.reason, str(refusal), case.where))
    return known, refused


def _familiar(one: _Said, prepared: PreparedData, model: JudgedModel, refused: list[Refusal]) -> bool:
    """Whether a scan is like those of the training; one that is not is refused, as a deployed model does."""
    try:
        object_to_unfamiliar(one.distance, model.contract.familiarity, Objections())
    except InputRefused as refusal:
        case = prepared.cases[one.row]
        refused.append(Refusal(case.path, refusal.reason, str(refusal), case.where))
        return False
    return True


def _said(prepared: PreparedData, rows: list[int], model: JudgedModel) -> list[_Said]:
    positive, found = model.contract.classes.index(POSITIVE), []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        given = model.answers(np.asarray(prepared.images[batch]))
        log_odds = given.logits[:, positive] - given.logits[:, 1 - positive]
        for index, row in enumerate(batch):
            heatmap = None if given.maps is None else given.maps[index]
            distance = None if given.distances is None else float(given.distances[index])
            found.append(_Said(row, float(log_odds[index]), heatmap, distance))
    return found


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
