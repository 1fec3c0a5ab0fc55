"""What a GPU does: engines that agree with the CPU, what an answer takes beside them, batches, and the floor."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from edgecad import Classifier
from edgecad.engines.gpu import gpu_here
from edgecad.errors import EdgecadError
from edgecad.modelfiles.file import FILES
from measures.device_rates import PRECISIONS, device_rates
from measures.kept import kept_model, model_in
from measures.latency import times_of, turns
from measures.operations import Rates, Work, floor_of, works_of
from measures.processes import spread

Found = dict[str, Any]
BEYOND_ENGINE = 0.1
"""Milliseconds that an answer may take beyond the engine's own time."""
MOST = 64
"""Images at once that engines of `batches` are built for; tuned for 16."""


def gpu(arguments: Namespace) -> Found:
    """Engines of whole networks against the CPU and against themselves, batches on CUDA and TensorRT, and floors."""
    if gpu_here() is None:
        sys.exit("no NVIDIA GPU answers here, and this measures one")
    rows, grown = [], []
    rates = device_rates("cuda", arguments.side, arguments.megabytes)
    for backbone in arguments.backbones:
        place = kept_model(backbone, arguments.models)
        screens = sorted((place / "data").rglob("*.jpg"))[:8]
        for precision in PRECISIONS:
            rows.append(_against_cpu(model_in(place), backbone, precision, screens, arguments.warm))
            grown += batches(model_in(place), precision, ("cuda", "tensorrt"), arguments.batches, rates)
    return {
        "gpu": str(gpu_here()), "rows": rows, "rates": {name: asdict(rate) for name, rate in rates.items()},
        "batches": grown, "wanted": BEYOND_ENGINE,
        "held": all(row["beyond_engine_ms"] <= BEYOND_ENGINE for row in rows),
    }  # fmt: skip


def _against_cpu(model: Path, backbone: str, precision: Any, screens: Sequence[Path], runs: int) -> Found:
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
    return {
        "backbone": backbone, "precision": precision, "provider": facts.provider,
        "probability": max(abs(here.probability - there.probability) for here, there in pairs),
        "heatmap": min(agreement(here.heatmap, there.heatmap, logit_scale(there.logits)) for here, there in pairs),
        "milliseconds": spread(times), "beyond_engine_ms": middle["answer"] - middle["engine"],
    }  # fmt: skip


def batches(
    model: Path,
    precision: Any,
    devices: Sequence[str],
    sizes: Sequence[int],
    rates: Mapping[str, Rates],
    rounds: int = 20,
) -> list[Found]:
    """Milliseconds of `Classifier.run` by images at once, and the floor's share of them.

    A device that does not work has a row with the reason. On TensorRT the engine's own time stands beside, by CUDA
    events.
    """
    import onnx

    works = works_of(onnx.load(model / FILES["fp32"]))
    found: list[Found] = []
    for device in devices:
        row = {"device": device, "precision": precision}
        try:
            with _opened(model, device, precision) as classifier:
                found += [row | own for own in _by_size(classifier, sizes, works, rates[precision], rounds)]
        except EdgecadError as error:
            found.append(row | {"reason": str(error)})
    return found


def _opened(model: Path, device: str, precision: Any) -> Classifier:
    if device != "tensorrt":
        return Classifier(model, device=device, precision=precision)
    from edgecad.engines.record import Batches
    from edgecad.inference.classifier import prove_golden
    from edgecad.inference.loading import load_model

    return Classifier(load_model(model, device, precision, prove_golden, batches=Batches(1, 16, MOST)))


def _by_size(
    classifier: Classifier, sizes: Sequence[int], works: Sequence[Work], rates: Rates, rounds: int
) -> list[Found]:
    side = classifier.contract.preparation.size
    rng = np.random.default_rng(0)
    images = {size: rng.integers(0, 256, (size, side, side, 3), dtype=np.uint8) for size in sizes}
    runs: dict[str, Callable[[], object]] = {
        str(size): (lambda own=own: classifier.run(own)) for size, own in images.items()
    }
    taken = turns(runs, rounds, 1)
    engine = getattr(classifier.runner, "engine_milliseconds", None)
    width = np.dtype(PRECISIONS[classifier.contract.precision]).itemsize
    rows = []
    for size, own in images.items():
        times = times_of(taken[str(size)])
        floor = floor_of([_times(work, size) for work in works], rates, width).by_node
        rows.append({
            "images": size, "milliseconds": asdict(times), "a_second": 1000 * size / times.median,
            "floor_ms": floor, "share": floor / times.median,
            "engine_ms": None if engine is None else float(np.median(engine(own, rounds))),
        })  # fmt: skip
    return rows


def _times(work: Work, images: int) -> Work:
    """The work of several images: weights are read once."""
    return Work(work.node, work.kind, images * work.operations, work.weights, images * work.activations)
