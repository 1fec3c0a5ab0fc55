"""What speaks against a model's decision, from the evidence in its contract; said wherever the model answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edgecad.answer.prediction import Finding
from edgecad.contract import Contract, Metric
from edgecad.decision.evidence import REFUSED_BELOW, Evidence, OperatingPoint
from edgecad.decision.rules import rule_from_words
from edgecad.decision.zone import Zone

USELESS, WEAK = 0.5, 0.6
"""Sensitivity or specificity, on the patients that chose, below which a threshold is useless, or weak."""
EVEN_PREVALENCE = (0.4, 0.6)
"""Share of the positive class outside of which equal costs make one error far more common than the other."""


def doubts_about_decision(contract: Contract, threshold: float) -> Iterator[Finding]:
    """Findings about scores and threshold; of a contract without evidence as much as its figures tell.

    Args:
        threshold: the one in force. Of a site's own that stands in no row of the evidence nothing was measured, and
            that is said in place of figures.
    """
    evidence = contract.decision.evidence
    if evidence is not None:
        yield from _about_scores(contract, evidence)
    if threshold != contract.decision.threshold:
        yield from _about_sites(contract, threshold)
        return
    if evidence is None:
        yield from _about_figures(contract.metrics)
        return
    yield from _about_point(evidence.point, evidence.part)
    yield from _about_rule(contract, evidence)


def doubts_about_zone(zone: Zone | None) -> Iterator[Finding]:
    """That most answers will be uncertain, where the test part's were."""
    if zone is not None and zone.test is not None and zone.test.mostly_uncertain:
        share = zone.test.uncertain
        words = f"MORE THAN HALF OF THE ANSWERS ARE UNCERTAIN: {share} of the test part, so few scans get a clear one"
        yield Finding("mostly-uncertain", share.value, words)


def _about_sites(contract: Contract, threshold: float) -> Iterator[Finding]:
    evidence, zone = contract.decision.evidence, contract.decision.zone
    if zone is not None and not zone.low <= threshold <= zone.high:
        words = "a site's own threshold lies outside of the model's uncertain zone: the zone is widened to it"
        yield Finding("site-threshold-outside-zone", threshold, words)
    point = next((each for each in evidence.points if each.threshold == threshold), None) if evidence else None
    if evidence is None or point is None:
        words = "a site's own threshold is in force: its sensitivity and specificity were not measured"
        yield Finding("site-threshold-unmeasured", threshold, words)
        return
    yield from _about_point(point, evidence.part)
    yield from _not_shown(contract, point)


def _about_scores(contract: Contract, evidence: Evidence) -> Iterator[Finding]:
    if not evidence.scores_differ:
        words = f"THE {evidence.part.upper()} SCORES DO NOT DIFFER: this model tells no patient from another"
        yield Finding("scores-equal", 1.0, words)
    elif not evidence.scores_rise:
        words = f"THE {evidence.part.upper()} SCORES DO NOT RISE WITH {contract.positive}: no threshold can be good"
        yield Finding("scores-not-rising", 1.0, words)
    for metric in contract.metrics:
        if (metric.name, metric.part) == ("auc", evidence.part) and metric.low <= 0.5:
            seen = f"({evidence.part} AUC {metric.value:.2f}, from {metric.low:.2f})"
            words = f"NOT SHOWN TO BE BETTER THAN CHANCE ON THE PATIENTS THAT CHOSE THE THRESHOLD {seen}"
            yield Finding("chosen-not-above-chance", metric.low, words)


def _about_point(point: OperatingPoint, part: str) -> Iterator[Finding]:
    yield from _judged(point.worse, str(point.sensitivity), str(point.specificity), part)


def _about_figures(metrics: Iterable[Metric]) -> Iterator[Finding]:
    """What the figures of a model without evidence say: those of the patients that chose its threshold."""
    for part in ("out-of-fold", "validation"):
        own = {metric.name: metric.value for metric in metrics if metric.part == part}
        sensitivity, specificity = own.get("sensitivity_cad"), own.get("specificity_cad")
        if sensitivity is not None and specificity is not None:
            yield from _judged(min(sensitivity, specificity), f"{sensitivity:.2f}", f"{specificity:.2f}", part)


def _judged(worse: float, sensitivity: str, specificity: str, part: str) -> Iterator[Finding]:
    seen = f"sensitivity {sensitivity} and specificity {specificity} on the {part} patients that chose it"
    if worse < USELESS:
        yield Finding("operating-point-useless", worse, f"DO NOT DEPLOY: at its threshold, {seen}")
    elif worse < WEAK:
        yield Finding("operating-point-weak", worse, f"WEAK THRESHOLD: {seen}")


def _about_rule(contract: Contract, evidence: Evidence) -> Iterator[Finding]:
    point = evidence.point
    if evidence.refused is not None:
        yield _refusal(evidence.refused, point.rule)
    yield from _not_shown(contract, point)
    prevalence, (low, high) = contract.labelling.prevalence, EVEN_PREVALENCE
    if point.rule == "equal-costs" and prevalence is not None and not low <= prevalence <= high:
        groups = (contract.positive, contract.negative)
        rarer, other = groups if prevalence < low else groups[::-1]
        words = f"equal-costs with {prevalence:.0%} {contract.positive} in training: {rarer} is often taken for {other}"
        yield Finding("equal-costs-prevalence", prevalence, words)


def _not_shown(contract: Contract, point: OperatingPoint) -> Iterator[Finding]:
    if point.patients_lacking is not None:
        sensitive = rule_from_words(point.rule).name == "sensitivity"
        group, n = (contract.positive, point.sensitivity.n) if sensitive else (contract.negative, point.specificity.n)
        words = f"{point.rule} CANNOT BE SHOWN: it takes {point.patients_lacking} {group} patients, and {n} chose"
        yield Finding("operating-point-not-shown", float(n), words)


def _refusal(refused: OperatingPoint, taken: str) -> Finding:
    sensitive = rule_from_words(refused.rule).name == "sensitivity"
    name, share = ("specificity", refused.specificity) if sensitive else ("sensitivity", refused.sensitivity)
    words = f"{refused.rule} WAS REFUSED: {name} there is {share}, below {REFUSED_BELOW}; {taken} was taken instead"
    return Finding("operating-point-refused", share.value, words)
