"""One training run, from labelled scans to a run folder."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad import __version__
from edgecad.contract import Contract, Decision, Labelling, Preparation
from edgecad.errors import UsageError
from edgecad.heatmap import ClassActivation, Dense, class_activation, score_map
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data.cases import PreparedData, colours_of
from edgecad_train.evaluation.decision import choose_decision, choose_heatmap_scale
from edgecad_train.evaluation.metrics import figures
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.network import Head, Network, build_network
from edgecad_train.splits.split import Split
from edgecad_train.training.stages import Examples, Progress, StageHistory, run_stage
from edgecad_train.training.strategies import Plan

INTENDED_USE = "Research on agreement with the readers who labelled the training scans. Not a medical device."


@dataclass(frozen=True)
class Settings:
    """What defines a run beside its data and its split."""

    backbone: str
    weights: str
    plan: Plan
    head: Head = field(default_factory=Head)
    batch_size: int = 16
    seed: int = 0
    reference: str = "readers who are not stated"
    """Who labelled the scans."""

    def __post_init__(self) -> None:
        if not self.plan.pretrained and self.weights != "none":
            raise UsageError(
                f"strategy {self.plan.strategy} starts from random weights, so {self.weights} would go unused; "
                "use --weights none, or another strategy"
            )

    @property
    def preparation(self) -> Preparation:
        """How this run's scans become the network's input."""
        return Preparation(size=backbone_named(self.backbone).size)


@dataclass(frozen=True)
class Outcome:
    """A finished run, still in memory."""

    network: Network
    histories: tuple[StageHistory, ...]
    contract: Contract
    split: Split
    settings: Settings
    data: PreparedData
    logits: NDArray[np.float64]
    """Of every scan, `(n, 2)`, in the order of the data."""
    scores: NDArray[np.float64]
    """P(CAD) of every scan, `(n,)`."""


def train(data: PreparedData, split: Split, settings: Settings, name: str, progress: Progress | None = None) -> Outcome:
    """Train by the plan; choose threshold and temperature on validation; open the test part once."""
    keras.utils.set_random_seed(settings.seed)
    network = build_network(backbone_named(settings.backbone), settings.weights, settings.head)
    examples = {part: _examples(data, split, part) for part in ("train", "validation")}
    histories = tuple(
        run_stage(network, stage, examples["train"], examples["validation"], settings.batch_size, progress)
        for stage in settings.plan.stages
    )
    activation = explain(network, data.images)
    log_odds = log_odds_of(activation)
    chosen = split.rows(data.cases, "validation")
    decision = choose_decision(log_odds[chosen], data.labels[chosen] == CLASSES.index(POSITIVE))
    scores = expit(log_odds / decision.temperature)
    contract = _contract(name, data, split, settings, network, activation, decision, scores)
    logits = np.asarray(activation.logits, np.float64)
    return Outcome(network, histories, contract, split, settings, data, logits, scores)


def _examples(data: PreparedData, split: Split, part: str) -> Examples:
    rows = split.rows(data.cases, part)
    return Examples(data.images[rows], data.labels[rows])


def explain(network: Network, images: NDArray[np.uint8], batch_size: int = 16) -> ClassActivation:
    """Logits and class activation maps of prepared images, by the runtime's own formula."""
    features = network.model.get_layer("pooling").input
    body = keras.Model(network.model.input, features)
    head = [
        Dense(*(np.asarray(value, np.float64) for value in network.model.get_layer(layer).get_weights()))
        for layer in ("head_hidden", "head_logits")
    ]
    return class_activation(np.asarray(body.predict(images, batch_size=batch_size, verbose=0), np.float64), head)


def log_odds_of(activation: ClassActivation) -> NDArray[np.float64]:
    """Logit of CAD minus logit of the other class, `(n,)`."""
    positive = CLASSES.index(POSITIVE)
    return np.asarray(activation.logits[:, positive] - activation.logits[:, 1 - positive], np.float64)


def by_patient(
    data: PreparedData, split: Split, part: str, scores: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Truth and mean score of each patient of a part, one row a patient."""
    rows = split.rows(data.cases, part)
    patients = sorted({data.cases[row].patient for row in rows})
    own = {name: [row for row in rows if data.cases[row].patient == name] for name in patients}
    truth = np.array([data.cases[own[name][0]].label == POSITIVE for name in patients])
    return truth, np.array([scores[own[name]].mean() for name in patients])


def _contract(
    name: str,
    data: PreparedData,
    split: Split,
    settings: Settings,
    network: Network,
    activation: ClassActivation,
    decision: Decision,
    scores: NDArray[np.float64],
) -> Contract:
    maps = score_map(activation.cam, CLASSES.index(POSITIVE))
    truth, _ = by_patient(data, split, "train", scores)
    parts: tuple[Any, ...] = ("validation", "test")
    return Contract(
        name=name,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        classes=CLASSES,
        positive=POSITIVE,
        origin=data.origin,
        preparation=settings.preparation,
        scaling=network.backbone.scaling,
        backbone=network.backbone.name,
        head=str(settings.head),
        feature_layer=network.backbone.feature_layer,
        decision=decision,
        heatmap=choose_heatmap_scale(np.asarray(maps[split.rows(data.cases, "validation")])),
        labelling=Labelling(reference=settings.reference, prevalence=float(truth.mean())),
        colours=colours_of(data.images[split.rows(data.cases, "train")]),
        metrics=tuple(
            metric
            for part in parts
            for metric in figures(*by_patient(data, split, part, scores), decision.threshold, part)
        ),
        data_sha256=data.sha256,
        split_sha256=split.sha256,
        weights=network.weights,
        versions={
            "edgecad": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in ("tensorflow", "keras", "numpy", "opencv-python-headless")},
        },
        intended_use=INTENDED_USE,
    )


def run_name(backbone: str, now: Callable[[], datetime] = datetime.now) -> str:
    """Name of a new run: local time and backbone."""
    return f"{now():%Y%m%d-%H%M%S}-{backbone}"
