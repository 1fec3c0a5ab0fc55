"""From an image's score, and clinical values where a model takes them, to the score that answers and its threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.prediction import Finding
from edgecad.clinical.fusion import ClinicalAnswer, answer_of, fused_score, image_log_odds
from edgecad.clinical.values import ClinicalValues, Given, check_names, checked_values
from edgecad.contract import Contract
from edgecad.decision.recalibration import Recalibration, Threshold
from edgecad.inference.thresholds import threshold_in_force
from edgecad.site import Site, ThresholdFrom

IMAGE_ALONE = "clinical-missing"
"""Code of the finding that the image alone answered."""


@dataclass(frozen=True)
class JudgedScore:
    """A contract about one score, and the threshold in force on it."""

    contract: Contract
    in_force: Threshold
    threshold_from: ThresholdFrom


@dataclass(frozen=True)
class Judgement:
    """One scan's score.

    Attributes:
        own: the model's own probability, which decides.
        shown: the one that answers show, after a site's recalibration.
        clinical: how clinical columns entered it; None of a model without any.
        findings: about that.
    """

    by: JudgedScore
    own: float
    shown: float
    clinical: ClinicalAnswer | None = None
    findings: tuple[Finding, ...] = ()


class Judges:
    """What judges the scans of an open model: one for its usual score, and one where the image alone answers."""

    def __init__(
        self, contract: Contract, site: Site | None, threshold: float | None, recalibration: Recalibration | None
    ) -> None:
        """Find the thresholds in force.

        Args:
            threshold: of who opened the model. One that is a number, this or the site's, is about the usual score. Of
                a model whose usual score is fused the image alone is held against the contract's own, or the site's
                rule's.

        Raises:
            UsageError: the site chooses by a rule that the model has no threshold for.
        """
        self._contract, self._recalibration = contract, recalibration
        self._told = site is not None and site.choices.clinical.values
        self.usual = JudgedScore(contract.fused, *threshold_in_force(contract.fused, site, threshold, recalibration))
        self.alone = self.usual
        if contract.clinical is not None:
            by_rule = site is not None and threshold is None and site.choices.decision.rule is not None
            chooser = site if by_rule else None
            self.alone = JudgedScore(contract, *threshold_in_force(contract, chooser, None, recalibration))

    def values_of(self, given: Given | None) -> ClinicalValues | None:
        """The values of one scan, checked; None of a model that takes none.

        Raises:
            InputRefused, UsageError: as `edgecad.clinical.values.checked_values`.
        """
        model = self._contract.clinical
        if model is None:
            if given:
                check_names(model, given)
            return None
        return checked_values(model, given)

    def judge(self, image: float, logits: NDArray[np.float32], values: ClinicalValues | None) -> Judgement:
        """Judge one scan.

        Args:
            image: the image's own probability.
            logits: `(2,)`.
            values: None: the image alone is asked, as in golden samples.
        """
        model = self._contract.clinical
        log_odds = image_log_odds(logits, self._contract)
        if model is None or values is None:
            return Judgement(self.alone, image, self._recalibrated(image, log_odds))
        if values.lacking:
            why = "; ".join(values.lacking)
            words = f"THE IMAGE ALONE ANSWERED, without the clinical columns: {why}"
            return Judgement(
                self.alone,
                image,
                image,
                ClinicalAnswer(fused=False, why=why),
                (Finding(IMAGE_ALONE, float(len(values.lacking)), words),),
            )
        score = fused_score(model, log_odds, values.usable)
        own = score.probability
        return Judgement(self.usual, own, own, answer_of(score, values.usable, told=self._told))

    def _recalibrated(self, own: float, log_odds: float) -> float:
        by, judge = self._recalibration, self.alone
        if by is None:
            return own
        zone, in_force = judge.contract.decision.zone, judge.in_force
        bounds = () if zone is None else by.zone_at(in_force, *zone.at(in_force.own))
        return by.answered(own, log_odds / judge.contract.decision.temperature, (in_force, *bounds))
