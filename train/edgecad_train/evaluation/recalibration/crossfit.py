"""Each patient's score as the other patients would have recalibrated it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.decision.recalibration import FARTHEST
from edgecad_train.evaluation.recalibration.rule import Method, ruled
from edgecad_train.evaluation.statistics.intervals import Bools, Floats

FOLDS = 10


def cross_fitted(truth: Bools, log_odds: Floats, method: Method, *, tested: bool) -> Floats:
    """Recalibrated log-odds, `(n,)`: test and fit see nine tenths of the patients, and the last tenth is moved.

    Where the nine tenths give no recalibration the tenth keeps its log-odds, as the site would. The method is that of
    all patients, because nine tenths of 50 are no 50.

    Args:
        truth, log_odds, tested: as for `edgecad_train.evaluation.recalibration.rule.ruled`; at least 10 of a class.
    """
    moved, fold = np.array(log_odds, np.float64), fold_of(truth)
    for held in range(FOLDS):
        out = fold == held
        found = ruled(truth[~out], log_odds[~out], method, tested=tested)
        if found.outcome == "fitted":
            moved[out] = found.intercept + found.slope * np.clip(log_odds[out], -FARTHEST, FARTHEST)
    return moved


def fold_of(truth: Bools) -> NDArray[np.intp]:
    """The fold of each patient, `(n,)`, 0 to 9: of each class a tenth, always the same ones."""
    generator = np.random.default_rng(0)
    order = np.concatenate([generator.permutation(np.flatnonzero(own)) for own in (truth, ~truth)])
    fold = np.empty(len(truth), np.intp)
    fold[order] = np.arange(len(truth)) % FOLDS
    return fold
