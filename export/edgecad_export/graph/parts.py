"""Edits of the ONNX graph that change no value: folding, and taking backbone and head apart."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import compose
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
    """A graph in two: all up to the last convolutional features, and all below them.

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
    """The tensor of the last features, before they are turned round for people: what the head reads."""
    return _before_layout(proto, "features")


def _before_layout(proto: onnx.ModelProto, name: str) -> str:
    producers = {output: node for node in proto.graph.node for output in node.output}
    while name in producers and producers[name].op_type in ("Transpose", "Identity"):
        name = producers[name].input[0]
    return name


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
