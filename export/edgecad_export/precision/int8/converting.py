"""fp32 to int8: the backbone in 8 bits, fitted to training images; scaling, head and heat map in fp32."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnx
from numpy.typing import NDArray

from edgecad.errors import GateFailed
from edgecad.system.clock import RoughTime
from edgecad_export.graph.parts import backbone_bytes, parts_of
from edgecad_export.precision.int8.equalisation import equalised, groups_of
from edgecad_export.precision.int8.fitting import fitted
from edgecad_export.precision.int8.image_grid import on_image_grid
from edgecad_export.precision.int8.plain_graph import attribute, plain_from_folded, weights_of
from edgecad_export.precision.int8.plans import plans_of
from edgecad_export.precision.int8.qdq import qdq_from_fitted
from edgecad_export.precision.int8.staggering import staggered
from edgecad_export.precision.int8.variations import varied
from edgecad_export.precision.largest import largest_values
from edgecad_export.precision.narrowed import Attempt, JudgedGraph, Narrowed, nearest
from edgecad_export.proof.gate import Verdict

MOST_BYTES = 0.36
"""Largest size of the int8 backbone's constants relative to fp32's; what is kept wider must stay below. Networks that
end early begin at .32: scales of channels are more of their constants."""
SAVED = 0.75
"""Share of a weight's bytes that int8 does without."""
MOST_IMAGES = 192
"""Calibration images that are used, at most, copies among them."""
MEMORY = 512 * 2**20
"""Bytes that one activation of all calibration images may take, at most; a few of them are held at a time."""


def narrowed_to_int8(
    proto: onnx.ModelProto,
    calibration: NDArray[np.uint8],
    judged: Callable[[onnx.ModelProto], Verdict],
    progress: Callable[[str], None] = lambda told: None,
) -> Narrowed:
    """Convert a graph, and keep in fp32 what hurts, until the gate holds.

    Args:
        proto: the fp32 graph, folded.
        calibration: prepared training images, `(n, size, size, 3)`; at least one.
        judged: what the gate says of a graph.
        progress: told in words what is under way.
    """
    source = prepared_graph(proto, calibration)
    attempts = list[Attempt]()
    best: JudgedGraph | None = None
    least = 0.0
    rough = RoughTime(progress)
    for plan in plans_of(source.plain):
        if attempts and least + SAVED * source.kept(plan.wider) > MOST_BYTES:
            continue
        progress(f"int8, {plan}")
        candidate = source.int8(plan.wider, partial(rough, f"int8, {plan}"))
        least = least or source.share(candidate)
        verdict = judged(candidate)
        best = nearest(best, JudgedGraph(candidate, verdict, plan.wider, 1 - plan.work))
        attempts.append(Attempt(f"int8, {plan}", verdict.summary))
        if verdict.holds:
            break
    assert best is not None  # noqa: S101 - the first plan is always tried
    return Narrowed(best.proto, best.verdict, best.wider, tuple(attempts), work=best.work)


@dataclass(frozen=True)
class PreparedGraph:
    """A graph that is ready for int8, and what it is fitted to.

    Attributes:
        plain: the fp32 graph, plain, on the image's grid where it has one, and equalised.
        images: to fit it on.
        size: of the backbone's constants in fp32, bytes.
    """

    plain: onnx.ModelProto
    images: NDArray[np.uint8]
    size: int

    def int8(
        self, wider: tuple[str, ...] = (), tell: Callable[[int, int], None] = lambda done, total: None
    ) -> onnx.ModelProto:
        """The int8 graph with these nodes left in fp32; `tell` is told how many nodes are fitted, of how many."""
        source = staggered(self.plain, self.images, wider)
        return qdq_from_fitted(fitted(source, self.images, wider, tell), wider)

    def share(self, narrow: onnx.ModelProto) -> float:
        """Size of the backbone's constants relative to fp32's."""
        return backbone_bytes(narrow) / self.size

    def kept(self, wider: Collection[str]) -> float:
        """Size of these nodes' weights relative to all of fp32's constants."""
        weights = weights_of(self.plain)
        names = {node.input[1] for node in self.plain.graph.node if node.op_type == "Conv" and node.name in wider}
        return sum(weights[name].nbytes for name in names if name in weights) / self.size


def prepared_graph(proto: onnx.ModelProto, calibration: NDArray[np.uint8]) -> PreparedGraph:
    """Prepare a graph for int8: plain, on the image's grid, and its channels equalised on the calibration images."""
    _check_convolutions(proto)
    plain = on_image_grid(plain_from_folded(proto))
    most = _image_count(plain)
    spread = np.linspace(0, len(calibration) - 1, min(len(calibration), most)).astype(int)
    images = varied(calibration[spread], most)
    rescaled = set().union(*(group.tensors for group in groups_of(plain, weights_of(plain))))
    largest = largest_values(plain, rescaled, images)
    return PreparedGraph(equalised(plain, largest), images, backbone_bytes(proto))


def _check_convolutions(proto: onnx.ModelProto) -> None:
    """See that every convolution mixes all channels, or is one of each channel alone.

    Raises:
        GateFailed: one has groups of several.
    """
    weights = weights_of(proto)
    for node in parts_of(proto).backbone.graph.node:
        groups = attribute(node, "group", 1) if node.op_type == "Conv" else 1
        if groups > 1 and groups != len(weights[node.input[1]]):
            raise GateFailed(
                f"int8 is fitted to convolutions of all channels or of each alone, and one has {groups} groups of "
                f"{len(weights[node.input[1]]) // groups}: that of a method which reads uptake cell by cell, "
                "of which there are fp32 and fp16"
            )


def _image_count(proto: onnx.ModelProto) -> int:
    """As many images as memory has room for; see `MEMORY`."""
    described = onnx.shape_inference.infer_shapes(parts_of(proto).backbone).graph.value_info
    shapes = ([dim.dim_value or 1 for dim in value.type.tensor_type.shape.dim] for value in described)
    return max(1, min(MOST_IMAGES, MEMORY // (4 * max(int(np.prod(shape)) for shape in shapes))))
