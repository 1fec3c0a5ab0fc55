"""How often the 95 % interval of a coefficient covers the one that patients were drawn with; and whole fusions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from scipy.special import logit

from measures.clinical.drawing import SCALE, TrueEffects, drawn_patients
from measures.clinical.options import ClinicalMeasured

CLASSES = ((50, 50), (99, 75), (300, 100))
"""Patients with CAD and others. 99 and 75 are four fifths of 218 phantoms."""
DRAWN = {
    "as kept": TrueEffects(),
    "no effect": TrueEffects(number=0.0, yes=0.0),
    "strong": TrueEffects(number=1.6, yes=2.0),
    "sharp image": TrueEffects(separation=3.0),
}
TEST = (25, 19)
FOLDS = 5
LEAST, MOST = 0.92, 0.98


class CoveredCoefficient(msgspec.Struct, frozen=True, kw_only=True):
    """One coefficient over many fits; log-odds."""

    setting: str
    cad: int
    other: int
    name: str
    true: float
    mean: float
    width: float
    """Median of the intervals."""
    coverage: float
    fits: int


class WholeFusions(msgspec.Struct, frozen=True, kw_only=True):
    """Fusions as a training run makes them, of fresh patients each."""

    runs: int
    coverage: dict[str, float]
    """Of each coefficient."""
    largest_miss: float
    """Log-odds by which the terms of an answer miss its log-odds, the largest over all test patients and runs."""
    gain: float
    """Mean gain in the area under the ROC curve on the test parts, and 2.5 % and 97.5 % of runs."""
    gain_low: float
    gain_high: float
    gain_out_of_fold: float
    gain_covered: float
    """Share of runs whose out-of-fold interval holds the mean gain of all runs' out-of-fold scores."""
    slope: float
    """Median calibration slope of the fused score on the test parts; 1 is right."""


class CoverageFigures(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    rows: tuple[CoveredCoefficient, ...]
    whole: WholeFusions


def measure_coverage(options: ClinicalMeasured) -> CoverageFigures:
    """Fit again and again, then fuse again and again."""
    rows: list[CoveredCoefficient] = []
    for setting, effects in DRAWN.items():
        for classes in CLASSES:
            rows += _covered(setting, effects, classes, options)
    return CoverageFigures(rows=tuple(rows), whole=_whole(options))


@dataclass(frozen=True)
class _Seen:
    """One coefficient of one fit."""

    name: str
    true: float
    value: float
    low: float
    high: float

    @property
    def covers(self) -> bool:
        return self.low <= self.true <= self.high


def _covered(
    setting: str, effects: TrueEffects, classes: tuple[int, int], options: ClinicalMeasured
) -> Iterator[CoveredCoefficient]:
    from edgecad_train.evaluation.clinical.fitting import fitted_terms

    draw = np.random.default_rng((options.seed, *classes, round(100 * effects.number), round(effects.separation)))
    seen: dict[str, list[_Seen]] = {}
    for _ in range(options.repetitions):
        scores, columns = drawn_patients(classes, effects, draw, "out-of-fold")
        fitted = fitted_terms(scores.truth, scores.log_odds, scores.patients, columns)
        for one in _coefficients(fitted.image, fitted.terms, effects):
            seen.setdefault(one.name, []).append(one)
    for name, own in seen.items():
        yield CoveredCoefficient(
            setting=setting,
            cad=classes[0],
            other=classes[1],
            name=name,
            true=float(np.mean([one.true for one in own])),
            mean=float(np.mean([one.value for one in own])),
            width=float(np.median([one.high - one.low for one in own])),
            coverage=float(np.mean([one.covers for one in own])),
            fits=len(own),
        )


def _coefficients(image, columns, effects: TrueEffects) -> Iterator[_Seen]:  # type: ignore[no-untyped-def]
    from edgecad.contract import CategoryColumn

    def seen(name: str, true: float, own) -> _Seen:  # type: ignore[no-untyped-def]
        return _Seen(name, true, own.log_odds, own.low, own.high)

    yield seen("image", 1 / SCALE, image.coefficient)
    for column in columns:
        if isinstance(column, CategoryColumn):
            of = sum(each.patients for each in column.categories)
            mean = sum(each.patients * effects.category[each.name] for each in column.categories) / of
            for each in column.categories:
                yield seen(f"category {each.name}", effects.category[each.name] - mean, each.coefficient)
        else:
            yield seen(column.name, {"number": effects.number, "yes": effects.yes}[column.name], column.coefficient)


def _whole(options: ClinicalMeasured) -> WholeFusions:
    from edgecad.clinical.fusion import fused_score
    from edgecad.decision.rules import DEFAULT
    from edgecad_train.evaluation.clinical.fusing import ClinicalRequest, fuse

    draw, effects = np.random.default_rng((options.seed, 1)), DRAWN["as kept"]
    covered: dict[str, list[bool]] = {}
    misses, tested, own, bounds, slopes = [0.0], [], [], [], []
    for _ in range(options.runs):
        development, columns = drawn_patients(CLASSES[1], effects, draw, "out-of-fold")
        test, of_test = drawn_patients(TEST, effects, draw, "test", first=10_000)
        joined = tuple(
            type(one)(one.name, one.kind, {**one.values, **other.values})
            for one, other in zip(columns, of_test, strict=True)
        )
        order = draw.permutation(len(development.patients))
        folds = [[development.patients[row] for row in rows] for rows in np.array_split(order, FOLDS)]
        found = fuse(ClinicalRequest(joined, "refuse"), development, test, folds, DEFAULT, 0.1)
        for one in _coefficients(found.model.image, found.model.columns, effects):
            covered.setdefault(one.name, []).append(one.covers)
        for part in found.fused:
            if part.part == "test":
                for patient, image in zip(part.scores.patients, part.image.tolist(), strict=True):
                    values = {column.name: column.values[patient] for column in joined}
                    score = fused_score(found.model, image, values)
                    misses.append(abs(float(logit(score.probability)) - sum(score.terms)))
        gains = {gain.part: gain for gain in found.model.gains}
        tested.append(gains["test"].gain)
        own.append(gains["out-of-fold"].gain)
        bounds.append((gains["out-of-fold"].low, gains["out-of-fold"].high))
        slope = found.evaluations[-1].calibration.slope
        slopes.append(np.nan if slope is None or slope.value is None else float(slope.value))
    mean = float(np.mean(own))
    return WholeFusions(
        runs=options.runs,
        coverage={name: float(np.mean(own)) for name, own in covered.items()},
        largest_miss=max(misses),
        gain=float(np.mean(tested)),
        gain_low=float(np.quantile(tested, 0.025)),
        gain_high=float(np.quantile(tested, 0.975)),
        gain_out_of_fold=mean,
        gain_covered=float(np.mean([low <= mean <= high for low, high in bounds])),
        slope=float(np.nanmedian(slopes)),
    )
