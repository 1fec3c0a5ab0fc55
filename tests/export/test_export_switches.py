"""A ReLU near zero gives a map two sides: a file is judged under the switches that it took, and these are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.answer.heatmap import Dense, class_activation, score_map
from edgecad.contract import Contract
from edgecad_export.graph.cam_head import explained_model
from edgecad_export.graph.onnx_from_keras import onnx_from_keras
from edgecad_export.graph.parts import folded
from edgecad_export.graph.trained_classifier import classifier_from_keras
from edgecad_export.proof.answers import (
    CheckedAnswers,
    ReferenceAnswers,
    answers_of_file,
    answers_of_keras,
    hidden_of,
    switched_units,
)
from edgecad_export.proof.parity import misses, parity_of
from edgecad_export.proof.tolerances import TOLERANCES

Build = Callable[..., Any]


def head(offset: float) -> tuple[Dense, ...]:
    """Two units; the second one's value is `offset`, whatever the features are."""
    hidden = Dense(np.array([[1.0, 1.0], [0.5, -1.0]]), np.array([0.2, offset]), "relu")
    return hidden, Dense(np.eye(2), np.zeros(2))


@pytest.fixture
def features() -> np.ndarray:
    """Two images whose two channels have the same mean and other patterns."""
    first, second = np.array([[1.0, 3.0], [2.0, 2.0]]), np.array([[3.0, 2.0], [2.0, 1.0]])
    return np.stack([np.stack([first, second], axis=-1), np.stack([second, first], axis=-1)])


def answers(features: np.ndarray, offset: float) -> ReferenceAnswers:
    layers = head(offset)
    found = class_activation(features, layers)
    before = hidden_of(features, layers)
    return ReferenceAnswers(
        logits=found.logits,
        scores=1 / (1 + np.exp(-(found.logits[:, 1] - found.logits[:, 0]))),
        maps=np.asarray(score_map(found.cam, 1)),
        identity=0.0,
        finite=True,
        before=before,
        switches=(before[0] > 0,),
        head=layers,
        features=features.astype(np.float32),
        positive=1,
    )


@pytest.mark.parametrize("offset", [1e-6, -1e-6])
def test_a_map_under_the_switches_of_a_file_is_the_files(offset: float, features: np.ndarray) -> None:
    own, other = answers(features, offset), answers(features, -offset)
    assert np.abs(own.maps - other.maps).max() > 0.5, "the map jumps"
    np.testing.assert_allclose(own.under(other.switches).maps, other.maps, atol=1e-5)
    np.testing.assert_array_equal(own.under(own.switches).maps, own.maps)
    assert switched_units(own, other) == (2, pytest.approx(2e-6 / np.abs(own.before[0]).max()))
    assert switched_units(own, own) == (0, 0.0)


def test_only_images_whose_units_switched_are_explained_anew(features: np.ndarray) -> None:
    own = answers(features, 1e-6)
    given = own.switches[0].copy()
    given[1, 1] = False
    maps = own.under((given,)).maps
    np.testing.assert_array_equal(maps[0], own.maps[0])
    assert np.abs(maps[1] - own.maps[1]).max() > 0.5


def test_a_unit_that_moved_far_fails_the_gate_though_its_map_agrees(features: np.ndarray) -> None:
    """A wrong file may switch whatever it likes; then the distance says so."""
    own, other = answers(features, 0.4), answers(features, -0.4)
    parity = parity_of(own, other, 0.5, 1.0)
    assert parity.switched == 2
    assert parity.heatmap_correlation > 0.999
    allowed = replace(TOLERANCES["fp16"], probabilities=1.0)
    assert [miss.tolerance for miss in misses(parity, allowed)] == ["hidden"]


def test_a_file_of_another_head_is_compared_as_it_is(features: np.ndarray) -> None:
    own = answers(features, 1e-6)
    assert own.under((np.zeros((2, 5), bool),)) is own
    assert own.under(()) is own


HIDDEN = {
    "relu": ("relu",),
    "silu": ("silu",),
    "linear": ("linear",),
    "relu, relu": ("relu", "relu"),
    "relu, silu": ("relu", "silu"),
    "silu, relu": ("silu", "relu"),
    "none": (),
}


@pytest.fixture(scope="module", params=HIDDEN.values(), ids=HIDDEN)
def model(request: pytest.FixtureRequest, small_classifier: Build) -> keras.Model:
    def hidden(x: Any) -> Any:
        x = keras.layers.GlobalAveragePooling2D()(x)
        for index, activation in enumerate(request.param):
            x = keras.layers.Dense(16 - index, activation=activation)(x)
        return keras.layers.Dense(2)(x)

    return small_classifier(head=hidden)


@pytest.fixture(scope="module")
def both(
    model: keras.Model, contract_of: Callable[..., Contract], prepared_images: Callable[..., NDArray[np.uint8]]
) -> tuple[ReferenceAnswers, CheckedAnswers]:
    classifier, contract = classifier_from_keras(model), contract_of()
    images = prepared_images(model.inputs[0].shape[1], 12)
    graph = folded(onnx_from_keras(explained_model(classifier, contract.decision.temperature), 17))
    reference = answers_of_keras(classifier, contract, images)
    return reference, answers_of_file(graph, contract, images, reference.head)


def test_graph_keras_and_formula_give_one_map_whatever_the_activation(
    both: tuple[ReferenceAnswers, CheckedAnswers],
) -> None:
    reference, seen = both
    scale = max(1.0, float(np.abs(reference.maps).max()))
    np.testing.assert_allclose(seen.logits, reference.logits, atol=1e-4 * scale)
    np.testing.assert_allclose(seen.maps, reference.under(seen.switches).maps, atol=1e-4 * scale)
    assert seen.identity < 1e-6
    assert reference.identity < 1e-6


def test_a_sign_in_the_backbone_is_no_switch(
    contract_of: Callable[..., Contract], prepared_images: Callable[..., NDArray[np.uint8]]
) -> None:
    layers = keras.layers
    image = keras.Input((64, 64, 3), dtype="uint8", name="image")
    x = layers.Conv2D(6, 3, strides=4)(layers.Rescaling(1 / 127.5, offset=-1.0)(image))
    x = layers.Conv2D(6, 3, strides=4)(x + keras.ops.sign(x))
    x = layers.Dense(9, activation="relu")(layers.GlobalAveragePooling2D()(x))
    classifier, contract = classifier_from_keras(keras.Model(image, layers.Dense(2)(x))), contract_of()
    graph = folded(onnx_from_keras(explained_model(classifier, 1.0), 17))
    assert sum(node.op_type == "Sign" for node in graph.graph.node) == 2
    images = prepared_images(64, 4)
    seen = answers_of_file(graph, contract, images, classifier.head())
    assert [own.shape for own in seen.switches] == [(4, 9)]
    assert switched_units(answers_of_keras(classifier, contract, images), seen) == (0, 0.0)


def test_switches_are_those_of_the_relus_alone(
    model: keras.Model, both: tuple[ReferenceAnswers, CheckedAnswers]
) -> None:
    reference, seen = both
    relus = sum(layer.activation == "relu" for layer in reference.head)
    assert len(seen.switches) == len(reference.switches) == relus
    assert (reference.features is None) == (relus == 0)
    for own, other in zip(reference.switches, seen.switches, strict=True):
        assert own.shape == other.shape
        assert own.any()
        assert not own.all()
        assert (own != other).mean() < 0.01
