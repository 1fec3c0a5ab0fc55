"""The class activation map explains the logits exactly; its measures see what is wrong with a map."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import cycle, islice, pairwise

import numpy as np
import pytest

from edgecad.answer.heatmap import (
    Dense,
    activation_factor,
    agreement,
    before_activation,
    class_activation,
    correlation,
    identity_error,
    scale_of_maps,
    score_map,
    shade_of,
    share_outside_disc,
)
from edgecad.contract import Activation

ACTIVATE: dict[Activation, Callable[[float], float]] = {
    "silu": lambda z: z / (1 + math.exp(-z)),
    "relu": lambda z: max(0.0, z),
    "linear": lambda z: z,
}
"""In plain Python, as their papers have them."""


def random_head(rng: np.random.Generator, widths: list[int], *activations: Activation) -> list[Dense]:
    """Hidden layers take turns among the activations; ReLU where none is named."""
    own = [*islice(cycle(activations or ("relu",)), len(widths) - 2), "linear"]
    return [
        Dense(rng.normal(size=(inputs, units)), rng.normal(size=units), activation)
        for (inputs, units), activation in zip(pairwise(widths), own, strict=True)
    ]


def forward(pooled: np.ndarray, head: list[Dense]) -> np.ndarray:
    """One image's logits, unit by unit, in plain Python."""
    values = list(pooled)
    for layer in head:
        units = range(layer.weights.shape[1])
        sums = [sum(v * layer.weights[i, u] for i, v in enumerate(values)) + layer.bias[u] for u in units]
        values = [ACTIVATE[layer.activation](value) for value in sums]
    return np.array(values)


HEADS = pytest.mark.parametrize("widths", [[6, 2], [6, 9, 2], [6, 9, 5, 2]])
ACTIVATIONS = pytest.mark.parametrize(
    "activations", [("silu",), ("relu",), ("linear",), ("relu", "silu"), ("silu", "linear")], ids="-".join
)


@HEADS
@ACTIVATIONS
def test_the_map_and_its_bias_add_up_to_the_logits_of_the_network(
    widths: list[int], activations: tuple[Activation, ...]
) -> None:
    rng = np.random.default_rng(len(widths))
    features, head = rng.normal(size=(5, 4, 3, 6)), random_head(rng, widths, *activations)
    found = class_activation(features, head)
    wanted = np.array([forward(image.mean(axis=(0, 1)), head) for image in features])
    np.testing.assert_allclose(found.logits, wanted, atol=1e-12)
    np.testing.assert_allclose(found.cam.mean(axis=(2, 3)) + found.cam_bias, wanted, atol=1e-12)
    assert identity_error(found.cam, found.cam_bias, found.logits) < 1e-12


@HEADS
def test_with_relu_effective_weights_are_the_slopes_of_the_logits(widths: list[int]) -> None:
    """By finite differences, feature by feature: Grad-CAM's weights. With SiLU they are not; see the module's text."""
    rng = np.random.default_rng(10 + len(widths))
    features, head = rng.normal(size=(3, 4, 3, 6)), random_head(rng, widths)
    found, step = class_activation(features, head), 1e-6
    for image in range(3):
        pooled = features[image].mean(axis=(0, 1))
        for channel in range(6):
            moved = pooled + step * (np.arange(6) == channel)
            slope = (forward(moved, head) - forward(pooled, head)) / step
            np.testing.assert_allclose(found.fc_weights[image, :, channel], slope, atol=1e-5)


@HEADS
@ACTIVATIONS
def test_each_cell_of_the_map_is_the_weighted_sum_of_its_own_features(
    widths: list[int], activations: tuple[Activation, ...]
) -> None:
    rng = np.random.default_rng(20 + len(widths))
    features, head = rng.normal(size=(2, 4, 3, 6)), random_head(rng, widths, *activations)
    found = class_activation(features, head)
    assert found.cam.shape == (2, 2, 4, 3)
    for image, label, row, column in np.ndindex(2, 2, 4, 3):
        wanted = float(found.fc_weights[image, label] @ features[image, row, column])
        assert found.cam[image, label, row, column] == pytest.approx(wanted, abs=1e-12)


def test_without_a_hidden_layer_the_weights_are_those_of_the_layer() -> None:
    rng = np.random.default_rng(0)
    (layer,) = head = random_head(rng, [6, 2])
    found = class_activation(rng.normal(size=(2, 4, 3, 6)), head)
    np.testing.assert_array_equal(found.fc_weights[1], layer.weights.T)
    np.testing.assert_array_equal(found.cam_bias[1], layer.bias)


@ACTIVATIONS
def test_huge_values_overflow_nothing(activations: tuple[Activation, ...]) -> None:
    rng = np.random.default_rng(3)
    features, head = 1e6 * rng.normal(size=(3, 4, 3, 6)), random_head(rng, [6, 9, 5, 2], *activations)
    found = class_activation(features, head)
    assert np.isfinite(found.cam).all()
    assert identity_error(found.cam, found.cam_bias, found.logits) < 1e-12


MOVED, JUMP = 1e-4, 1e-3
"""Share of their scale (the largest) by which features are moved at most, and by which a map may move then."""


def largest_jump(features: np.ndarray, head: list[Dense], rng: np.random.Generator) -> float:
    """How far the maps of the score move, of their scale, when features move a little."""
    moved = features + MOVED * np.abs(features).max() * rng.uniform(-1, 1, features.shape)
    one, other = (score_map(class_activation(values, head).cam, 0) for values in (features, moved))
    return float((np.abs(other - one).max(axis=(1, 2)) / np.abs(one).max(axis=(1, 2))).max())


def a_head(rng: np.random.Generator, activation: Activation) -> list[Dense]:
    """64 units on 32 channels, as large as training makes them (Glorot and Bengio 2010)."""
    return [
        Dense(rng.normal(size=(inputs, units)) * np.sqrt(2 / (inputs + units)), 0.1 * rng.normal(size=units), own)
        for inputs, units, own in ((32, 64, activation), (64, 2, "linear"))
    ]


def test_the_map_cannot_jump_with_silu() -> None:
    """1,000 sets of features, each with a head of its own."""
    rng = np.random.default_rng(5)
    worst = max(largest_jump(np.abs(rng.normal(size=(1, 7, 7, 32))), a_head(rng, "silu"), rng) for _ in range(1000))
    assert worst <= JUMP, f"a map moved by {worst:.1e} of its scale"


def test_with_a_relu_on_its_hinge_it_does() -> None:
    """The same test fails where a unit is placed at zero."""
    rng = np.random.default_rng(5)
    jumped = 0
    for _ in range(100):
        features, (hidden, last) = np.abs(rng.normal(size=(1, 7, 7, 32))), a_head(rng, "relu")
        bias = hidden.bias.copy()
        bias[0] -= (features.mean(axis=(1, 2)) @ hidden.weights + bias)[0, 0]
        jumped += largest_jump(features, [Dense(hidden.weights, bias, "relu"), last], rng) > JUMP
    assert jumped > 30, "half of the moves should switch the unit"


def test_gates_of_others_give_their_map_on_these_features() -> None:
    rng = np.random.default_rng(6)
    features, head = rng.normal(size=(3, 4, 4, 6)), random_head(rng, [6, 9, 2], "relu")
    own = class_activation(features, head)
    opened = [activation_factor("relu", before) for before in before_activation(features.mean(axis=(1, 2)), head)[:-1]]
    np.testing.assert_array_equal(class_activation(features, head, opened).cam, own.cam)
    opened[0][1, 4] = 1 - opened[0][1, 4]
    other = class_activation(features, head, opened)
    np.testing.assert_array_equal(other.logits, own.logits)
    np.testing.assert_array_equal(other.cam[[0, 2]], own.cam[[0, 2]])
    difference = (2 * opened[0][1, 4] - 1) * np.einsum(
        "k,hwk,c->chw", head[0].weights[:, 4], features[1], head[1].weights[4]
    )
    np.testing.assert_allclose(other.cam[1] - own.cam[1], difference, atol=1e-12)


@pytest.mark.parametrize("positive", [0, 1])
def test_the_score_map_is_the_positive_map_less_the_other(positive: int) -> None:
    rng = np.random.default_rng(0)
    features, head = rng.normal(size=(4, 7, 7, 6)), random_head(rng, [6, 5, 2])
    found = class_activation(features, head)
    shown = score_map(found.cam, positive)
    bias = found.cam_bias[:, positive] - found.cam_bias[:, 1 - positive]
    log_odds = found.logits[:, positive] - found.logits[:, 1 - positive]
    assert shown.shape == (4, 7, 7)
    np.testing.assert_allclose(shown.mean(axis=(1, 2)) + bias, log_odds, atol=1e-12)


def test_the_common_part_of_two_maps_does_not_show() -> None:
    cam = np.random.default_rng(0).normal(size=(1, 2, 7, 7))
    common = np.random.default_rng(1).normal(size=(1, 1, 7, 7))
    np.testing.assert_allclose(score_map(cam + common, 0), score_map(cam, 0), atol=1e-12)


def test_a_wrong_map_shows_as_an_error_of_its_relative_size() -> None:
    rng = np.random.default_rng(0)
    found = class_activation(rng.normal(size=(3, 4, 4, 6)), random_head(rng, [6, 2]))
    scale = max(1.0, *(float(np.abs(v).max()) for v in (found.cam, found.cam_bias, found.logits)))
    off = found.cam.copy()
    off[2, 1] += 0.01 * scale
    assert identity_error(off, found.cam_bias, found.logits) == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize("part", ["cam", "cam_bias", "logits"])
def test_an_error_in_any_part_of_one_image_of_many_is_seen(part: str) -> None:
    rng = np.random.default_rng(0)
    found = class_activation(rng.normal(size=(8, 4, 4, 6)), random_head(rng, [6, 2]))
    values = {name: getattr(found, name).copy() for name in ("cam", "cam_bias", "logits")}
    values[part][5, 0] += 0.5
    assert identity_error(**values) > 0.01


def test_a_map_with_swapped_classes_is_seen() -> None:
    rng = np.random.default_rng(0)
    found = class_activation(rng.normal(size=(2, 4, 4, 6)), random_head(rng, [6, 2]))
    assert identity_error(found.cam[:, ::-1], found.cam_bias, found.logits) > 0.01


def test_no_image_has_no_error() -> None:
    assert identity_error(np.zeros((0, 2, 4, 4)), np.zeros((0, 2)), np.zeros((0, 2))) == 0


def test_correlation_is_that_of_pearson_and_nan_for_a_flat_map() -> None:
    one, other = np.random.default_rng(0).normal(size=(2, 7, 7))
    assert correlation(one, other) == pytest.approx(np.corrcoef(one.ravel(), other.ravel())[0, 1])
    assert correlation(one, 3 * one + 2) == pytest.approx(1)
    assert np.isnan(correlation(one, np.ones((7, 7))))


def test_maps_agree_by_their_shape() -> None:
    one = np.random.default_rng(0).normal(size=(7, 7))
    assert agreement(one, one, 1.0) == pytest.approx(1)
    assert agreement(one, -one, 1.0) == pytest.approx(-1)


@pytest.mark.parametrize(("level", "wanted"), [(0.3, 1.0), (0.30005, 1.0), (0.31, 0.0)])
def test_flat_maps_agree_only_at_the_same_level(level: float, wanted: float) -> None:
    assert agreement(np.full((7, 7), 0.3), np.full((7, 7), level), 1.0) == wanted


def test_a_flat_map_does_not_agree_with_one_that_is_not() -> None:
    one = np.random.default_rng(0).normal(size=(7, 7))
    assert agreement(np.zeros((7, 7)), one, 1.0) == 0
    assert agreement(one, np.zeros((7, 7)), 1.0) == 0


def test_maps_that_differ_by_less_than_a_shade_are_one_map_to_whoever_looks() -> None:
    shade = shade_of(100.0)
    one = np.zeros((7, 7))
    one[3, 3], other = 0.05, np.zeros((7, 7))
    other[2, 2] = 0.04
    assert agreement(one, other, 10.0) < 0
    assert agreement(one, other, 10.0, shade) == 1
    other[2, 2] = 2 * shade
    assert agreement(one, other, 10.0, shade) < 0


def test_a_map_in_the_corners_lies_outside_the_disc_and_one_in_the_middle_inside() -> None:
    corners, middle = np.zeros((2, 7, 7))
    corners[::6, ::6] = [[1, -1], [-1, 1]]
    middle[3, 3] = -4
    assert share_outside_disc(corners) > 0.8
    assert share_outside_disc(middle) == 0


def test_of_an_even_map_the_corners_of_the_square_lie_outside() -> None:
    assert share_outside_disc(np.full((7, 7), -2.0)) == pytest.approx(1 - np.pi / 4, abs=0.01)


def test_an_empty_map_has_nothing_outside() -> None:
    assert share_outside_disc(np.zeros((7, 7))) == 0


def test_the_share_outside_does_not_depend_on_the_maps_scale() -> None:
    shown = np.random.default_rng(0).normal(size=(4, 6))
    assert share_outside_disc(1000 * shown) == pytest.approx(share_outside_disc(shown))


def test_the_heat_maps_scale_is_the_99th_percentile_of_magnitude() -> None:
    maps = np.linspace(-2, 1, 4 * 49).reshape(4, 7, 7)
    scale = scale_of_maps(maps)
    assert scale.full_scale == pytest.approx(np.quantile(np.abs(maps), 0.99))
    assert scale.region_threshold == pytest.approx(scale.full_scale / 2)


def test_flat_heat_maps_still_give_a_positive_scale() -> None:
    assert scale_of_maps(np.zeros((2, 7, 7))).region_threshold > 0
