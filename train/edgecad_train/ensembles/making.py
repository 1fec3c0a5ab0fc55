"""The run folder of an ensemble, from its members' folders; the scans themselves are not needed."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import logit_scale
from edgecad.contract import Drawing
from edgecad.errors import GateFailed, ModelInvalid
from edgecad.frozen import json_from_struct
from edgecad.system.folders import new_folder
from edgecad_train.ensembles.contracting import contract_of
from edgecad_train.ensembles.grids import on_grid
from edgecad_train.ensembles.joining import channel_lengths, joined_model
from edgecad_train.ensembles.members import HELD, MemberRun
from edgecad_train.ensembles.scores import scores_of
from edgecad_train.evaluation.familiarity.deepened import EXPONENTS, DeepenedImages
from edgecad_train.evaluation.familiarity.measuring import measured
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.explain import pooled_features
from edgecad_train.networks.loading import TRAIN_AGAIN, load_network
from edgecad_train.networks.network import LOGITS, POOLING, Network
from edgecad_train.running.training import run_name
from edgecad_train.runs.names import (
    CALIBRATION,
    CONTRACT,
    FAMILIARITY,
    METRICS,
    MODEL,
    PREDICTIONS,
    SCANS,
    SPLIT,
    VALIDATION,
)
from edgecad_train.runs.partition import write_partition
from edgecad_train.runs.predictions import write_predictions
from edgecad_train.runs.reading import HeatMaps, read_heatmaps
from edgecad_train.runs.record import Metrics, write_record

SAME = 1e-5
"""Largest difference between the joined network's logits and the mean of its members', in scales of the logits."""
COMPARED = 16
"""Scans on which they are compared."""


def make_ensemble(members: Sequence[MemberRun], runs: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    """Join runs into one, in a new folder of `runs`; it appears whole or not at all.

    Args:
        members: as `read_members` gives them.
        say: told of every step.

    Raises:
        ModelInvalid: a member's network is not of the form that EdgeCAD trains, or a file is damaged.
        GateFailed: the joined network does not give the mean of its members' logits.
    """
    say(f"ensemble: temperature, threshold and zone from out-of-fold scores of {len(members)} runs")
    scores = scores_of(members)
    say("ensemble: one network of all members")
    networks = [_network(member) for member in members]
    validation = _validation(members)
    maps = [_held_maps(member) for member in members]
    _check_rows(members[0], validation["images"], maps[0])
    joined, pooled = _joined(networks, _kinds(validation["images"], members[0].contract.preparation.drawing))
    _check_mean(joined.model, networks, validation["images"])
    say("ensemble: familiarity and the heat map's scale")
    familiarity = measured(pooled[0], maps[0].patient.tolist(), deepened=pooled[1:])
    folder = _free(runs, run_name(f"ensemble-of-{len(members)}"))
    side = int(joined.pooled.shape[1])
    mean = np.mean([on_grid(own.score_maps, side, joined.over) for own in maps], axis=0)
    contract = contract_of(folder.name, members, scores, joined.feature_layer, mean, familiarity)
    with new_folder(folder) as partial:
        (partial / CONTRACT).write_text(json_from_struct(contract), "utf-8")
        joined.model.save(partial / MODEL)
        np.savez_compressed(partial / VALIDATION, **validation)
        write_partition(members[0].partition, partial / SPLIT)
        write_predictions(scores.lines, partial / PREDICTIONS)
        write_record(Metrics(origin=contract.origin, evaluations=scores.evaluations), partial / METRICS)
        if familiarity is not None:
            np.savez_compressed(partial / FAMILIARITY, **vars(familiarity.centres))
        for name in (CALIBRATION, SCANS):  # what depends on data and split alone
            if (members[0].records.folder / name).is_file():
                shutil.copyfile(members[0].records.folder / name, partial / name)
    return folder


def _free(runs: Path, name: str) -> Path:
    """A folder that is nobody else's: names are of a second."""
    folder, number = runs / name, 1
    while folder.exists():
        number += 1
        folder = runs / f"{name}-{number}"
    return folder


def _network(member: MemberRun) -> Network:
    """A member's network with its parts by their names."""
    path, contract = member.records.folder / MODEL, member.contract
    model = load_network(path, contract.preparation.size)
    if not {POOLING, LOGITS} <= {layer.name for layer in model.layers}:
        raise ModelInvalid(
            f"{path} has no layers {POOLING!r} and {LOGITS!r}, so it is no network of `edgecad train` with a backbone, "
            "and only these are joined; export it alone"
        )
    network = Network(
        model, backbone_named(contract.backbone), "", contract.weights, contract.features, contract.pooled_over
    )
    if network.feature_layer != contract.feature_layer:
        raise ModelInvalid(
            f"{path} pools {network.feature_layer!r} and its contract says {contract.feature_layer!r}; they are not of "
            f"one run: {TRAIN_AGAIN}"
        )
    return network


def _validation(members: Sequence[MemberRun]) -> dict[str, Any]:
    """Images and labels that all members keep, and the mean of the logits that each recorded of them."""
    kept = [_arrays(member.records.folder / VALIDATION, ("images", "labels", "logits")) for member in members]
    for member, own in zip(members[1:], kept[1:], strict=True):
        if any(not np.array_equal(own[name], kept[0][name]) for name in ("images", "labels")):
            raise ModelInvalid(
                f"{members[0].name} and {member.name} are of one split, and their {VALIDATION} hold other images; one "
                "was made by another version or was changed: train it again"
            )
    return {**kept[0], "logits": np.mean([own["logits"] for own in kept], axis=0)}


def _arrays(path: Path, names: Sequence[str]) -> dict[str, Any]:
    try:
        # Opened here, because numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in names}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelInvalid(f"{path} is missing or damaged: {error}; {TRAIN_AGAIN}") from error


def _check_mean(model: keras.Model, networks: Sequence[Network], images: NDArray[np.uint8]) -> None:
    some = images[:: -(-len(images) // COMPARED)]
    said = [one.predict(some, batch_size=8, verbose=0) for one in (model, *(network.model for network in networks))]
    logits = np.asarray(said, np.float64)
    difference = float(np.abs(logits[0] - logits[1:].mean(axis=0)).max()) / max(map(logit_scale, logits))
    if not difference <= SAME:
        raise GateFailed(
            f"the joined network's logits are not the mean of its members': they differ by {difference:.1e} of the "
            f"logits' scale, at most {SAME:g} wanted; report it"
        )


def _held_maps(member: MemberRun) -> HeatMaps:
    """Out-of-fold heat maps that a run keeps, on its own grid, with whose they are."""
    found = read_heatmaps(member.records.folder)
    if found is None:
        raise ModelInvalid(f"{member.records.folder} has no heat maps; {TRAIN_AGAIN}")
    held = found.part == HELD
    return HeatMaps(None, found.score_maps[held], found.log_odds[held], found.patient[held], found.part[held], None)


def _check_rows(member: MemberRun, images: NDArray[np.uint8], held: HeatMaps) -> None:
    """The kept images are the scans of the kept heat maps, in the same order, which say whose they are."""
    if len(held.patient) != len(images):
        raise ModelInvalid(
            f"{member.records.folder} keeps {len(images)} images and {len(held.patient)} heat maps of the same scans; "
            f"{TRAIN_AGAIN}"
        )


def _joined(networks: Sequence[Network], kinds: Sequence[Any]) -> tuple[Network, list[NDArray[np.floating]]]:
    """One network of all, in which no member's features are longer than another's, and what it pools of images.

    Args:
        kinds: images that all members learnt from, `(n, size, size, 3)`, then the same scans with deeper deficits.
    """

    def network_with(lengths: NDArray[np.float64] | None) -> Network:
        model = joined_model(networks, lengths)
        return Network(model, networks[0].backbone, "", "", networks[0].features, networks[0].over)

    plain = network_with(None)
    pooled = [pooled_features(plain.model, plain.model.input, kind, np.arange(len(kinds[0]))) for kind in kinds]
    lengths = channel_lengths(plain.model, pooled[0])
    if lengths is None:
        return plain, list(pooled)
    return network_with(lengths), [kind / lengths for kind in pooled]


def _kinds(images: NDArray[np.uint8], drawing: Drawing | None) -> list[Any]:
    """The images, and where uptake is drawn in them the same with deeper deficits."""
    if drawing is None:
        return [images]
    rows = np.arange(len(images))
    return [images, *(DeepenedImages(images, rows, drawing, exponent) for exponent in EXPONENTS)]
