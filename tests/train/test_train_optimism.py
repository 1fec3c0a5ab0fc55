"""The optimism gap: accuracy at even odds of two trainings, of which the second saw the test part."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad_train.evaluation.optimism import optimism_of

TRUTH = np.array([True, True, True, False, False, False, False, False])


@pytest.mark.parametrize(
    ("log_odds", "accuracy"),
    [
        ([0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5, -0.5], 1.0),
        ([0.5, 0.5, -0.5, 0.5, -0.5, -0.5, -0.5, -0.5], 6 / 8),
        ([0.1, 0.9, 1.5, 0.2, 0.8, -0.1, -0.9, -1.5], 6 / 8),
        ([0.0, 0.0, 0.0, -1e-9, -1e-9, -1e-9, -1e-9, -1e-9], 1.0),  # even odds count as CAD
        ([-3.0, -3.0, -3.0, -2.0, -2.0, -2.0, -2.0, -2.0], 5 / 8),
    ],
)
def test_accuracy_is_counted_at_even_odds(log_odds: list[float], accuracy: float) -> None:
    told = optimism_of((TRUTH, np.array(log_odds)), (TRUTH, np.where(TRUTH, 0.5, -0.5)))
    assert told.accuracy == pytest.approx(accuracy)
    assert told.accuracy_chosen_on_test == 1.0


def test_each_training_is_told_under_its_own_name() -> None:
    poor, good = np.array([-0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.4]), np.where(TRUTH, 0.5, -0.5)
    told = optimism_of((TRUTH, poor), (TRUTH, good))
    assert (told.accuracy, told.accuracy_chosen_on_test) == (6 / 8, 1.0)
    assert told.auc < told.auc_chosen_on_test == 1.0
    assert "optimism gap +0.250 in accuracy" in told.words
