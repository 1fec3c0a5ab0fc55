"""What one process is to do."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgecad.doctor.proof.record import Check, ProofTarget
from edgecad.frozen import Frozen

Task = Literal["strict", "rates", "reference", "build", "examine", "cold", "batches"]
CHECKS: dict[Task, tuple[Check, ...]] = {
    "strict": ("strict",), "rates": ("rates",), "reference": ("reference",), "build": ("build",),
    "examine": ("open", "golden", "parity", "alike", "latency"), "cold": ("cold",), "batches": ("batches",),
}  # fmt: skip
"""The checks that a task comes to, in their order."""


class GpuOrder(Frozen, frozen=True, kw_only=True):
    """What one process is to do.

    Attributes:
        model: path of the model's folder.
        place: folder with the phantoms, where the reference lies as well.
        begun: when the process was started, on the clock of `time.perf_counter`, which all processes share.
        asked: devices that must be refused.
        rates: of the card, by precision: `(operations a second, bytes a second)`; empty: not measured.
    """

    task: Task
    target: ProofTarget | None = None
    model: str = ""
    place: str = ""
    begun: float = 0.0
    asked: tuple[str, ...] = ()
    runs: int = 0
    rounds: int = 0
    batches: tuple[int, ...] = ()
    side: int = 0
    megabytes: int = 0
    rates: dict[str, tuple[float, float]] = msgspec.field(default_factory=dict)
