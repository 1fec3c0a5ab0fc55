"""What a GPU does: engines that agree with the CPU, what an answer takes beside them, batches, and the floor."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from edgecad import Classifier
from edgecad.contract import Precision
from edgecad.engines.gpu import gpu_here
from edgecad.errors import EdgecadError
from edgecad.modelfiles.file import FILES
from measures.latency import turns
from measures.limits.operations import Rates, Work, floor_of, works_of
from measures.models.kept import kept_model, model_in
from measures.quartiles import Quartiles, quartiles_of, spread
from measures.runtime.device_rates import PRECISIONS, device_rates
from measures.runtime.options import MOST, RuntimeOptions

BEYOND_ENGINE = 0.1
"""Milliseconds that an answer may take beyond the engine's own time."""


class EngineRow(msgspec.Struct, frozen=True):
    """A TensorRT engine of a whole network against the CPU.

    Attributes:
        probability: largest difference.
        heatmap: least agreement of two maps, -1 to 1.
        milliseconds: of an `answer`, and of the `engine` alone.
    """

    backbone: str
    precision: Precision
    provider: str
    probability: float
    heatmap: float
    milliseconds: dict[str, Quartiles]
    beyond_engine_ms: float


class BatchRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`Classifier.run` on some images at once on a device, or the `reason` why there is none.

    Attributes:
        floor_ms: what the device's rates allow; `share` is the floor in the measured time.
        engine_ms: the engine's own time, by CUDA events, on TensorRT.
    """

    device: str
    precision: Precision
    reason: str = ""
    images: int = 0
    milliseconds: Quartiles | None = None
    a_second: float = 0.0
    floor_ms: float = 0.0
    share: float = 0.0
    engine_ms: float | None = None


class GpuFigures(msgspec.Struct, frozen=True):
    """All engines and batches, and the bound on what an answer takes beyond its engine (`wanted`)."""

    gpu: str
    rows: tuple[EngineRow, ...]
    rates: dict[Precision, Rates]
    batches: tuple[BatchRow, ...]
    wanted: float
    held: bool


def gpu(options: RuntimeOptions) -> GpuFigures:
    """Engines of whole networks against the CPU and against themselves, batches on CUDA and TensorRT, and floors."""
    if gpu_here() is None:
        sys.exit("no NVIDIA GPU answers here, and this measures one")
    rows, grown = list[EngineRow](), list[BatchRow]()
    rates = device_rates("cuda", options.side, options.megabytes)
    for backbone in options.backbones:
        place = kept_model(backbone, options.models)
        screens = sorted((place / "data").rglob("*.jpg"))[:8]
        for precision in PRECISIONS:
            rows.append(_against_cpu(model_in(place), backbone, precision, screens, options.warm))
            grown += batches(model_in(place), precision, ("cuda", "tensorrt"), options.batches, rates)
    held = all(row.beyond_engine_ms <= BEYOND_ENGINE for row in rows)
    return GpuFigures(str(gpu_here()), tuple(rows), rates, tuple(grown), BEYOND_ENGINE, held)


def _against_cpu(model: Path, backbone: str, precision: Precision, screens: Sequence[Path], runs: int) -> EngineRow:
    from edgecad.answer.heatmap import agreement, logit_scale
    from edgecad.runners.tensorrt import TensorRtRunner

    with (
        Classifier(model, device="cpu", precision=precision) as cpu,
        Classifier(model, device="tensorrt", precision=precision) as classifier,
    ):
        runner = classifier.runner
        if not isinstance(runner, TensorRtRunner):
            raise TypeError(f"{runner} is no TensorRT runner")
        pairs = [(classifier(screen), cpu(screen)) for screen in screens]
        image = pairs[0][0].image[None]
        times = {"answer": [], "engine": runner.engine_milliseconds(image, runs)}
        for _ in range(runs):
            begun = time.perf_counter()
            classifier.run(image)
            times["answer"].append(1000 * (time.perf_counter() - begun))
        facts = classifier.facts
    middle = {name: float(np.median(taken)) for name, taken in times.items()}
    return EngineRow(
        backbone=backbone,
        precision=precision,
        provider=facts.provider,
        probability=max(abs(here.probability - there.probability) for here, there in pairs),
        heatmap=min(agreement(here.heatmap, there.heatmap, logit_scale(there.logits)) for here, there in pairs),
        milliseconds=spread(times),
        beyond_engine_ms=middle["answer"] - middle["engine"],
    )


def batches(
    model: Path,
    precision: Precision,
    devices: Sequence[str],
    sizes: Sequence[int],
    rates: Mapping[Precision, Rates],
    rounds: int = 20,
) -> list[BatchRow]:
    """Milliseconds of `Classifier.run` by images at once, and the floor's share of them.

    A device that does not work has a row with the reason. On TensorRT the engine's own time stands beside, by CUDA
    events.
    """
    import onnx

    works = works_of(onnx.load(model / FILES["fp32"]))
    found: list[BatchRow] = []
    for device in devices:
        row = BatchRow(device, precision)
        try:
            with _opened(model, device, precision) as classifier:
                found += _by_size(row, classifier, sizes, works, rates[precision], rounds)
        except EdgecadError as error:
            found.append(msgspec.structs.replace(row, reason=str(error)))
    return found


def _opened(model: Path, device: str, precision: Precision) -> Classifier:
    if device != "tensorrt":
        return Classifier(model, device=device, precision=precision)
    from edgecad.engines.record import Batches
    from edgecad.inference.classifier import prove_golden
    from edgecad.inference.loading import load_model

    return Classifier(load_model(model, device, precision, prove_golden, batches=Batches(1, 16, MOST)))


def _by_size(
    row: BatchRow, classifier: Classifier, sizes: Sequence[int], works: Sequence[Work], rates: Rates, rounds: int
) -> list[BatchRow]:
    side = classifier.contract.preparation.size
    rng = np.random.default_rng(0)
    images = {size: rng.integers(0, 256, (size, side, side, 3), dtype=np.uint8) for size in sizes}
    runs: dict[str, Callable[[], object]] = {str(size): partial(classifier.run, own) for size, own in images.items()}
    taken = turns(runs, rounds, 1)
    engine = getattr(classifier.runner, "engine_milliseconds", None)
    width = np.dtype(PRECISIONS[classifier.contract.precision]).itemsize
    rows = []
    for size, own in images.items():
        times = quartiles_of(taken[str(size)])
        floor = floor_of([_times(work, size) for work in works], rates, width).by_node
        rows.append(
            msgspec.structs.replace(
                row,
                images=size,
                milliseconds=times,
                a_second=1000 * size / times.median,
                floor_ms=floor,
                share=floor / times.median,
                engine_ms=None if engine is None else float(np.median(engine(own, rounds))),
            )
        )
    return rows


def _times(work: Work, images: int) -> Work:
    """The work of several images: weights are read once."""
    return Work(work.node, work.kind, images * work.operations, work.weights, images * work.activations)
