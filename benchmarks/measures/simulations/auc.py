"""Intervals of the area under the ROC curve on scores whose true area is known: coverage, width, claims, order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.auc import NO_VARIANCE, auc_bounds, newcombe_bounds
from edgecad_train.evaluation.statistics.intervals import Bools, Floats, Z
from measures.simulations.fewest import OrderFound, order_found
from measures.simulations.options import SimulationOptions

SIZES = ((10, 10), (26, 18), (60, 40), (124, 94))
"""Patients that are CAD, and others; the second pair is the paper's test part, the last all of its patients."""
AREAS = (0.5, 0.8, 0.9, 0.95, 0.98)
REPETITIONS = 10_000
AT_ONCE = 2_000
CHANCE = 0.5
LEAST_COVERAGE, MOST_CLAIMS = 0.93, 0.03
"""Bars: of each setting; of claims to be better than chance where nothing is."""

Shape = Literal["equal spread", "unequal spread", "ties"]
SHAPES: tuple[Shape, ...] = ("equal spread", "unequal spread", "ties")
SPREAD = {"equal spread": 1.0, "unequal spread": 2.0, "ties": 1.0}
"""Standard deviation of the scores of CAD; that of the others is 1."""
GRID = 0.5
"""To which scores are rounded for ties."""


class Held(Frozen, frozen=True, kw_only=True):
    """How one method fared: share of the intervals that hold the true area, and their mean width."""

    coverage: float
    width: float


class AucRow(Frozen, frozen=True, kw_only=True):
    """One setting. `claims` is the share of lower bounds above 0.5."""

    shape: Shape
    positives: int
    negatives: int
    area: float
    repetitions: int
    ours: Held
    logit_delong: Held
    delong: Held
    claims: float

    def words(self) -> str:
        """One line."""
        return (
            f"{self.shape:14s} {self.positives:3d}/{self.negatives:<3d} AUC {self.area:.3f}: coverage "
            f"{self.ours.coverage:.3f}, width {self.ours.width:.3f}; logit DeLong {self.logit_delong.coverage:.3f}, "
            f"{self.logit_delong.width:.3f}; DeLong {self.delong.coverage:.3f}, {self.delong.width:.3f}; "
            f"above chance {self.claims:.3f}"
        )


class AucFound(Frozen, frozen=True, kw_only=True):
    """Rows, the order of the fewest inversions, and the worst of each."""

    rows: tuple[AucRow, ...]
    order: tuple[OrderFound, ...]
    least_coverage: float
    most_claims_at_chance: float

    def words(self) -> str:
        """What the bars ask for."""
        rises = sum(own.rises for own in self.order)
        return (
            f"least coverage {self.least_coverage:.3f} ({LEAST_COVERAGE:g} wanted); better than chance claimed at 0.5 "
            f"in at most {self.most_claims_at_chance:.3f} ({MOST_CLAIMS:g} allowed); lower bounds that rise with a "
            f"further inversion: {rises} (0 wanted)"
        )


def simulate_auc(options: SimulationOptions) -> AucFound:
    """Every size, area and shape. Where a variance is 0, plain and logit DeLong are given Newcombe's bounds."""
    rows = []
    for number, (shape, (positives, negatives), area) in enumerate(_settings()):
        generator = np.random.default_rng([options.seed, number])
        rows.append(_row(generator, shape, positives, negatives, area, options.repetitions or REPETITIONS))
        print(rows[-1].words(), flush=True)
    found = AucFound(
        rows=tuple(rows),
        order=tuple(order_found(*size) for size in SIZES),
        least_coverage=min(row.ours.coverage for row in rows),
        most_claims_at_chance=max(row.claims for row in rows if row.area == CHANCE),
    )
    print(found.words())
    return found


def _settings() -> Iterator[tuple[Shape, tuple[int, int], float]]:
    return ((shape, size, area) for shape in SHAPES for size in SIZES for area in AREAS)


def _row(
    generator: np.random.Generator, shape: Shape, positives: int, negatives: int, area: float, repetitions: int
) -> AucRow:
    true, values, variances = _drawn_areas(generator, shape, positives, negatives, area, repetitions)
    newcombe = newcombe_bounds(values, positives, negatives)
    known = (variances >= NO_VARIANCE) & (values > 0) & (values < 1)
    ours = auc_bounds(values, variances, positives, negatives)
    return AucRow(
        shape=shape,
        positives=positives,
        negatives=negatives,
        area=true,
        repetitions=repetitions,
        ours=_held(ours, true),
        logit_delong=_held(_logit_delong(values, variances, known, newcombe), true),
        delong=_held(_delong(values, variances, known, newcombe), true),
        claims=float((ours[0] > CHANCE).mean()),
    )


def _drawn_areas(
    generator: np.random.Generator, shape: Shape, positives: int, negatives: int, area: float, repetitions: int
) -> tuple[float, Floats, Floats]:
    """The true area, and each repetition's area and DeLong's variance."""
    spread = SPREAD[shape]
    centre = float(stats.norm.ppf(area)) * float(np.hypot(1.0, spread))
    values, variances = [], []
    for start in range(0, repetitions, AT_ONCE):
        count = min(AT_ONCE, repetitions - start)
        cad = generator.normal(centre, spread, (count, positives))
        others = generator.normal(0.0, 1.0, (count, negatives))
        if shape == "ties":
            cad, others = (np.round(scores / GRID) * GRID for scores in (cad, others))
        own = areas_of(cad, others)
        values.append(own[0])
        variances.append(own[1])
    true = _area_of_rounded(centre) if shape == "ties" else area
    return true, np.concatenate(values), np.concatenate(variances)


def areas_of(cad: Floats, others: Floats) -> tuple[Floats, Floats]:
    """Area and DeLong's variance of each row: `cad` `(k, m)`, `others` `(k, n)`; `(k,)` each."""
    m, n = cad.shape[1], others.shape[1]
    every = stats.rankdata(np.concatenate([cad, others], axis=1), axis=1)
    above = (every[:, :m] - stats.rankdata(cad, axis=1)) / n
    below = 1.0 - (every[:, m:] - stats.rankdata(others, axis=1)) / m
    return above.mean(axis=1), above.var(axis=1, ddof=1) / m + below.var(axis=1, ddof=1) / n


def _area_of_rounded(centre: float) -> float:
    """The area of two unit normals, `centre` apart, whose scores are rounded to the grid."""
    levels = np.arange(-12.0, 24.0 + GRID, GRID)
    edges = np.concatenate([[-np.inf], levels[:-1] + GRID / 2, [np.inf]])
    cad, others = (np.diff(stats.norm.cdf(edges, mean)) for mean in (centre, 0.0))
    return float((cad * (np.cumsum(others) - others / 2)).sum())


def _held(bounds: tuple[Floats, Floats], true: float) -> Held:
    low, high = bounds
    return Held(coverage=float(((low <= true) & (true <= high)).mean()), width=float((high - low).mean()))


def _logit_delong(
    values: Floats, variances: Floats, known: Bools, other: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    inside = np.where(known, values, 0.5)
    half = Z * np.sqrt(variances) / (inside * (1 - inside))
    low, high = expit(logit(inside) - half), expit(logit(inside) + half)
    return np.where(known, low, other[0]), np.where(known, high, other[1])


def _delong(values: Floats, variances: Floats, known: Bools, other: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    half = Z * np.sqrt(variances)
    low, high = np.clip(values - half, 0, 1), np.clip(values + half, 0, 1)
    return np.where(known, low, other[0]), np.where(known, high, other[1])
