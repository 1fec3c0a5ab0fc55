"""How clinical columns and the image's log-odds are joined to one score: a logistic model of a few numbers.

Its terms are differences to means of the training patients, so that each has a meaning of its own:

    log-odds = (baseline + image term + terms of the columns) / temperature

The runtime computes it in numpy, outside of the graph; `edgecad.clinical.fusion` does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from edgecad.contract.decision import Decision, Metric
from edgecad.frozen import Frozen, demand

Missing = Literal["refuse", "image-alone"]
"""What becomes of a scan without usable clinical values: it is refused, or the image's own calibrated score answers."""
LONGEST_NAME = 64
"""Letters of a column's or a category's name."""
MOST_COLUMNS, MOST_CATEGORIES = 20, 20


class Coefficient(Frozen, frozen=True, kw_only=True):
    """A coefficient of the logistic model, log-odds of the positive class, with its 95 % interval."""

    log_odds: float
    low: float
    high: float

    def __post_init__(self) -> None:
        demand(all(map(math.isfinite, (self.log_odds, self.low, self.high))), "a coefficient is not finite")
        demand(self.low <= self.log_odds <= self.high, "a coefficient lies outside of its interval")


class ImageTerm(Frozen, frozen=True, kw_only=True):
    """The image's part: `coefficient x (log-odds - mean)`, of the log-odds before temperature."""

    mean: float
    coefficient: Coefficient

    def __post_init__(self) -> None:
        demand(math.isfinite(self.mean), "the image's mean log-odds is not finite")


class NumberColumn(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="number"):
    """A column of numbers: `coefficient x (value - mean)`."""

    name: str
    minimum: float
    """Smallest value of the training patients. Below it, and above the largest, nothing is known."""
    maximum: float
    mean: float
    coefficient: Coefficient
    """Of one unit of the column."""

    def __post_init__(self) -> None:
        _check_name(self.name)
        finite = all(map(math.isfinite, (self.minimum, self.maximum, self.mean)))
        demand(finite and self.minimum < self.maximum, f"the range of {self.name} does not rise")
        demand(self.minimum <= self.mean <= self.maximum, f"the mean of {self.name} lies outside of its range")


class YesNoColumn(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="yes-no"):
    """A column of yes and no: `coefficient x (1 or 0 - mean)`."""

    name: str
    mean: float
    """Share of yes among the training patients."""
    coefficient: Coefficient
    """Of yes against no."""

    def __post_init__(self) -> None:
        _check_name(self.name)
        demand(0 < self.mean < 1, f"all training patients have the same {self.name}")


class CategoryEffect(Frozen, frozen=True, kw_only=True):
    """One category: its name, its training patients, and its term, whose mean over these patients is zero."""

    name: str
    patients: int
    coefficient: Coefficient

    def __post_init__(self) -> None:
        _check_name(self.name)
        demand(self.patients >= 1, f"category {self.name} has no patient")


class CategoryColumn(Frozen, frozen=True, kw_only=True, tag_field="kind", tag="category"):
    """A column of categories. A word that is none of them is refused."""

    name: str
    categories: tuple[CategoryEffect, ...]

    def __post_init__(self) -> None:
        _check_name(self.name)
        words = [each.name.casefold() for each in self.categories]
        demand(2 <= len(words) <= MOST_CATEGORIES, f"{self.name} has {len(words)} categories; 2 to {MOST_CATEGORIES}")
        demand(len(set(words)) == len(words), f"{self.name} has a category twice")


ClinicalColumn = NumberColumn | YesNoColumn | CategoryColumn


class ClinicalGain(Frozen, frozen=True, kw_only=True):
    """Area under the ROC curve of the fused score less that of the image alone, the same `n` patients."""

    part: Literal["out-of-fold", "test"]
    n: int
    image_auc: float
    """Area of the image alone."""
    gain: float
    low: float
    high: float
    method: str


class ClinicalModel(Frozen, frozen=True, kw_only=True):
    """The fused score: what it is made of, its decision, and what is known of it."""

    baseline: float
    """Log-odds of a patient who has every mean, before temperature."""
    image: ImageTerm
    columns: tuple[ClinicalColumn, ...]
    decision: Decision
    """Of the fused score, from scores of patients on whom neither network nor this model was fitted."""
    missing: Missing
    patients: int
    """To whom it was fitted: those of the development part who have a value in every column."""
    left_out: int
    """Of that part, those who lack one."""
    metrics: tuple[Metric, ...]
    """Of the fused score."""
    gains: tuple[ClinicalGain, ...]
    method: str
    """How coefficients and intervals came about, for people."""

    def __post_init__(self) -> None:
        demand(math.isfinite(self.baseline), "the clinical model's baseline is not finite")
        names = [column.name.casefold() for column in self.columns]
        demand(1 <= len(names) <= MOST_COLUMNS, f"{len(names)} clinical columns; 1 to {MOST_COLUMNS} wanted")
        demand(len(set(names)) == len(names), "two clinical columns have one name")
        demand(self.patients >= 1 and self.left_out >= 0, "a clinical model without patients")

    @property
    def turns_image(self) -> bool:
        """Whether the fused score falls where the image's own rises."""
        return self.image.coefficient.log_odds < 0

    @property
    def names(self) -> tuple[str, ...]:
        """Of the columns."""
        return tuple(column.name for column in self.columns)


class GoldenFusion(Frozen, frozen=True, kw_only=True):
    """A fused answer, recorded at export: values that were given, and what came of them and a sample's logits."""

    values: dict[str, float | bool | str]
    log_odds: float
    """Of the score, after temperature."""
    terms: tuple[float, ...]
    """Baseline, image and columns, which add up to it."""

    def __post_init__(self) -> None:
        demand(len(self.terms) == len(self.values) + 2, "a golden fused answer has terms of other columns")


def numbers_of(model: ClinicalModel) -> list[object]:
    """What decides the fused score, for digests."""
    return [model.baseline, model.image.mean, model.image.coefficient.log_odds, model.decision.temperature,
            [_numbers(column) for column in model.columns]]  # fmt: skip


def _numbers(column: ClinicalColumn) -> list[object]:
    if isinstance(column, CategoryColumn):
        return [column.name, *((each.name, each.coefficient.log_odds) for each in column.categories)]
    return [column.name, column.mean, column.coefficient.log_odds]


def is_name(word: str) -> bool:
    """Whether a column or a category may be called so."""
    known = 1 <= len(word) <= LONGEST_NAME and word.isprintable() and word == word.strip()
    return known and not _SIGNS & set(word)


def _check_name(name: str) -> None:
    demand(is_name(name), f"{name[:LONGEST_NAME]!r} is no name of a clinical column or category")


_SIGNS = frozenset(",=")
"""By which values are told apart on a command line."""


def named(columns: Iterable[ClinicalColumn]) -> str:
    """Names of columns for people."""
    return ", ".join(column.name for column in columns)
