"""Phantoms' own maps, for what is laid over them or made of them."""

from __future__ import annotations

from dataclasses import replace

from edgecad_train.phantoms.nonmaps.canvas import SIDE, Field, Rng
from edgecad_train.phantoms.patient import PhantomPatient
from edgecad_train.phantoms.population import draw_patient
from edgecad_train.phantoms.uptake import percent_map

MOST = 2**31
"""Seeds of phantoms: so many that no training has drawn the same ones."""


def phantom_patient(rng: Rng) -> PhantomPatient:
    """Someone that no training saw."""
    return draw_patient(int(rng.integers(10**6, MOST)), 0)


def phantom_map(rng: Rng) -> Field:
    """The map of someone that no training saw, percent."""
    return percent_map(phantom_patient(rng), SIDE)


def same_at_rest(patient: PhantomPatient, left: float) -> Field:
    """The map of the same heart with a share `left` of each defect's severity, percent."""
    milder = tuple(replace(defect, severity=left * defect.severity) for defect in patient.defects)
    return percent_map(replace(patient, defects=milder), SIDE)
