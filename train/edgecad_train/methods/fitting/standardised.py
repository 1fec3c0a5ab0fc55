"""An estimator of scikit-learn behind its columns' means and standard deviations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Standardised:
    """Scores by an estimator's `decision_function`, of columns of mean 0 and standard deviation 1.

    Attributes:
        estimator: of scikit-learn.
        mean, scale: of the columns that taught, `(columns,)`; a column that does not vary has scale 1.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        self.mean: Floats = np.zeros(0)
        self.scale: Floats = np.zeros(0)

    def fit(self, values: Floats, truth: NDArray[np.bool_]) -> None:
        """Learn means, scales and the estimator."""
        self.mean, scale = values.mean(axis=0), values.std(axis=0)
        self.scale = np.where(scale > 1e-9, scale, 1.0)
        self.estimator.fit(self.standard(values), truth)

    def standard(self, values: Floats) -> Floats:
        """The columns, standardised."""
        return np.asarray((values - self.mean) / self.scale, np.float64)

    def scores(self, values: Floats) -> Floats:
        """The estimator's margin."""
        return np.asarray(self.estimator.decision_function(self.standard(values)), np.float64)
