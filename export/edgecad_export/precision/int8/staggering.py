"""Copies of channels on staggered grids, where a network passes from fp32 into 8 bits.

A beginning in fp32 ends where the network is narrow, and all that follows comes through there. Scans are smooth, so
neighbouring cells are rounded alike, and such an error does not average out: on MobileNetV2 it made three fifths of
the score's squared error. So each channel is given twice, moved up and down by a quarter of the grid's step, and the
convolutions that read it take half of each. The network computes the same; the mean of both copies lies on a grid of
half the step, which has zero on it. It is rounding with a dither that is not drawn but known (Roberts 1962,
doi:10.1109/TIT.1962.1057702). It costs the narrow convolution in fp32, and the readers in 8 bits, twice the channels.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.graph.parts import parts_of
from edgecad_export.precision.int8.grids import ValueRange
from edgecad_export.precision.int8.plain_graph import Weights, attribute, weights_of, with_weights
from edgecad_export.precision.sessions import session_of

COPIES = 2
"""More gain nothing: three took 15 % more time than one on MobileNetV2, two 5 %, and came no nearer."""
STEPS = 255
"""Of a grid."""
BATCH = 8


@dataclass(frozen=True)
class Border:
    """A tensor that a convolution in fp32 gives and only convolutions in 8 bits read.

    Attributes:
        above: the one that gives it.
        below: those that read it.
    """

    above: onnx.NodeProto
    below: tuple[onnx.NodeProto, ...]

    @property
    def tensor(self) -> str:
        """Its name."""
        return str(self.above.output[0])


def staggered(proto: onnx.ModelProto, images: NDArray[np.uint8], wider: Collection[str]) -> onnx.ModelProto:
    """Give the channels of each border in copies; a graph without a border is given back as it is.

    Args:
        proto: as `plain_from_folded` gives it.
        images: to measure ranges on, `(n, size, size, 3)`.
        wider: names of nodes that stay in float.
    """
    weights = weights_of(proto)
    borders = list(borders_of(proto, weights, wider))
    ranges = _ranges(proto, [border.tensor for border in borders], images)
    changed: dict[str, NDArray[np.floating]] = {}
    for border in borders:
        changed |= _copied(border, weights, _step(ranges[border.tensor]))
    result = with_weights(proto, changed)
    if changed:
        # Shapes that were written down are of one copy.
        del result.graph.value_info[:]
    return result


def borders_of(proto: onnx.ModelProto, weights: Weights, wider: Collection[str]) -> Iterator[Border]:
    """Where the network passes from fp32 into 8 bits from convolution to convolution, and nothing else reads."""
    whole = parts_of(proto)
    nodes = whole.backbone.graph.node
    for node in nodes:
        name = node.output[0]
        below = tuple(reader for reader in nodes if name in reader.input)
        if node.name not in wider or name == whole.between or not below or not _is_plain(node, weights):
            continue
        if all(reader.name not in wider and _is_plain(reader, weights) for reader in below):
            yield Border(node, below)


def _is_plain(node: onnx.NodeProto, weights: Weights) -> bool:
    """Whether a node is a convolution of all channels."""
    return node.op_type == "Conv" and node.input[1] in weights and attribute(node, "group", 1) == 1


def _step(found: ValueRange) -> float:
    """Step of the grid that covers all copies, which reach beyond the range by the distance of the outer two."""
    return (max(found.highest, 0.0) - min(found.lowest, 0.0)) / (STEPS - (COPIES - 1) / COPIES)


def _copied(border: Border, weights: Weights, step: float) -> dict[str, NDArray[np.floating]]:
    """Weights of the convolutions around a border, by name."""
    kernel, bias = (weights[name] for name in border.above.input[1:3])
    moves = step * ((np.arange(COPIES) + 0.5) / COPIES - 0.5)
    changed: dict[str, NDArray[np.floating]] = {
        border.above.input[1]: np.concatenate([kernel] * COPIES),
        border.above.input[2]: np.concatenate([bias + move for move in moves]),
    }
    for reader in border.below:
        changed[reader.input[1]] = np.concatenate([weights[reader.input[1]] / COPIES] * COPIES, axis=1)
    return changed


def _ranges(proto: onnx.ModelProto, tensors: list[str], images: NDArray[np.uint8]) -> dict[str, ValueRange]:
    if not tensors:
        return {}
    session = session_of(proto, tensors)
    ends = [
        [(float(own.min()), float(own.max())) for own in session.run(tensors, {"image": images[start : start + BATCH]})]
        for start in range(0, len(images), BATCH)
    ]
    return {
        name: ValueRange(min(low for low, _ in found), max(high for _, high in found))
        for name, found in zip(tensors, zip(*ends, strict=True), strict=True)
    }
