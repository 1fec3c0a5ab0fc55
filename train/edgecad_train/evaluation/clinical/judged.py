"""A fused model on other patients: their columns in a table, joined with what a network says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.clinical.fusion import fused_score
from edgecad.clinical.values import checked_values
from edgecad.contract import ClinicalModel, Contract
from edgecad.errors import InputRefused
from edgecad_train.data.table.clinical import AskedClinical
from edgecad_train.data.table.columns import PatientColumns


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
