"""What a picture says first: the verdict in words, and whether it may have its colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgecad.answer.prediction import Prediction, told_apart
from edgecad.contract import Contract
from edgecad.decision.recalibration import threshold_on_own

Trust = Literal["plain", "unproven", "forced"]
"""`unproven`: what is known of the model speaks against any use of its score. `forced`: past the map check."""
UNPROVEN = frozenset(
    {
        "model-unmeasured",
        "model-not-above-chance",
        "chosen-not-above-chance",
        "scores-equal",
        "scores-not-rising",
        "operating-point-useless",
    }
)
"""Findings by which a model is not shown to tell patients apart, or is shown not to."""
UNPROVEN_STAMP = "UNPROVEN MODEL"
NEAR = 0.1
"""Distance up to which an uncertain score lies just above or below the threshold; a zone may be wider."""


@dataclass(frozen=True)
class Headline:
    """The first words of a picture.

    Attributes:
        shape: of the icon.
        word: the largest: the label, or that the answer is uncertain.
        side: where the score lies.
        score, threshold: for people, with as many digits as tell them apart.
        more: what is said of the threshold after it; empty where nothing is.
        bounds: the zone for people; None where the model has none.
        disagrees: what the model's own threshold calls the scan, where that is another class; None elsewhere.
    """

    shape: Literal["above", "below", "uncertain"]
    trust: Trust
    word: str
    side: str
    score: str
    threshold: str
    more: str
    bounds: tuple[str, str] | None
    disagrees: str | None


def headline_of(prediction: Prediction, contract: Contract) -> Headline:
    """What an answer's picture says first."""
    own = _models_own(prediction, contract)
    uncertain = prediction.certainty == "uncertain"
    score, threshold, *rest = _figures(prediction, own)
    bounds = None if prediction.zone_bounds is None else (rest[0], rest[1])
    more = "" if own is None else f" (model's own {rest[-1]})"
    if uncertain or prediction.probability == prediction.threshold:
        more += f", counts as {prediction.label}"
    return Headline(
        shape="uncertain" if uncertain else "above" if prediction.above else "below",
        trust=trust_in(prediction),
        word="UNCERTAIN" if uncertain else prediction.label,
        side=_side(prediction, uncertain),
        score=score if prediction.recalibration is None else f"{score} (recalibrated)",
        threshold=threshold,
        more=more,
        bounds=bounds,
        disagrees=_called_by_model(prediction, contract),
    )


def trust_in(prediction: Prediction) -> Trust:
    """Whether an answer may have its colour."""
    if prediction.overruled:
        return "forced"
    return "unproven" if UNPROVEN & {finding.code for finding in prediction.findings} else "plain"


def stamp_on(prediction: Prediction) -> str:
    """The answer's stamp, with what the picture says of an unproven model before it."""
    unproven = UNPROVEN & {finding.code for finding in prediction.findings}
    return f"{UNPROVEN_STAMP} - {prediction.stamp}" if unproven else prediction.stamp


def _side(prediction: Prediction, uncertain: bool) -> str:
    whose = "threshold" if prediction.threshold_from == "contract" else "the site's own threshold"
    if prediction.probability == prediction.threshold:
        return f"exactly at {whose if whose.startswith('the') else 'the threshold'}"
    side = "above" if prediction.above else "below"
    near = uncertain and abs(prediction.probability - prediction.threshold) <= NEAR
    return f"{'just ' if near else ''}{side} {whose}"


def _models_own(prediction: Prediction, contract: Contract) -> float | None:
    """The contract's threshold on the score that is shown; None where it is the one in force."""
    if prediction.threshold_from == "contract":
        return None
    return threshold_on_own(contract.decision.threshold, prediction.recalibration).shown


def _called_by_model(prediction: Prediction, contract: Contract) -> str | None:
    score = prediction.probability if prediction.own_probability is None else prediction.own_probability
    called = contract.positive if score >= contract.decision.threshold else contract.negative
    return None if called == prediction.label else called


def _figures(prediction: Prediction, own: float | None) -> tuple[str, ...]:
    """Score, threshold, bounds of the zone and the model's own threshold for people, as far as there are these.

    They have as many digits as tell them apart, up to four; only score and threshold have more where they need them.
    """
    first = (prediction.probability, prediction.threshold)
    rest = (*(prediction.zone_bounds or ()), *(() if own is None else (own,)))
    words = told_apart(*first, *rest, most=4)
    alike = words[0] == words[1] and first[0] != first[1]
    return (*told_apart(*first), *words[2:]) if alike else words
