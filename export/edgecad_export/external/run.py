"""Someone else's Keras model as a run that `export_run` can take: prepared images to prove it on, and a contract.

What only its owner knows is in `edgecad_export.external.about`; what nobody knows stays unknown in the contract, and
the runtime says so with every answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import keras
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.answer.heatmap import scale_of_maps
from edgecad.contract import NOT_KNOWN, Colours, Contract, Decision, Drawing, HeatmapScale, Labelling, Preparation
from edgecad.errors import InputRefused, UsageError
from edgecad.images import content_of
from edgecad.polarmap import TableCandidates
from edgecad.polarmap.colours import colours_of
from edgecad.preparing import prepared_from
from edgecad.system.clock import second_text
from edgecad.system.digests import file_sha256
from edgecad_export.external.about import ExternalModel, doubts_of
from edgecad_export.external.keras_file import OpenedModel, open_external
from edgecad_export.external.losses import doubts_of_loss
from edgecad_export.external.own_scaling import doubts_of_scaling
from edgecad_export.external.rebuilt import RebuiltModel, rebuilt_from_external
from edgecad_export.external.same_function import check_same_function
from edgecad_export.graph.trained_classifier import classifier_from_keras
from edgecad_export.proof.answers import answers_of_keras
from edgecad_export.proof.gate import golden_images
from edgecad_export.runfiles import Run

MAX_IMAGES = 256
"""Scans that a model is proven on; of more, every so many-th is taken."""
DIMMED = (1, 2, 3)
"""Without scans the phantom screens stand in, whole and with grey levels divided by these."""
Warn = Callable[[str], None]
INTENDED_USE = "Not said by whoever exported it. Research only. Not a medical device."


def external_run(path: Path, about: ExternalModel, warn: Warn = lambda _: None) -> Run:
    """Open a Keras model of any origin and make it a run; `export_run` proves and writes it.

    Args:
        warn: told, a line each, what is not known of the model and what looks wrong.

    Raises:
        ModelInvalid: the file is damaged, wants code, or its model has a form that cannot be explained exactly.
        UsageError: what was said of it does not fit it, or no scan of `about.images` can be used.
        GateFailed: the rebuilt model does not answer as the original does.
    """
    about.check_complete()
    opened = open_external(path)
    rebuilt = rebuilt_from_external(opened.model, about, opened.loss)
    preparation = _preparation(rebuilt.size, about)
    images = _phantom_screens(preparation) if about.images is None else _scans(about.images, preparation, warn)
    check_same_function(rebuilt, about, images)
    for doubt in (*doubts_of(about), *_doubts_of_form(rebuilt, opened, about)):
        warn(doubt)
    contract = _contract(path, about, rebuilt, preparation, images)
    calibration = images[:0] if about.images is None else images[::2]
    return Run(path, rebuilt.model, contract, images, None, None, calibration)


def _preparation(size: int, about: ExternalModel) -> Preparation:
    return Preparation(
        size=size,
        crop=about.screen_crop,
        input=about.seen_input,
        tables=about.colour_tables,
        drawing=Drawing() if about.seen_input == "uptake" else None,
        map=about.place,
    )


def _phantom_screens(preparation: Preparation) -> NDArray[np.uint8]:
    """The golden screens, prepared, and darker forms of them."""
    whole = golden_images(preparation)
    return np.concatenate([whole // by for by in DIMMED]).astype(np.uint8)


def _scans(folder: Path, preparation: Preparation, warn: Warn) -> NDArray[np.uint8]:
    """Prepared scans of a folder and its folders; those that the runtime would refuse are left out."""
    paths = content_of(folder).scans if folder.is_dir() else ()
    if not paths:
        raise UsageError(f"--images {folder} holds no JPEG, PNG or DICOM file; name a folder of scans")
    taken = paths[:: -(-len(paths) // MAX_IMAGES)]
    # Whoever exports it has named the tables; at the scanner they are the contract's.
    named = TableCandidates(user=preparation.tables)
    prepared, reason = [], ""
    for path in taken:
        try:
            prepared.append(prepared_from(path, preparation, named).image)
        except InputRefused as refused:
            reason = str(refused)
    if not prepared:
        raise UsageError(f"none of {len(taken)} scans of --images {folder} can be used; the last: {reason}")
    if len(prepared) < len(taken):
        warn(f"{len(taken) - len(prepared)} of {len(taken)} scans of --images are refused; the last: {reason}")
    return np.stack(prepared)


def _doubts_of_form(rebuilt: RebuiltModel, opened: OpenedModel, about: ExternalModel) -> Iterator[str]:
    """What looks wrong of the model, though it may be meant."""
    if opened.keras_2 is not None:
        yield (
            f"it was written by Keras {opened.keras_2} and is read here by Keras {version('keras')}, layer by layer: "
            "try scans whose scores you know"
        )
    if rebuilt.halved:
        yield "it computed in 16 bits where it was trained; here it computes in 32, and its scores move a little"
    yield from doubts_of_loss(rebuilt.head.end, opened.loss)
    yield from doubts_of_scaling(rebuilt, about.input_scaling)


def _contract(
    path: Path, about: ExternalModel, rebuilt: RebuiltModel, preparation: Preparation, images: NDArray[np.uint8]
) -> Contract:
    """What is known, and in words what is not."""
    digest = file_sha256(path)
    classifier = classifier_from_keras(rebuilt.model)
    contract = Contract(
        name=about.name or re.sub(r"[^\w.+-]+", "-", path.stem).strip("-.") or "model",
        created=second_text(),
        classes=about.class_names,
        positive=about.positive_class,
        origin=about.origin or "phantom",
        preparation=preparation,
        scaling=about.input_scaling,
        backbone=_backbone(rebuilt.original),
        head=rebuilt.head.words,
        activations=classifier.activations,
        feature_layer=classifier.feature_layer,
        pooled_over=classifier.pooled_over,
        decision=Decision(threshold=about.decision_threshold, rule="given on the command line, not chosen on data"),
        heatmap=HeatmapScale(full_scale=1.0, region_threshold=0.5),
        labelling=Labelling(reference=about.labelled_by or "somebody who was not named", prevalence=about.prevalence),
        colours=_colours(about, images),
        metrics=(),
        data_sha256=NOT_KNOWN,
        split_sha256=NOT_KNOWN,
        weights=f"whole model from file {path.name} sha256:{digest}",
        versions={name: version(name) for name in ("edgecad", "keras", "tensorflow", "numpy")},
        intended_use=_intended_use(about),
    )
    return _with_heat_scale(contract, rebuilt, images)


def _colours(about: ExternalModel, images: NDArray[np.uint8]) -> Colours:
    """Those of the scans that it was shown; of uptake's drawing none count."""
    known = about.images is not None and about.seen_input == "rgb"
    return colours_of(images, about.screen_crop) if known else Colours(recorded=False)


def _intended_use(about: ExternalModel) -> str:
    said = about.intended_use or INTENDED_USE
    return (
        said if about.origin else f"{said} Where its training data came from was not said: stamped as a phantom model."
    )


def _with_heat_scale(contract: Contract, rebuilt: RebuiltModel, images: NDArray[np.uint8]) -> Contract:
    maps = answers_of_keras(classifier_from_keras(rebuilt.model), contract, images).maps
    return replace(contract, heatmap=scale_of_maps(maps))


def _backbone(model: keras.Model) -> str:
    """Name of the largest model inside a model, or its own."""
    inside = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return str(max(inside, key=lambda layer: layer.count_params(), default=model).name)
