"""What every runner can do, and what it tells of itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from edgecad.runners.devices import DeviceRequest

if TYPE_CHECKING:
    from edgecad.contract import Contract, RunPrecision
    from edgecad.engines.record import Batches


@dataclass(frozen=True)
class RunnerFacts:
    """What a runner was checked to be, after opening.

    Attributes:
        device: as `DeviceRequest.name` has it: `cpu`, `cuda:N` or `openvino:gpu`.
        provider: the engine's own name for what computes.
        precision: that it runs in; empty where only the model's contract can tell.
        threads: on a CPU; 0 elsewhere.
        size: side of the square input that the graph takes, pixels.
        outputs: of the graph, those that `edgecad.contract.graph` knows, in its order.
    """

    device: str
    provider: str
    precision: RunPrecision | Literal[""]
    threads: int
    size: int
    outputs: tuple[str, ...]


class Runner(Protocol):
    """Runs prepared images through a graph."""

    @property
    def facts(self) -> RunnerFacts:
        """What this runner is."""
        ...

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Compute `outputs`, among those of `facts`, for `images` `(n, size, size, 3)` uint8 RGB."""
        ...


@dataclass(frozen=True)
class OpenRequest:
    """What an engine is given to open a model.

    Attributes:
        device: the one to open; never `auto`.
        model: bytes of the ONNX file.
        name: of the file, for errors.
        contract: gives the text of the model's contract, and the contract; raises `ModelInvalid` where there is none.
        threads: of one run, on a CPU; None: all that this process may use.
        prove: for an engine that has to be built: called with a runner on it before its first use; raises if it
            answers otherwise than at export.
        batches: that an engine is built for; None: up to 8 images at once.
        precision: to run an fp32 file in, `bf16`; None, or the file's own: as it is written. An opener is given only
            what its row `executes`.
    """

    device: DeviceRequest
    model: bytes
    name: str
    contract: Callable[[], tuple[str, Contract]]
    threads: int | None = None
    prove: Callable[[Runner], None] | None = None
    batches: Batches | None = None
    precision: RunPrecision | None = None
