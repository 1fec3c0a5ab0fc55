"""Phantoms as files, and what the CPU answers to them in fp32: what every device is held against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad import Classifier
from edgecad.answer.prediction import Prediction

Kept = dict[str, NDArray[np.float64]]


def draw_phantoms(place: Path, count: int) -> None:
    """Write screens of phantoms as JPEG files; the same ones on every machine."""
    from measures.models.screens import drawn_screens

    drawn_screens(place, count)


def phantoms_in(place: Path) -> Iterator[bytes]:
    """The screens, in their order."""
    for path in sorted(place.glob("*.jpg"), key=lambda path: int(path.stem)):
        yield path.read_bytes()


def answers_of(classifier: Classifier, place: Path) -> list[Prediction]:
    """A classifier's answers to all phantoms, in whatever colours they are and however unlike its training scans."""
    return [classifier.replay(screen) for screen in phantoms_in(place)]


def keep_reference(answers: list[Prediction], file: Path) -> None:
    """Write what devices are held against: logits, maps and scores, in the order of the phantoms."""
    np.savez(
        file,
        logits=np.stack([answer.logits for answer in answers]),
        heatmaps=np.stack([answer.heatmap for answer in answers]),
        probabilities=np.array([answer.probability for answer in answers]),
        positive=np.array([answer.label == answer.positive for answer in answers]),
    )


def reference_in(file: Path) -> Kept:
    """What `keep_reference` wrote."""
    with np.load(file, allow_pickle=False) as kept:
        return {name: kept[name] for name in kept.files}
