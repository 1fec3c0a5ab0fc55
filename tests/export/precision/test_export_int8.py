"""int8: the graph that is written, what engines make of it, and what stays in fp32 where 8 bits do not reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

import edgecad_export.precision.int8.converting as int8_of_room
from edgecad_export.candidates import Candidates
from edgecad_export.exporter import candidates_of
from edgecad_export.graph.parts import backbone_bytes, parts_of
from edgecad_export.precision.int8.converting import narrowed_to_int8, prepared_graph
from edgecad_export.precision.int8.plain_graph import backbone_of
from edgecad_export.precision.int8.plans import plans_of
from edgecad_export.precision.narrowed import Narrowed
from edgecad_export.proof.tolerances import Tolerances
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run

Build = Callable[..., Any]
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def candidates(small_classifier: Build, run_folder: Write, tmp_path_factory: pytest.TempPathFactory) -> Candidates:
    """A run of a small network; its calibration images are not its validation images."""
    folder = run_folder(tmp_path_factory.mktemp("int8") / "runs" / "a", small_classifier())
    return candidates_of(read_run(folder), ExportRequest())


@dataclass(frozen=True)
class Said:
    """A verdict that a test makes up."""

    holds: bool
    summary: str = "made up"

    @property
    def misses(self) -> tuple[str, ...]:
        return () if self.holds else (self.summary,)


def _narrowed(candidates: Candidates, judged: Callable[[onnx.ModelProto], Any]) -> Narrowed:
    return narrowed_to_int8(candidates.fp32, candidates.run.calibration, judged)


@pytest.fixture(scope="module")
def int8(candidates: Candidates) -> onnx.ModelProto:
    """The first attempt: all of the backbone."""
    narrowed = _narrowed(candidates, lambda proto: Said(True))
    assert narrowed.wider == ()
    assert [attempt.said for attempt in narrowed.attempts] == ["made up"]
    return narrowed.proto


def _session(proto: onnx.ModelProto, fused: bool, outputs: tuple[str, ...] = (), written: Path | None = None) -> Any:
    opened = onnx.ModelProto()
    opened.CopyFrom(proto)
    opened.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in outputs)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    level = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_EXTENDED if fused else level.ORT_DISABLE_ALL
    if written is not None:
        options.optimized_model_filepath = str(written)
    return onnxruntime.InferenceSession(opened.SerializeToString(), options, providers=["CPUExecutionProvider"])


def _constants(proto: onnx.ModelProto) -> dict[str, NDArray[Any]]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}


def _kernels(proto: onnx.ModelProto) -> list[NDArray[Any]]:
    """Weights of the convolutions as they are stored."""
    constants = _constants(proto)
    sources = {node.output[0]: node.input[0] for node in proto.graph.node if node.op_type == "DequantizeLinear"}
    names = [node.input[1] for node in proto.graph.node if node.op_type == "Conv"]
    return [constants[sources.get(name, name)] for name in names]


def test_weights_are_int8_and_pairs_of_products_fit_sixteen_bits(int8: onnx.ModelProto) -> None:
    kernels = _kernels(int8)
    assert len(kernels) == 3
    for kernel in kernels:
        assert kernel.dtype == np.int8
        sizes = np.abs(kernel.astype(int))
        channels = sizes.shape[1]
        # The first convolution has three channels: any two of its weights may meet.
        pairs = 2 * sizes if channels % 2 else sizes.reshape(len(sizes), channels // 2, 2, -1).sum(axis=2)
        assert 100 <= pairs.max() <= np.iinfo(np.int16).max // 255


def test_head_inputs_and_outputs_are_fp32s(candidates: Candidates, int8: onnx.ModelProto) -> None:
    before, after = parts_of(candidates.fp32).head, parts_of(int8).head
    kept = _constants(after)
    for name, value in _constants(before).items():
        assert np.array_equal(kept[name], value)
    image = int8.graph.input[0]
    assert (image.name, image.type.tensor_type.elem_type) == ("image", TensorProto.UINT8)
    assert [value.name for value in int8.graph.output] == [value.name for value in candidates.fp32.graph.output]
    assert {value.type.tensor_type.elem_type for value in int8.graph.output} == {TensorProto.FLOAT}
    assert not {node.op_type for node in after.graph.node} & {"QuantizeLinear"}


def test_the_backbone_is_small(candidates: Candidates, int8: onnx.ModelProto) -> None:
    stored = sum(kernel.nbytes for kernel in _kernels(int8))
    assert stored == sum(kernel.nbytes for kernel in _kernels(candidates.fp32)) / 4
    assert backbone_bytes(int8) < backbone_bytes(candidates.fp32)


def test_the_engine_fuses_every_convolution(int8: onnx.ModelProto, tmp_path: Path) -> None:
    _session(int8, fused=True, written=tmp_path / "fused.onnx")
    kinds = [node.op_type for node in onnx.load(tmp_path / "fused.onnx").graph.node]
    assert kinds.count("QLinearConv") == 3
    assert "Conv" not in kinds
    assert kinds.count("QuantizeLinear") == 0  # the image comes in 8 bits already


def test_fused_integers_and_exact_arithmetic_agree(candidates: Candidates, int8: onnx.ModelProto) -> None:
    images = candidates.run.images
    exact, fused = (_session(int8, fused).run(["features", "logits"], {"image": images}) for fused in (False, True))
    step = _scale_of(int8, parts_of(int8).between)
    assert np.abs(exact[0] - fused[0]).max() <= 2.01 * step
    assert np.abs(exact[1] - fused[1]).max() <= 0.02 * np.abs(exact[1]).max()


def _scale_of(proto: onnx.ModelProto, name: str) -> float:
    """Step of the last grid above a tensor."""
    producers = {output: node for node in proto.graph.node for output in node.output}
    while producers[name].op_type != "DequantizeLinear":
        name = producers[name].input[0]
    return float(_constants(proto)[producers[name].input[1]])


def test_a_convolution_by_hand_in_integers(candidates: Candidates, int8: onnx.ModelProto) -> None:
    """The second convolution: whole numbers in, 32-bit sums, one scale an output, a clip at 0 and 255."""
    node = [node for node in int8.graph.node if node.op_type == "Conv"][1]
    constants = _constants(int8)
    back = {item.output[0]: item for item in int8.graph.node if item.op_type == "DequantizeLinear"}
    source, kernel, bias = (back[name] for name in node.input)
    forth = next(item for item in int8.graph.node if node.output[0] in item.input)
    got, wanted = _session(int8, False, (source.input[0], forth.output[0])).run(
        [source.input[0], forth.output[0]], {"image": candidates.run.images[:1]}
    )
    whole = got.astype(np.int64) - int(constants[source.input[2]])
    sums = _convolved(whole[0], constants[kernel.input[0]].astype(np.int64)) + constants[bias.input[0]][:, None, None]
    scales = constants[source.input[1]].astype(np.float64) * constants[kernel.input[1]]
    steps = sums * scales[:, None, None] / float(constants[forth.input[1]]) + int(constants[forth.input[2]])
    assert np.abs(np.clip(np.rint(steps), 0, 255) - wanted[0]).max() <= 1


def _convolved(image: NDArray[np.int64], kernel: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stride 2, padded at the end, as Keras pads an even image."""
    padded = np.pad(image, ((0, 0), (0, 1), (0, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]
    return np.einsum("chwij,ocij->ohw", windows, kernel)


def test_on_images_like_those_it_was_fitted_on_it_answers_as_fp32_does(
    candidates: Candidates, int8: onnx.ModelProto
) -> None:
    images = candidates.run.calibration
    one, other = (_session(proto, True).run(["features"], {"image": images})[0] for proto in (candidates.fp32, int8))
    assert 0 < np.std(other - one) < 0.05 * np.std(one)


def test_the_same_images_give_the_same_bytes_and_only_they_count(candidates: Candidates, int8: onnx.ModelProto) -> None:
    run = replace(candidates.run, images=candidates.run.images[::-1] // 2)
    again = _narrowed(replace(candidates, run=run), lambda proto: Said(True))
    assert again.proto.SerializeToString() == int8.SerializeToString()
    other = narrowed_to_int8(candidates.fp32, candidates.run.images, lambda proto: Said(True))
    assert other.proto.SerializeToString() != int8.SerializeToString()


def test_the_fp32_graph_is_left_as_it_is(candidates: Candidates) -> None:
    before = candidates.fp32.SerializeToString()
    _narrowed(candidates, lambda proto: Said(True))
    assert candidates.fp32.SerializeToString() == before


def test_what_hurts_is_kept_wider_and_said(candidates: Candidates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(int8_of_room, "MOST_BYTES", 0.9)  # the first of three convolutions is a tenth of them
    answers = iter([Said(False, "too far off"), Said(True, "holds")])
    narrowed = _narrowed(candidates, lambda proto: next(answers))
    assert [attempt.said for attempt in narrowed.attempts] == ["too far off", "holds"]
    assert "fp32" in narrowed.attempts[1].what
    first = backbone_of(narrowed.proto)[1][0]
    assert first.name in narrowed.wider
    kernels = _kernels(narrowed.proto)
    assert [kernel.dtype for kernel in kernels] == [np.float32, np.int8, np.int8]


def test_it_ends_where_the_file_would_be_too_large_and_gives_back_the_last_that_was_not(
    candidates: Candidates, int8: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8_of_room, "MOST_BYTES", 0.01)
    narrowed = _narrowed(candidates, lambda proto: Said(False))
    assert (
        len(narrowed.attempts) == 1 < len(plans_of(prepared_graph(candidates.fp32, candidates.run.calibration).plain))
    )
    assert narrowed.wider == ()
    assert narrowed.proto.SerializeToString() == int8.SerializeToString()


def test_float_nodes_hand_on_what_they_have_unrounded(candidates: Candidates) -> None:
    source = prepared_graph(candidates.fp32, candidates.run.calibration)
    network = backbone_of(source.plain)[1]
    wider = tuple(node.name for node in network[:4])  # two convolutions and their ReLUs
    proto = source.int8(wider)
    producers = {output: node for node in proto.graph.node for output in node.output}
    second = next(node for node in proto.graph.node if node.name == network[2].name)
    assert producers[second.input[0]].op_type == "Relu"
    third = next(node for node in proto.graph.node if node.name == network[4].name)
    assert producers[third.input[0]].op_type == "DequantizeLinear"


def test_a_gate_that_is_missed_is_reported_with_its_figures(candidates: Candidates) -> None:
    impossible = Tolerances(probabilities=0.0, neighbourhood=0.0, heatmap_correlation=1.0)
    candidate = candidates.of("int8", impossible)
    assert not candidate.verdict.holds
    assert "probability difference" in candidate.narrowed.attempts[0].said


def test_fitting_tells_how_far_it_is_so_that_its_time_can_be_told(
    candidates: Candidates, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, int, int]] = []
    monkeypatch.setattr(int8_of_room, "RoughTime", lambda say: lambda *far: told.append(far))
    narrowed = _narrowed(candidates, lambda proto: Said(True))
    assert {task for task, _, _ in told} == {attempt.what for attempt in narrowed.attempts}
    assert [done for _, done, _ in told] == [*range(told[0][2])]
    assert len(told) > 5
