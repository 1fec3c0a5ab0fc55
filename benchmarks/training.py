"""How fast training is against plain Keras, and that it is the same training.

    python benchmarks/training.py same     [--backbone resnet152v2]    losses of both, epoch by epoch
    python benchmarks/training.py speed    [--backbone resnet152v2]    S6 whole, against `fit` of the whole graph
    python benchmarks/training.py search                               head search, configurations a minute
    python benchmarks/training.py memory   [--images 10000]            resident memory
    python benchmarks/training.py growth                               seconds by images and by epochs, with slopes

Images are random numbers here: only time, memory and sameness are asked. Each figure is written to
benchmarks/results/training_<what>.json with the machine's cores and versions. The plain side runs for three
epochs a stage, after one that compiles, and is multiplied by the number of epochs; nothing else is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
TRAIN, HELD = 174, 44
"""Patients of the paper's training and test part; the plain side judges every epoch on the second, as the paper did."""


def machine() -> dict[str, object]:
    """What the figures depend on."""
    from edgecad_train.contracting import package_versions

    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    return {"cores": len(os.sched_getaffinity(0)), "processor": model, "versions": package_versions()}


def random_scans(count: int, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Images `(n, size, size, 3)` uint8 in which one class is darker above, and labels `(n,)`."""
    rng = np.random.default_rng(seed)
    labels = (np.arange(count) % 2).astype(np.int64)
    images = rng.integers(0, 255, (count, size, size, 3), dtype=np.uint8)
    images[labels == 1, : size // 2] //= 2
    return images, labels


def network_for(backbone: str, weights: str, dropout: float = 0.3) -> Any:
    """A network with the default head."""
    import keras

    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.network import Head, build_network

    keras.utils.set_random_seed(0)
    return build_network(backbone_named(backbone), weights, Head(64, dropout))


def ours(
    network: Any, plan: Any, images: np.ndarray, labels: np.ndarray, batch: int = 16
) -> tuple[Any, dict[str, float]]:
    """Train by the plan as `edgecad train` does; the history and the seconds of each step."""
    from edgecad_train.networks.network import Head
    from edgecad_train.training.frozen import Scans, Storage
    from edgecad_train.training.stages import StageOptions
    from edgecad_train.training.trainer import Trainer, materials_for

    seconds: dict[str, float] = {}
    begun = time.perf_counter()
    materials = materials_for(network, plan, Scans(images, ""), labels, 0, 1, batch, Storage())
    seconds["frozen part"] = time.perf_counter() - begun
    dropout = network.model.get_layer("head_dropout").rate
    trainer = Trainer(materials, Head(64, dropout), plan, StageOptions(batch))
    begun = last = time.perf_counter()

    def clock(stage: str, done: int, total: int, figures: str) -> None:
        nonlocal last
        now = time.perf_counter()
        seconds[stage] = seconds.get(stage, 0.0) + now - last
        last = now

    history = trainer.train("run", 0, np.arange(TRAIN), np.arange(TRAIN, len(labels)), progress=clock)
    seconds["training"] = time.perf_counter() - begun
    return (history, trainer), seconds


def plan_of(warmup: int, finetune: int) -> Any:
    from edgecad_train.training.strategies import plan_for

    return plan_for("two-stage", 4.0, warmup, finetune)


def same(arguments: argparse.Namespace) -> dict[str, object]:
    """Losses of the cut network and of the whole graph: dropout 0, the same order, from the same weights a stage."""
    from edgecad_train.training.epochs import EpochSeed
    from edgecad_train.training.freezing import cut_of
    from edgecad_train.training.frozen import Scans, Storage, frozen_outputs, layer_of
    from edgecad_train.training.plain import fit_plainly
    from edgecad_train.training.stages import StageOptions, StageRunner, examples_of

    images, labels = random_scans(TRAIN + HELD, 224)
    network = network_for(arguments.backbone, arguments.weights, dropout=0.0)
    train, held = np.arange(TRAIN), np.arange(TRAIN, TRAIN + HELD)
    rows: list[dict[str, object]] = []
    for index, stage in enumerate(plan_of(arguments.epochs, arguments.epochs).stages):
        before, cut = network.model.get_weights(), cut_of(network, stage.part)
        values = frozen_outputs(network, [cut], Scans(images, ""), 16, Storage())[layer_of(cut)]
        runner, seed = StageRunner(network, stage, StageOptions()), EpochSeed(0, 0, index)
        own = runner.run(examples_of([values], train, labels), examples_of([values], held, labels), seed)
        after = network.model.get_weights()
        network.model.set_weights(before)
        told, _ = fit_plainly(
            network, stage, (images[train], labels[train]), (images[held], labels[held]), stage.epochs, seed
        )
        network.model.set_weights(after)
        for epoch, mine in enumerate(own.epochs):
            wanted, held_wanted = told["loss"][epoch], told["val_loss"][epoch]
            rows.append({
                "stage": stage.name, "epoch": epoch + 1, "loss": mine.loss, "plain_loss": wanted,
                "relative": abs(mine.loss - wanted) / wanted, "val_loss": mine.val_loss, "plain_val_loss": held_wanted,
                "val_relative": abs((mine.val_loss or 0.0) - held_wanted) / held_wanted,
            })  # fmt: skip
            print(rows[-1], flush=True)
    worst = {
        f"{name} of {stage}": max(row[name] for row in rows if row["stage"] == stage)
        for name in ("relative", "val_relative")
        for stage in ("warm-up", "fine-tuning")
    }
    return {"backbone": arguments.backbone, "weights": arguments.weights, "worst": worst, "rows": rows}


def speed(arguments: argparse.Namespace) -> dict[str, object]:
    """S6 of 100 + 30 epochs: this process from start to a saved model, against plain `fit`, epoch by epoch."""
    from edgecad_train.training.plain import plain_seconds

    plan = plan_of(100, 30)
    images, labels = random_scans(TRAIN + HELD, 224 if "inception" not in arguments.backbone else 299)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import training; training.whole_process(*sys.argv[2:])"
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-c",
            code,
            str(Path(__file__).parent),
            arguments.backbone,
            arguments.weights,
            folder,
        ]
        runs = []
        for _ in range(arguments.repeats):
            begun = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            runs.append({"whole_process": time.perf_counter() - begun, **json.loads(done.stdout.splitlines()[-1])})
            print(runs[-1], flush=True)
    network = network_for(arguments.backbone, arguments.weights)
    train, held = (images[:TRAIN], labels[:TRAIN]), (images[TRAIN:], labels[TRAIN:])
    plain = {stage.name: plain_seconds(network, stage, train, held) for stage in plan.stages}
    whole = sum(stage.epochs * plain[stage.name] for stage in plan.stages)
    taken = float(np.median([run["whole_process"] for run in runs]))
    return {
        "backbone": arguments.backbone, "runs": runs, "plain_seconds_an_epoch": plain, "plain_seconds": whole,
        "seconds": taken, "times_faster": whole / taken,
        "warm_up_in_feature_passes": float(np.median([run["warm-up"] / run["frozen part"] for run in runs])),
    }  # fmt: skip


def whole_process(backbone: str, weights: str, folder: str) -> None:
    """What `speed` times from the outside: build, train by S6, save."""
    import edgecad_train  # noqa: F401 - sets TensorFlow's switches

    images, labels = random_scans(TRAIN + HELD, 224 if "inception" not in backbone else 299)
    (_, trainer), seconds = ours(network_for(backbone, weights), plan_of(100, 30), images, labels)
    begun = time.perf_counter()
    trainer.network.model.save(Path(folder) / "model.keras")
    print(json.dumps({**seconds, "save": time.perf_counter() - begun}))


def search(arguments: argparse.Namespace) -> dict[str, object]:
    """Configurations a minute on features as MobileNetV2 gives them: 174 scans, 1280 channels, one validation part."""
    from edgecad_train.training.search import Fold, SearchOptions, search_head

    rng = np.random.default_rng(0)
    labels = (np.arange(TRAIN) % 2).astype(np.int64)
    features = np.abs(rng.normal(size=(TRAIN, 1280))).astype(np.float32)
    features[labels == 1, :40] += 0.3
    folds = [Fold(np.arange(139), np.arange(139, TRAIN))]
    begun = time.perf_counter()
    choice = search_head(features, labels, folds, SearchOptions(arguments.trials, 100), 0)
    taken = time.perf_counter() - begun
    return {
        "trials": arguments.trials,
        "seconds": taken,
        "a_minute": 60 * arguments.trials / taken,
        "found": str(choice),
    }


def memory(arguments: argparse.Namespace) -> dict[str, object]:
    """Peak resident memory of a run over many images, which lie in a file as prepared scans do past the budget."""
    from edgecad_train.data.store import RowStore

    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        rng = np.random.default_rng(0)
        with RowStore(arguments.images, (224, 224, 3), np.uint8, scratch=Path(folder)) as store:
            for _ in range(arguments.images):
                store.add(rng.integers(0, 255, (224, 224, 3), dtype=np.uint8))
            images = store.rows()
        labels = (np.arange(arguments.images) % 2).astype(np.int64)
        begun = time.perf_counter()
        _memory_run(arguments, images, labels, Path(folder))
        taken = time.perf_counter() - begun
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {
        "backbone": arguments.backbone, "images": arguments.images, "seconds": taken,
        "peak_resident_GB": int(peak.split()[1]) * 1024 / 1e9,
    }  # fmt: skip


def _memory_run(arguments: argparse.Namespace, images: Any, labels: Any, folder: Path) -> None:
    from edgecad_train.networks.network import Head
    from edgecad_train.training.frozen import Scans, Storage
    from edgecad_train.training.stages import StageOptions
    from edgecad_train.training.trainer import Trainer, materials_for

    network, plan = network_for(arguments.backbone, arguments.weights), plan_of(2, 1)
    materials = materials_for(network, plan, Scans(images, ""), labels, 0, 1, 16, Storage(folder))
    trainer = Trainer(materials, Head(), plan, StageOptions())
    kept = int(0.8 * len(labels))
    trainer.train("run", 0, np.arange(kept), np.arange(kept, len(labels)))
    trainer.explain(np.arange(len(labels)))


def growth(arguments: argparse.Namespace) -> dict[str, object]:
    """Seconds by images and by epochs, MobileNetV2, with slopes."""
    points: dict[str, list[list[float]]] = {"images": [], "epochs": []}
    for count in (60, 120, 240, 480, 960):
        images, labels = random_scans(count, 224)
        points["images"].append([count, _grown(arguments, images, labels, 40, 10)])
        print("images", points["images"][-1], flush=True)
    images, labels = random_scans(240, 224)
    for epochs in (10, 20, 40, 80, 160):
        points["epochs"].append([epochs, _grown(arguments, images, labels, epochs, epochs)])
        print("epochs", points["epochs"][-1], flush=True)
    _draw_growth(points)
    return {"backbone": "mobilenetv2", "points": points}


def _grown(arguments: argparse.Namespace, images: Any, labels: Any, warmup: int, finetune: int) -> float:
    from edgecad_train.networks.network import Head
    from edgecad_train.training.frozen import Scans, Storage
    from edgecad_train.training.stages import StageOptions
    from edgecad_train.training.trainer import Trainer, materials_for

    network, plan = network_for("mobilenetv2", arguments.weights), plan_of(warmup, finetune)
    begun = time.perf_counter()
    materials = materials_for(network, plan, Scans(images, ""), labels, 0, 1, 16, Storage())
    trainer = Trainer(materials, Head(), plan, StageOptions())
    kept = int(0.8 * len(labels))
    trainer.train("run", 0, np.arange(kept), np.arange(kept, len(labels)))
    return time.perf_counter() - begun


def _draw_growth(points: dict[str, list[list[float]]]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, (what, pairs) in zip(figure.subplots(1, 2), points.items(), strict=True):
        x, y = np.array(pairs).T
        slope, start = np.polyfit(x, y, 1)
        axes.plot(x, y, "o", color="#2b5c8a")
        axes.plot(x, start + slope * x, color="#c8641e", label=f"{start:.1f} s + {slope * 1000:.1f} ms x {what}")
        axes.set(xlabel=f"{what}{' of each stage' if what == 'epochs' else ''}", ylabel="seconds", xlim=0, ylim=0)
        axes.grid(alpha=0.25)
        axes.legend(loc="upper left")
    figure.savefig(Path(__file__).parent / "pictures" / "training_growth.png", dpi=110)


WHAT: dict[str, Callable[[argparse.Namespace], dict[str, object]]] = {
    "same": same, "speed": speed, "search": search, "memory": memory, "growth": growth,
}  # fmt: skip


def main() -> None:
    """Measure one thing and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--backbone", default="resnet152v2")
    parser.add_argument("--weights", default="none", help="none, imagenet or a file")
    parser.add_argument("--epochs", type=int, default=12, help="of each stage, for `same`")
    parser.add_argument("--repeats", type=int, default=1, help="whole runs, for `speed`")
    parser.add_argument("--trials", type=int, default=200, help="for `search`")
    parser.add_argument("--images", type=int, default=10_000, help="for `memory`")
    parser.add_argument("--scratch", type=Path, default=None, help="folder for large files, for `memory`")
    arguments = parser.parse_args()
    found = {"what": arguments.what, "machine": machine(), **WHAT[arguments.what](arguments)}
    RESULTS.mkdir(exist_ok=True)
    suffix = f"_{arguments.backbone}" if arguments.what in ("same", "speed", "memory") else ""
    (RESULTS / f"training_{arguments.what}{suffix}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({key: value for key, value in found.items() if key not in ("rows", "machine")}, indent=1))


if __name__ == "__main__":
    main()
