"""Time a classifier on this machine, stage by stage, on a golden screen."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from edgecad.classifier import Classifier
from edgecad.golden import golden_samples

SCAN = "phantom-1.jpg"
WARM_UP = 5


@dataclass(frozen=True)
class Latency:
    """Percentiles of one stage, milliseconds, over `runs` warm runs."""

    stage: str
    p50: float
    p90: float
    p95: float
    p99: float
    runs: int


def measure_latency(classifier: Classifier, runs: int) -> tuple[Latency, ...]:
    """Answer one scan `runs` times, file's bytes in, heat map out; one row a stage and one for the whole."""
    scan = golden_samples()[SCAN]
    for _ in range(WARM_UP):
        classifier.replay(scan)
    times: dict[str, list[float]] = {}
    for _ in range(runs):
        begun = time.perf_counter()
        prediction = classifier.replay(scan)
        whole = 1000 * (time.perf_counter() - begun)
        for stage, value in {**prediction.milliseconds, "whole": whole}.items():
            times.setdefault(stage, []).append(value)
    return tuple(_latency(stage, values) for stage, values in times.items())


def _latency(stage: str, values: list[float]) -> Latency:
    p50, p90, p95, p99 = (float(value) for value in np.percentile(values, [50, 90, 95, 99]))
    return Latency(stage, p50, p90, p95, p99, len(values))
