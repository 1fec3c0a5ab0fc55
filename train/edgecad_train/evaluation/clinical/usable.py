"""Whose clinical values a fused model can use, class by class."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from edgecad_train.classes import CLASSES
from edgecad_train.evaluation.clinical.disguise import filled_unlike
from edgecad_train.evaluation.statistics.intervals import Bools


@dataclass(frozen=True)
class UsableValues:
    """Of how many patients the clinical values can be used, and how many there are: with CAD, and without."""

    among_cad: tuple[int, int]
    among_other: tuple[int, int]

    @classmethod
    def of(cls, patients: Sequence[str], truth: Bools, usable: Collection[str]) -> UsableValues:
        """Count them; `truth` `(n,)` is True for CAD."""
        use = np.array([patient in usable for patient in patients], bool)
        both = ((int((use & own).sum()), int(own.sum())) for own in (truth, ~truth))
        return cls(*both)

    @property
    def warning(self) -> str | None:
        """What speaks against figures of those alone whose values can be used."""
        (cad, of_cad), (other, of_other) = self.among_cad, self.among_other
        if (cad, other) == (of_cad, of_other):
            return None
        told = (
            f"the clinical values of {of_cad - cad} of {of_cad} {CLASSES[0]} and {of_other - other} of {of_other} "
            f"{CLASSES[1]} patients cannot be used, and they are left out of all figures"
        )
        if not filled_unlike(self.among_cad, self.among_other):
            return told
        return f"{told}: who is left out depends on the class, so that these figures are not of the patients who come"
