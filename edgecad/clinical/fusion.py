"""The image's log-odds and clinical values joined to one score, by terms that add up to its log-odds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.clinical.values import Value
from edgecad.contract import (
    CategoryColumn,
    ClinicalColumn,
    ClinicalModel,
    Contract,
    GoldenFusion,
    NumberColumn,
)
from edgecad.decision.log_odds import probability_from
from edgecad.errors import GateFailed

TOLERANCE = 1e-6
"""Log-odds by which the terms may miss the score's."""


@dataclass(frozen=True)
class FusedScore:
    """A fused score: terms in log-odds, after temperature, that add up to its log-odds.

    Attributes:
        baseline: of a patient who has every mean.
        image: of this image against the mean one.
        columns: of each value against the column's mean.
    """

    baseline: float
    image: float
    columns: Mapping[str, float]

    @property
    def terms(self) -> tuple[float, ...]:
        """All of them, in the model's order."""
        return (self.baseline, self.image, *self.columns.values())

    @property
    def log_odds(self) -> float:
        """Of the positive class."""
        return math.fsum(self.terms)

    @property
    def probability(self) -> float:
        """P(positive), 0 to 1."""
        return probability_from(self.log_odds)


def fused_score(model: ClinicalModel, log_odds: float, values: Mapping[str, Value]) -> FusedScore:
    """Join one image's log-odds and its values.

    Args:
        log_odds: of the image, logit of the positive class minus logit of the other one, before temperature.
        values: of every column, as `edgecad.clinical.values.checked_values` gives them.
    """
    temperature = model.decision.temperature
    image = model.image.coefficient.log_odds * (log_odds - model.image.mean)
    return FusedScore(
        model.baseline / temperature,
        image / temperature,
        {column.name: term_of(column, values[column.name]) / temperature for column in model.columns},
    )


def term_of(column: ClinicalColumn, value: Value, unknown: float | None = None) -> float:
    """A column's term before temperature.

    Args:
        unknown: term of a category that the column has not.

    Raises:
        ValueError: it has not that category, and `unknown` is not given.
    """
    if isinstance(column, CategoryColumn):
        found = next((each.coefficient.log_odds for each in column.categories if each.name == value), unknown)
        if found is None:
            raise ValueError(f"{column.name} has no such category")
        return found
    return column.coefficient.log_odds * (float(value) - column.mean)


def image_log_odds(logits: NDArray[np.floating], contract: Contract) -> float:
    """Of the image, before temperature; `logits` `(2,)`."""
    exact, positive = np.asarray(logits, np.float64), contract.positive_index
    return float(exact[positive] - exact[1 - positive])


def golden_fusion(contract: Contract, logits: NDArray[np.floating], number: int) -> GoldenFusion | None:
    """What a fused model makes of a golden sample's logits and of values at the ends of its columns.

    Args:
        number: of the sample; the next one has the other ends.
    """
    model = contract.clinical
    if model is None:
        return None
    values = {column.name: _end(column, number + place) for place, column in enumerate(model.columns)}
    score = fused_score(model, image_log_odds(logits, contract), values)
    return GoldenFusion(values=values, log_odds=score.log_odds, terms=score.terms)


def _end(column: ClinicalColumn, number: int) -> Value:
    if isinstance(column, NumberColumn):
        return (column.minimum, column.maximum)[number % 2]
    if isinstance(column, CategoryColumn):
        return column.categories[number % len(column.categories)].name
    return number % 2 == 1


def check_golden_fusion(contract: Contract) -> None:
    """Demand that this machine makes of every golden sample's recorded logits the fused answer that the export made.

    Raises:
        GateFailed: it does not, or the contract has a fused model and no such answer.
    """
    model = contract.clinical
    for entry in contract.golden if model is not None else ():
        if model is None or entry.clinical is None or tuple(entry.clinical.values) != model.names:
            raise GateFailed(
                f"the golden sample {entry.sample} has no fused answer of this model's columns; export it again"
            )
        try:
            score = fused_score(model, image_log_odds(np.array(entry.logits), contract), entry.clinical.values)
        except ValueError:
            score = FusedScore(math.nan, math.nan, dict.fromkeys(model.names, math.nan))
        apart = np.abs(np.subtract((*score.terms, score.log_odds), (*entry.clinical.terms, entry.clinical.log_odds)))
        if not apart.max() <= TOLERANCE:
            raise GateFailed(
                f"the golden sample {entry.sample} gets another fused answer than at export; the model must not be "
                "used: export it again"
            )


class ClinicalAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How clinical columns entered an answer.

    Attributes:
        fused: whether they did; if not, the score is the image's own.
        why: why the image alone answered; None where it did not.
        baseline, image: terms of the score's log-odds; None where the image alone answered.
        columns: term of each column; empty likewise. `baseline`, `image` and these add up to the log-odds.
        values: as they were used; None unless the site wants them in records.
    """

    fused: bool
    why: str | None = None
    baseline: float | None = None
    image: float | None = None
    columns: dict[str, float] = {}
    values: dict[str, float | bool | str] | None = None

    @property
    def words(self) -> str:
        """What an answer says of them."""
        if not self.fused:
            return f"the image alone: {self.why}"
        return f"image with {', '.join(self.columns)}"


def answer_of(score: FusedScore, values: Mapping[str, Value], *, told: bool) -> ClinicalAnswer:
    """What an answer says of a fused score; with its values if they are to be told."""
    return ClinicalAnswer(
        fused=True,
        baseline=score.baseline,
        image=score.image,
        columns=dict(score.columns),
        values=dict(values) if told else None,
    )
