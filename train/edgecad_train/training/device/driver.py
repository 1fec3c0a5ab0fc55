"""Whether the driver shows a GPU at all: told at once, before TensorFlow is imported."""

from __future__ import annotations

import os

from edgecad.engines.gpu import gpu_count
from edgecad.errors import NotAvailable
from edgecad_train.training.device.asked import CUDA, gpu_asked

ON_CPU = "use --device cpu"
"""What to do without a GPU, where nothing speaks against the processor."""


def check_driver(asked: str, otherwise: str = ON_CPU) -> None:
    """See that the driver shows the GPU that a word of `--device` names; whether TensorFlow can use it is seen later.

    Raises:
        NotAvailable: it does not.
    """
    index = gpu_asked(asked)
    shown = 0 if index is None else gpu_count()
    if index is None or index < shown:
        return
    raise NotAvailable(f"{CUDA}:{index} was asked for, and {_shown_words(shown)}, or {otherwise}")


def _shown_words(shown: int) -> str:
    masked = os.environ.get("CUDA_VISIBLE_DEVICES")
    told = "" if masked is None else f" (CUDA_VISIBLE_DEVICES is {masked!r})"
    if not shown:
        return f"no NVIDIA driver shows a GPU here{told}; look at nvidia-smi"
    last = f" to {CUDA}:{shown - 1}" if shown > 1 else ""
    return f"the driver shows {CUDA}:0{last}{told}; choose one of these"
