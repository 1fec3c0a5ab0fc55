"""The command line that makes a run again."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator
from pathlib import PurePath

from edgecad_train.report.records import PlanSettings, RunRecord, RunSettings

LOW_RATE_ALONE = "fine-tuning"
"""The strategy whose one stage runs at LR2 = 10^-(a+2); all others begin at LR1 = 10^-a."""


def command_of(record: RunRecord) -> str:
    """The line as it was typed if run.json kept it, else rebuilt from the settings; DATA stands for the folder."""
    if record.command:
        return record.command
    return " \\\n    ".join(shlex.join(words) for words in _options(record.settings))


def _options(settings: RunSettings) -> Iterator[list[str]]:
    """The command's words, an option and its value together."""
    yield ["edgecad", "train", "DATA"]
    yield ["--backbone", settings.backbone, "--weights", _weights(settings.weights)]
    yield ["--strategy", settings.plan.strategy, "--lr-exponent", f"{_exponent(settings.plan):g}"]
    for stage in settings.plan.stages:
        yield ["--finetune-epochs" if stage.part == "top" else "--warmup-epochs", str(stage.epochs)]
    if any(stage.layerwise for stage in settings.plan.stages):
        yield ["--layerwise"]
    yield ["--units", str(settings.head.units), "--dropout", f"{settings.head.dropout:g}"]
    yield ["--batch-size", str(settings.batch_size), "--seed", str(settings.seed)]
    yield ["--labelled-by", settings.reference]
    yield ["--split", "split.json"]


def _weights(weights: str) -> str:
    """A file's own name, not the folder it lay in."""
    return weights if weights in ("imagenet", "none") else PurePath(weights).name


def _exponent(plan: PlanSettings) -> float:
    if plan.lr_exponent is not None:
        return plan.lr_exponent
    a = -math.log10(plan.stages[0].learning_rate)
    return round(a - 2 if plan.strategy == LOW_RATE_ALONE else a, 6)
