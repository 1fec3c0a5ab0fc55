"""How much EdgeCAD trains in a time and a memory: head search, many images, growth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np

from measures.lines import Line, Panel, Points, draw, line_through
from measures.training.options import TrainingOptions
from measures.training.scans import labels_of, parts_of, size_of, write_data
from measures.training.whole_command import edgecad_train

SEARCHED_A_MINUTE, MEMORY_GB = 200.0, 4.0
GROWN = "mobilenetv2"


class SearchRate(msgspec.Struct, frozen=True):
    """Configurations a minute, the bound on them (`wanted`), and the best in words (`found`)."""

    trials: int
    scans: int
    seconds: float
    a_minute: float
    wanted: float
    held: bool
    found: str


class PeakMemory(msgspec.Struct, frozen=True):
    """The most resident memory of a whole command, and the bound on it (`wanted`)."""

    backbone: str
    images: int
    settings: dict[str, object]
    seconds: float
    seconds_by_step: dict[str, float]
    peak_gb: float = msgspec.field(name="peak_resident_GB")
    wanted: float
    held: bool


class TrainingGrowth(msgspec.Struct, frozen=True):
    """Seconds by `images` and by `epochs`, and the lines through them."""

    backbone: str
    points: dict[str, Points]
    lines: dict[str, Line]


def search(options: TrainingOptions) -> SearchRate:
    """Configurations a minute on features as MobileNetV2 gives them: 1280 channels, one validation part."""
    from edgecad_train.training.search.hyperband import Fold, SearchOptions, search_head

    rng, count = np.random.default_rng(0), options.train
    labels = labels_of(count)
    features = np.abs(rng.normal(size=(count, 1280))).astype(np.float32)
    features[labels == 1, :40] += 0.3
    folds = [Fold(np.arange(count * 4 // 5), np.arange(count * 4 // 5, count))]
    begun = time.perf_counter()
    choice = search_head(features, labels, folds, SearchOptions(options.trials, options.warmup_epochs), 0)
    taken = time.perf_counter() - begun
    rate = 60 * options.trials / taken
    held = rate >= SEARCHED_A_MINUTE
    return SearchRate(options.trials, count, taken, rate, SEARCHED_A_MINUTE, held, str(choice))


def memory(options: TrainingOptions) -> PeakMemory:
    """The most resident memory of a run over many images, 2 + 1 epochs."""
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        write_data(Path(folder), parts_of(options.images, options.test), size_of(options.backbone))
        ended, run = edgecad_train(options.backbone, options.weights, Path(folder), 2, 1)
    return PeakMemory(
        backbone=options.backbone,
        images=run.scans,
        settings=run.settings,
        seconds=ended.seconds,
        seconds_by_step=run.seconds_by_step,
        peak_gb=ended.peak_gb,
        wanted=MEMORY_GB,
        held=ended.peak_gb < MEMORY_GB,
    )


def growth(options: TrainingOptions) -> TrainingGrowth:
    """Seconds of the whole command by images and by epochs, with slopes."""
    points: dict[str, Points] = {
        "images": [(count, _seconds(options, count, 40, 10)) for count in options.counts],
        "epochs": [
            (epochs, _seconds(options, options.epoch_images, epochs, epochs)) for epochs in options.epoch_counts
        ],
    }
    lines = {what: line_through(pairs) for what, pairs in points.items()}
    _draw_growth(points, lines, options.results.parent / "pictures")
    return TrainingGrowth(GROWN, points, lines)


def _seconds(options: TrainingOptions, count: int, warmup: int, finetune: int) -> float:
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        write_data(Path(folder), parts_of(count, options.test), size_of(GROWN))
        ended, _ = edgecad_train(GROWN, options.weights, Path(folder), warmup, finetune)
    print(f"{count} images, {warmup} + {finetune} epochs: {ended.seconds:.1f} s", flush=True)
    return ended.seconds


def _draw_growth(points: Mapping[str, Points], lines: Mapping[str, Line], folder: Path) -> None:
    panels = []
    for what, pairs in points.items():
        line = lines[what]
        label = f"{line.start:.1f} s + {line.slope * 1000:.1f} ms x {what}"
        x = f"{what}{' of each stage' if what == 'epochs' else ''}"
        panels.append(Panel(x, "seconds", [line.series(pairs, label)]))
    draw(panels, folder / "training_growth.png")
