"""Channels of one tensor brought to like ranges, so that one step of an 8-bit grid serves them all.

Between convolutions with only ReLU, sums and maxima between them, each channel may be measured in a unit of its own:
the convolution above divides by it, those below multiply (Nagel et al. 2019, arXiv:1906.04721). The network computes
the same. Where the convolutions below are depthwise, the units are free and the ranges come out equal; elsewhere they
are balanced against the weights (Xiao et al. 2022, arXiv:2211.10438).

A clip at 6 stays at 6 of the new unit. So such channels' units only ever become smaller, and only where the channel
stays clear of its own limit by `HEADROOM`; scans beyond that would be clipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.graph.parts import parts_of
from edgecad_export.precision.int8.plain_graph import Weights, attribute, weights_of, with_weights

PASSING = ("Relu", "Clip", "MaxPool", "AveragePool", "Add", "Pad")
"""Nodes that give a channel back in the unit that it came in."""
HEADROOM = 1.5
"""How far above its largest value on the calibration images a clipped channel's limit is kept."""
SMALLEST = 1 / 16
"""Smallest unit relative to the largest; a channel that calibration hardly saw may still be used one day."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ChannelGroup:
    """Tensors whose channels must share their units.

    Attributes:
        tensors: their names.
        ceiling: the value at which they are clipped, if they are.
    """

    tensors: frozenset[str]
    ceiling: float | None


def equalised(proto: onnx.ModelProto, largest: Mapping[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """Rescale channels within the backbone; the features keep their units.

    Args:
        proto: as `plain_from_folded` gives it.
        largest: largest absolute value `(channels,)` of each tensor between nodes, on calibration images.
    """
    weights = weights_of(proto)
    convolutions = [node for node in parts_of(proto).backbone.graph.node if node.op_type == "Conv"]
    units: dict[str, Floats] = {}
    for group in groups_of(proto, weights):
        sizes = np.max([largest[name] for name in group.tensors if name in largest], axis=0).astype(np.float64)
        if sizes.max() > 0:
            units |= dict.fromkeys(group.tensors, _units(group, sizes, convolutions, weights))
    return with_weights(proto, _rescaled(convolutions, weights, units))


def groups_of(proto: onnx.ModelProto, weights: Weights) -> list[ChannelGroup]:
    """Tensors of the backbone that are free to be rescaled, by what ties them together."""
    parts = parts_of(proto)
    nodes = parts.backbone.graph.node
    together: dict[str, set[str]] = {}
    for node in nodes:
        if _passes(node, weights):
            _join(together, _data_of(node, weights))
    for node in nodes:
        if node.op_type == "Conv":
            for name in (node.input[0], node.output[0]):
                together.setdefault(name, {name})
    fixed = {"image", parts.between, *_fixed(nodes, weights)}
    unique = {id(names): names for names in together.values()}.values()
    ceilings = _ceilings(nodes, weights)
    return [_group(names, ceilings) for names in unique if not names & fixed]


def _ceilings(nodes: Iterable[onnx.NodeProto], weights: Weights) -> dict[str, float]:
    """The value at which a tensor is clipped, by its name."""
    clips = (node for node in nodes if node.op_type == "Clip" and _passes(node, weights))
    return {node.output[0]: float(weights[node.input[2]]) for node in clips}


def _data_of(node: onnx.NodeProto, weights: Weights) -> list[str]:
    """Tensors that a node reads and gives, without constants."""
    return [name for name in (*node.input, *node.output) if name and name not in weights]


def _fixed(nodes: Iterable[onnx.NodeProto], weights: Weights) -> Iterator[str]:
    """Tensors that must keep their units: a node of another kind reads or gives them."""
    for node in nodes:
        convolves = node.op_type == "Conv" and _is_plain_or_depthwise(node, weights)
        if not convolves and not _passes(node, weights):
            yield from _data_of(node, weights)


def _passes(node: onnx.NodeProto, weights: Weights) -> bool:
    """Whether a node gives each channel back in the unit that it came in."""
    if node.op_type == "Add":
        return not any(name in weights for name in node.input)
    if node.op_type == "Pad":
        return _pads_with_zeros(node, weights)
    if node.op_type == "Clip":
        limits = [weights[name] for name in node.input[1:] if name in weights]
        return len(limits) == len(node.input) - 1 == 2 and float(limits[0]) == 0.0
    return node.op_type in PASSING


def _pads_with_zeros(node: onnx.NodeProto, weights: Weights) -> bool:
    """What to pad with is the third input."""
    values = [weights.get(name, np.ones(1)) for name in node.input[2:3] if name]
    return attribute(node, "mode", b"constant") == b"constant" and not any(np.any(value) for value in values)


def _join(together: dict[str, set[str]], names: list[str]) -> None:
    merged = set().union(*(together.get(name, {name}) for name in names))
    together.update(dict.fromkeys(merged, merged))


def _is_plain_or_depthwise(node: onnx.NodeProto, weights: Weights) -> bool:
    kernel = weights.get(node.input[1])
    if kernel is None:
        return False
    groups = attribute(node, "group", 1)
    return groups == 1 or (groups == len(kernel) and kernel.shape[1] == 1)


def _group(names: set[str], ceilings: Mapping[str, float]) -> ChannelGroup:
    found = [ceilings[name] for name in names if name in ceilings]
    return ChannelGroup(frozenset(names), min(found) if found else None)


def _units(group: ChannelGroup, sizes: Floats, convolutions: list[onnx.NodeProto], weights: Weights) -> Floats:
    """`(channels,)`: what each channel's values are divided by."""
    top = sizes.max() if group.ceiling is None else group.ceiling
    shares = np.clip(sizes / top, SMALLEST, 1.0)
    columns = _columns(group, convolutions, weights)
    units = shares if columns is None else np.sqrt(shares / columns)
    units = units / (units / shares).min()
    if group.ceiling is None:
        return np.maximum(units, SMALLEST)
    least = np.clip(sizes * HEADROOM / group.ceiling, SMALLEST, 1.0)
    return np.clip(units if columns is not None else least, least, 1.0)


def _columns(group: ChannelGroup, convolutions: list[onnx.NodeProto], weights: Weights) -> Floats | None:
    """`(channels,)`: how much the convolutions below make of each channel, 0.001 to 1; None if all are depthwise."""
    found = []
    for node in convolutions:
        kernel = np.abs(weights[node.input[1]]).astype(np.float64)
        if node.input[0] in group.tensors and attribute(node, "group", 1) == 1:
            row = np.maximum(kernel.max(axis=(1, 2, 3), keepdims=True), 1e-12)
            found.append((kernel / row).max(axis=(0, 2, 3)))
    return np.clip(np.max(found, axis=0), 1e-3, 1.0) if found else None


def _rescaled(convolutions: list[onnx.NodeProto], weights: Weights, units: Mapping[str, Floats]) -> dict[str, Floats]:
    changed: dict[str, Floats] = {}
    for node in convolutions:
        kernel, bias = (weights[name].astype(np.float64) for name in node.input[1:3])
        if (below := units.get(node.input[0])) is not None:
            depthwise = attribute(node, "group", 1) != 1
            kernel = kernel * (below[:, None, None, None] if depthwise else below[None, :, None, None])
        if (above := units.get(node.output[0])) is not None:
            kernel, bias = kernel / above[:, None, None, None], bias / above
        changed |= {node.input[1]: kernel, node.input[2]: bias}
    return changed
