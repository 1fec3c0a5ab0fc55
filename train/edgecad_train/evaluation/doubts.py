"""What speaks against a model's own scores, said on the console and on top of its report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from edgecad_train.evaluation.decision.choice import TEMPERATURES
from edgecad_train.evaluation.evaluation import Evaluation


def doubts_about_scores(evaluations: Iterable[Evaluation]) -> tuple[str, ...]:
    """Sentences, each once: scores that are all equal, a temperature at an end of its range; none if all is well."""
    return tuple(dict.fromkeys(sentence for evaluation in evaluations for sentence in _doubts(evaluation)))


def _doubts(evaluation: Evaluation) -> Iterator[str]:
    if not evaluation.scores_differ and evaluation.confusion.n > 1:
        yield (
            f"the {evaluation.part} scores do not differ beyond rounding: the model tells none of these "
            f"{evaluation.confusion.n} patients from another, and figures that depend on their order mean nothing"
        )
    end = temperature_at_end(evaluation.temperature)
    if end:
        yield f"temperature {evaluation.temperature:.3g} is {end}"


def temperature_at_end(temperature: float) -> str:
    """Which end of its range the temperature lies at, and what that means; nothing for one inside."""
    low, high = TEMPERATURES
    if math.isclose(temperature, low, rel_tol=1e-3):
        return (
            f"the lower end of the range that is searched ({low:g} to {high:g}): on the patients who chose it, sharper "
            "scores would fit still better, because they separate the classes or the logits are tiny, as of an "
            "untrained network; do not read the scores as probabilities"
        )
    if math.isclose(temperature, high, rel_tol=1e-3):
        return (
            f"the upper end of the range that is searched ({low:g} to {high:g}): on the patients who chose it, scores "
            "nearer to 0.5 would fit still better, because they hardly go with the labels or are far too sure; do not "
            "read the scores as probabilities"
        )
    return ""
