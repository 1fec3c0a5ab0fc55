"""What every way to fewer bits gives back."""

from __future__ import annotations

from dataclasses import dataclass

import onnx

from edgecad_export.precision.ranges import ActivationRanges
from edgecad_export.proof.gate import Verdict


@dataclass(frozen=True)
class Attempt:
    """One try: what was kept wider or done otherwise, and what the gate said of it."""

    what: str
    said: str


@dataclass(frozen=True)
class JudgedGraph:
    """A graph that was judged, with the nodes that it keeps wider, and its share of multiply-adds in fewer bits."""

    proto: onnx.ModelProto
    verdict: Verdict
    wider: tuple[str, ...]
    work: float | None = None


def nearest(one: JudgedGraph | None, other: JudgedGraph) -> JudgedGraph:
    """The one that misses fewer bounds; the earlier where both miss as many."""
    return other if one is None or len(other.verdict.misses) < len(one.verdict.misses) else one


@dataclass(frozen=True)
class Narrowed:
    """A graph in fewer bits.

    Attributes:
        proto: the first graph that held, or else the one that misses fewest bounds.
        verdict: what the gate says of it.
        wider: nodes that were kept in fp32, beside the head.
        attempts: all that was tried, in order.
        ranges: of its activations, where they decide what stays wider.
        work: share of the backbone's multiply-adds that are done in fewer bits, 0 to 1; None where nobody counted.
    """

    proto: onnx.ModelProto
    verdict: Verdict
    wider: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    ranges: ActivationRanges | None = None
    work: float | None = None
