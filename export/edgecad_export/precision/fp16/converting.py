"""fp32 to fp16: the backbone in 16 bits; scaling, head and heat map in 32."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad_export.graph.parts import GraphParts, parts_of
from edgecad_export.precision.fp16.correction import corrected, features_of
from edgecad_export.precision.fp16.half import as_half
from edgecad_export.precision.fp16.sensitivity import COMPUTE, most_sensitive, with_users
from edgecad_export.precision.narrowed import Attempt, JudgedGraph, Narrowed, nearest
from edgecad_export.precision.ranges import ranges_of
from edgecad_export.proof.gate import Verdict

MOST_WIDER = 0.25
"""Largest share of a backbone's computing nodes that may be found to hurt; beyond it the file is hardly fp16."""
MOST_SHOWN = 48
"""Most training images that features are corrected on."""
LOOKED_AT = 8
"""Images on which the nodes that hurt are found."""


def narrowed_to_fp16(
    proto: onnx.ModelProto,
    calibration: NDArray[np.uint8],
    judged: Callable[[onnx.ModelProto], Verdict],
    looked_at: NDArray[np.uint8],
    progress: Callable[[str], None] = lambda told: None,
) -> Narrowed:
    """Convert a graph, and keep in fp32 what half cannot hold and what hurts, until the gate holds.

    The gate judges the graph with every rounding to half in place (`edgecad_export.precision.fp16.half`), then the
    file as it is.

    Args:
        calibration: prepared training images, `(n, size, size, 3)`, on which features are corrected and the nodes that
            hurt are found; with none, neither can be.
        judged: what the gate says of a graph.
        looked_at: prepared images on which the range of activations is measured; at least one.
        progress: told in words what is under way.
    """
    graph = parts_of(proto).backbone.graph
    ranges = ranges_of(proto, graph, looked_at)
    corrections = _Corrections(proto, calibration)
    attempts: list[Attempt] = []
    best: JudgedGraph | None = None
    ranked: tuple[str, ...] = ()
    for hurting in _growing(sum(node.op_type in COMPUTE for node in graph.node)):
        if hurting and not len(calibration):
            break
        if hurting and not ranked:
            ranked = most_sensitive(proto, calibration[:: max(1, len(calibration) // LOOKED_AT)])
        wider = with_users(graph, {*ranges.beyond, *ranked[:hurting]})
        what = f"fp16, {len(wider)} nodes of the backbone in fp32"
        progress(what)
        result = corrections.applied(fp16_from_fp32(proto, wider))
        verdict = _judged_as_half(result, judged)
        attempts.append(Attempt(what, verdict.summary))
        best = nearest(best, JudgedGraph(result, verdict, wider))
        if verdict.holds:
            break
    assert best is not None  # noqa: S101 - the first attempt is always made
    return Narrowed(best.proto, best.verdict, best.wider, tuple(attempts), ranges)


def _judged_as_half(narrow: onnx.ModelProto, judged: Callable[[onnx.ModelProto], Verdict]) -> Verdict:
    """What the gate says of the graph as hardware computes it; where that holds, the file as it is must hold too."""
    rounded = judged(as_half(narrow))
    if not rounded.holds:
        return rounded
    plain = judged(narrow)
    return rounded if plain.holds else plain


class _Corrections:
    """Brings features of narrower graphs back to fp32's, by training images, if there are any."""

    def __init__(self, fp32: onnx.ModelProto, calibration: NDArray[np.uint8]) -> None:
        self._shown = calibration[:: -(-len(calibration) // MOST_SHOWN) or 1]
        self._exact = features_of(fp32, self._shown) if len(self._shown) else None

    def applied(self, narrow: onnx.ModelProto) -> onnx.ModelProto:
        if self._exact is None:
            return narrow
        seen = features_of(as_half(narrow), self._shown)
        # Where half overflows there is nothing to fit; the gate says so.
        return corrected(narrow, seen, self._exact) if np.isfinite(seen).all() else narrow


def _growing(nodes: int) -> Iterator[int]:
    """How many nodes to keep wider: none, then one, two, four, ... up to the most that is allowed."""
    yield 0
    count = 1
    while count <= MOST_WIDER * nodes:
        yield count
        count *= 2


def fp16_from_fp32(proto: onnx.ModelProto, wider: Collection[str] = ()) -> onnx.ModelProto:
    """Convert a graph; inputs and outputs keep their types.

    Args:
        proto: the fp32 graph; it is left as it is.
        wider: names of nodes of the backbone that stay fp32.
    """
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    # The converter rounds every output of a node that it must leave alone, so it gets to see the backbone only.
    parts = parts_of(proto)
    kept = {*wider, *_before_convolutions(parts), *_behind_differences(parts.backbone.graph)}
    backbone = convert_float_to_float16(parts.backbone, keep_io_types=True, node_block_list=sorted(kept))
    _drop_round_trips(backbone.graph)
    OnnxModel(backbone).topological_sort()  # the converter puts its casts last
    converted = parts.joined(backbone)
    onnx.checker.check_model(converted, full_check=True)
    return converted


def _before_convolutions(parts: GraphParts) -> Iterator[str]:
    """Nodes that scale or read the image: cheap, and an error of theirs is in every pixel."""
    below: set[str] = set()
    for node in parts.backbone.graph.node:
        if node.op_type == "Conv" or below.intersection(node.input):
            below.update(node.output)
        else:
            yield node.name


def _behind_differences(graph: onnx.GraphProto) -> Iterator[str]:
    """Nodes that take one computed value from another, and all that follow.

    A difference has the rounding of both and may be far smaller than either: in 16 bits nothing would be left of it.
    Networks of images have none; methods on uptake do.
    """
    constant = {tensor.name for tensor in graph.initializer}
    wide: set[str] = set()
    for node in graph.node:
        if wide.intersection(node.input) or (node.op_type == "Sub" and not constant.intersection(node.input)):
            wide.update(node.output)
            yield node.name


def _drop_round_trips(graph: onnx.GraphProto) -> None:
    """Where two fp32 nodes follow one another the converter goes through fp16 between them: take the direct way.

    The head is such a node: what the last node of a backbone gives in fp32 must reach it so.
    """
    casts = {node.output[0]: node for node in graph.node if node.op_type == "Cast"}
    direct = {}
    for output, back in casts.items():
        forth = casts.get(back.input[0])
        if forth is not None and _target(back) == onnx.TensorProto.FLOAT and _target(forth) == onnx.TensorProto.FLOAT16:
            direct[output] = forth.input[0]
    for node in graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = direct.get(name, name)
    for output in graph.output:
        if output.name in direct:
            graph.node.remove(casts[output.name])
            _rename(graph, direct[output.name], output.name)
    _drop_unused(graph)


def _rename(graph: onnx.GraphProto, tensor: str, name: str) -> None:
    for node in graph.node:
        for values in (node.input, node.output):
            for index, value in enumerate(values):
                values[index] = name if value == tensor else value


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    for node in [node for node in graph.node if not used.intersection(node.output)]:
        graph.node.remove(node)


def _target(cast: onnx.NodeProto) -> int:
    return next(attribute.i for attribute in cast.attribute if attribute.name == "to")
