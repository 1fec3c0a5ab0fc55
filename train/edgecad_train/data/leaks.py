"""What goes together with the label although it is none of the patient's: a network would learn it instead."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import Case

MAX_CHANCE, MIN_STRENGTH = 0.01, 0.25
"""A leak is said when chance alone would give as much in fewer than 1 of 100 data sets, and it is not small."""


@dataclass(frozen=True)
class Association:
    """How far a property of the files tells the label.

    Attributes:
        strength: Cramer's V (1946), 0 (tells nothing) to 1 (tells the label).
        chance: p of Pearson's chi-squared test, patients counted once.
    """

    strength: float
    chance: float

    @property
    def leaks(self) -> bool:
        """Whether it should be said."""
        return self.chance < MAX_CHANCE and self.strength >= MIN_STRENGTH


def association_with_label(values: Sequence[Hashable], cases: Sequence[Case]) -> Association:
    """Hold a property of each scan against the label, one scan a patient: several are no several witnesses."""
    # Here, because a list of scans must not wait for scipy.
    from scipy.stats import chi2_contingency
    from scipy.stats.contingency import association

    table = _contingency(values, cases)
    if min(table.shape) < 2:
        return Association(0.0, 1.0)
    return Association(
        float(association(table, method="cramer")), float(chi2_contingency(table, correction=False).pvalue)
    )


def _contingency(values: Sequence[Hashable], cases: Sequence[Case]) -> NDArray[np.int64]:
    """Patients by value and class, `(values, 2)`; rows and columns without any are left out."""
    kinds = {value: row for row, value in enumerate(dict.fromkeys(values))}
    table = np.zeros((len(kinds), len(CLASSES)), np.int64)
    seen: set[str] = set()
    for value, case in zip(values, cases, strict=True):
        if case.patient not in seen:
            seen.add(case.patient)
            table[kinds[value], CLASSES.index(case.label)] += 1
    table = table[table.any(axis=1)]
    return np.asarray(table[:, table.any(axis=0)])
