"""Labels to read again: named only where they are more than any model misses."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad_train.evaluation.decision.labels import labels_to_read_again


def _turned(cad: int, low: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """`low` of `cad` patients lie below the median of 50 others; names tell which."""
    names = [
        *(f"low-{i}" for i in range(low)),
        *(f"cad-{i}" for i in range(cad - low)),
        *(f"no-{i}" for i in range(50)),
    ]
    log_odds = np.concatenate([np.full(low, -3.0), np.full(cad - low, 2.0), np.linspace(-2, 1, 50)])
    return names, np.arange(len(names)) < cad, log_odds


@pytest.mark.parametrize(
    ("cad", "low", "told"), [(40, 2, False), (40, 3, True), (100, 4, False), (100, 5, True), (101, 5, False)]
)
def test_three_patients_and_five_of_a_hundred_are_the_least(cad: int, low: int, told: bool) -> None:
    found = labels_to_read_again(*_turned(cad, low))
    assert found == (tuple(f"low-{i}" for i in range(low)) if told else ())


def test_patients_at_the_median_are_not_below_it() -> None:
    names, truth, log_odds = _turned(20, 5)
    assert labels_to_read_again(names, truth, np.where(log_odds == -3.0, np.median(log_odds[~truth]), log_odds)) == ()
    assert labels_to_read_again(names, truth, np.full(70, 0.1) + 1e-9 * np.arange(70)) == ()


def test_one_class_alone_says_nothing() -> None:
    assert labels_to_read_again(["a"] * 5, np.ones(5, bool), np.arange(5.0)) == ()
    assert labels_to_read_again(["a"] * 5, np.zeros(5, bool), np.arange(5.0)) == ()
