"""The contract that a run writes: everything the runtime must know of the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import scale_of_maps
from edgecad.contract import Contract, Decision, Labelling, Openings
from edgecad.system.clock import second_text
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data import PreparedData
from edgecad_train.data.orientation import reference_of
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.settings import Settings
from edgecad_train.training.trainer import Trainer
from edgecad_train.versions import package_versions

INTENDED_USE = "Research on agreement with the readers who labelled the training scans. Not a medical device."


def contract_for(
    name: str,
    data: PreparedData,
    partition: Split | Folds,
    settings: Settings,
    trainer: Trainer,
    choice: HeadChoice,
    decision: Decision,
    held_maps: NDArray[np.float32],
    evaluations: Sequence[Evaluation],
    familiarity: MeasuredFamiliarity | None,
    test_openings: Openings | None = None,
) -> Contract:
    """Write the contract of a trained network.

    Args:
        choice: head of the network to export.
        held_maps: heat maps of the scans that chose the decision, `(n, h, w)`, logit units; they fix the scale.
    """
    backbone = trainer.network.backbone
    learnt = partition.development if isinstance(partition, Folds) else partition.train
    labels = {case.patient: case.label for case in data.cases}
    return Contract(
        name=name,
        created=second_text(),
        classes=CLASSES,
        positive=POSITIVE,
        origin=data.origin,
        preparation=data.preparation,
        scaling=backbone.scaling,
        backbone=backbone.name,
        head=str(choice.head),
        activations=choice.head.activations,
        feature_layer=trainer.network.feature_layer,
        features=trainer.network.features,
        pooled_over=trainer.network.over,
        familiarity=None if familiarity is None else familiarity.familiarity,
        decision=decision,
        heatmap=scale_of_maps(np.asarray(held_maps, np.float64)),
        labelling=Labelling(
            reference=settings.labelled_by,
            prevalence=float(np.mean([labels[patient] == POSITIVE for patient in learnt])),
        ),
        colours=data.colours(rows_of(data.cases, learnt)),
        test_openings=test_openings,
        orientation=reference_of(data, rows_of(data.cases, learnt)),
        metrics=tuple(metric for evaluation in evaluations for metric in evaluation.metrics),
        data_sha256=data.sha256,
        split_sha256=partition.sha256,
        weights=trainer.network.weights,
        versions=package_versions(),
        intended_use=INTENDED_USE,
    )
