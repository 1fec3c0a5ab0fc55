"""How long one image takes in each file, here, on the CPU."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner

WARM_UP, RUNS = 3, 15


def network_milliseconds(models: Sequence[bytes]) -> list[float]:
    """Median of one image through the network, file by file; the files take turns, so that a busy moment hits all.

    A first impression; `edgecad bench` measures.
    """
    runners = [OnnxRunner(model, DeviceRequest("cpu")) for model in models]
    size = runners[0].facts.size
    image = np.full((1, size, size, 3), 96, np.uint8)
    times: list[list[float]] = [[] for _ in runners]
    for _ in range(WARM_UP + RUNS):
        for runner, own in zip(runners, times, strict=True):
            begun = time.perf_counter()
            runner.run(image, ANSWER_OUTPUTS)
            own.append(1000 * (time.perf_counter() - begun))
    return [float(np.median(own[WARM_UP:])) for own in times]
