"""How much better a model looks when its epochs are chosen on the patients that judge it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.auc import auc
from edgecad_train.evaluation.statistics.comparison import compare_auc, compare_right
from edgecad_train.evaluation.statistics.ties import tied

Judged = tuple[NDArray[np.bool_], NDArray[np.float64]]
"""Truth and log-odds, one a patient."""
SAME_EPOCH = "both ways chose one and the same network, so its answers are the same on any patients"
ABOUT = (
    "The intervals are paired, by patient: they say how far chance among such patients reaches with both epochs fixed. "
    "They say nothing of the choice itself, which was made on these very patients."
)
EARLIER = (
    "An earlier version measured this gap by two trainings on different patients, so that it is not the choice of the "
    "epoch alone."
)


class Gap(Frozen, frozen=True, kw_only=True):
    """A figure of the epoch that the test part chose, less that of the run's own, with its 95 % interval."""

    value: float
    low: float
    high: float
    method: str

    def __str__(self) -> str:
        """For people."""
        if self.method == SAME_EPOCH:
            return "0, the same epoch"
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


class ChosenEpochs(Frozen, frozen=True, kw_only=True):
    """Which epochs were taken of one training, a number a stage, counted from 1."""

    own: tuple[int, ...]
    """As the run chose them, without the test part."""
    on_test: tuple[int, ...]
    candidates: int
    """Networks among which the test part chose; the run's own is one of them."""


class Optimism(Frozen, frozen=True, kw_only=True):
    """Test figures of two ways to choose the epochs of one training; the second saw the test part and is no result.

    Both accuracies are at even odds, as the paper's argmax, so that the gap is the choice of the epochs and nothing
    else; the run's own accuracy is at its chosen threshold. The test part chooses by that accuracy, so its gap is
    never negative; that of the area may be.
    """

    accuracy: float
    accuracy_chosen_on_test: float
    auc: float
    auc_chosen_on_test: float
    epochs: ChosenEpochs | None = None
    """None in records of earlier versions, which compared two trainings on different patients."""
    accuracy_gap: Gap | None = None
    auc_gap: Gap | None = None

    @property
    def words(self) -> str:
        """The gap, for people."""
        gaps = (
            f"{self.accuracy_gap or _plain(self.accuracy_chosen_on_test - self.accuracy)} in accuracy, "
            f"{self.auc_gap or _plain(self.auc_chosen_on_test - self.auc)} in AUC"
        )
        which = f" {_named(self.epochs.on_test)} of {self.epochs.candidates} candidates" if self.epochs else ""
        own = f" {_named(self.epochs.own)}" if self.epochs else ""
        return (
            f"epoch chosen on the test part{which}: accuracy at even odds {self.accuracy_chosen_on_test:.3f}, AUC "
            f"{self.auc_chosen_on_test:.3f}; chosen on held-out patients{own}: {self.accuracy:.3f}, AUC "
            f"{self.auc:.3f}; optimism gap {gaps}; the model and its contract know nothing of it. {self.about}"
        )

    @property
    def about(self) -> str:
        """What the gap is about, and what its interval is not about."""
        return ABOUT if self.epochs else EARLIER


@dataclass(frozen=True)
class ChosenBy:
    """A choice of epochs, and what its network says of the test part's patients."""

    epochs: tuple[int, ...]
    judged: Judged


def rank_at_even_odds(truth: NDArray[np.bool_], log_odds: NDArray[np.float64]) -> tuple[float, float]:
    """The rule of the best epoch, by patient: accuracy at even odds, then cross-entropy (nats, turned round).

    Args:
        truth: `(n,)`, True for CAD.
        log_odds: `(n,)`, before temperature.
    """
    sign = np.where(truth, -1.0, 1.0)
    return _accuracy(truth, log_odds), -float(np.logaddexp(0.0, sign * log_odds).mean())


def optimism_of(own: ChosenBy, on_test: ChosenBy, candidates: int) -> Optimism:
    """Compare the test figures of two networks that one training went through.

    Args:
        own: as the run chose them.
        on_test: as the test part wants them; the same patients in the same order.
        candidates: networks among which the test part chose.
    """
    (truth, honest), (_, chosen) = own.judged, on_test.judged
    same = own.epochs == on_test.epochs
    return Optimism(
        accuracy=_accuracy(truth, honest),
        accuracy_chosen_on_test=_accuracy(truth, chosen),
        auc=auc(truth, tied(honest)).value,
        auc_chosen_on_test=auc(truth, tied(chosen)).value,
        epochs=ChosenEpochs(own=own.epochs, on_test=on_test.epochs, candidates=candidates),
        accuracy_gap=_NOTHING if same else _accuracy_gap(truth, honest, chosen),
        auc_gap=_NOTHING if same else _auc_gap(truth, honest, chosen),
    )


_NOTHING = Gap(value=0.0, low=0.0, high=0.0, method=SAME_EPOCH)


def _accuracy_gap(truth: NDArray[np.bool_], honest: NDArray[np.float64], chosen: NDArray[np.float64]) -> Gap:
    found = compare_right(*((log_odds >= 0) == truth for log_odds in (chosen, honest)))
    return Gap(value=found.difference, low=found.low, high=found.high, method=found.method)


def _auc_gap(truth: NDArray[np.bool_], honest: NDArray[np.float64], chosen: NDArray[np.float64]) -> Gap:
    found = compare_auc(truth, tied(chosen), tied(honest))
    return Gap(value=found.difference, low=found.low, high=found.high, method=found.method)


def _accuracy(truth: NDArray[np.bool_], log_odds: NDArray[np.float64]) -> float:
    return float(((log_odds >= 0) == truth).mean())


def _plain(gap: float) -> str:
    return f"{gap:+.3f}"


def _named(epochs: tuple[int, ...]) -> str:
    """Epochs of all stages: `(epoch 12, then 3)`."""
    return f"(epoch {', then '.join(map(str, epochs))})"
