"""How much each node of a backbone computes, and how large the tensors between nodes are."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx

from edgecad_export.graph.parts import parts_of
from edgecad_export.precision.int8.plain_graph import weights_of


def sizes_of(proto: onnx.ModelProto) -> dict[str, int]:
    """Values of one image in each tensor of the backbone, by its name; those of unknown size are left out."""
    described = onnx.shape_inference.infer_shapes(parts_of(proto).backbone).graph
    found = {}
    for value in (*described.input, *described.value_info, *described.output):
        lengths = [dim.dim_value for dim in value.type.tensor_type.shape.dim[1:]]
        if all(lengths):
            found[value.name] = int(np.prod(lengths))
    return found


def multiply_adds(proto: onnx.ModelProto) -> dict[str, int]:
    """Multiplications with additions that each convolution of the backbone does for one image, by the node's name.

    Args:
        proto: as `plain_from_folded` gives it; all the work is in convolutions.
    """
    sizes, weights = sizes_of(proto), weights_of(proto)
    nodes = [node for node in parts_of(proto).backbone.graph.node if node.op_type == "Conv"]
    return {node.name: sizes.get(node.output[0], 0) * int(np.prod(weights[node.input[1]].shape[1:])) for node in nodes}


def share_of(work: dict[str, int], names: Collection[str]) -> float:
    """What these nodes do of all the work, 0 to 1."""
    return sum(own for name, own in work.items() if name in names) / max(1, sum(work.values()))
