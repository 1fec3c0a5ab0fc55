"""Devices that are not here: each must be refused, and answered by nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edgecad import Classifier
from edgecad.doctor.proof.figures import Refusals, RefusedDevice
from edgecad.errors import EdgecadError, NotAvailable


def refusals_of(model: Path, asked: Iterable[str]) -> tuple[Refusals, str]:
    """What each device answers that is not here, and what is wrong with that."""
    found, wrong = [], []
    for device in asked:
        try:
            with Classifier(model, device=device, precision="fp32") as classifier:
                wrong.append(f"{device} was asked for, and {classifier.facts.device} answered")
        except EdgecadError as error:
            found.append(RefusedDevice(device, error.exit_code, str(error)))
            if error.exit_code != NotAvailable.exit_code:
                wrong.append(f"{device} was refused with code {error.exit_code}, 4 wanted: {error}")
    return Refusals(tuple(found)), "; ".join(wrong)
