"""How many patients of each class every part of a planned study has, as training would divide them."""

from __future__ import annotations

import math

from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.planning.options import PlanOptions
from edgecad_train.splits.protocol import VALIDATION_SHARE, Protocol

LEAST = 2
"""Patients of a class without whom no part has a figure with an interval."""


class PartCounts(Frozen, frozen=True):
    """Patients of one part by class."""

    cad: int
    other: int

    @property
    def n(self) -> int:
        """Of both classes."""
        return self.cad + self.other

    def __str__(self) -> str:
        return f"{self.cad} {POSITIVE} and {self.other} {CLASSES[1]}"


class PlannedParts(Frozen, frozen=True, kw_only=True):
    """Patients of each part.

    Attributes:
        held: whose scores choose threshold and zone: all of the development part where it has folds.
        folds: of the development part; 0 where one validation part chooses.
        taught: of whom a network learns before its held-out patients choose; the last network learns of all.
    """

    everybody: PartCounts
    test: PartCounts
    development: PartCounts
    held: PartCounts
    folds: int
    taught: int


def planned_parts(patients: int, prevalence: float, options: PlanOptions) -> PlannedParts:
    """Share patients out.

    Args:
        patients: of both classes; `prevalence` is the share of CAD.

    Raises:
        UsageError: a part is left with fewer than two patients of a class, or a fold with none.
    """
    cad = round(patients * prevalence)
    everybody = PartCounts(cad, patients - cad)
    test, development = shared_out(everybody, options.test)
    folds = _folds(options.chooser, everybody, development)
    validation, train = shared_out(development, VALIDATION_SHARE)
    held = development if folds else validation
    for name, part in (("the test part", test), ("the development part", development), (_name(folds), held)):
        _check(name, part, everybody)
    taught = development.n - math.ceil(development.n / folds) if folds else train.n
    return PlannedParts(
        everybody=everybody, test=test, development=development, held=held, folds=folds, taught=taught
    )  # fmt: skip


def shared_out(counts: PartCounts, share: float) -> tuple[PartCounts, PartCounts]:
    """A part with this share of the patients, rounded up, and the rest; by class as nearly as whole patients allow.

    The same counts as scikit-learn's stratified split, up to one patient where two remainders are equal.
    """
    wanted = math.ceil(share * counts.n - 1e-9)
    cad = math.floor(counts.cad * wanted / counts.n + 0.5) if counts.n else 0
    drawn = PartCounts(cad, wanted - cad)
    return drawn, PartCounts(counts.cad - drawn.cad, counts.other - drawn.other)


def _folds(chooser: Protocol, everybody: PartCounts, development: PartCounts) -> int:
    """As `train` has it: five, but no more than the smaller class has patients."""
    labels = {str(index): CLASSES[index >= everybody.cad] for index in range(everybody.n)}
    inside = [*range(development.cad), *range(everybody.cad, everybody.cad + development.other)]
    folds = chooser.folds_for(labels, tuple(map(str, inside))) if min(development.cad, development.other) else 0
    if folds > min(development.cad, development.other):
        raise UsageError(
            f"--folds {folds}, but the smaller class has {min(development.cad, development.other)} patients outside "
            "the test part; give fewer folds, or more patients"
        )
    return folds


def _name(folds: int) -> str:
    return "the folds" if folds else "the validation part"


def _check(name: str, part: PartCounts, everybody: PartCounts) -> None:
    if min(part.cad, part.other) < LEAST:
        raise UsageError(
            f"{everybody} leave {name} {part}, and every figure needs {LEAST} of each; plan more patients, or another "
            "--test"
        )
