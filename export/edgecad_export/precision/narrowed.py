"""What every way to fewer bits gives back."""

from __future__ import annotations

from dataclasses import dataclass

import onnx


@dataclass(frozen=True)
class Attempt:
    """One try: what was kept wider or done otherwise, and what the gate said of it."""

    what: str
    said: str


@dataclass(frozen=True)
class Narrowed:
    """A graph in fewer bits.

    Attributes:
        proto: the graph that was judged last: the first that held, or else the last attempt's.
        wider: nodes that were kept in fp32, beside the head.
        attempts: all that was tried, in order.
    """

    proto: onnx.ModelProto
    wider: tuple[str, ...]
    attempts: tuple[Attempt, ...]
