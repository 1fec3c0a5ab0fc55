"""One run at a time through what OpenVINO compiled: requests, memory, and an end to what does not end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecad.runners.stages import INPUT, CompiledStage
from edgecad.runners.watchdog import RUN_SECONDS, run_stopped

_ENDING = 10.0
"""Seconds that a run which was told to stop may take for the operation that it is at."""
_LOOK = 1.0
"""Seconds after which a run that is still under way is looked at, so that an interrupt is seen."""


class Lane:
    """What one run at a time needs: requests of OpenVINO's, and memory of ours for what goes in and comes out."""

    def __init__(self, stages: Sequence[CompiledStage], module: Any, shapes: dict[str, tuple[int, ...]]) -> None:
        """Take memory for one run.

        Args:
            module: `openvino`.
            shapes: of what the stages give, by name.
        """
        self._image = np.zeros(tuple(stages[0].compiled.input(0).shape), np.uint8)
        self._values = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
        tensors = {name: module.Tensor(value, shared_memory=True) for name, value in self._values.items()}
        tensors[INPUT] = module.Tensor(self._image, shared_memory=True)
        self._requests = [stage.compiled.create_infer_request() for stage in stages]
        for stage, request in zip(stages, self._requests, strict=True):
            for index, name in enumerate(stage.takes):
                request.set_input_tensor(index, tensors[name])
            for index, name in enumerate(stage.gives):
                request.set_output_tensor(index, tensors[name])

    def run(self, image: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Compute `outputs` for one image `(1, size, size, 3)` uint8 RGB.

        Raises:
            DeviceFailed: it took longer than `RUN_SECONDS`.
            RuntimeError: as OpenVINO does.
        """
        np.copyto(self._image, image)
        deadline = time.monotonic() + RUN_SECONDS
        for request in self._requests:
            request.start_async()
            while not request.wait_for(max(1, int(1000 * min(_LOOK, deadline - time.monotonic())))):
                if time.monotonic() >= deadline:
                    request.cancel()
                    with suppress(RuntimeError):  # that it was cancelled; a request that is let go before runs on
                        request.wait_for(int(1000 * _ENDING))
                    raise run_stopped("openvino", "an image", RUN_SECONDS)
        return {name: self._values[name].copy() for name in outputs}
