"""Two models' answers to the same images: every figure against a computation of its own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgecad.decision.zone import Zone
from edgecad.verification.comparison import ModelAnswers, common_grid, compare


def softmax_first(logits: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(logits[:, 1] - logits[:, 0])))


def answers(seed: int = 0, count: int = 40, side: int = 7) -> ModelAnswers:
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 2, (count, 2))
    return ModelAnswers(logits, softmax_first(logits), draw.normal(0, 1, (count, side, side)))


def with_noise(one: ModelAnswers, seed: int = 5, size: float = 0.2) -> ModelAnswers:
    draw = np.random.default_rng(seed)
    logits = one.logits + draw.normal(0, size, one.logits.shape)
    return ModelAnswers(logits, softmax_first(logits), one.maps + draw.normal(0, size, one.maps.shape))


def test_a_model_agrees_with_itself() -> None:
    figures = compare(answers(), answers(), 0.5, 0.01)
    assert (figures.images, figures.finite, figures.logits, figures.probabilities) == (40, True, 0.0, 0.0)
    assert (figures.flips, figures.flips_in_neighbourhood, figures.peak_shift) == (0, 0, 0.0)
    assert figures.heatmap_correlation == pytest.approx(1.0)


def test_differences_are_the_largest_and_those_of_logits_relative() -> None:
    one, other = answers(), with_noise(answers())
    figures = compare(one, other, 0.5, 0.01)
    assert figures.logits == pytest.approx(np.max(np.abs(one.logits - other.logits)) / np.max(np.abs(one.logits)))
    assert figures.probabilities == pytest.approx(
        max(abs(a - b) for a, b in zip(one.scores, other.scores, strict=True))
    )


def test_heat_maps_are_compared_by_their_correlation_least_and_median() -> None:
    one, other = answers(), with_noise(answers())
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(one.maps, other.maps, strict=True)]
    figures = compare(one, other, 0.5, 0.01)
    assert figures.heatmap_correlation == pytest.approx(min(alike))
    assert figures.heatmap_median == pytest.approx(sorted(alike)[19] / 2 + sorted(alike)[20] / 2)
    assert min(alike) < figures.heatmap_median < 1


def test_flips_near_the_threshold_are_counted_apart() -> None:
    scores = np.array([0.40, 0.395, 0.41, 0.90, 0.10, 0.39])
    other = np.array([0.39, 0.400, 0.45, 0.20, 0.39, 0.30])
    one, seen = (ModelAnswers(np.zeros((6, 2)), values, np.zeros((6, 2, 2))) for values in (scores, other))
    figures = compare(one, seen, threshold=0.4, neighbourhood=0.01)
    assert (figures.flips, figures.flips_in_neighbourhood) == (1, 2)
    figures = compare(one, seen, threshold=0.4, neighbourhood=0.001)
    assert (figures.flips, figures.flips_in_neighbourhood) == (2, 1)


def test_flips_of_certainty_are_counted_as_those_of_labels() -> None:
    """An answer counts once; near means near the bound that was crossed."""
    zone = Zone(low=0.3, high=0.7, alpha=0.1, cad=99, other=75, part="out-of-fold", wrong_up_to=0.15)
    scores = np.array([0.295, 0.25, 0.705, 0.60, 0.20, 0.10, 0.50])
    other = np.array([0.305, 0.40, 0.695, 0.90, 0.90, 0.29, 0.69])
    one, seen = (ModelAnswers(np.zeros((7, 2)), values, np.zeros((7, 2, 2))) for values in (scores, other))
    assert (compare(one, seen, 0.5, 0.01).flips, compare(one, seen, 0.5, 0.01).flips_in_neighbourhood) == (1, 0)
    figures = compare(one, seen, 0.5, 0.01, zone=zone)
    assert (figures.flips, figures.flips_in_neighbourhood) == (3, 2)
    assert compare(one, one, 0.5, 0.01, zone=zone).flips == 0
    # A threshold outside of the zone widens it: what lies between is uncertain, too.
    assert compare(one, seen, 0.2, 0.01, zone=zone).flips == 3


def test_each_model_decides_by_its_own_threshold() -> None:
    one = ModelAnswers(np.zeros((2, 2)), np.array([0.3, 0.7]), np.zeros((2, 2, 2)))
    assert compare(one, one, 0.5, 0.01).flips == 0
    assert compare(one, one, 0.5, 0.01, seen_threshold=0.2).flips == 1
    assert compare(one, one, 0.5, 0.01, seen_threshold=0.8).flips == 1


def test_the_peak_is_the_strongest_cell_of_either_sign() -> None:
    one, other = np.zeros((1, 5, 5)), np.zeros((1, 5, 5))
    one[0, 0, 0], one[0, 4, 4] = -3, 2
    other[0, 3, 4] = 1
    figures = compare(
        ModelAnswers(np.ones((1, 2)), np.ones(1), one), ModelAnswers(np.ones((1, 2)), np.ones(1), other), 0.5, 0.1
    )
    assert figures.peak_shift == pytest.approx(math.hypot(3, 4))


@pytest.mark.parametrize("finer", [14, 21])
def test_a_finer_map_is_averaged_over_area(finer: int) -> None:
    coarse = answers()
    fine = ModelAnswers(coarse.logits, coarse.scores, np.kron(coarse.maps, np.ones((1, finer // 7, finer // 7))))
    for one, other in ((coarse, fine), (fine, coarse)):
        assert common_grid(one.maps, other.maps) == (7, 7)
        figures = compare(one, other, 0.5, 0.01)
        assert figures.heatmap_correlation == pytest.approx(1.0, abs=1e-6)
        assert figures.peak_shift == 0.0


def test_averaging_to_a_grid_that_does_not_divide_keeps_where_the_evidence_lies() -> None:
    rows, columns = np.mgrid[0:10, 0:10] / 9.0
    fine = np.exp(-((rows - 0.2) ** 2 + (columns - 0.7) ** 2) / 0.1)[None]
    rows, columns = (np.mgrid[0:7, 0:7] + 0.5) / 7 * 10 / 9 - 0.5 / 9
    coarse = np.exp(-((rows - 0.2) ** 2 + (columns - 0.7) ** 2) / 0.1)[None]
    one, other = (ModelAnswers(np.ones((1, 2)), np.ones(1), maps) for maps in (fine, coarse))
    figures = compare(one, other, 0.5, 0.01)
    assert figures.heatmap_correlation > 0.99
    assert figures.peak_shift == 0.0


@pytest.mark.parametrize("part", ["logits", "scores", "maps"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_as_bad_as_can_be(part: str, value: float) -> None:
    spoilt = answers()
    getattr(spoilt, part).flat[3] = value
    for figures in (compare(answers(), spoilt, 0.5, 0.01), compare(spoilt, answers(), 0.5, 0.01)):
        assert not figures.finite
        assert figures.logits == figures.probabilities == np.inf
        assert (figures.flips, figures.heatmap_correlation) == (40, -1.0)


def test_flat_maps_agree_only_if_they_are_the_same() -> None:
    flat = ModelAnswers(np.ones((1, 2)), np.ones(1), np.zeros((1, 3, 3)))
    raised = ModelAnswers(np.ones((1, 2)), np.ones(1), np.full((1, 3, 3), 0.5))
    assert compare(flat, flat, 0.5, 0.1).heatmap_correlation == 1.0
    assert compare(flat, raised, 0.5, 0.1).heatmap_correlation == 0.0
