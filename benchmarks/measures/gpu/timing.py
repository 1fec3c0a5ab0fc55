"""What an answer takes beside the engine's own time, and batches beside the floor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from edgecad import Classifier
from edgecad.doctor.proof.figures import BatchTime, Latency, Times
from edgecad.errors import EdgecadError
from edgecad.golden import golden_samples
from edgecad.modelfiles.file import FILES
from measures.gpu.rates import PRECISIONS
from measures.limits.operations import Rates, Work, floor_of, works_of

SCAN = "phantom-1.jpg"
SECONDS = 10.0
"""That the answers of one target may take; a slow device answers fewer."""
WARM_UP = 5


def latency_of(classifier: Classifier, runs: int) -> Latency:
    """One image after another: whole answers, the network alone, and the engine's own time."""
    scan = golden_samples()[SCAN]
    image = classifier.replay(scan).image[None]
    answers, network = _taken(lambda: classifier.replay(scan), runs), _taken(lambda: classifier.run(image), runs)
    engine = getattr(classifier.runner, "engine_milliseconds", None)
    return Latency(
        runs=len(answers),
        answer=_times(answers),
        network=_times(network),
        engine=None if engine is None else _times(engine(image, len(network))),
        recorded=getattr(classifier.runner, "records", None),
    )


def batches_of(
    classifier: Classifier, sizes: Sequence[int], rounds: int, works: Sequence[Work], rates: Rates | None
) -> tuple[BatchTime, ...]:
    """`Classifier.run` on batches of growing size; one that does not work has a reason, and the next ones are tried."""
    return tuple(_batch(classifier, size, rounds, works, rates) for size in sizes)


def _batch(classifier: Classifier, size: int, rounds: int, works: Sequence[Work], rates: Rates | None) -> BatchTime:
    side = classifier.contract.preparation.size
    images = np.random.default_rng(0).integers(0, 256, (size, side, side, 3), dtype=np.uint8)
    engine = getattr(classifier.runner, "engine_milliseconds", None)
    try:
        taken = _taken(partial(classifier.run, images), rounds)
        own = None if engine is None else float(np.median(engine(images, len(taken))))
    except EdgecadError as error:
        return BatchTime(images=size, reason=str(error))
    times = _times(taken)
    width = np.dtype(PRECISIONS[classifier.contract.precision]).itemsize
    floor = None if rates is None else floor_of([_of_several(work, size) for work in works], rates, width).by_node
    return BatchTime(images=size, network=times, a_second=1000 * size / times.p50, engine_ms=own, floor_ms=floor)


def works_in(model: Path) -> list[Work]:
    """What a model's network computes for one image."""
    import onnx

    return works_of(onnx.load(model / FILES["fp32"]))


def rates_of(told: Mapping[str, tuple[float, float]], precision: str) -> Rates | None:
    """The card's rates in a precision, if they were measured."""
    return Rates(*told[precision]) if precision in told else None


def _taken(run: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of each run, the first ones left out; fewer runs where they take long."""
    times: list[float] = []
    begun = time.perf_counter()
    while len(times) < WARM_UP + runs:
        started = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - started))
        if time.perf_counter() - begun > SECONDS and len(times) > WARM_UP:
            break
    return times[WARM_UP:]


def _times(taken: Sequence[float]) -> Times:
    p50, p95 = (float(value) for value in np.percentile(taken, (50, 95)))
    return Times(p50, p95)


def _of_several(work: Work, images: int) -> Work:
    """The work of several images: weights are read once."""
    return Work(work.node, work.kind, images * work.operations, work.weights, images * work.activations)
