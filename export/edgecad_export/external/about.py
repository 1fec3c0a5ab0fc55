"""What only its owner can say of a Keras model that was trained elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from edgecad.contract import Crop, Origin, Scaling
from edgecad.errors import UsageError

SUFFIXES = (".keras", ".h5", ".hdf5")
"""Files of whole Keras models."""


@dataclass(frozen=True)
class ForeignModel:
    """A model's meaning, which no file of weights tells.

    Attributes:
        classes: in the order of the outputs.
        positive: which of them the threshold is about.
        scaling: how its input was made from 0 to 255 in training; nothing can check it.
        unit: class whose probability the only output unit gives; for models of one unit.
        threshold: on P(positive), 0 to 1.
        crop: what of a screen it was trained on.
        size: side of its input, pixels, where the model takes any.
        images: folder of scans like those it was trained on, or None for the runtime's phantom screens.
        origin: of its training data; None where nobody said.
        reference: who labelled the training scans.
        prevalence: share of the positive class among the training patients.
        intended_use: one sentence.
        name: of the model folder; None for the file's.

    Raises:
        UsageError: a value that cannot be meant.
    """

    classes: tuple[str, ...]
    positive: str
    scaling: Scaling
    unit: str | None = None
    threshold: float = 0.5
    crop: Crop = "polar-map"
    size: int | None = None
    images: Path | None = None
    origin: Origin | None = None
    reference: str | None = None
    prevalence: float | None = None
    intended_use: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        self._check_classes()
        for option, value, words in (
            ("--scaling", self.scaling, get_args(Scaling)),
            ("--crop", self.crop, get_args(Crop)),
            ("--origin", self.origin, (None, *get_args(Origin))),
        ):
            _demand(value in words, f"{option} {value!r}: choose one of {', '.join(w for w in words if w)}")
        for option, share in (("--threshold", self.threshold), ("--prevalence", self.prevalence)):
            _demand(share is None or 0 < share < 1, f"{option} {share}: a number above 0 and below 1 wanted")
        _demand(self.size is None or 32 <= self.size <= 1024, f"--size {self.size}: 32 to 1024 pixels wanted")
        plain = self.name is None or re.fullmatch(r"\w[\w.+-]*", self.name) is not None
        _demand(plain, f"--name {self.name!r}: letters, digits and . _ + - wanted")

    def _check_classes(self) -> None:
        _demand(
            len(set(self.classes)) == 2 == len(self.classes) and all(self.classes),
            f"--classes {','.join(self.classes)!r}: two names wanted, in the order of the outputs: "
            "--classes CAD,nonCAD",
        )
        for option, value in (("--positive", self.positive), ("--unit", self.unit)):
            _demand(value in (None, *self.classes), f"--{option[2:]} {value!r} is not one of {', '.join(self.classes)}")


def doubts_of(about: ForeignModel) -> tuple[str, ...]:
    """What is not known and what nothing can check, for people who are about to use the model."""
    return tuple(_doubts(about))


def _doubts(about: ForeignModel) -> Iterator[str]:
    yield "no figure of this model is known: measure it with `edgecad evaluate MODEL DATA` before you use it"
    yield (
        f"nothing can check that {', '.join(about.classes)} is the order of its outputs and {about.scaling!r} the "
        "scaling it was trained with: try scans whose labels you know"
    )
    yield f"the threshold {about.threshold:g} was given and not chosen on data; its scores are not calibrated"
    if about.origin is None:
        yield "where its training data came from was not said, so it is stamped as a phantom model: see --origin"
    if about.images is None:
        yield (
            "proven on the phantom screens of EdgeCAD alone, whose maps also set the heat map's scale; scans will not "
            "be refused for colours it never saw. Give scans like those of its training with --images"
        )


def _demand(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message)
