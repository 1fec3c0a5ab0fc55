"""The whole of `edgecad train`, in turn with epochs of plain Keras."""

from __future__ import annotations

import json
import os
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from measures.command import Ended, edgecad_train, run_command
from measures.same import STAGES, network_for, stages_of
from measures.scans import Parts, labels_of, pictures, size_of, write_data

TIMES_FASTER = {"resnet152v2": 15.0, "mobilenetv2": 10.0}
FEATURE_PASSES = 1.3
MAX_SPREAD, MAX_PLAIN_RATIO = 0.25, 1.2
"""Past these the machine was busy: the same work took too different times, or less work took longer."""
PROGRAM = Path(__file__).resolve().parents[1] / "training.py"
Found = dict[str, Any]


def plain(arguments: Namespace) -> Found:
    """Seconds an epoch of one stage by Keras' `fit` of the whole graph; the other side of `speed`."""
    import edgecad_train  # noqa: F401 - sets TensorFlow's switches

    network, count = network_for(arguments), arguments.train + arguments.held
    from edgecad_train.training.epochs import EpochSeed
    from edgecad_train.training.plain import fit_plainly

    images, labels = np.stack([*pictures(count, size_of(arguments.backbone))]), labels_of(count)
    stage = stages_of(1, 1)[STAGES.index(arguments.stage)]
    train, held = ((images[rows], labels[rows]) for rows in (slice(arguments.train), slice(arguments.train, None)))
    _, seconds = fit_plainly(network, stage, train, held, 1 + arguments.plain_epochs, EpochSeed(0, 0, 0))
    switches = {name: os.environ.get(name) for name in ("TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS")}
    return {"stage": stage.name, "compiling": seconds[0], "seconds": seconds[1:], "environment": switches}


def speed(arguments: Namespace) -> Found:
    """S6, the whole command from start to exit, in turn with epochs of plain Keras."""
    parts = Parts(arguments.train, arguments.held, arguments.test)
    runs: list[tuple[Ended, Found]] = []
    plainly: dict[str, list[float]] = {stage: [] for stage in STAGES}
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        write_data(Path(folder), parts, size_of(arguments.backbone))
        # Both stages are timed equally often, and a run of ours lies between any two of them.
        for turn in range(arguments.repeats + arguments.repeats % 2):
            told = _plain_apart(arguments, STAGES[turn % 2], Path(folder))
            plainly[STAGES[turn % 2]] += told["seconds"]
            print(told, flush=True)
            if turn < arguments.repeats:
                runs.append(edgecad_train(arguments, Path(folder), arguments.warmup_epochs, arguments.finetune_epochs))
                print(runs[-1][0], runs[-1][1]["seconds_by_step"], flush=True)
    return {"backbone": arguments.backbone, "scans": vars(parts), **_compared(arguments, runs, plainly, told)}


def _plain_apart(arguments: Namespace, stage: str, folder: Path) -> Found:
    words = [PROGRAM, "plain", "--stage", stage, "--results", folder, "--plain-epochs", arguments.plain_epochs]
    words += ["--backbone", arguments.backbone, "--weights", arguments.weights]
    run_command([*words, "--train", arguments.train, "--held", arguments.held], folder)
    return json.loads((folder / f"training_plain_{arguments.backbone}.json").read_text())


def _compared(
    arguments: Namespace, runs: list[tuple[Ended, Found]], plainly: dict[str, list[float]], told: Found
) -> Found:
    whole = timed([ended.seconds for ended, _ in runs])
    steps = [run["seconds_by_step"] for _, run in runs]
    plain_epoch = {stage: timed(seconds) for stage, seconds in plainly.items()}
    epochs = dict(zip(STAGES, (arguments.warmup_epochs, arguments.finetune_epochs), strict=True))
    plain_whole = sum(epochs[stage] * plain_epoch[stage]["median"] for stage in STAGES)
    times, wanted = plain_whole / whole["median"], TIMES_FASTER.get(arguments.backbone)
    # The frozen part ends at the pooled features.
    passes = float(np.median([(step["frozen"] + step["warm-up"]) / step["frozen"] for step in steps]))
    reasons = noise(whole, plain_epoch)
    return {
        "epochs": epochs, "environment": told["environment"], "settings": runs[0][1]["settings"],
        "whole_command": whole, "seconds_by_step": steps, "peak_resident_GB": [ended.peak_gb for ended, _ in runs],
        "plain_epoch": plain_epoch, "plain_seconds": plain_whole,
        "times_faster": times, "times_faster_wanted": wanted, "times_faster_held": wanted and times >= wanted,
        "warm_up_in_feature_passes": passes, "warm_up_wanted": FEATURE_PASSES, "warm_up_held": passes <= FEATURE_PASSES,
        "noisy": bool(reasons), "noisy_because": reasons,
    }  # fmt: skip


def timed(seconds: Sequence[float]) -> Found:
    """All of them, their median, and their spread: largest less smallest, of the median."""
    median = float(np.median(seconds))
    return {"seconds": list(seconds), "median": median, "spread": (max(seconds) - min(seconds)) / median}


def noise(whole: Found, plain_epoch: dict[str, Found]) -> list[str]:
    """Why the figures are not to be trusted, if so."""
    entries = {"the whole command": whole} | {f"a plain {stage} epoch": told for stage, told in plain_epoch.items()}
    reasons = [
        f"{name} took between {min(told['seconds']):.1f} and {max(told['seconds']):.1f} s"
        for name, told in entries.items()
        if told["spread"] > MAX_SPREAD
    ]
    warmup, finetune = (plain_epoch[stage]["median"] for stage in STAGES)
    if warmup > MAX_PLAIN_RATIO * finetune:
        reasons.append(
            f"a plain warm-up epoch took {warmup:.1f} s and a fine-tuning one, which does more, {finetune:.1f}"
        )
    return reasons
