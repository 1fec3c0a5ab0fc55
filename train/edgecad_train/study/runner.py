"""What does a unit's work: `edgecad_train.running.training.train`, as `edgecad train` uses it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.answer.heatmap import share_outside_disc
from edgecad.contract import Decision
from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.network import build_network
from edgecad_train.networks.weightsfile import weights_digest
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.orders import Order
from edgecad_train.study.plain import PlainTask
from edgecad_train.study.results.unit_result import Finished, PlainTime, Predictions, Result, StageRun
from edgecad_train.study.scans import stored_scans
from edgecad_train.study.units import Unit, Weights
from edgecad_train.study.work import Progress
from edgecad_train.training.plain import plain_seconds
from edgecad_train.training.settings import Settings

PLAIN_EPOCHS = 3


class KerasRunner:
    """Runs units of one study folder, with prepared scans and frozen activations from its cache."""

    def __init__(self, folder: StudyFolder, order: Order) -> None:
        self._folder = folder
        self._order = order

    def run(self, unit: Unit, progress: Progress) -> Finished:
        """Train and evaluate one unit."""
        data = self._data(unit.preparation.size)
        cache = self._folder.path / "cache" / "activations"
        weights = self._weights(unit.backbone, unit.weights)
        return run_unit(unit, data, self._folder.partition(unit), weights, self._order.threads, progress, cache)

    def time_plain(self, task: PlainTask) -> PlainTime:
        """Measure plain Keras on one kind of stage."""
        unit = task.unit
        data = self._data(unit.preparation.size)
        settings = settings_of(unit, self._weights(unit.backbone, unit.weights))
        keras.utils.set_random_seed(unit.seed)
        network = build_network(backbone_named(unit.backbone), settings.first_weights, settings.head)
        partition = self._folder.partition(unit)
        split = partition if isinstance(partition, Split) else partition.split(0)
        train, held = (rows_of(data.cases, members) for members in (split.train, split.validation))
        seconds = plain_seconds(
            network,
            task.stage,
            (data.images[train], data.labels[train]),
            (data.images[held], data.labels[held]),
            PLAIN_EPOCHS,
            settings.batch_size,
        )
        keras.backend.clear_session()
        return PlainTime(
            backbone=unit.backbone, kind=task.kind, seconds=seconds, epochs=PLAIN_EPOCHS, threads=self._order.threads
        )

    def _data(self, size: int) -> PreparedData:
        return stored_scans(self._folder.path / "cache", size)

    def _weights(self, backbone: str, weights: Weights) -> str:
        path = self._order.weights_files.get(backbone)
        return weights_argument(weights, Path(path) if path else None)


def weights_argument(weights: Weights, path: Path | None) -> str:
    """What `Settings.weights` takes, once the file is known to be the one that the unit names.

    Raises:
        UsageError: the file has changed, or is gone.
    """
    if not weights.sha256:
        return weights.name
    if path is None or not path.is_file():
        raise UsageError(f"the weights file {weights.name} is gone; put it back, or begin a new study")
    if _digest(path, path.stat().st_mtime_ns) != weights.sha256:
        raise UsageError(f"{path} is not the weights file that the study began with; put that one back")
    return "imagenet" if weights.name == "imagenet" else str(path)


@lru_cache(maxsize=32)
def _digest(path: Path, changed: int) -> str:
    return weights_digest(path)


def settings_of(unit: Unit, weights: str) -> Settings:
    """The unit in the words of `edgecad_train.running.training`."""
    training = unit.training
    return Settings(
        backbone=unit.backbone,
        weights=weights,
        strategy=unit.strategy,
        layerwise=unit.layerwise,
        lr_exponent=training.lr_exponent,
        warmup_epochs=training.warmup_epochs,
        finetune_epochs=training.finetune_epochs,
        units=training.hidden_units,
        dropout=training.dropout,
        activation=training.activation,
        batch_size=training.batch_size,
        seed=unit.seed,
        decide=training.decide,
    )


def run_unit(
    unit: Unit,
    data: PreparedData,
    partition: Split | Folds,
    weights: str,
    threads: int,
    progress: Progress | None = None,
    cache: Path | None = None,
) -> Finished:
    """Train and evaluate one unit; the same unit gives the same figures, whatever ran before it in this process."""
    if partition.sha256 != unit.split_sha256 or data.sha256 != unit.data_sha256:
        raise UsageError("data or split are not those that the study began with; begin a new study")
    keras.backend.clear_session()
    outcome = train(data, partition, settings_of(unit, weights), unit.name, progress, cache=cache)
    return _finished(unit, outcome, data, partition, threads)


def _finished(
    unit: Unit, outcome: TrainingOutcome, data: PreparedData, partition: Split | Folds, threads: int
) -> Finished:
    rows = rows_of(data.cases, partition.test)
    maps = np.asarray(outcome.score_maps[rows], np.float32)
    result = Result(
        unit=unit,
        origin=data.origin,
        evaluations=outcome.evaluations,
        predictions=predictions_of(data, partition, outcome.log_odds, outcome.contract.decision),
        weights=outcome.contract.weights,
        full_scale=outcome.contract.heatmap.full_scale,
        evidence_outside=evidence_outside(maps) if unit.preparation.crop == "polar-map" else None,
        stages=_stages(outcome),
        scans=len(rows_of(data.cases, partition.development)),
        # What a unit found in the cache counts as if it had been computed here: the first to come pays for no other.
        seconds=round(sum(outcome.seconds_by_step.values()), 2),
        seconds_by_step=outcome.seconds_by_step,
        threads=threads,
    )
    return Finished(result, maps, np.asarray(rows, np.int64), np.asarray(outcome.log_odds[rows], np.float64))


def _stages(outcome: TrainingOutcome) -> tuple[StageRun, ...]:
    return tuple(
        StageRun(name=stage.stage, epochs=len(stage.epochs), best=stage.best)
        for training in outcome.histories
        for stage in training.stages
    )


def evidence_outside(maps: NDArray[np.float32]) -> float:
    """Mean share of the maps' evidence outside the disc, `(n, h, w)` to 0 to 1."""
    return float(np.mean([share_outside_disc(shown) for shown in maps]))


def predictions_of(
    data: PreparedData, partition: Split | Folds, log_odds: NDArray[np.float64], decision: Decision
) -> Predictions:
    """The test part, a row a patient: the mean log-odds of a patient's scans, then the temperature."""
    truth, own = by_patient(data, partition.test, log_odds)
    return Predictions(
        patients=tuple(sorted(partition.test)),
        truth=tuple(map(bool, truth)),
        scores=tuple(map(float, expit(own / decision.temperature))),
        threshold=decision.threshold,
    )
