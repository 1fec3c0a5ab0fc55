"""Pooled features of phantoms by a frozen network, drawn and run once, then kept."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing
from edgecad_train.classes import POSITIVE
from edgecad_train.phantoms import draw_patient, jpeg_bytes, render_screen
from edgecad_train.phantoms.population import noiseless_label
from measures.uptake.maps import Refused, prepared_image
from measures.uptake.models import preparation_of

NETWORK, POPULATION, BATCH = "mobilenetv2", 19, 32


@dataclass(frozen=True)
class PhantomFeatures:
    """What a frozen network sees of phantoms.

    Attributes:
        features: `(n, channels)` float32, pooled over the disc.
        label: `(n,)`, True where the simulated reader calls CAD.
        truth: `(n,)`, True where a reader without noise would.
    """

    features: NDArray[np.float32]
    label: NDArray[np.bool_]
    truth: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.label)


def phantom_features(count: int, weights: Path | None, kept: Path) -> PhantomFeatures:
    """Features of the first `count` phantoms of one population; those that are refused are left out.

    Raises:
        SystemExit: they are not kept, and no weights are there to run the network with.
    """
    path = kept / f"features-{NETWORK}-{count}.npz"
    if not path.is_file():
        if weights is None:
            sys.exit(f"{path} is not there; give --weights FILE, MobileNetV2's of ImageNet")
        kept.mkdir(parents=True, exist_ok=True)
        found = _made(count, weights)
        np.savez(path, features=found.features, label=found.label, truth=found.truth)
    with np.load(path, allow_pickle=False) as content:
        return PhantomFeatures(content["features"], content["label"], content["truth"])


def _made(count: int, weights: Path) -> PhantomFeatures:
    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.explain import pooled_features
    from edgecad_train.networks.head import Head
    from edgecad_train.networks.network import build_network

    preparation = preparation_of(Drawing())
    patients = [draw_patient(POPULATION, index) for index in range(count)]
    images = [prepared_image(jpeg_bytes(render_screen(patient)), preparation) for patient in patients]
    rows = [row for row, image in enumerate(images) if not isinstance(image, Refused)]
    answered = np.stack([image for image in images if not isinstance(image, Refused)])
    network = build_network(backbone_named(NETWORK), str(weights), Head(), "stride-16", "disc")
    features = pooled_features(network.model, network.model.input, answered, np.arange(len(answered)), BATCH)
    return PhantomFeatures(
        features,
        np.array([patients[row].label == POSITIVE for row in rows]),
        np.array([noiseless_label(patients[row].deficit) == POSITIVE for row in rows]),
    )
