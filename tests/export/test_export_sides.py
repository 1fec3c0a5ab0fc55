"""A hidden unit within rounding of nought gives a map two sides, and a file may be on either; nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgecad.heatmap import Dense, class_activation, score_map
from edgecad.verification import comparison
from edgecad_export.answers import ROUNDING, Answers

Build = Callable[[float], Answers]


def head(offset: float) -> list[Dense]:
    """Two units; the second one's value is `offset`, whatever the features are."""
    return [Dense(np.array([[1.0, 1.0], [0.5, -1.0]]), np.array([0.2, offset])), Dense(np.eye(2), np.zeros(2))]


def maps(features: np.ndarray, offset: float, on_from: float = 0.0) -> np.ndarray:
    return np.asarray(score_map(class_activation(features, head(offset), on_from).cam, 1))


@pytest.fixture
def features() -> np.ndarray:
    """One image whose two channels have the same mean and other patterns."""
    first, second = np.array([[1.0, 3.0], [2.0, 2.0]]), np.array([[3.0, 2.0], [2.0, 1.0]])
    return np.stack([first, second], axis=-1)[None]


@pytest.fixture
def reference(features: np.ndarray) -> Build:
    def build(offset: float) -> Answers:
        sides = tuple(maps(features, offset, on_from) for on_from in (-ROUNDING, ROUNDING))
        return Answers(np.zeros((1, 2)), np.zeros(1), maps(features, offset), 0.0, True, sides)

    return build


@pytest.mark.parametrize("offset", [1e-6, -1e-6])
def test_a_file_may_set_a_unit_at_nought_on_either_side(offset: float, features: np.ndarray, reference: Build) -> None:
    other = comparison.Answers(np.zeros((1, 2)), np.zeros(1), maps(features, -offset))
    own = reference(offset)
    assert np.abs(own.maps - other.maps).max() > 0.5, "the map jumps"
    np.testing.assert_array_equal(own.on_the_side_of(other).maps, other.maps)
    np.testing.assert_array_equal(own.on_the_side_of(own).maps, own.maps)


@pytest.mark.parametrize("offset", [0.01, -0.01])
def test_a_unit_that_is_farther_from_nought_has_one_side(offset: float, features: np.ndarray, reference: Build) -> None:
    other = comparison.Answers(np.zeros((1, 2)), np.zeros(1), maps(features, -offset))
    np.testing.assert_array_equal(reference(offset).on_the_side_of(other).maps, maps(features, offset))


def test_a_damaged_map_is_left_to_the_gate(features: np.ndarray, reference: Build) -> None:
    own = reference(1e-6)
    broken = comparison.Answers(np.zeros((1, 2)), np.zeros(1), np.full_like(own.maps, np.nan))
    assert own.on_the_side_of(broken) is own
