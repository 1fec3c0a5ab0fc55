"""How the time of an answer's network grows: by images at once, by threads, by the size of the input."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import numpy as np

from edgecad import Classifier
from edgecad.modelfiles.file import FILES
from edgecad.system.cores import usable_threads
from measures.latency import turns
from measures.limits.options import LimitOptions
from measures.lines import Line, Panel, Points, Power, Series, draw, line_through, power_through
from measures.models.kept import kept_model, model_in
from measures.models.resized import resized

LONG = 10
"""Workers answer so many times as many images in a turn as one session does: to start them takes time as well."""


class NetworkGrowth(msgspec.Struct, frozen=True):
    """One network: points by what grew, `batch`, `threads`, `workers` and `size`, and the lines through them."""

    points: dict[str, Points]
    lines: dict[str, Line | Power]


class Growth(msgspec.Struct, frozen=True):
    """All networks, and the name of their picture."""

    precision: str
    networks: dict[str, NetworkGrowth]
    picture: str


def growth(options: LimitOptions) -> Growth:
    """Each network's points and lines, and the picture of all."""
    networks = {backbone: _network(options, backbone) for backbone in options.networks}
    file = options.results.parent / "pictures" / "inference_growth.png"
    draw(_panels(networks), file)
    _tell(networks)
    return Growth(options.precision, networks, file.name)


def _network(options: LimitOptions, backbone: str) -> NetworkGrowth:
    model = model_in(kept_model(backbone, options.models)) / FILES[options.precision]
    points: dict[str, Points] = {
        "batch": _by_batch(model, options),
        "threads": _by_threads(model, options),
        "workers": _by_workers(model, options),
        "size": _by_size(model, options),
    }
    lines: dict[str, Line | Power] = {
        "batch": line_through(points["batch"]), "batch_power": power_through(points["batch"])
    }  # fmt: skip
    lines |= {what: power_through(points[what]) for what in ("threads", "workers", "size") if len(points[what]) > 1}
    return NetworkGrowth(points, lines)


def _by_batch(model: Path, options: LimitOptions) -> Points:
    """Images at once, milliseconds of all of them, on all threads."""
    with Classifier(model, device="cpu", precision=None) as classifier:
        runs = {count: _run(classifier, count) for count in options.batches}
        return _medians(runs, options.rounds, options.repeats)


def _by_size(model: Path, options: LimitOptions) -> Points:
    """Side of the input in pixels, milliseconds of one image, on all threads."""
    content = model.read_bytes()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        runs = {}
        for size in options.sizes:
            file = Path(folder) / f"{size}.onnx"
            file.write_bytes(resized(content, size))
            runs[size] = _run(stack.enter_context(Classifier(file, "cpu", precision=None, replay="never")), 1)
        return _medians(runs, options.rounds, options.repeats)


def _by_threads(model: Path, options: LimitOptions) -> Points:
    """Threads of one session, images a second, one at a time."""
    with ExitStack() as stack:
        runs = {
            threads: _run(stack.enter_context(Classifier(model, "cpu", precision=None, threads=threads)), 1)
            for threads in _counts()
        }
        return [(threads, 1000 / taken) for threads, taken in _medians(runs, options.rounds, options.repeats)]


def _by_workers(model: Path, options: LimitOptions) -> Points:
    """Workers with a thread each on one session, images a second, one at a time each."""
    with Classifier(model, "cpu", precision=None, threads=1) as classifier:
        run = _run(classifier, 1)
        run()
        rates: dict[int, list[float]] = {workers: [] for workers in _counts()}
        for _ in range(options.rounds):
            for workers, found in rates.items():
                found.append(_rate(run, workers, LONG * options.repeats))
    return [(workers, float(np.median(found))) for workers, found in rates.items()]


def _counts() -> Sequence[int]:
    """1, 2, 4 ... and all."""
    most = usable_threads()
    return sorted({*(2**power for power in range(most.bit_length()) if 2**power <= most), most})


def _rate(run: Callable[[], object], workers: int, each: int) -> float:
    """Images a second of so many workers, `each` images by each of them."""

    def work() -> None:
        for _ in range(each):
            run()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return workers * each / (time.perf_counter() - begun)


def _run(classifier: Classifier, count: int) -> Callable[[], object]:
    """The hot path on `count` images at once, its checks included."""
    size = classifier.contract.preparation.size
    images = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), dtype=np.uint8)
    return lambda: classifier.run(images)


def _medians(runs: Mapping[int, Callable[[], object]], rounds: int, repeats: int) -> Points:
    """Median milliseconds by count."""
    times = turns({str(count): run for count, run in runs.items()}, rounds, repeats)
    return [(count, float(np.median(times[str(count)]))) for count in runs]


def _panels(networks: Mapping[str, NetworkGrowth]) -> list[Panel]:
    def series(what: str) -> list[Series]:
        return [
            line.series(own.points[what], f"{name}: {_label(line)}")
            for name, own in networks.items()
            if (line := own.lines.get(what)) is not None
        ]

    panels = [Panel("images at once", "milliseconds of all of them", series("batch"), headroom=1.25)]
    for what, x in (("threads", "threads of one session"), ("workers", "workers with a thread each")):
        panels.append(Panel(x, "images a second", series(what), headroom=1.4))
    panels.append(Panel("side of the input, pixels", "milliseconds of one image", series("size"), logarithmic=True))
    return [panel for panel in panels if panel.series]


def _label(line: Line | Power) -> str:
    if isinstance(line, Line):
        return f"{line.start:.1f} + {line.slope:.1f} ms x images"
    return f"slope {line.exponent:.2f} (log-log)"


def _tell(networks: Mapping[str, NetworkGrowth]) -> None:
    print("| network | of | line | share of the variance explained |\n|---|---|---|---|")
    for name, own in networks.items():
        for what, line in own.lines.items():
            grown = what.removesuffix("_power")
            explained = f"{line.r_squared:.4f}" if len(own.points[grown]) > 2 else "two points"
            print(f"| {name} | {what} | {_formula(line, grown)} | {explained} |")


def _formula(line: Line | Power, grown: str) -> str:
    if isinstance(line, Line):
        return f"{line.start:.2f} + {line.slope:.2f} ms x images"
    return f"{line.factor:.3g} x {grown}^{line.exponent:.2f} (log-log slope)"
