"""What an ensemble says of patients whom no member had learnt from, and what is chosen and judged by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Decision, Openings
from edgecad_train.ensembles.members import HELD, TEST, MemberRun, averaged, truth_of
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.evaluation.evaluation import Evaluation, judge_decision
from edgecad_train.runs.predictions import PatientLine

UNCOUNTED = "an ensemble is made from runs, without the data beside which openings are counted"


@dataclass(frozen=True)
class EnsembleScores:
    """The mean of the members' log-odds, before temperature, and what rests on it.

    Attributes:
        decision: chosen by patients of whom each was out of fold in every member.
        evaluations: of these patients, and of the test part.
        lines: of predictions.csv.
    """

    decision: Decision
    evaluations: tuple[Evaluation, ...]
    lines: tuple[PatientLine, ...]


def scores_of(members: Sequence[MemberRun]) -> EnsembleScores:
    """Choose by out-of-fold scores, then judge the test part.

    A patient's log-odds are the mean over its scans in each member, so their mean is that of the mean logits.
    """
    settings = members[0].records.record.settings
    choosing = _scores(members, lambda member: member.deciding)
    decision = choose_decision(choosing.log_odds, choosing.truth, HELD, settings.rule, settings.uncertain)
    held = _scores(members, lambda member: member.of_part(HELD))
    tested = _scores(members, lambda member: member.of_part(TEST))
    decision, evaluations = judge_decision(decision, HELD, (held.truth, held.log_odds), (tested.truth, tested.log_odds))
    return EnsembleScores(decision, evaluations, (*held.judged(decision), *tested.judged(decision)))


def openings_of(members: Sequence[MemberRun]) -> Openings | None:
    """How often the test part was looked at before: by each member, and by whom these know of; None: nobody counted."""
    told = [member.contract.test_openings for member in members]
    known = [one for one in told if one is not None]
    if not known:
        return None
    last = max(known, key=lambda one: one.most)
    # The runs of a study are one opening, whichever of them are joined; a run that knows of the others is the last.
    own = "study" if last.together > 1 else "train"
    return Openings(
        patients=last.patients,
        before=last.patients,
        most=last.most + 1,
        by={**last.by, own: last.by.get(own, 0) + 1},
        together=last.together,
        last=max((member.contract.created for member in members), default=None),
        unread=next((one.unread for one in known if one.unread), None),
        uncounted=UNCOUNTED,
    )


@dataclass(frozen=True)
class _Scores:
    """Lines of patients, and the mean log-odds of each, `(n,)`."""

    of: tuple[PatientLine, ...]
    log_odds: NDArray[np.float64]

    @property
    def truth(self) -> NDArray[np.bool_]:
        return truth_of(self.of)

    def judged(self, decision: Decision) -> Iterator[PatientLine]:
        for line, value in zip(self.of, self.log_odds.tolist(), strict=True):
            yield PatientLine.judged(decision, value, line.patient, line.part, line.label, line.scans, line.fold)


def _scores(members: Sequence[MemberRun], lines_of: Callable[[MemberRun], Sequence[PatientLine]]) -> _Scores:
    lines, values = zip(*averaged(members, lines_of), strict=True)
    return _Scores(tuple(lines), np.array(values, np.float64))
