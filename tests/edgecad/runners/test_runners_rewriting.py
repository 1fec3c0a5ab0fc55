"""Moves that OpenVINO makes for nothing: taken out of graphs like ours, and what they compute stays the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgecad.runners.rewriting import rewrite

openvino = pytest.importorskip("openvino", reason="OpenVINO is not installed: pip install 'edgecad[openvino]'")
ops = openvino.opset8
SIDE, CHANNELS = 16, 32
RNG = np.random.default_rng(0)
KERNEL = RNG.normal(size=(CHANNELS, 3, 3, 3)).astype(np.float32)
CELLS = RNG.uniform(0.5, 2, (SIDE, SIDE, 1)).astype(np.float32)
PLAIN = ([1, 1], [0, 0], [0, 0], [1, 1])
"""Strides, padding on both sides, dilations."""
WEIGHTS = RNG.normal(size=(2, CHANNELS)).astype(np.float32)


def _constant(values: Any, kind: Any = np.int64) -> Any:
    return ops.constant(np.asarray(values, kind))


def _in_8_bits(value: Any, largest: float) -> Any:
    """A value rounded to 256 levels, as a quantise and a dequantise node make of it."""
    numbers = [_constant(number, np.float32) for number in (0, largest, 0, 255)]
    levels = ops.convert(ops.fake_quantize(value, *numbers, 256), np.uint8)
    return ops.multiply(ops.convert(levels, np.float32), _constant(largest / 255, np.float32))


def _scales() -> Any:
    """A weight for each channel, in 8 bits and scaled by channel; no product lies halfway between two levels."""
    numbers = ops.convert(_constant(np.arange(-16, 16).reshape(CHANNELS, 1, 1, 1, 1), np.int8), np.float32)
    return ops.multiply(
        numbers, _constant(np.linspace(0.0513, 0.0971, CHANNELS).reshape(CHANNELS, 1, 1, 1, 1), np.float32)
    )


def _graph(
    quantised: bool,
    factor: Callable[[Any], Any] = lambda value: ops.multiply(value, _constant(CELLS, np.float32)),
    mean: Callable[[Any], Any] = lambda value: _means(value),
) -> Any:
    """Image, scaling, convolution, features with a factor for each cell, their means, and a map of them."""
    image = ops.parameter([1, SIDE, SIDE, 3], np.uint8, name="image")
    scaled = ops.multiply(ops.convert(image, np.float32), _constant(1 / 127.5, np.float32))
    turned = ops.transpose(ops.add(scaled, _constant(-1, np.float32)), _constant([0, 3, 1, 2]))
    seen = ops.relu(ops.convolution(turned, _constant(KERNEL, np.float32), [1, 1], [1, 1], [1, 1], [1, 1]))
    if quantised:
        seen = _in_8_bits(ops.relu(ops.group_convolution(_in_8_bits(seen, 20.0), _scales(), *PLAIN)), 20.0)
    features = factor(ops.transpose(seen, _constant([0, 2, 3, 1])))
    rows = ops.reshape(features, _constant([1, SIDE * SIDE, CHANNELS]), False)
    cam = ops.matmul(_constant(WEIGHTS[None], np.float32), rows, False, True)
    return openvino.Model([mean(features), cam], [image], "ours")


def _compiled(graph: Any) -> Any:
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(graph, "CPU", settings)


def _kinds(compiled: Any) -> Counter[str]:
    """What is run, by kind; `Reorder fake` moves nothing."""
    found: Counter[str] = Counter()
    for node in compiled.get_runtime_model().get_ordered_ops():
        kind = node.get_rt_info()["layerType"].astype(str)
        found[f"{kind} fake" if node.get_friendly_name().endswith("_fake") else kind] += 1
    return found


def _answers(compiled: Any) -> list[Any]:
    image = np.random.default_rng(1).integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)
    return [np.array(value) for value in compiled.create_infer_request().infer({0: image}).values()]


def _plain_and_changed(*graph: Any) -> tuple[Any, Any]:
    plain, changed = _graph(*graph), _graph(*graph)
    rewrite(openvino, changed)
    return _compiled(plain), _compiled(changed)


@pytest.mark.parametrize("quantised", [False, True], ids=["fp32", "int8"])
def test_nothing_is_moved_and_all_is_as_before(quantised: bool) -> None:
    plain, changed = _plain_and_changed(quantised)
    assert _kinds(plain)["Transpose"]
    assert not _kinds(changed)["Transpose"]
    assert _kinds(changed)["Reorder fake"] == 2  # image and features
    assert _kinds(changed)["Convolution"] == 1
    assert _kinds(plain)["Convolution"] == 1 + quantised
    for seen, expected in zip(_answers(changed), _answers(plain), strict=True):
        assert np.ptp(expected) > 0.1
        assert np.allclose(seen, expected, rtol=1e-5, atol=1e-5)


def _means(value: Any, axes: tuple[int, ...] = (1, 2), keep: bool = False) -> Any:
    return ops.reduce_mean(value, _constant(axes), keep)


@pytest.mark.parametrize(
    ("factor", "mean"),
    [
        (lambda value: value, _means),
        (lambda value: ops.multiply(value, value), _means),
        (lambda value: ops.add(value, _constant(CELLS, np.float32)), lambda value: _means(value, (1,))),
        (lambda value: ops.multiply(_constant(CELLS[None], np.float32), value), lambda value: _means(value, keep=True)),
        (lambda value: ops.multiply(value, _constant(WEIGHTS[0], np.float32)), _means),
    ],
    ids=["no factor", "by itself", "added", "factor first, means keep their sides", "of channels"],
)
def test_whatever_else_a_graph_does_it_goes_on_doing(factor: Any, mean: Any) -> None:
    plain, changed = _plain_and_changed(True, factor, mean)
    for seen, expected in zip(_answers(changed), _answers(plain), strict=True):
        assert seen.shape == expected.shape
        assert np.allclose(seen, expected, rtol=1e-5, atol=1e-5)
