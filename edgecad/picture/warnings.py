"""Warnings of a picture: findings in few words, the gravest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from edgecad.answer.prediction import Finding, Prediction
from edgecad.picture.verdict import Headline

SHORT: dict[str, str] = {
    "operating-point-useless": "Do not deploy: sensitivity or specificity is only {value:.2f}",
    "clinical-missing": "The image alone answered: clinical values are missing or out of range",
    "scores-equal": "This model tells no patient from another",
    "scores-not-rising": "Scores of held-out patients do not rise with {positive}",
    "model-not-above-chance": "Not shown to be better than chance",
    "chosen-not-above-chance": "Not shown to be better than chance where the threshold was chosen",
    "model-unmeasured": "Nobody measured this model here",
    "picture-unchecked": "Nothing checked what the image shows",
    "unfamiliar": "Unlike the training scans",
    "region-not-colder": "The outlined region is not colder than the rest: do not take it for a defect",
    "region-empty": "No part of the map alone raises the score enough to be outlined",
    "steps": "The colours stand in {value:.0f} steps: the score may be off",
    "colours-unseen": "",
    "evidence-outside": "",
    "overlay": "",
    "mostly-uncertain": "More than half of this model's answers are uncertain",
    "operating-point-weak": "Weak threshold: sensitivity or specificity is only {value:.2f}",
    "operating-point-refused": "The rule that was asked for was refused; another threshold was taken",
    "operating-point-not-shown": "Too few patients to show what the threshold's rule promises",
    "equal-costs-prevalence": "Equal costs, and {value:.0%} {positive} in training: the rarer class is often missed",
    "site-threshold-outside-zone": "The site's threshold widens the uncertain zone",
    "site-threshold-unmeasured": "The site's threshold was not measured",
    "familiarity-unmeasured": "Nothing checked whether the scan is like the training scans",
    "colours-unchecked": "Nobody recorded the colours of training",
}
"""Codes of findings in the order of their gravity, and few words for each; the finding's own where it has none here."""
UNKNOWN = "overlay"
"""A code that is not known here stands after this one: with what is said of the scan, before what is of the model."""


def warnings_of(prediction: Prediction, verdict: Headline) -> list[str]:
    """All that a picture warns of, the gravest first."""
    overruled = [f"Overruled: {seen_part(objection)}" for objection in prediction.overruled]
    found = sorted(prediction.findings, key=gravity_of)
    words = [in_few_words(finding, prediction.positive) for finding in found]
    grave = sum(gravity_of(finding) <= _ORDER["model-unmeasured"] for finding in found)
    return [*words[:grave], *overruled, *_disagreement(verdict), *words[grave:]]


def seen_part(message: str) -> str:
    """What was seen, of a message that goes on with figures in brackets or, after a semicolon, with the next step."""
    return re.sub(r" \([^)]*\)", "", message).partition("; ")[0]


def _disagreement(verdict: Headline) -> Iterator[str]:
    if verdict.disagrees is not None:
        yield f"The model's own threshold calls it {verdict.disagrees}"


def gravity_of(finding: Finding) -> float:
    """By which findings are put in order, the gravest first."""
    return _ORDER.get(finding.code, _ORDER[UNKNOWN] + 0.5)


def in_few_words(finding: Finding, positive: str) -> str:
    """A finding as a picture says it; `positive` is the class that the score is for."""
    words = SHORT.get(finding.code) or finding.text
    return capitalised(words.format(value=finding.value, positive=positive) if words != finding.text else words)


def capitalised(words: str) -> str:
    """Words with a capital at their beginning, as a sentence has it."""
    return words[:1].upper() + words[1:]


def _order(codes: Iterable[str]) -> dict[str, float]:
    return {code: float(place) for place, code in enumerate(codes)}


_ORDER = _order(SHORT)
