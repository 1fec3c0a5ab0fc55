"""A classifier at work: one scan after another, or many. The scan is a golden sample, which every model can answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.bench.machine import meter, resident_mb
from edgecad.bench.percentiles import runs_needed, upper_bound
from edgecad.bench.results import STAGES, Batch, Folder, Offline, SingleStream, StageTimes
from edgecad.errors import DeviceFailed, UsageError
from edgecad.golden import golden_samples
from edgecad.inference.classifier import Classifier
from edgecad.inference.predicting import outputs_for
from edgecad.system.parallel import CoreShare, in_order

SCAN = "phantom-1.jpg"
PARTS = 10
"""Into which a run is cut, to see whether the machine was steady."""
STEADY, MOST_WARM_UP = 0.05, 50
"""How near two medians of five answers lie once the engine is warm, and after how many answers it must do."""
KEPT = 500
"""Latencies that are kept of a run, for its picture."""
FIRST = 2
"""Runs at the start of a turn that do not count."""
BATCHES = (1, 2, 4, 8, 16, 32, 64)
GAIN = 1.02
"""A batch that is not by so much faster than the fastest before it, twice, is the last one tried."""
LEAST_ROUNDS = 4
"""How often a batch is run at least."""


@dataclass(frozen=True)
class Limit:
    """How long one scan after another is answered.

    Attributes:
        runs: at most; None: as many as the 99th percentile takes.
        seconds: that this may take.
        least: answers in any case, if `runs` are not fewer; by default what the 90th percentile takes.
    """

    runs: int | None = None
    seconds: float = 30.0
    least: int = runs_needed(90)

    def reached(self, runs: int, seconds: float) -> bool:
        """Whether so many runs, in so many seconds, are enough."""
        most = runs_needed(99) if self.runs is None else self.runs
        return runs >= most or (seconds >= self.seconds and runs >= min(self.least, most))


def run_when_asked(classifier: Classifier, runs: int) -> Iterator[list[float]]:
    """Warm up, then run a prepared image `runs` times whenever the next value is wanted: milliseconds of each.

    The first runs of a turn do not count: another process's data lie in the processor's caches.
    """
    images, outputs = classifier.replay(golden_samples()[SCAN]).image[None], outputs_for(classifier.contract)
    _warm_up(lambda: classifier.run(images, outputs))
    yield []
    while True:
        times = []
        for _ in range(FIRST + runs):
            started = time.perf_counter()
            classifier.run(images, outputs)
            times.append(1000 * (time.perf_counter() - started))
        yield times[FIRST:]


def single_stream(classifier: Classifier, limit: Limit) -> SingleStream:
    """Answer one scan after another, file's bytes in, heat map out."""
    scan = golden_samples()[SCAN]
    _warm_up(lambda: classifier.replay(scan))
    times: dict[str, list[float]] = {stage: [] for stage in STAGES}
    before, begun, runs = meter(), time.perf_counter(), 0
    while not limit.reached(runs, time.perf_counter() - begun):
        started = time.perf_counter()
        prediction = classifier.replay(scan)
        whole = 1000 * (time.perf_counter() - started)
        for stage, value in {**prediction.milliseconds, "whole": whole}.items():
            times[stage].append(value)
        runs += 1
    after = meter()
    joules = before.joules_until(after)
    whole_times = times["whole"]
    return SingleStream(
        runs=runs,
        stages=tuple(percentiles_of(name, values) for name, values in times.items()),
        p90_bound=upper_bound(whole_times, 90),
        p95_bound=upper_bound(whole_times, 95),
        p99_bound=upper_bound(whole_times, 99),
        medians=tuple(float(np.median(part)) for part in np.array_split(whole_times, min(PARTS, runs))),
        latencies=_thinned(whole_times),
        others=before.others_until(after),
        joules=None if joules is None else joules / runs,
        resident_mb=resident_mb(),
    )


def offline(classifier: Classifier, narrow: Classifier, share: CoreShare, scans: int, batch_seconds: float) -> Offline:
    """Many scans: images in batches through the network alone, then whole answers side by side.

    Args:
        classifier: for the batches, on all threads.
        narrow: for answers side by side, opened with the threads of `share`.
        scans: how many are answered for each of a few rates.
        batch_seconds: that each size of batch is run.
    """
    image = classifier.replay(golden_samples()[SCAN]).image
    before = meter()
    batches, folder = tuple(_batches(classifier, image, batch_seconds)), _folder(narrow, share, scans)
    return Offline(batches=batches, folder=folder, others=before.others_until(meter()))


def _batches(classifier: Classifier, image: NDArray[np.uint8], seconds: float) -> Iterator[Batch]:
    best, without_gain = 0.0, 0
    for size in BATCHES:
        images = np.stack([image] * size)
        try:
            classifier.run(images)
        except (UsageError, DeviceFailed):  # an engine built for fewer, or no memory for so many
            return
        rates = _rates(classifier, images, seconds)
        low, median, high = np.percentile(rates, (25, 50, 75))
        yield Batch(size=size, median=float(median), low=float(low), high=float(high), resident_mb=resident_mb())
        without_gain = without_gain + 1 if median < GAIN * best else 0
        best = max(best, float(median))
        if without_gain == 2:
            return


def _rates(classifier: Classifier, images: NDArray[np.uint8], seconds: float) -> list[float]:
    rates: list[float] = []
    begun = time.perf_counter()
    while len(rates) < LEAST_ROUNDS or time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        classifier.run(images)
        rates.append(len(images) / (time.perf_counter() - started))
    return rates


def _folder(classifier: Classifier, share: CoreShare, scans: int) -> Folder:
    scan = golden_samples()[SCAN]
    rates: list[float] = []
    for number in range(1 + LEAST_ROUNDS):
        begun = time.perf_counter()
        for _ in in_order(classifier.replay, [scan] * scans, share.workers):
            pass
        if number:  # the first one warms up
            rates.append(scans / (time.perf_counter() - begun))
    low, median, high = (float(value) for value in np.percentile(rates, (25, 50, 75)))
    return Folder(workers=share.workers, median=median, low=low, high=high)


def _warm_up(work: Callable[[], object]) -> None:
    """Work until it takes as long as before, but not for ever."""
    times: list[float] = []
    while len(times) < MOST_WARM_UP:
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
        now, before = np.median(times[-5:]), np.median(times[-10:-5] or times)
        if len(times) >= 10 and abs(now - before) < STEADY * before:
            return


def percentiles_of(name: str, values: Sequence[float]) -> StageTimes:
    """Of the milliseconds of one stage."""
    p50, p90, p95, p99 = (float(value) for value in np.percentile(values, (50, 90, 95, 99)))
    return StageTimes(name=name, p50=p50, p90=p90, p95=p95, p99=p99)


def _thinned(values: list[float]) -> tuple[float, ...]:
    """Sorted, and at most `KEPT` of them, the slowest among them."""
    ordered = sorted(values)
    places = np.linspace(0, len(ordered) - 1, min(KEPT, len(ordered)))
    return tuple(round(ordered[place], 4) for place in np.rint(places).astype(int))
