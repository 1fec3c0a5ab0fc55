"""Which part of a backbone stays in fp32: the plans, the fastest first.

The first convolutions work on large tensors of few channels. On smooth images neighbouring cells are rounded alike
there, so their rounding does not average out. A beginning in fp32 ends where the network is narrow, so that few values
are rounded on the way into 8 bits. On MobileNetV2 the first three convolutions make half of the score's squared error,
and 8 bits hardly make them faster: a value takes 21 multiply-adds there, so time goes into moving values.
"""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from edgecad_export.precision.int8.plain_graph import attribute, backbone_of
from edgecad_export.precision.int8.work import multiply_adds, share_of, sizes_of

MOST_WORK = 0.25
"""Share of the multiply-adds up to which a beginning alone is kept in fp32; it costs at most about as much time."""
FEW = 32
"""Multiply-adds for each value given, up to which a beginning is no faster in 8 bits, so that it never is in them."""
SHARES = (0.1, 0.2, 0.35, 0.5)
"""Of the nodes: beginnings that are kept in fp32 together with the stream."""


@dataclass(frozen=True)
class Int8Plan:
    """What stays in fp32.

    Attributes:
        what: in words.
        wider: names of those nodes.
        work: share of the multiply-adds that they do, 0 to 1.
    """

    what: str
    wider: tuple[str, ...]
    work: float

    def __str__(self) -> str:
        return f"{self.what} in fp32, {self.work:.0%} of the multiply-adds" if self.wider else self.what


def plans_of(plain: onnx.ModelProto) -> tuple[Int8Plan, ...]:
    """In the order in which they are tried.

    Args:
        plain: as `plain_from_folded` gives it.
    """
    network, work, sizes = backbone_of(plain)[1], multiply_adds(plain), sizes_of(plain)
    plans, whole = list[Int8Plan](), Int8Plan("the whole backbone", (), 0.0)
    for count in narrow_places(network, sizes):
        names = tuple(node.name for node in network[:count])
        if share_of(work, names) <= MOST_WORK:
            plans.append(Int8Plan(_beginning(network[:count]), names, share_of(work, names)))
    if not plans or _work_a_value(network, plans[0].wider, work, sizes) > FEW:
        plans.insert(0, whole)
    for share in SHARES:
        count = round(share * len(network))
        names = tuple(node.name for place, node in enumerate(network) if place < count or _is_of_stream(node))
        what = f"the residual stream and the first {share:.0%}" if count < len(names) else f"the first {share:.0%}"
        plans.append(Int8Plan(what, names, share_of(work, names)))
    unique: dict[tuple[str, ...], Int8Plan] = {}
    for plan in plans:
        unique.setdefault(plan.wider, plan)
    return tuple(unique.values())


def _work_a_value(
    network: list[onnx.NodeProto], names: tuple[str, ...], work: dict[str, int], sizes: dict[str, int]
) -> float:
    """Multiply-adds of these convolutions for each value that they give."""
    convolutions = [node for node in network if node.name in names and node.name in work]
    given = sum(sizes.get(node.output[0], 0) for node in convolutions)
    return sum(work[node.name] for node in convolutions) / max(1, given)


def _beginning(nodes: list[onnx.NodeProto]) -> str:
    count = sum(node.op_type == "Conv" for node in nodes)
    return f"the first {count} convolutions" if count > 1 else "the first convolution"


def narrow_places(network: list[onnx.NodeProto], sizes: dict[str, int]) -> list[int]:
    """How many nodes lie before each tensor that alone leads on and is smaller than all such tensors before it.

    Args:
        network: the backbone's nodes in order, from the first convolution on.
        sizes: of the tensors.
    """
    last = {name: place for place, node in enumerate(network) for name in node.input}
    places, open_now, smallest = [], set[str](), float("inf")
    for place, node in enumerate(network[:-1]):
        open_now = {name for name in (*open_now, *node.output) if last.get(name, -1) > place}
        if len(open_now) != 1:
            continue
        size = sizes.get(next(iter(open_now)), smallest)
        # The first is no narrow place: nothing wider came before it.
        if size < smallest and smallest != float("inf"):
            places.append(place + 1)
        smallest = min(size, smallest)
    return places


def _is_of_stream(node: onnx.NodeProto) -> bool:
    """Whether a node carries what flows from sum to sum in residual networks, the batch normalisation that reads it
    included: many channels of unlike ranges, and each sum would round all of it again.
    """
    alone = attribute(node, "group", 1) > 1 and list(attribute(node, "kernel_shape", [])) == [1, 1]
    return node.op_type == "Add" or (node.op_type == "Conv" and alone)
