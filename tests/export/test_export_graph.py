"""The exported graph: its interface, its numbers against Keras, its maps against automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from edgecad.answer.heatmap import correlation, score_map
from edgecad.contract import METADATA_KEY, Contract, contract_from_json
from edgecad.contract.graph import OUTPUTS
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner
from edgecad_export.graph.parts import channel_axis, features_tensor
from edgecad_export.graph.trained_classifier import classifier_from_keras

Images = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="session")
def graph(way: Any) -> onnx.ModelProto:
    return onnx.load(way.file)


@pytest.fixture(scope="session")
def answers(way: Any) -> dict[str, NDArray[np.float32]]:
    """All outputs for the run's validation images, by the runtime's own runner."""
    return _answered(way, way.run.images)


def _answered(way: Any, images: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
    return OnnxRunner(way.file.read_bytes(), DeviceRequest("cpu")).run(images, OUTPUTS)


def _dims(value: onnx.ValueInfoProto) -> list[int | str]:
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_the_only_input_is_a_uint8_image(graph: onnx.ModelProto, way: Any) -> None:
    size = way.run.contract.preparation.size
    assert [(value.name, value.type.tensor_type.elem_type, _dims(value)) for value in graph.graph.input] == [
        ("image", onnx.TensorProto.UINT8, ["N", size, size, 3])
    ]


def test_the_six_outputs_bear_their_names_and_only_the_batch_varies(graph: onnx.ModelProto, way: Any) -> None:
    assert [value.name for value in graph.graph.output] == list(OUTPUTS)
    shapes = {value.name: _dims(value) for value in graph.graph.output}
    _, h, w, c = classifier_from_keras(way.run.model).features.shape
    assert shapes == {
        "logits": ["N", 2],
        "probabilities": ["N", 2],
        "features": ["N", h, w, c],
        "fc_weights": ["N", 2, c],
        "cam": ["N", 2, h, w],
        "cam_bias": ["N", 2],
        "familiarity": ["N", 1],
    }


def test_there_is_no_shape_arithmetic(graph: onnx.ModelProto) -> None:
    assert not {"Shape", "Loop", "If"} & {node.op_type for node in graph.graph.node}


def test_logits_equal_those_of_keras(way: Any, answers: dict[str, NDArray[np.float32]]) -> None:
    wanted = np.asarray(way.run.model(way.run.images))
    assert np.ptp(wanted, axis=0).max() > 1e-3  # the images do differ
    assert np.abs(answers["logits"] - wanted).max() <= 1e-4 * max(1.0, np.abs(wanted).max())


def test_probabilities_are_the_softmax_of_logits_over_temperature(
    way: Any, answers: dict[str, NDArray[np.float32]]
) -> None:
    scaled = answers["logits"].astype(np.float64) / way.run.contract.decision.temperature
    wanted = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answers["probabilities"], wanted, atol=1e-6)


def test_the_map_and_its_bias_add_up_to_the_logits(answers: dict[str, NDArray[np.float32]]) -> None:
    scale = max(1.0, np.abs(answers["cam"]).max())
    total = answers["cam"].mean(axis=(2, 3)) + answers["cam_bias"]
    np.testing.assert_allclose(total, answers["logits"], atol=1e-4 * scale)


def test_the_score_maps_mean_and_the_biases_are_the_log_odds(answers: dict[str, NDArray[np.float32]]) -> None:
    shown = score_map(answers["cam"], 0)
    bias = answers["cam_bias"][:, 0] - answers["cam_bias"][:, 1]
    log_odds = answers["logits"][:, 0] - answers["logits"][:, 1]
    np.testing.assert_allclose(shown.mean(axis=(1, 2)) + bias, log_odds, atol=1e-4 * max(1.0, np.abs(shown).max()))


def test_features_and_effective_weights_give_the_map(answers: dict[str, NDArray[np.float32]]) -> None:
    wanted = np.einsum("nck,nhwk->nchw", answers["fc_weights"], answers["features"])
    np.testing.assert_allclose(answers["cam"], wanted, atol=1e-5 * max(1.0, np.abs(wanted).max()))


def _grad_cam(way: Any, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Grad-CAM of each class before its ReLU, by automatic differentiation: `(n, 2, h, w)`.

    Of a SiLU z s(z) the gate s(z) is held: its own slope would break the sum.
    """
    parts = classifier_from_keras(way.run.model)
    model = way.run.model
    features = tf.convert_to_tensor(type(model)(model.inputs[0], parts.features)(images))
    maps = []
    for target in range(2):
        with tf.GradientTape() as tape:
            tape.watch(features)
            x = tf.reduce_mean(features, axis=(1, 2))
            for layer in parts.dense:
                z = tf.matmul(x, layer.kernel) + layer.bias
                x = z * tf.stop_gradient(tf.sigmoid(z)) if layer.activation.__name__ == "silu" else layer(x)
            logit = x[:, target]
        weights = tf.reduce_mean(tape.gradient(logit, features), axis=(1, 2))
        maps.append(tf.einsum("nk,nhwk->nhw", weights, features).numpy())
    return np.stack(maps, axis=1).astype(np.float64)


def test_class_maps_equal_grad_cam_by_automatic_differentiation(
    way: Any, answers: dict[str, NDArray[np.float32]]
) -> None:
    wanted = _grad_cam(way, way.run.images)
    cells = wanted.shape[2] * wanted.shape[3]
    assert np.ptp(wanted) > 0
    error = np.abs(answers["cam"] / cells - wanted).max() / np.abs(wanted).max()
    assert error <= 1e-4


def test_the_heat_map_agrees_with_automatic_differentiation(way: Any, answers: dict[str, NDArray[np.float32]]) -> None:
    wanted = score_map(_grad_cam(way, way.run.images), 0)
    shown = score_map(answers["cam"], 0)
    assert min(correlation(a, b) for a, b in zip(shown, wanted, strict=True)) >= 0.9999


def test_a_batch_of_five_answers_as_five_single_images(way: Any, prepared_images: Images) -> None:
    images = prepared_images(way.run.contract.preparation.size, 5)
    together = _answered(way, images)
    for row in range(5):
        alone = _answered(way, images[row : row + 1])
        for name in OUTPUTS:
            scale = max(1.0, float(np.abs(together[name]).max()))
            np.testing.assert_allclose(alone[name][0], together[name][row], atol=1e-5 * scale, err_msg=name)


def test_the_contract_in_the_file_is_the_runs_with_what_export_adds(graph: onnx.ModelProto, way: Any) -> None:
    (entry,) = [prop for prop in graph.metadata_props if prop.key == METADATA_KEY]
    contract = contract_from_json(entry.value)
    assert contract == way.exported.files[0].contract
    added = {"golden", "tolerances", "executions", "versions", "activations", "digest"}
    before: Contract = way.run.contract
    for field in set(Contract.__struct_fields__) - added:
        assert getattr(contract, field) == getattr(before, field), field
    assert before.versions.items() <= contract.versions.items()
    assert {"tf2onnx", "onnx", "onnxruntime"} <= contract.versions.keys()
    assert contract.activations == classifier_from_keras(way.run.model).activations
    assert contract.tolerances["logits"] == 1e-4
    assert contract.executions.keys() <= {"bf16"}  # where it holds
    assert len(contract.golden) == 3


def test_the_golden_answers_are_those_of_the_file(way: Any) -> None:
    from edgecad.inference.classifier import Classifier

    with Classifier(way.file, device="cpu") as classifier:
        replays = classifier.replay_golden()
    assert len(replays) == 3
    assert all(entry.holds and not entry.skipped for entry in replays)
    assert max(entry.logits for entry in replays) < 1e-5


@pytest.mark.parametrize(
    ("turns", "axis"), [([], 3), ([(0, 2, 3, 1)], 1), ([(0, 2, 1, 3)], 3), ([(0, 2, 1, 3), (0, 3, 1, 2)], 1)]
)
def test_channels_are_found_whatever_way_features_are_turned(turns: list[tuple[int, ...]], axis: int) -> None:
    """Converters lay features of several members side by side in the layout that suits the last of them."""
    nodes, name = [onnx.helper.make_node("Relu", ["image"], ["backbone"])], "backbone"
    for number, turn in enumerate(turns):
        nodes.append(onnx.helper.make_node("Transpose", [name], [f"turned {number}"], perm=turn))
        name = f"turned {number}"
    nodes.append(onnx.helper.make_node("Mul", [name, "cells"], ["features"]))
    cells = onnx.numpy_helper.from_array(np.ones((4, 4, 1), np.float32), "cells")
    ends = [onnx.helper.make_tensor_value_info(own, onnx.TensorProto.FLOAT, None) for own in ("image", "features")]
    graph = onnx.helper.make_graph(nodes, "turned", ends[:1], ends[1:], [cells])
    proto = onnx.helper.make_model(graph)
    assert features_tensor(proto) == "backbone"
    assert channel_axis(proto) == axis
