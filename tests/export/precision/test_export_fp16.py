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

from edgecad_export.exporter import Request, candidates_of
from edgecad_export.graph import backbone_bytes, parts_of
from edgecad_export.precision.fp16 import fp16_from_fp32, narrowed_to_fp16
from edgecad_export.precision.sensitivity import most_sensitive
from edgecad_export.runfiles import read_run
from edgecad_export.tolerances import TOLERANCES, Tolerances

Build = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture
def made(small_classifier: Build, run_folder: Write, tmp_path: Path) -> Callable[[Any], Any]:
    """Candidates of a run around a model."""
    return lambda model: candidates_of(read_run(run_folder(tmp_path / "runs" / "a", model)), Request())


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
    plain = candidates.gate.judge(fp16_from_fp32(candidates.fp32).SerializeToString(), TOLERANCES["fp16"])
    assert not plain.holds
    candidate = candidates.of("fp16", TOLERANCES["fp16"])
    assert candidate.verdict.holds, candidate.verdict.summary
    assert 0 < len(candidate.narrowed.wider) < 6
    assert len(candidate.narrowed.attempts) > 1
    assert candidate.narrowed.attempts[-1].said == "holds"
    assert "finite" in candidate.narrowed.attempts[0].said or "bound" in candidate.narrowed.attempts[0].said


def test_the_node_whose_values_overflow_comes_first(made: Callable[[Any], Any]) -> None:
    candidates = made(_overflowing())
    ranked = most_sensitive(candidates.fp32, candidates.run.images[:2])
    convolutions = [node.name for node in candidates.fp32.graph.node if node.op_type == "Conv"]
    assert ranked[0] == convolutions[1]


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
    narrowed_to_fp16(candidates.fp32, candidates.run.calibration, lambda proto: candidates.gate.judge(
        proto.SerializeToString(), TOLERANCES["fp16"]))  # fmt: skip
    assert candidates.fp32.SerializeToString() == before
