"""How often series of several lengths are said to be turned: those that are, and those that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import OrientationReference
from edgecad.polarmap.orientation import OTHERS, UPRIGHT, Turn, judged_series
from edgecad.polarmap.orientation.fitting import evidence_by
from edgecad.polarmap.orientation.patterns import as_reals, patterns_of
from edgecad_train.evaluation.statistics.intervals import proportion
from edgecad_train.phantoms.orientation import PHANTOMS
from measures.orientation.lying import WAYS, Floats, fresh_means, means_in_all_ways, reference_of_run, upright_means
from measures.orientation.options import OrientationOptions
from measures.uptake.maps import real_map

LENGTHS = (20, 50, 100)
REFERENCES = (40, 100)
"""Patients behind further references."""
ONE_SCAN = 0.015
"""False alarms among a run's own patients at which one scan is judged; no command does that."""
Judge = Callable[[Floats], Turn | None]


class OrientationRate(msgspec.Struct, frozen=True):
    """Series that lie one way: how many were said to be turned, and how many rightly so.

    Attributes:
        reference: patients behind it; `phantoms` is the one that `train --check` holds data against.
        told: share of the series that were said to be turned or mirrored, with its 95 % interval.
        named: of all series, those whose orientation was named rightly.
    """

    reference: str
    length: int
    lies: str
    series: int
    told: tuple[float, float, float]
    named: float

    def words(self) -> str:
        """One line."""
        value, low, high = self.told
        return (
            f"reference {self.reference}, series of {self.length}, {self.lies}: told {value:.3f} "
            f"({low:.3f}-{high:.3f}) of {self.series}, named {self.named:.3f}"
        )


class RealOrientation(msgspec.Struct, frozen=True):
    """The one real map against the reference of phantoms.

    Attributes:
        fits: log-likelihood of each orientation less that of the right one.
        as_far: share of fresh phantoms whose evidence for some orientation is as unusual, in standard deviations.
        as_turned: share of fresh phantoms that fit the real map's best orientation as much better than the right one.
    """

    fits: dict[str, float]
    as_far: float
    as_turned: float


class RatesFound(msgspec.Struct, frozen=True):
    """All seeds together."""

    runs: int
    patients: int
    fresh: int
    rows: tuple[OrientationRate, ...]
    real: RealOrientation | None


def rates(options: OrientationOptions) -> RatesFound:
    """Judge fresh phantoms by each reference."""
    rows: list[OrientationRate] = []
    judges = {(name, length): own for name, length, own in _judges(options)}
    for (name, length), own in judges.items():
        for number, turn in enumerate(WAYS):
            found = [
                judge(means)
                for seed, judge in own.items()
                for means in series_of(fresh_means(seed, options.fresh)[number], length)
            ]
            rows.append(rate_of(name, length, turn, found))
            print(rows[-1].words(), flush=True)
    return RatesFound(options.runs, options.patients, options.fresh, tuple(rows), _real(options))


def rate_of(reference: str, length: int, turn: Turn, found: list[Turn | None]) -> OrientationRate:
    """Count what was said of series that lie by `turn`."""
    told = proportion(sum(each is not None for each in found), len(found))
    named = sum(each == turn for each in found) / len(found) if turn != UPRIGHT else 0.0
    return OrientationRate(reference, length, turn.words, len(found), (told.value, told.low, told.high), named)


def series_of(means: Floats, length: int) -> Iterator[Floats]:
    """Rows in series of a length; what is left over is left out."""
    return (means[start : start + length] for start in range(0, len(means) - length + 1, length))


def _judges(options: OrientationOptions) -> Iterator[tuple[str, int, Mapping[int, Judge]]]:
    """Name, length, and a judge for each seed."""
    seeds = range(options.runs)
    yield str(options.patients), 1, {seed: _of_one(options, seed) for seed in seeds}
    for patients, length in product((options.patients, *REFERENCES), LENGTHS):
        if patients <= options.patients:
            yield str(patients), length, {seed: judge_by(reference_of_run(options, seed, patients)) for seed in seeds}
    for length in LENGTHS:
        yield "phantoms", length, dict.fromkeys(seeds, judge_by(PHANTOMS))


def judge_by(reference: OrientationReference) -> Judge:
    """What the commands say of a series."""

    def judge(means: Floats) -> Turn | None:
        found = judged_series(reference, means)
        return None if found is None else found.turn

    return judge


def _of_one(options: OrientationOptions, seed: int) -> Judge:
    """What could be said of one scan, if `ONE_SCAN` of the run's own were said to be turned."""
    reference = reference_of_run(options, seed)
    limit = float(np.quantile(_unusual(reference, upright_means(seed, options.patients)).max(axis=1), 1 - ONE_SCAN))

    def judge(means: Floats) -> Turn | None:
        (unusual,) = _unusual(reference, means)
        return OTHERS[int(np.argmax(unusual))] if unusual.max() > limit else None

    return judge


def _evidence(reference: OrientationReference, means: Floats) -> NDArray[np.float64]:
    return evidence_by(np.array(reference.weights), as_reals(patterns_of(means)))


def _unusual(reference: OrientationReference, means: Floats) -> NDArray[np.float64]:
    """Evidence of each map, `(n, 7)`, in standard deviations of upright patients."""
    return np.asarray((_evidence(reference, means) - np.array(reference.upright)) / np.array(reference.spread))


def _real(options: OrientationOptions) -> RealOrientation | None:
    real = real_map(options.real)
    if real is None:
        return None
    means = means_in_all_ways(real.percent)[:1]
    others = fresh_means(0, options.fresh)[0]
    fits = _evidence(PHANTOMS, means)[0]
    best = int(np.argmax(fits))
    far = _unusual(PHANTOMS, means).max()
    return RealOrientation(
        fits={turn.words: float(fit) for turn, fit in zip(OTHERS, fits, strict=True)},
        as_far=float(np.mean(_unusual(PHANTOMS, others).max(axis=1) >= far)),
        as_turned=float(np.mean(_evidence(PHANTOMS, others)[:, best] >= fits[best])),
    )
