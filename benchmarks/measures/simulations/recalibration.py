"""Sites made worse by recalibrating: simulated sites whose true probabilities are known.

A site's patients have true log-odds H of two normal distributions (AUC .85, prevalence .57, equal spread, so that H is
the log of the likelihood ratio plus the log-odds of the prevalence). The model gives L = (H - shift) / slope, so that
P(CAD) = s(shift + slope L). Excess log loss is that of the recalibrated probabilities less that of the true ones,
expected over the site: by Gauss-Hermite quadrature, no patients are drawn for it. A site is made worse where it is
larger than without any recalibration; where nothing is wrong, any recalibration makes it worse.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import logit
from scipy.stats import norm

from edgecad_train.evaluation.recalibration.fitting import chance_of_none, fitted, log_losses
from edgecad_train.evaluation.recalibration.rule import method_for, ruled
from measures.simulations.options import SimulationOptions

AUC, PREVALENCE = 0.85, 0.57
TRUTHS = {"none": (0.0, 1.0), "shift .5": (0.5, 1.0), "shift 1": (1.0, 1.0), "slope .6": (0.0, 0.6)}
"""What is wrong at the site -> shift and slope of the truth."""
PATIENTS = (20, 50, 100, 200)
REPETITIONS = 2_000
NODES = 80
"""Of the quadrature, for each class."""

Floats = NDArray[np.float64]


class RecalibratedSites(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of recalibrating does to sites of one kind; log loss times 1,000."""

    truth: str
    patients: int
    how: str
    """`rule`: the product's. Beside it fits of any number of patients: with the test, and without one."""
    made: float
    """Share of sites that were recalibrated."""
    worse: float
    """Share of all sites that were made worse."""
    worse_error: float
    """Standard error of that share."""
    excess: float
    """Mean excess log loss."""
    excess_of_nothing: float

    def words(self) -> str:
        """One line."""
        return (
            f"{self.truth:9s} k = {self.patients:3d} {self.how:17s} made {self.made:.2f}, worse {self.worse:.3f} "
            f"({self.worse_error:.3f}), excess {self.excess:7.1f}, of nothing {self.excess_of_nothing:5.1f}"
        )


class RecalibrationSimulated(msgspec.Struct, frozen=True, kw_only=True):
    """All sites."""

    auc: float
    prevalence: float
    repetitions: int
    seed: int
    sites: tuple[RecalibratedSites, ...]


def simulate_recalibration(options: SimulationOptions) -> RecalibrationSimulated:
    """Simulate; the rule is the product's own, patient by patient and site by site.

    2,000 repetitions, which is the default, take about a minute of one core.
    """
    count = options.repetitions or REPETITIONS
    sites: list[RecalibratedSites] = []
    for number, (truth, wrong) in enumerate(TRUTHS.items()):
        for patients in PATIENTS:
            generator = np.random.default_rng([options.seed, number, patients])
            for site in _simulated(truth, wrong, patients, count, generator):
                sites.append(site)
                print(site.words(), flush=True)
    return RecalibrationSimulated(
        auc=AUC, prevalence=PREVALENCE, repetitions=count, seed=options.seed, sites=tuple(sites)
    )


def _simulated(
    truth: str, wrong: tuple[float, float], patients: int, count: int, generator: np.random.Generator
) -> Iterator[RecalibratedSites]:
    cad, log_odds = _drawn(wrong, (count, patients), generator)
    nothing = float(excess_of(np.array([[0.0, 1.0]]), wrong)[0])
    for how, found in _fits(cad, log_odds).items():
        made = (found != np.array([0.0, 1.0])).any(axis=1)
        excess = excess_of(found, wrong)
        worse = float((made & (excess > nothing + 1e-9)).mean())
        yield RecalibratedSites(
            truth=truth,
            patients=patients,
            how=how,
            made=float(made.mean()),
            worse=worse,
            worse_error=float(np.sqrt(worse * (1 - worse) / count)),
            excess=1000 * float(excess.mean()),
            excess_of_nothing=1000 * nothing,
        )


def _drawn(
    wrong: tuple[float, float], shape: tuple[int, int], generator: np.random.Generator
) -> tuple[NDArray[np.bool_], Floats]:
    """Truth and the model's log-odds of `shape` sites x patients."""
    shift, slope = wrong
    apart = _distance()
    cad = generator.random(shape) < PREVALENCE
    own = logit(PREVALENCE) + apart * generator.normal(size=shape) + np.where(cad, 1, -1) * apart**2 / 2
    return cad, (own - shift) / slope


def _distance() -> float:
    """Of the two classes' means, in standard deviations."""
    return float(np.sqrt(2) * norm.ppf(AUC))


def _fits(cad: NDArray[np.bool_], log_odds: Floats) -> dict[str, Floats]:
    """Intercepts and slopes of all sites `(sites, 2)`, by how they came about."""
    return {
        "rule": np.array([_by_rule(*site) for site in zip(cad, log_odds, strict=True)]),
        "always penalised": fitted(cad, log_odds, penalised=True),
        "always plain": fitted(cad, log_odds, penalised=False),
        "test, penalised": np.where(
            (chance_of_none(cad, log_odds) < 0.05)[:, None], fitted(cad, log_odds, penalised=True), [0.0, 1.0]
        ),
    }


def _by_rule(cad: NDArray[np.bool_], log_odds: Floats) -> tuple[float, float]:
    """Intercept and slope that the product would write; 0 and 1 where it writes none."""
    method = method_for(cad)
    if method is None:
        return 0.0, 1.0
    found = ruled(cad, log_odds, method, tested=method == "penalised")
    return (found.intercept, found.slope) if found.outcome == "fitted" else (0.0, 1.0)


def excess_of(fits: Floats, wrong: tuple[float, float]) -> Floats:
    """Expected log loss of recalibrations `(k, 2)`, less that of the true probabilities, `(k,)`."""
    shift, slope = wrong
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    apart, risk = _distance(), np.zeros(len(fits))
    for sign, share in ((1, PREVALENCE), (-1, 1 - PREVALENCE)):
        own = logit(PREVALENCE) + apart * nodes + sign * apart**2 / 2
        given = fits[:, :1] + fits[:, 1:] * (own - shift) / slope
        cad = np.full(given.shape, sign > 0)
        lost = log_losses(cad, given) - log_losses(cad[0], own)
        risk += share * (lost * weights).sum(axis=1) / weights.sum()
    return risk
