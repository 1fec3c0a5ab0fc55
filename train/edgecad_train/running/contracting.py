"""The contract that a run writes: everything the runtime must know of the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import scale_of_maps
from edgecad.contract import NO_NETWORK, Activation, Contract, Features, HeatmapScale, Labelling, PooledOver, Scaling
from edgecad.system.clock import second_text
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data import PreparedData
from edgecad_train.data.orientation import reference_of
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.table import Method
from edgecad_train.networks.pooled import pooled_over
from edgecad_train.running.judging import RunVerdict
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions

if TYPE_CHECKING:
    from edgecad_train.methods.graphs.making import KeptModel
    from edgecad_train.training.trainer import Trainer

INTENDED_USE = "Research on agreement with the readers who labelled the training scans. Not a medical device."
NO_MAPS = HeatmapScale(full_scale=1.0, region_threshold=0.5)
"""Of what has no heat maps: nothing is drawn by it."""


@dataclass(frozen=True)
class ModelWords:
    """What a contract says of the model itself; see `edgecad.contract.Contract`."""

    scaling: Scaling
    backbone: str
    head: str
    activations: tuple[Activation, ...]
    feature_layer: str
    features: Features
    pooled_over: PooledOver
    weights: str


def network_words(trainer: Trainer, choice: HeadChoice) -> ModelWords:
    """Of a network that was trained; `choice` is the head of the network to export."""
    network = trainer.network
    return ModelWords(
        scaling=network.backbone.scaling,
        backbone=network.backbone.name,
        head=str(choice.head),
        activations=choice.head.activations,
        feature_layer=network.feature_layer,
        features=network.features,
        pooled_over=network.over,
        weights=network.weights,
    )


def method_words(
    method: Method, settings: Settings, data: PreparedData, answer: Answer, kept: KeptModel | None = None
) -> ModelWords:
    """Of a method; what it has not is told as `none` or left empty.

    Args:
        kept: its model for export, where there is one.
    """
    network = settings.network if method.takes_network else None
    return ModelWords(
        scaling=network.scaling if network else "none",
        backbone=network.name if network else NO_NETWORK,
        head=method.name,
        activations=(),
        feature_layer=kept.feature_layer if kept else network.top(settings.features).layer if network else "",
        features=settings.features if network else "last",
        pooled_over="disc" if method.needs_uptake else pooled_over(data.preparation.input),
        weights=answer.weights,
    )


def contract_for(
    name: str,
    data: PreparedData,
    partition: Split | Folds,
    settings: Settings,
    judged: RunVerdict,
    model: ModelWords,
    held_maps: NDArray[np.float32] | None,
    familiarity: MeasuredFamiliarity | None = None,
) -> Contract:
    """Write the contract of a model.

    Args:
        held_maps: heat maps of the scans that chose the decision, `(n, h, w)`, logit units; they fix the scale. None
            where there are none.
    """
    learnt = partition.development if isinstance(partition, Folds) else partition.train
    labels = {case.patient: case.label for case in data.cases}
    return Contract(
        name=name,
        created=second_text(),
        classes=CLASSES,
        positive=POSITIVE,
        origin=data.origin,
        preparation=data.preparation,
        **vars(model),
        familiarity=None if familiarity is None else familiarity.familiarity,
        decision=judged.decision,
        heatmap=NO_MAPS if held_maps is None else scale_of_maps(np.asarray(held_maps, np.float64)),
        labelling=Labelling(
            reference=settings.labelled_by,
            prevalence=float(np.mean([labels[patient] == POSITIVE for patient in learnt])),
        ),
        colours=data.colours(rows_of(data.cases, learnt)),
        test_openings=judged.openings,
        orientation=reference_of(data, rows_of(data.cases, learnt)),
        metrics=tuple(metric for evaluation in judged.evaluations for metric in evaluation.metrics),
        data_sha256=data.sha256,
        split_sha256=partition.sha256,
        versions=package_versions(),
        intended_use=INTENDED_USE,
    )
