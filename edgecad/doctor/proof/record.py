"""What a proof holds: the card, the machine, the versions, and every step with what came of it."""

from __future__ import annotations

from typing import Literal

from edgecad.contract import Precision
from edgecad.doctor.proof.figures import (
    Alike,
    BatchTimes,
    ColdTimes,
    DeviceRates,
    EngineBuilt,
    Figures,
    GoldenAgreement,
    Latency,
    Opened,
    PhantomAgreement,
    Reference,
    Refusals,
)
from edgecad.errors import GateFailed, NotAvailable
from edgecad.frozen import Frozen, demand

SCHEMA: Literal[1] = 1
KIND: Literal["edgecad-gpu-proof"] = "edgecad-gpu-proof"
State = Literal["proven", "failed", "not run"]
Check = Literal[
    "strict", "rates", "reference", "build", "open", "golden", "parity", "alike", "latency", "cold", "batches"
]
FOUND: dict[str, type[Frozen]] = {
    "strict": Refusals, "rates": DeviceRates, "reference": Reference, "build": EngineBuilt, "open": Opened,
    "golden": GoldenAgreement, "parity": PhantomAgreement, "alike": Alike, "latency": Latency, "cold": ColdTimes,
    "batches": BatchTimes,
}  # fmt: skip
"""The figures that each check gives."""
NEEDS_NO_CARD = ("strict", "reference", "build")
"""Checks that can be proven where there is no GPU."""
CPU = "cpu"


class Card(Frozen, frozen=True, kw_only=True):
    """The GPU that was used, and how many of them (`cards`) this process might see.

    Attributes:
        capability: CUDA compute capability, such as `8.6`.
        memory_mb: 10^6 bytes; 0 where the driver does not tell.
        driver: its version where it can be read, and the CUDA that it offers.
    """

    name: str
    capability: str
    memory_mb: int
    driver: str
    cards: int = 1


class Host(Frozen, frozen=True, kw_only=True):
    """The machine around the card."""

    system: str
    python: str
    processor: str
    threads: int
    memory_gb: float
    jetson: str = ""


class ModelTried(Frozen, frozen=True, kw_only=True):
    """A model that was used.

    Attributes:
        folder: its name, without the way to it.
        stamp: what stands on all that comes of this model, such as that it learnt from phantoms.
        sha256: of each file, by precision.
    """

    folder: str
    name: str
    backbone: str
    stamp: str
    sha256: dict[Precision, str]


class ProofTarget(Frozen, frozen=True):
    """A model's folder on a device with a precision.

    Attributes:
        device: word of the table of devices.
        library: that builds its engines; empty where none are built.
    """

    model: str
    device: str
    precision: Precision
    library: str = ""

    @property
    def words(self) -> str:
        """Such as `tensorrt (tensorrt_rtx) fp16`."""
        library = f" ({self.library})" if self.library else ""
        return f"{self.device}{library} {self.precision}"


class ProofStep(Frozen, frozen=True, kw_only=True):
    """One check of one target, or of the machine where there is none.

    Attributes:
        reason: why it failed or was not run; empty where it is proven.
        figures: None where it was not run, or failed before there were any.
    """

    check: Check
    state: State
    target: ProofTarget | None = None
    reason: str = ""
    seconds: float = 0.0
    figures: Figures | None = None

    def __post_init__(self) -> None:
        demand((self.state == "proven") == (not self.reason), f"{self.check} is {self.state}, and its reason is odd")
        demand(self.state != "proven" or self.figures is not None, f"{self.check} is proven without figures")
        demand(self.state != "not run" or self.figures is None, f"{self.check} was not run, and has figures")
        kind = FOUND[self.check]
        demand(self.figures is None or isinstance(self.figures, kind), f"{self.check} has figures of another check")

    @property
    def name(self) -> str:
        """Such as `parity of MODEL on cuda fp16`."""
        return self.check if self.target is None else f"{self.check} of {self.target.model} on {self.target.words}"


class GpuProof(Frozen, frozen=True, kw_only=True):
    """The whole file.

    Attributes:
        made: UTC, ISO 8601.
        edgecad: its version; `commit` of its checkout, where there is one.
        card: None where no GPU answered.
        packages: versions by distribution, of all that computes here; only what is installed.
        notes: what is known beforehand of what may not run.
        seconds: that the program took.
    """

    kind: Literal["edgecad-gpu-proof"] = KIND
    schema: Literal[1] = SCHEMA
    made: str
    edgecad: str
    commit: str = ""
    card: Card | None
    host: Host
    packages: dict[str, str]
    models: tuple[ModelTried, ...]
    notes: tuple[str, ...] = ()
    steps: tuple[ProofStep, ...]
    seconds: float

    def __post_init__(self) -> None:
        for step in self.steps:
            on_card = step.target is not None and step.target.device != CPU and step.check not in NEEDS_NO_CARD
            demand(
                self.card is not None or step.state != "proven" or not on_card,
                f"the {step.name} is called proven, and there was no card",
            )

    def of(self, state: State) -> tuple[ProofStep, ...]:
        """The steps in a state."""
        return tuple(step for step in self.steps if step.state == state)

    @property
    def exit_code(self) -> int:
        """0: a card was here, and every step is proven. 5: a step failed. 4: no card, or a step was not run."""
        if self.of("failed"):
            return GateFailed.exit_code
        return 0 if self.card is not None and self.steps and not self.of("not run") else NotAvailable.exit_code
