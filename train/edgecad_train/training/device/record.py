"""What a run remembers of the device that trained it."""

from __future__ import annotations

from typing import Literal

from edgecad.frozen import Frozen
from edgecad_train.training.device.asked import CPU

FrozenPlace = Literal["device", "host"]
"""Where epochs read frozen features from."""


class TrainingDevice(Frozen, frozen=True, kw_only=True):
    """The device of a run; sums are in another order on another one, so figures differ a little."""

    name: str
    """`cpu`, or `cuda:0`: the index is of the GPUs that the process could see."""
    gpu: str = ""
    """Name and compute capability of the GPU; empty for a processor."""
    driver: str = ""
    """Version of the GPU's driver, and of CUDA that it offers, as far as it tells."""

    @property
    def kind(self) -> str:
        """`cpu` or `cuda`."""
        return self.name.partition(":")[0]

    @property
    def on_gpu(self) -> bool:
        """Whether it is a GPU."""
        return self.name != CPU

    def __str__(self) -> str:
        if not self.on_gpu:
            return self.name
        return f"{self.name}, {self.gpu}{f', driver {self.driver}' if self.driver else ''}"
