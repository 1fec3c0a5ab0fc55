"""The whole of `edgecad train`, in turn with epochs of plain Keras."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np

from measures.command import ProcessEnd, run_command
from measures.training.options import STAGES, StageName, TrainingOptions
from measures.training.same import network_for, stages_of
from measures.training.scans import PartSizes, labels_of, pictures, size_of, write_data
from measures.training.whole_command import TrainRecord, edgecad_train

TIMES_FASTER = {"resnet152v2": 15.0, "mobilenetv2": 10.0}
FEATURE_PASSES = 1.3
MAX_SPREAD, MAX_PLAIN_RATIO = 0.25, 1.2
"""Past these the machine was busy: the same work took too different times, or less work took longer."""
PROGRAM = Path(__file__).resolve().parents[2] / "training.py"


class PlainEpochs(msgspec.Struct, frozen=True):
    """Seconds an epoch of one stage; `compiling` is the first one, which does not count."""

    stage: str
    compiling: float
    seconds: list[float]
    environment: dict[str, str | None]


class Timed(msgspec.Struct, frozen=True):
    """Seconds, their median, and their spread: largest less smallest, of the median."""

    seconds: list[float]
    median: float
    spread: float


class Speed(msgspec.Struct, frozen=True):
    """The whole command beside plain Keras; what ends in `wanted` is a bound, None where there is none."""

    backbone: str
    scans: dict[str, int]
    epochs: dict[StageName, int]
    environment: dict[str, str | None]
    settings: dict[str, object]
    whole_command: Timed
    seconds_by_step: list[dict[str, float]]
    peak_gb: list[float] = msgspec.field(name="peak_resident_GB")
    plain_epoch: dict[StageName, Timed]
    plain_seconds: float
    times_faster: float
    times_faster_wanted: float | None
    times_faster_held: bool | None
    warm_up_in_feature_passes: float
    warm_up_wanted: float
    warm_up_held: bool
    noisy: bool
    noisy_because: list[str]


def plain(options: TrainingOptions) -> PlainEpochs:
    """Seconds an epoch of one stage by Keras' `fit` of the whole graph; the other side of `speed`."""
    import edgecad_train  # noqa: F401 - sets TensorFlow's switches

    network, count = network_for(options), options.train + options.held
    from edgecad_train.training.epochs import EpochSeed
    from edgecad_train.training.plain import fit_plainly

    images, labels = np.stack([*pictures(count, size_of(options.backbone))]), labels_of(count)
    stage = stages_of(1, 1)[STAGES.index(options.stage)]
    train, held = ((images[rows], labels[rows]) for rows in (slice(options.train), slice(options.train, None)))
    _, seconds = fit_plainly(network, stage, train, held, 1 + options.plain_epochs, EpochSeed(0, 0, 0))
    switches = {name: os.environ.get(name) for name in ("TF_NUM_INTRAOP_THREADS", "TF_ENABLE_ONEDNN_OPTS")}
    return PlainEpochs(stage.name, seconds[0], seconds[1:], switches)


def speed(options: TrainingOptions) -> Speed:
    """S6, the whole command from start to exit, in turn with epochs of plain Keras."""
    parts = PartSizes(options.train, options.held, options.test)
    runs: list[tuple[ProcessEnd, TrainRecord]] = []
    plainly: list[PlainEpochs] = []
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        write_data(Path(folder), parts, size_of(options.backbone))
        # Both stages are timed equally often, and a run of ours lies between any two of them.
        for turn in range(options.repeats + options.repeats % 2):
            plainly.append(_plain_apart(options, STAGES[turn % 2], Path(folder)))
            print(plainly[-1], flush=True)
            if turn < options.repeats:
                runs.append(_whole(options, Path(folder)))
                print(runs[-1][0], runs[-1][1].seconds_by_step, flush=True)
    return _compared(options, parts, runs, plainly)


def _whole(options: TrainingOptions, folder: Path) -> tuple[ProcessEnd, TrainRecord]:
    return edgecad_train(options.backbone, options.weights, folder, options.warmup_epochs, options.finetune_epochs)


def _plain_apart(options: TrainingOptions, stage: str, folder: Path) -> PlainEpochs:
    words = [PROGRAM, "plain", "--stage", stage, "--results", folder, "--plain-epochs", options.plain_epochs]
    words += ["--backbone", options.backbone, "--weights", options.weights]
    run_command([*words, "--train", options.train, "--held", options.held], folder)
    return msgspec.json.decode((folder / f"training_plain_{options.backbone}.json").read_bytes(), type=PlainEpochs)


def _compared(
    options: TrainingOptions,
    parts: PartSizes,
    runs: Sequence[tuple[ProcessEnd, TrainRecord]],
    plainly: Sequence[PlainEpochs],
) -> Speed:
    whole = timed([ended.seconds for ended, _ in runs])
    steps = [run.seconds_by_step for _, run in runs]
    plain_epoch = {
        stage: timed([taken for own in plainly if own.stage == stage for taken in own.seconds]) for stage in STAGES
    }
    epochs = dict(zip(STAGES, (options.warmup_epochs, options.finetune_epochs), strict=True))
    plain_whole = sum(epochs[stage] * plain_epoch[stage].median for stage in STAGES)
    times, bound = plain_whole / whole.median, TIMES_FASTER.get(options.backbone)
    # The frozen part ends at the pooled features.
    passes = float(np.median([(step["frozen"] + step["warm-up"]) / step["frozen"] for step in steps]))
    reasons = noise(whole, plain_epoch)
    return Speed(
        backbone=options.backbone,
        scans=asdict(parts),
        epochs=epochs,
        environment=plainly[-1].environment,
        settings=runs[0][1].settings,
        whole_command=whole,
        seconds_by_step=steps,
        peak_gb=[ended.peak_gb for ended, _ in runs],
        plain_epoch=plain_epoch,
        plain_seconds=plain_whole,
        times_faster=times,
        times_faster_wanted=bound,
        times_faster_held=None if bound is None else times >= bound,
        warm_up_in_feature_passes=passes,
        warm_up_wanted=FEATURE_PASSES,
        warm_up_held=passes <= FEATURE_PASSES,
        noisy=bool(reasons),
        noisy_because=reasons,
    )


def timed(seconds: Sequence[float]) -> Timed:
    """Of at least one time."""
    median = float(np.median(seconds))
    return Timed(list(seconds), median, (max(seconds) - min(seconds)) / median)


def noise(whole: Timed, plain_epoch: Mapping[StageName, Timed]) -> list[str]:
    """Why the figures are not to be trusted, if so."""
    entries = {"the whole command": whole} | {f"a plain {stage} epoch": own for stage, own in plain_epoch.items()}
    reasons = [
        f"{name} took between {min(own.seconds):.1f} and {max(own.seconds):.1f} s"
        for name, own in entries.items()
        if own.spread > MAX_SPREAD
    ]
    warmup, finetune = (plain_epoch[stage].median for stage in STAGES)
    if warmup > MAX_PLAIN_RATIO * finetune:
        reasons.append(
            f"a plain warm-up epoch took {warmup:.1f} s and a fine-tuning one, which does more, {finetune:.1f}"
        )
    return reasons
