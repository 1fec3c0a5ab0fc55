"""The command line that makes a run again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import PurePath

from edgecad.contract import Preparation
from edgecad_train.data.labelled import PATIENT_FROM_RULE
from edgecad_train.report.records import RunRecord, RunSettings

PATIENT_RULE = re.compile(re.escape(PATIENT_FROM_RULE).replace(re.escape("{}"), "(.*)"))
"""How run.json says that --patient-from was given."""


def command_of(record: RunRecord, preparation: Preparation) -> str:
    """The line, from the run's settings; DATA stands for the folder."""
    groups = [["edgecad", "train", "DATA"], *_data(record, preparation), *_learning(record.settings)]
    return " \\\n    ".join(shlex.join(words) for words in [*groups, *_extras(record.settings)])


def _data(record: RunRecord, preparation: Preparation) -> Iterator[list[str]]:
    """Options about scans and patients, an option and its value together."""
    yield ["--split", "split.json"]
    found = PATIENT_RULE.fullmatch(record.patient_rule)
    if found:
        yield ["--patient-from", found[1]]
    if preparation.region or preparation.crop != "polar-map":
        yield ["--crop", str(preparation.region or preparation.crop)]
    yield ["--labelled-by", record.settings.reference]


def _learning(settings: RunSettings) -> Iterator[list[str]]:
    """Options about the network and its stages."""
    yield ["--backbone", settings.backbone, "--weights", _weights(settings.weights)]
    yield ["--strategy", settings.plan.strategy]
    for stage in settings.plan.stages:
        yield ["--finetune-epochs" if stage.part == "top" else "--warmup-epochs", str(stage.epochs)]
    yield ["--activation", settings.head.activation]
    if not settings.search_trials:  # a search finds these three, whatever is given
        yield ["--units", str(settings.head.units), "--dropout", f"{settings.head.dropout:g}"]
        yield ["--lr-exponent", f"{settings.plan.lr_exponent:g}"]
    yield ["--decide", settings.decide]
    yield ["--batch-size", str(settings.batch_size), "--seed", str(settings.seed)]


def _extras(settings: RunSettings) -> Iterator[list[str]]:
    """Options that are off unless asked for."""
    if any(stage.layerwise for stage in settings.plan.stages):
        yield ["--layerwise"]
    if settings.class_weights != "none":
        yield ["--class-weights", settings.class_weights]
    if settings.patience is not None:
        yield ["--early-stopping", str(settings.patience)]
    if settings.passes > 1:
        yield ["--augment", str(settings.passes)]
    if settings.search_trials:
        yield ["--search", "--search-trials", str(settings.search_trials)]
    if settings.select_on_test:
        yield ["--show-optimism-of-selecting-on-test"]


def _weights(weights: str) -> str:
    """A file's own name, not the folder it lay in."""
    return weights if weights in ("imagenet", "none") else PurePath(weights).name
