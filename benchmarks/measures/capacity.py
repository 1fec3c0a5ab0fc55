"""How much EdgeCAD trains in a time and a memory: head search, many images, growth."""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from measures.command import edgecad_train
from measures.lines import Panel, Points, draw, line_through, straight
from measures.scans import labels_of, parts_of, size_of, write_data

SEARCHED_A_MINUTE, MEMORY_GB = 200.0, 4.0
Found = dict[str, Any]


def search(arguments: Namespace) -> Found:
    """Configurations a minute on features as MobileNetV2 gives them: 1280 channels, one validation part."""
    from edgecad_train.training.search.hyperband import Fold, SearchOptions, search_head

    rng, count = np.random.default_rng(0), arguments.train
    labels = labels_of(count)
    features = np.abs(rng.normal(size=(count, 1280))).astype(np.float32)
    features[labels == 1, :40] += 0.3
    folds = [Fold(np.arange(count * 4 // 5), np.arange(count * 4 // 5, count))]
    begun = time.perf_counter()
    choice = search_head(features, labels, folds, SearchOptions(arguments.trials, arguments.warmup_epochs), 0)
    taken = time.perf_counter() - begun
    rate = 60 * arguments.trials / taken
    return {
        "trials": arguments.trials, "scans": count, "seconds": taken, "a_minute": rate, "wanted": SEARCHED_A_MINUTE,
        "held": rate >= SEARCHED_A_MINUTE, "found": str(choice),
    }  # fmt: skip


def memory(arguments: Namespace) -> Found:
    """The most resident memory of a run over many images, 2 + 1 epochs."""
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        write_data(Path(folder), parts_of(arguments.images, arguments.test), size_of(arguments.backbone))
        ended, run = edgecad_train(arguments, Path(folder), 2, 1)
    return {
        "backbone": arguments.backbone, "images": run["scans"], "settings": run["settings"], "seconds": ended.seconds,
        "seconds_by_step": run["seconds_by_step"], "peak_resident_GB": ended.peak_gb, "wanted": MEMORY_GB,
        "held": ended.peak_gb < MEMORY_GB,
    }  # fmt: skip


def growth(arguments: Namespace) -> Found:
    """Seconds of the whole command by images and by epochs, with slopes."""
    arguments.backbone = "mobilenetv2"
    points = {
        "images": [(count, _grown(arguments, count, 40, 10)) for count in arguments.counts],
        "epochs": [
            (epochs, _grown(arguments, arguments.epoch_images, epochs, epochs)) for epochs in arguments.epoch_counts
        ],
    }
    lines = {what: line_through(pairs) for what, pairs in points.items()}
    _draw_growth(points, lines, arguments.results.parent / "pictures")
    return {"backbone": arguments.backbone, "points": points, "lines": lines}


def _grown(arguments: Namespace, count: int, warmup: int, finetune: int) -> float:
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        write_data(Path(folder), parts_of(count, arguments.test), size_of(arguments.backbone))
        ended, _ = edgecad_train(arguments, Path(folder), warmup, finetune)
    print(f"{count} images, {warmup} + {finetune} epochs: {ended.seconds:.1f} s", flush=True)
    return ended.seconds


def _draw_growth(points: Mapping[str, Points], lines: Mapping[str, dict[str, float]], folder: Path) -> None:
    panels = []
    for what, pairs in points.items():
        line = lines[what]
        label = f"{line['start']:.1f} s + {line['slope'] * 1000:.1f} ms x {what}"
        x = f"{what}{' of each stage' if what == 'epochs' else ''}"
        panels.append(Panel(x, "seconds", [straight(pairs, line, label)]))
    draw(panels, folder / "training_growth.png")
