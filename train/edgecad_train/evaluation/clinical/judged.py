"""A fused model on other patients: their columns in a table, joined with what a network says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.clinical.fusion import fused_score
from edgecad.clinical.values import checked_values
from edgecad.contract import ClinicalModel, Contract
from edgecad.errors import InputRefused
from edgecad_train.classes import CLASSES
from edgecad_train.data.table.clinical import AskedClinical
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.clinical.disguise import filled_unlike
from edgecad_train.evaluation.statistics.intervals import Bools


def columns_of_models(contracts: Iterable[Contract]) -> tuple[AskedClinical, ...]:
    """The columns that models take, each once."""
    models = [contract.clinical for contract in contracts if contract.clinical is not None]
    return tuple(AskedClinical(name) for name in dict.fromkeys(name for model in models for name in model.names))


def fused_log_odds(
    model: ClinicalModel, patients: Sequence[str], log_odds: NDArray[np.float64], columns: PatientColumns
) -> tuple[NDArray[np.float64], dict[str, str]]:
    """The fused score of each patient, before its temperature, as a runtime would give it.

    Args:
        patients: names, `n` of them.
        log_odds: `(n,)`, of the image, before temperature.

    Returns:
        `(n,)`, NaN of patients whose values cannot be used; and why, by these patients.
    """
    found, why = np.full(len(patients), np.nan), dict[str, str]()
    told = replace(model, missing="image-alone")
    cells = {each.asked.name: each.cells for each in columns.clinical}
    for row, patient in enumerate(patients):
        try:
            values = checked_values(told, {name: cells[name].get(patient) for name in model.names})
        except InputRefused as refused:
            why[patient] = str(refused)
            continue
        if values.lacking:
            why[patient] = "; ".join(values.lacking)
        else:
            found[row] = fused_score(model, float(log_odds[row]), values.usable).log_odds * model.decision.temperature
    return found, why


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
