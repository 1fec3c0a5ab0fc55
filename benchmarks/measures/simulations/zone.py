"""The uncertain zone of a head on phantoms' frozen features: how fresh phantoms fare with it, scored by the refit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from edgecad.contract import Decision
from edgecad.decision.zone import ZoneShares
from edgecad.frozen import Frozen
from edgecad_train.evaluation.decision.choice import choose_decision
from edgecad_train.evaluation.decision.points import Patients
from edgecad_train.evaluation.decision.zone import shares_of
from measures.simulations.features import PhantomFeatures, phantom_features
from measures.simulations.heads import CrossFit, HeadTrainer
from measures.simulations.options import SimulationOptions

PHANTOMS, RUNS = 2_600, 30
SETTINGS = ((60, 1), (218, 1), (218, 32))
"""Patients of a run, and which channels they are seen by: all, or every 32nd, for a worse model whose training has not
ended after 100 epochs."""
SMALL_PHANTOMS = 400
"""Where fewer runs than `SMALL_RUNS` are wanted."""
SMALL_RUNS = 3
ALPHAS = (0.1, 0.2)
JUDGED = 218
"""Patients of the runs that the bar is about."""
ALLOWED = 0.02
"""Coverage may be lower than 1 - alpha by so much: scores of folds and of the refit are not exchangeable."""
Reference = Literal["as given", "without noise"]
Scored = Literal["the refit", "a refit of as many epochs", "the folds' mean"]
SCORED: tuple[Scored, ...] = ("the refit", "a refit of as many epochs", "the folds' mean")


class Spread(Frozen, frozen=True, kw_only=True):
    """Of one share over the runs: mean with its standard error, 10th and 90th percentile."""

    mean: float
    error: float
    low: float
    high: float

    def words(self) -> str:
        """For a line."""
        return f"{self.mean:.3f} ({self.low:.2f}-{self.high:.2f})"


class ZoneRow(Frozen, frozen=True, kw_only=True):
    """One setting, over all runs that had a zone.

    Attributes:
        channels: of the features; fewer of them make a worse model.
        reference: labels of the fresh phantoms: as the simulated reader gave them, or as one without noise would.
            Training has the given ones.
        scored: by which network they are scored; a model delivers the refit.
        without: runs in which too few patients of a class set no zone.
        cad, other: coverage, the share of the class that is not on the wrong side.
        uncertain: share of all.
        clear_wrong: share of the clear ones with the wrong label.
        all_wrong: share with the wrong label where there is no zone.
    """

    patients: int
    channels: int
    alpha: float
    reference: Reference
    scored: Scored
    runs: int
    without: int
    auc: Spread
    cad: Spread
    other: Spread
    uncertain: Spread
    clear_wrong: Spread
    all_wrong: Spread

    @property
    def worse(self) -> float:
        """Mean coverage of the class for which it is smaller."""
        return min(self.cad.mean, self.other.mean)

    def judged(self, channels: int) -> bool:
        """Whether the bar is about it."""
        own = (self.patients, self.channels, self.reference, self.scored)
        return own == (JUDGED, channels, "as given", "the refit")

    def words(self) -> str:
        """One line."""
        return (
            f"n {self.patients:3d}, {self.channels} channels, alpha {self.alpha:.2f}, labels {self.reference}, "
            f"{self.scored}: AUC {self.auc.mean:.3f}, coverage CAD {self.cad.words()}, other {self.other.words()}; "
            f"uncertain {self.uncertain.words()}; wrong of the clear {self.clear_wrong.words()}, without a zone "
            f"{self.all_wrong.words()}"
        )


class ZoneFound(Frozen, frozen=True, kw_only=True):
    """All settings; the bar is for the refit of 218 patients, seen by all channels, with labels as given."""

    data: str
    phantoms: int
    allowed: float
    rows: tuple[ZoneRow, ...]
    holds: bool


@dataclass(frozen=True)
class _Run:
    """One training: its cross-fit, its own labels, and those of the fresh phantoms."""

    fit: CrossFit
    label: NDArray[np.bool_]
    fresh: dict[Reference, NDArray[np.bool_]]


def simulate_zone(options: SimulationOptions) -> ZoneFound:
    """Train again and again on other phantoms of one population; those that a run leaves out are its fresh ones."""
    repetitions = options.repetitions or RUNS
    count = PHANTOMS if repetitions >= SMALL_RUNS else SMALL_PHANTOMS
    phantoms = phantom_features(count, options.weights, options.kept)
    rows: list[ZoneRow] = []
    for patients, every in SETTINGS:
        seen = replace(phantoms, features=np.ascontiguousarray(phantoms.features[:, ::every]))
        trainer = HeadTrainer(seen.features.shape[1])
        runs = [_run(trainer, seen, patients, options.seed + number) for number in range(repetitions)]
        for row in _rows(runs, patients, seen.features.shape[1]):
            rows.append(row)
            print(row.words(), flush=True)
    judged = [row for row in rows if row.judged(phantoms.features.shape[1])]
    return ZoneFound(
        data=f"{len(phantoms)} PHANTOMS",
        phantoms=len(phantoms),
        allowed=ALLOWED,
        rows=tuple(rows),
        holds=all(row.worse >= 1 - row.alpha - ALLOWED for row in judged),
    )


def _run(trainer: HeadTrainer, phantoms: PhantomFeatures, patients: int, seed: int) -> _Run:
    order = np.random.default_rng([seed, patients]).permutation(len(phantoms))
    own, fresh = order[:patients], order[patients:]
    fit = trainer.cross_fit(phantoms.features[own], phantoms.label[own], phantoms.features[fresh], seed)
    labels: dict[Reference, NDArray[np.bool_]] = {
        "as given": phantoms.label[fresh], "without noise": phantoms.truth[fresh]
    }  # fmt: skip
    return _Run(fit, phantoms.label[own], labels)


def _rows(runs: Sequence[_Run], patients: int, channels: int) -> Iterator[ZoneRow]:
    for alpha in ALPHAS:
        decided = [(run, choose_decision(run.fit.held, run.label, "out-of-fold", uncertain=alpha)) for run in runs]
        zoned = [(run, decision) for run, decision in decided if decision.zone is not None]
        for reference in ("as given", "without noise"):
            for scored in SCORED:
                if zoned and (scored == "the refit" or reference == "as given"):
                    yield _row(zoned, (patients, channels), alpha, reference, scored, len(runs))


def _row(
    zoned: Sequence[tuple[_Run, Decision]],
    size: tuple[int, int],
    alpha: float,
    reference: Reference,
    scored: Scored,
    runs: int,
) -> ZoneRow:
    shares: list[ZoneShares] = []
    areas, wrong = [], []
    for run, decision in zoned:
        log_odds = {
            "the refit": run.fit.fresh,
            "a refit of as many epochs": run.fit.fresh_by_epochs,
            "the folds' mean": run.fit.fresh_by_folds.mean(axis=0),
        }[scored]
        truth, scores = run.fresh[reference], np.asarray(expit(log_odds / decision.temperature))
        assert decision.zone is not None  # noqa: S101 - the others were left out
        shares.append(shares_of(decision.zone, decision.threshold, Patients(truth, scores)))
        areas.append(float(roc_auc_score(truth, log_odds)))
        wrong.append(float(((scores >= decision.threshold) != truth).mean()))
    return ZoneRow(
        patients=size[0],
        channels=size[1],
        alpha=alpha,
        reference=reference,
        scored=scored,
        runs=runs,
        without=runs - len(zoned),
        auc=_spread(areas),
        cad=_spread([own.cad.value for own in shares if own.cad]),
        other=_spread([own.other.value for own in shares if own.other]),
        uncertain=_spread([own.uncertain.value for own in shares]),
        clear_wrong=_spread([own.clear_wrong.value for own in shares if own.clear_wrong]),
        all_wrong=_spread(wrong),
    )


def _spread(values: Sequence[float]) -> Spread:
    low, high = np.quantile(values, [0.1, 0.9])
    error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    return Spread(mean=float(np.mean(values)), error=error, low=float(low), high=float(high))
