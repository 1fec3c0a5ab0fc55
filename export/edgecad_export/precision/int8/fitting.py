"""A network walked through twice side by side, in fp32 and in 8 bits, each convolution made to undo what came before.

Activations are rounded as the int8 engine rounds them, so a convolution is fitted to what it will really get. All its
arithmetic is exact: what the engine of some machine does to it is not in here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from edgecad_export.precision.int8.grids import FUSED, ValueRange, gridded
from edgecad_export.precision.int8.image_grid import ImageGrid, image_grid
from edgecad_export.precision.int8.patches import Patches
from edgecad_export.precision.int8.plain_graph import (
    Weights,
    attribute,
    backbone_of,
    opset_of,
    weights_of,
    with_weights,
)
from edgecad_export.precision.int8.rounding import rounded
from edgecad_export.precision.int8.weight_bounds import WeightBounds

Values = NDArray[Any]
BATCH = 8


@dataclass(frozen=True)
class FittedGraph:
    """A graph that is ready to be quantised.

    Attributes:
        proto: its convolutions' weights are whole multiples of their scales.
        scales: `(outputs,)` for each such weight, by its name.
        ranges: of each tensor between nodes.
        image: the grid of the image itself, where it has one.
    """

    proto: onnx.ModelProto
    scales: dict[str, NDArray[np.float32]]
    ranges: dict[str, ValueRange]
    image: ImageGrid | None


def fitted(
    proto: onnx.ModelProto,
    images: NDArray[np.uint8],
    wider: Collection[str] = (),
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> FittedGraph:
    """Fit every convolution of the backbone.

    Args:
        proto: as `plain_from_folded` gives it, equalised or not.
        images: `(n, size, size, 3)`.
        wider: names of nodes that stay in float.
        tell: how many nodes are done, of how many.
    """
    scaling, network = backbone_of(proto)
    image = image_grid(proto)
    walk = _Walk(
        opset=opset_of(proto),
        weights=weights_of(proto),
        images=images,
        wider=frozenset(wider),
        gridded=gridded(network, wider),
        nodes=[*scaling, *network],
        scaling=frozenset(node.name for node in scaling),
        ranges={} if image is None else {image.tensor: image.range},
    )
    for number, node in enumerate(walk.nodes):
        tell(number, len(walk.nodes))
        walk.step(node)
    return FittedGraph(with_weights(proto, walk.changed), walk.scales, walk.ranges, image)


@dataclass
class _Walk:
    opset: int
    weights: Weights
    images: NDArray[np.uint8]
    wider: frozenset[str]
    gridded: frozenset[str]
    nodes: list[onnx.NodeProto]
    scaling: frozenset[str]
    floating: set[str] = field(default_factory=set)
    wide: dict[str, Values] = field(default_factory=dict)
    narrow: dict[str, Values] = field(default_factory=dict)
    changed: dict[str, NDArray[np.floating]] = field(default_factory=dict)
    scales: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    ranges: dict[str, ValueRange] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wide["image"] = self.narrow["image"] = self.images
        self._last = {name: index for index, node in enumerate(self.nodes) for name in node.input}
        self._done = 0

    def step(self, node: onnx.NodeProto) -> None:
        """Run a node in both networks, fit it first if it is a convolution, and let go of what is not needed more."""
        name = node.output[0]
        self.wide[name] = self._run(node, self.wide, self.weights)
        seen = self._seen(node)
        if node.op_type == "Conv" and node.name not in self.wider and node.input[1] in self.weights:
            self._fit(node, seen)
        values = self._run(node, seen, {**self.weights, **self.changed})
        if name not in self.ranges:
            self.ranges[name] = ValueRange(float(self.wide[name].min()), float(self.wide[name].max()))
        if self._is_float(node):
            self.floating.add(name)
        elif name in self.gridded:
            values = self.ranges[name].grid.rounded(values)
        self.narrow[name] = values
        for used in {*node.input}:
            if self._last.get(used) == self._done:
                self.wide.pop(used, None)
                self.narrow.pop(used, None)
        self._done += 1

    def _is_float(self, node: onnx.NodeProto) -> bool:
        """Whether its output is not rounded before a quantised node reads it."""
        fused = node.op_type in FUSED and node.input[0] in self.floating
        return node.name in self.wider or node.name in self.scaling or fused

    def _seen(self, node: onnx.NodeProto) -> dict[str, Values]:
        """Its inputs as they are in 8 bits; one float node hands its values to another as they are."""
        found = {name: self.narrow[name] for name in node.input if name in self.narrow}
        if not self._is_float(node):
            for name in self.floating.intersection(found) & self.gridded:
                found[name] = self.ranges[name].grid.rounded(found[name])
        return found

    def _run(self, node: onnx.NodeProto, values: dict[str, Values], weights: Mapping[str, Values]) -> Values:
        """The node's output, `(n, ...)`."""
        data = [name for name in dict.fromkeys(node.input) if name and name not in weights]
        run = _session(node, {name: values[name] for name in data}, weights, self.opset)
        count = len(values[data[0]])
        result = np.empty(0)
        for start in range(0, count, BATCH):
            found = run({name: values[name][start : start + BATCH] for name in data})
            if not start:
                result = np.empty((count, *found.shape[1:]), found.dtype)
            result[start : start + BATCH] = found
        return result

    def _fit(self, node: onnx.NodeProto, seen: dict[str, Values]) -> None:
        kernel, bias = (self.weights[name] for name in node.input[1:3])
        groups = attribute(node, "group", 1)
        patches = Patches.of(node, kernel.shape, self.wide[node.input[0]].shape, seed=self._done)
        result = rounded(
            kernel.reshape(groups, len(kernel) // groups, -1).astype(np.float64),
            bias.reshape(groups, -1).astype(np.float64),
            patches.taken(self.wide[node.input[0]]),
            patches.taken(seen[node.input[0]]),
            WeightBounds.of(node, kernel.shape),
        )
        self.changed |= {node.input[1]: result.weights.reshape(kernel.shape), node.input[2]: result.bias.reshape(-1)}
        self.scales[node.input[1]] = result.scales.reshape(-1).astype(np.float32)


def _session(
    node: onnx.NodeProto, values: dict[str, Values], weights: Mapping[str, Values], opset: int
) -> Callable[[dict[str, Values]], Values]:
    import onnxruntime

    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), ["N", *value.shape[1:]])
        for name, value in values.items()
    ]
    constants = [
        numpy_helper.from_array(_float32(weights[name]), name) for name in dict.fromkeys(node.input) if name in weights
    ]
    graph = helper.make_graph([node], "node", inputs, [helper.make_empty_tensor_value_info(node.output[0])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda feed: np.asarray(session.run([node.output[0]], feed)[0])


def _float32(value: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(value, np.float32 if value.dtype == np.float64 else value.dtype, order="C")
