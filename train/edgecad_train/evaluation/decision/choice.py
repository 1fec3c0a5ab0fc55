"""From logits to a decision: temperature, threshold and uncertain zone, from patients who judge nothing."""

from __future__ import annotations

import numpy as np
from msgspec.structs import replace
from scipy.optimize import minimize_scalar
from scipy.special import expit

from edgecad.contract import Decision
from edgecad.decision.evidence import Evidence, OperatingPoint
from edgecad.decision.rules import DEFAULT, Rule, rule_from_words
from edgecad.decision.zone import DEFAULT_ALPHA
from edgecad.errors import UsageError
from edgecad_train.evaluation.decision.balanced import balanced_threshold
from edgecad_train.evaluation.decision.cuts import Cuts, cuts_of
from edgecad_train.evaluation.decision.points import Part, Patients, operating_point, with_test
from edgecad_train.evaluation.decision.zone import shares_of, why_no_zone, zone_of
from edgecad_train.evaluation.statistics.intervals import Bools, Floats
from edgecad_train.evaluation.statistics.ties import differ

TEMPERATURES = (0.25, 8.0)
"""Range of the temperature: beyond, a few dozen validation scans say nothing."""
UNDECIDED = 0.5
"""The threshold of `balanced` where scores do not rise with CAD."""
TABLE = tuple(
    rule_from_words(words)
    for words in (
        "sensitivity>=0.95", "sensitivity>=0.9", "sensitivity>=0.8", "balanced", "equal-costs",
        "specificity>=0.8", "specificity>=0.9", "specificity>=0.95",
    )
)  # fmt: skip
"""Rules of the table of thresholds."""


def choose_decision(
    log_odds: Floats,
    truth: Bools,
    part: Part = "validation",
    rule: Rule = DEFAULT,
    uncertain: float = DEFAULT_ALPHA,
) -> Decision:
    """Choose temperature, then threshold and uncertain zone; scores that differ by rounding alone count as equal.

    A wanted sensitivity is refused where the specificity there is below 0.55, a wanted specificity likewise, and
    `balanced` is taken; the evidence says so.

    Args:
        log_odds: `(n,)`, logit of CAD minus logit of the other class.
        truth: `(n,)`, True for CAD.
        part: whose these are; the evidence says it.
        uncertain: share of either class that the zone may leave on the wrong side, above 0 and below 0.5; 0: no zone.

    Raises:
        UsageError: no patient is labelled CAD, or all are.
    """
    if truth.all() or not truth.any():
        raise UsageError("a threshold is chosen on patients of both classes; one class was given: look at the split")
    temperature = _temperature(log_odds, truth)
    choice = _Choice(truth, log_odds / temperature)
    requested = choice.point(rule)
    point = choice.point(DEFAULT) if requested.price_too_high else requested
    evidence = Evidence(
        part=part,
        point=point,
        refused=None if point is requested else requested,
        scores_differ=differ(choice.log_odds),
        scores_rise=choice.balanced is not None,
        table=tuple(choice.point(own) for own in TABLE),
    )
    lacking = why_no_zone(truth, uncertain, part, scores_rise=evidence.scores_rise)
    zone = None if lacking else zone_of(truth, choice.log_odds, point.threshold, uncertain, part)
    return Decision(
        threshold=point.threshold,
        rule=_words(rule_from_words(point.rule), part, evidence.scores_rise),
        temperature=temperature,
        asked=str(rule),
        evidence=evidence,
        zone=zone,
        zone_words=f"no zone: {lacking}" if zone is None else zone.claim(),
    )


def with_test_part(decision: Decision, truth: Bools, log_odds: Floats) -> Decision:
    """The decision with the test part's figures beside those that chose it; it chooses nothing.

    Args:
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, before temperature.
    """
    evidence, zone = decision.evidence, decision.zone
    if evidence is None:
        return decision
    patients = Patients(truth, np.asarray(expit(log_odds / decision.temperature)))
    shown = replace(
        evidence,
        point=with_test(evidence.point, patients),
        refused=None if evidence.refused is None else with_test(evidence.refused, patients),
        table=tuple(with_test(point, patients) for point in evidence.table),
    )
    if zone is not None:
        zone = replace(zone, test=shares_of(zone, decision.threshold, patients))
    return replace(decision, evidence=shown, zone=zone)


class _Choice:
    """Patients that choose, and the thresholds that rules find among them; `log_odds` are after temperature."""

    def __init__(self, truth: Bools, log_odds: Floats) -> None:
        self.truth, self.log_odds = truth, log_odds
        self.patients = Patients(truth, np.asarray(expit(log_odds)))
        self.cuts: Cuts = cuts_of(truth, log_odds)
        self.balanced = balanced_threshold(truth, log_odds, self.cuts)

    def point(self, rule: Rule) -> OperatingPoint:
        """Where the rule leads to."""
        return operating_point(rule, self._threshold(rule), self.patients)

    def _threshold(self, rule: Rule) -> float:
        if rule.fixed_threshold is not None:
            return rule.fixed_threshold
        if rule.name == "sensitivity" and rule.value is not None:
            return self.cuts.at_sensitivity(rule.value)
        if rule.name == "specificity" and rule.value is not None:
            return self.cuts.at_specificity(rule.value)
        return UNDECIDED if self.balanced is None else self.balanced


def _words(rule: Rule, part: Part, scores_rise: bool) -> str:
    """The rule for people."""
    if rule.name == "balanced" and not scores_rise:
        return f"balanced: {UNDECIDED}, because the {part} scores do not rise with CAD"
    return {
        "balanced": f"balanced: the score that speaks as much for CAD as against it, by a logistic fit to the {part} "
        "scores, so that both kinds of error weigh the same",
        "equal-costs": "equal-costs: the class with the larger probability",
        "sensitivity": f"{rule}: the highest specificity with that {part} sensitivity for CAD, midway between "
        "neighbouring scores",
        "specificity": f"{rule}: the highest sensitivity for CAD with that {part} specificity, midway between "
        "neighbouring scores",
        "costs": f"{rule}: a missed CAD costs as much as so many false alarms; 1 / (1 + costs) on the score",
    }[rule.name]


def _temperature(log_odds: Floats, truth: Bools) -> float:
    """Temperature of least cross-entropy within its range (Guo et al. 2017, arXiv:1706.04599); 1 for equal scores."""
    # Beyond what a probability can tell apart, they still differ at the largest temperature.
    if not differ(log_odds) and not differ(log_odds / TEMPERATURES[1]):
        return 1.0
    sign = np.where(truth, -1.0, 1.0)

    def cross_entropy(temperature: float) -> float:
        return float(np.logaddexp(0.0, sign * log_odds / temperature).mean())

    bounds = np.log(TEMPERATURES)
    inside = minimize_scalar(lambda log: cross_entropy(np.exp(log)), bounds=bounds, method="bounded").x
    # The search comes close to an end and never reaches it; there it must be seen that it was the range that ended it.
    return min((*TEMPERATURES, float(np.exp(inside))), key=cross_entropy)
