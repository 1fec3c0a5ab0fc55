"""Edits of the ONNX graph that change no value: folding, and taking backbone and head apart."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import compose, numpy_helper
from onnx.utils import Extractor

from edgecad.contract.graph import known_outputs

HEAD_PREFIX = "head/"


def folded(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Fold batch normalisation and constants into the convolutions before them, once and for every engine.

    ONNX Runtime's own basic level does it: ONNX operators in, ONNX operators out, the same on every machine. Batch
    normalisation that stands before a convolution, as in the pre-activation ResNets, has nothing to fold into.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 4
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
        result = onnx.load(path)
    # The library lists its own domains whether a node is of them or not.
    used = {node.domain for node in result.graph.node} | {""}
    imports = [entry for entry in result.opset_import if entry.domain in used]
    del result.opset_import[:]
    result.opset_import.extend(imports)
    return result


@dataclass(frozen=True)
class GraphParts:
    """A graph in two: all up to the features that are pooled, and all that follows, the weighing of cells included.

    Attributes:
        backbone: `image` -> `between`.
        head: `between` -> the outputs.
        between: the tensor that both share.
    """

    backbone: onnx.ModelProto
    head: onnx.ModelProto
    between: str

    def joined(self, backbone: onnx.ModelProto | None = None) -> onnx.ModelProto:
        """The whole graph again, with another backbone if one is given."""
        upper = self.backbone if backbone is None else backbone
        return compose.merge_models(upper, self.head, io_map=[(self.between, self.between)])


def parts_of(proto: onnx.ModelProto) -> GraphParts:
    """Cut a graph at the features, before they are turned round for people: pooling reads them there as well."""
    between = features_tensor(proto)
    extractor = Extractor(onnx.shape_inference.infer_shapes(proto))
    backbone = extractor.extract_model(["image"], [between])
    head = extractor.extract_model([between], list(known_outputs([value.name for value in proto.graph.output])))
    # A constant may serve both; each part keeps its own. Edges, inputs and outputs keep their names.
    tensors = dict.fromkeys(("rename_edges", "rename_inputs", "rename_outputs", "rename_value_infos"), False)
    head = compose.add_prefix(head, HEAD_PREFIX, **tensors)
    for part in (backbone, head):
        del part.graph.value_info[:]  # both would describe the tensor they share
    return GraphParts(backbone, head, between)


def features_tensor(proto: onnx.ModelProto) -> str:
    """The tensor of the features that are pooled, before they are turned round and their cells weighted."""
    return _way_to_features(proto)[0]


def channel_axis(proto: onnx.ModelProto) -> int:
    """Axis of the channels in the tensor of `features_tensor`; in `features` it is 3."""
    axis = 3
    for node in _way_to_features(proto)[1]:
        if node.op_type == "Transpose":
            axis = int(onnx.helper.get_node_attr_value(node, "perm")[axis])
    return axis


def cell_weights(proto: onnx.ModelProto) -> NDArray[np.float64]:
    """What each cell is multiplied by between the tensor of `features_tensor` and `features`: `(h, w)`, or `(1, 1)` of
    1 where all cells count alike."""
    constants = {tensor.name: tensor for tensor in proto.graph.initializer}
    weights = np.ones((1, 1))
    for node in _way_to_features(proto)[1]:
        if node.op_type == "Mul":
            values = next(numpy_helper.to_array(constants[name]) for name in node.input if name in constants)
            weights = weights * values.reshape([length for length in values.shape if length > 1])
    return weights


def _way_to_features(proto: onnx.ModelProto) -> tuple[str, tuple[onnx.NodeProto, ...]]:
    """The tensor that is pooled, and the nodes between it and the output `features`, from there back."""
    producers = {output: node for node in proto.graph.node for output in node.output}
    shapes = {tensor.name: tuple(tensor.dims) for tensor in proto.graph.initializer}
    name, way = "features", list[onnx.NodeProto]()
    while name in producers and (before := _before(producers[name], shapes)) is not None:
        way.append(producers[name])
        name = before
    return name, tuple(way)


def _before(node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """What a node turns round or weighs, cell by cell; None for any other node: that one is the backbone's."""
    if node.op_type in ("Transpose", "Identity"):
        return str(node.input[0])
    if node.op_type != "Mul":
        return None
    # Weights of cells vary along two axes; a scale of channels, which may end a backbone, along one.
    cells = [name for name in node.input if sum(length > 1 for length in shapes.get(name, ())) == 2]
    return next((str(name) for name in node.input if name not in shapes), None) if cells else None


def weight_bytes(proto: onnx.ModelProto) -> int:
    """Size of a graph's constants."""
    return sum(tensor.ByteSize() for tensor in proto.graph.initializer)


def backbone_bytes(proto: onnx.ModelProto) -> int:
    """Size of the constants of a graph's backbone."""
    return weight_bytes(parts_of(proto).backbone)


def nodes_by_type(proto: onnx.ModelProto) -> dict[str, int]:
    """How many nodes of each kind, for the parity file."""
    counts: dict[str, int] = {}
    for node in proto.graph.node:
        counts[node.op_type] = counts.get(node.op_type, 0) + 1
    return dict(sorted(counts.items()))
