"""A logistic regression on the image's log-odds and clinical columns, penalised as weakly as keeps it finite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from edgecad.clinical.fusion import term_of
from edgecad.clinical.values import Value
from edgecad.contract import (
    CategoryColumn,
    CategoryEffect,
    ClinicalColumn,
    Coefficient,
    ImageTerm,
    NumberColumn,
    YesNoColumn,
)
from edgecad_train.evaluation.clinical.columns import ClinicalTraining
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, Z

PRIOR = 2.5
"""Standard deviation of the normal prior of a coefficient, log-odds: of a number's standard deviation, of yes against
no, of a category (Gelman et al. 2008, Annals of Applied Statistics 2:1360, took such a scale as weakly informative)."""
IMAGE_PRIOR = 10.0
"""The same for a standard deviation of the image's log-odds, which may well tell most of the classes apart."""
METHOD = (
    "logistic regression with normal priors (standard deviation 2.5 for a standard deviation of a number, for yes and "
    "for a category; 10 for the image), free intercept; intervals by Laplace's approximation, 1.96 standard deviations"
)


@dataclass(frozen=True)
class FittedTerms:
    """A fitted model before its decision is known.

    Attributes:
        baseline: log-odds of a patient who has every mean.
    """

    baseline: float
    image: ImageTerm
    terms: tuple[ClinicalColumn, ...]


def fitted_terms(
    truth: Bools, log_odds: Floats, patients: Sequence[str], columns: Sequence[ClinicalTraining]
) -> FittedTerms:
    """Fit the model.

    The design is centred, so that each term is a difference to the mean of these patients. A category column has one
    coefficient a category: the prior tells apart what the data do not, and all categories are treated alike.

    Args:
        truth: `(n,)`, True for CAD; both classes.
        log_odds: `(n,)`, of the image, before temperature.
        patients: their names; each has a value in every column.
    """
    values = [[column.values[patient] for patient in patients] for column in columns]
    blocks = [_numbers(log_odds, IMAGE_PRIOR), *map(_block, columns, values)]
    centred = np.concatenate([block.centred for block in blocks], axis=1)
    prior = np.concatenate([np.full(block.centred.shape[1], block.prior) for block in blocks])
    baseline, weights, covariance = _fit(truth, centred, prior)
    first, terms = 1, []
    for block, column, own_values in zip(blocks[1:], columns, values, strict=True):
        own = slice(first, first + block.centred.shape[1])
        terms.append(_column(column, own_values, block, weights[own], covariance[own, own]))
        first = own.stop
    own_term = _coefficient(np.ones(1), weights[:1], covariance[:1, :1])
    image = ImageTerm(mean=float(blocks[0].mean[0]), coefficient=own_term)
    return FittedTerms(baseline, image, tuple(terms))


def log_odds_by(
    terms: FittedTerms, log_odds: Floats, patients: Sequence[str], columns: Sequence[ClinicalTraining]
) -> Floats:
    """Fused log-odds of patients before temperature, `(n,)`, by the rule of the runtime.

    A category that the patients of the fit did not have has no term: its patients count as the mean one.
    """
    values = {column.name: column.values for column in columns}
    found = terms.baseline + terms.image.coefficient.log_odds * (log_odds - terms.image.mean)
    for term in terms.terms:
        own = values[term.name]
        found = found + np.array([term_of(term, own[patient], unknown=0.0) for patient in patients])
    return np.asarray(found, np.float64)


def block_of(column: ClinicalTraining, patients: Sequence[str]) -> Floats:
    """What a column gives to the design, less its mean: `(n, 1)`, of categories `(n, k)`."""
    return _block(column, [column.values[patient] for patient in patients]).centred


@dataclass(frozen=True)
class _Block:
    """Columns of the design `(n, k)` less their means `(k,)`, and the standard deviation of the prior."""

    centred: Floats
    mean: Floats
    prior: float


def _numbers(values: Floats, prior: float) -> _Block:
    mean, spread = float(values.mean()), float(values.std())
    return _Block((values - mean)[:, None], np.array([mean]), prior / (spread or 1.0))


def _block(column: ClinicalTraining, values: Sequence[Value]) -> _Block:
    if column.kind == "number":
        return _numbers(np.array([float(value) for value in values]), PRIOR)
    if column.kind == "yes-no":
        yes = np.array([float(value) for value in values])
        return _Block((yes - yes.mean())[:, None], np.array([yes.mean()]), PRIOR)
    names = _names(values)
    ones = np.array([[float(value == name) for name in names] for value in values])
    return _Block(ones - ones.mean(axis=0), ones.mean(axis=0), PRIOR)


def _names(values: Sequence[Value]) -> list[str]:
    return sorted({str(value) for value in values})


def _fit(truth: Bools, centred: Floats, prior: Floats) -> tuple[float, Floats, NDArray[np.float64]]:
    """Intercept, coefficients `(k,)` and their covariance `(k, k)`: the inverse of the penalised loss' curvature."""
    scaled = centred * prior
    fit = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-10, max_iter=500).fit(scaled, truth)
    weights, intercept = np.asarray(fit.coef_[0], np.float64), float(fit.intercept_[0])
    chance = expit(intercept + scaled @ weights)
    design = np.concatenate([np.ones((len(scaled), 1)), scaled], axis=1)
    curvature = design.T @ (design * (chance * (1 - chance))[:, None])
    curvature += np.diag([0.0, *np.ones(len(weights))])
    covariance = np.linalg.pinv(curvature, hermitian=True)[1:, 1:]
    return intercept, weights * prior, covariance * np.outer(prior, prior)


def _coefficient(direction: Floats, weights: Floats, covariance: Floats) -> Coefficient:
    """A linear combination of coefficients, with its interval."""
    value = float(direction @ weights)
    half = Z * math.sqrt(max(float(direction @ covariance @ direction), 0.0))
    return Coefficient(log_odds=value, low=value - half, high=value + half)


def _column(
    column: ClinicalTraining, values: Sequence[Value], block: _Block, weights: Floats, covariance: Floats
) -> ClinicalColumn:
    if column.kind == "category":
        names, counts = _names(values), [str(value) for value in values]
        return CategoryColumn(
            name=column.name,
            categories=tuple(
                CategoryEffect(
                    name=name,
                    patients=counts.count(name),
                    coefficient=_coefficient(np.eye(len(names))[place] - block.mean, weights, covariance),
                )
                for place, name in enumerate(names)
            ),
        )
    coefficient, mean = _coefficient(np.ones(1), weights, covariance), float(block.mean[0])
    if column.kind == "yes-no":
        return YesNoColumn(name=column.name, mean=mean, coefficient=coefficient)
    least, most = min(map(float, values)), max(map(float, values))
    return NumberColumn(name=column.name, minimum=least, maximum=most, mean=mean, coefficient=coefficient)
