"""fp16: the backbone in 16 bits, the head in 32, and what is kept wider where 16 bits do not reach."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgecad_export.exporter import candidates_of
from edgecad_export.graph.parts import backbone_bytes, parts_of
from edgecad_export.precision.fp16.converting import fp16_from_fp32, narrowed_to_fp16
from edgecad_export.precision.fp16.half import as_half
from edgecad_export.precision.sessions import session_of
from edgecad_export.proof.tolerances import TOLERANCES, Tolerances
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

Build = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture
def made(small_classifier: Build, run_folder: Write, tmp_path: Path) -> Callable[[Any], Any]:
    """Candidates of a run around a model."""
    return lambda model: candidates_of(read_run(run_folder(tmp_path / "runs" / "a", model)), ExportRequest())


def _weights(proto: onnx.ModelProto) -> dict[str, int]:
    return {tensor.name: tensor.data_type for tensor in proto.graph.initializer}


def test_the_backbone_is_fp16_and_the_head_untouched(made: Callable[[Any], Any], small_classifier: Build) -> None:
    fp32 = made(small_classifier()).fp32
    fp16 = fp16_from_fp32(fp32)
    kernels = [node.input[1] for node in fp16.graph.node if node.op_type == "Conv"]
    assert len(kernels) == 3
    assert {_weights(fp16)[name] for name in kernels} == {onnx.TensorProto.FLOAT16}
    before, after = parts_of(fp32).head, parts_of(fp16).head
    for one, other in zip(before.graph.initializer, after.graph.initializer, strict=True):
        assert np.array_equal(numpy_helper.to_array(one), numpy_helper.to_array(other))
    assert [value.type.tensor_type.elem_type for value in fp16.graph.output] == [onnx.TensorProto.FLOAT] * 6
    assert backbone_bytes(fp16) <= 0.6 * backbone_bytes(fp32)  # names weigh something in so small a network


def test_the_gate_holds_and_nothing_is_kept_wider(made: Callable[[Any], Any], small_classifier: Build) -> None:
    candidate = made(small_classifier()).of("fp16", TOLERANCES["fp16"])
    assert candidate.verdict.holds, candidate.verdict.summary
    assert 0 < candidate.verdict.validation.probabilities <= 0.01
    assert candidate.narrowed.wider == ()
    assert candidate.contract.precision == "fp16"
    assert candidate.contract.tolerances["probabilities"] == 0.01
    assert candidate.verdict.validation.identity <= 1e-6  # of the fp32 head; in fp16 it would be 1e-3


def _overflowing() -> Any:
    """A network whose second convolution reaches a million, and whose third brings that down again."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    image = keras.Input((64, 64, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    for filters in (8, 8, 8, 8):
        x = layers.ReLU()(layers.Conv2D(filters, 3, strides=2, padding="same")(x))
    model = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    for layer, factor in zip(convolutions, (2, 1e6, 1e-6, 1), strict=True):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * factor, bias])
    return model


def test_layers_that_overflow_are_found_kept_in_fp32_and_reported(made: Callable[[Any], Any]) -> None:
    candidates = made(_overflowing())
    plain = candidates.gate.judge(as_half(fp16_from_fp32(candidates.fp32)), TOLERANCES["fp16"])
    assert not plain.holds
    candidate = candidates.of("fp16", TOLERANCES["fp16"])
    assert candidate.verdict.holds, candidate.verdict.summary
    assert 0 < len(candidate.narrowed.wider) < 6
    ranges = candidate.narrowed.ranges
    assert ranges is not None
    assert ranges.overflowing
    assert set(ranges.overflowing) <= set(candidate.narrowed.wider)
    assert max(ranges.largest.values()) > 65504


def _scaled_network(factors: tuple[float, ...]) -> Any:
    """Convolutions whose outputs are as large as the product of the factors so far."""
    layers = keras.layers
    keras.utils.set_random_seed(3)
    image = keras.Input((64, 64, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(image)
    for _ in factors:
        x = layers.ReLU()(layers.Conv2D(16, 3, strides=2, padding="same")(x))
    last = layers.Dense(2)
    model = keras.Model(image, last(layers.GlobalAveragePooling2D()(x)))
    convolutions = [layer for layer in model.layers if isinstance(layer, layers.Conv2D)]
    for layer, factor in zip(convolutions, factors, strict=True):
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel * 2 * factor, bias])
    kernel, bias = last.get_weights()
    last.set_weights([kernel / np.prod(factors), bias])
    return model


SCALES = {
    "features of a hundred million": (1.0, 1.0, 1e8),
    "a middle of a million": (1.0, 1e6, 1e-6),
    "features of a billionth": (1.0, 1.0, 1e-9),
    "a middle of a hundred millionth": (1.0, 1e-8, 1e8),
}


@pytest.mark.parametrize("factors", SCALES.values(), ids=SCALES)
def test_what_half_cannot_hold_stays_wide__and_the_file_holds(
    factors: tuple[float, ...], made: Callable[[Any], Any]
) -> None:
    candidates = made(_scaled_network(factors))
    naive = as_half(fp16_from_fp32(candidates.fp32))
    assert not candidates.gate.judge(naive, TOLERANCES["fp16"]).holds, "half holds it, so nothing is shown"
    candidate = candidates.of("fp16", TOLERANCES["fp16"])
    assert candidate.narrowed.wider
    assert candidate.verdict.holds, candidate.verdict.summary
    assert candidates.gate.judge(as_half(candidate.narrowed.proto), TOLERANCES["fp16"]).holds


def test_values_go_through_half_where_the_file_holds_halves(
    made: Callable[[Any], Any], small_classifier: Build
) -> None:
    candidates = made(small_classifier())
    narrow = fp16_from_fp32(candidates.fp32)
    rounded = as_half(narrow)
    assert not any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in rounded.graph.initializer)
    features = parts_of(rounded).between
    (seen,) = session_of(rounded, [features]).run([features], {"image": candidates.run.images})
    assert np.array_equal(seen, seen.astype(np.float16).astype(np.float32)), "features were not rounded"
    (plain,) = session_of(candidates.fp32, [features]).run([features], {"image": candidates.run.images})
    assert not np.array_equal(plain, plain.astype(np.float16).astype(np.float32))


def test_a_value_too_large_for_half_becomes_infinite(made: Callable[[Any], Any]) -> None:
    """What ONNX Runtime's CPU hides: it drops the casts between two fp16 nodes."""
    candidates = made(_scaled_network((1.0, 1e6, 1e-6)))
    narrow = fp16_from_fp32(candidates.fp32)
    logits = {
        name: session_of(graph, ["logits"]).run(["logits"], {"image": candidates.run.images})[0]
        for name, graph in (("as it is", narrow), ("as half", as_half(narrow)))
    }
    assert np.isfinite(logits["as it is"]).all()
    assert not np.isfinite(logits["as half"]).all()


def test_where_nothing_helps_the_last_attempt_is_given_back_and_does_not_hold(
    made: Callable[[Any], Any], small_classifier: Build
) -> None:
    candidates = made(small_classifier())
    impossible = Tolerances(probabilities=0.0, neighbourhood=0.0, heatmap_correlation=1.0)
    candidate = candidates.of("fp16", impossible)
    assert not candidate.verdict.holds
    assert "probability difference" in candidate.verdict.summary
    nodes = len(parts_of(candidates.fp32).backbone.graph.node)
    assert len(candidate.narrowed.wider) < nodes
    assert len(candidate.narrowed.attempts) > 1


def test_the_fp32_graph_is_left_as_it_is(made: Callable[[Any], Any], small_classifier: Build) -> None:
    candidates = made(small_classifier())
    before = candidates.fp32.SerializeToString()
    narrowed_to_fp16(
        candidates.fp32,
        candidates.run.calibration,
        lambda proto: candidates.gate.judge(proto, TOLERANCES["fp16"]),
        candidates.run.images,
    )
    assert candidates.fp32.SerializeToString() == before
