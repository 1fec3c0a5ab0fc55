"""What every runner can do, and what it tells of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

OUTPUTS = ("logits", "probabilities", "features", "fc_weights", "cam", "cam_bias")
"""Outputs of the graph, by name; CONTRIBUTING.md, `The graph`, has their shapes."""


@dataclass(frozen=True)
class RunnerFacts:
    """What a runner was checked to be, after opening.

    Attributes:
        device: `cpu` or `cuda:N`.
        provider: the engine's own name for what computes.
        precision: of the weights it runs; empty where only the model's contract can tell.
        threads: on a CPU; 0 elsewhere.
        size: side of the square input that the graph takes, pixels.
    """

    device: str
    provider: str
    precision: str
    threads: int
    size: int


class Runner(Protocol):
    """Runs prepared images through a graph."""

    @property
    def facts(self) -> RunnerFacts:
        """What this runner is."""
        ...

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Compute `outputs` for `images` `(n, size, size, 3)` uint8 RGB."""
        ...
