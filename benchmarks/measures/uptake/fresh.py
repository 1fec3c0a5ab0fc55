"""Fresh phantoms over tables, sizes and layouts, severe ones too: who is refused, and why. No model is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import msgspec
import numpy as np
from msgspec.structs import replace as struct_replace

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import ImitatedLayout, layout_suite
from measures.uptake.maps import FRESH_SEED, Refused, image_of, severe
from measures.uptake.models import OWN_TABLES, preparation_of
from measures.uptake.options import UptakeOptions
from measures.uptake.score import GIVEN_TABLES

SEVERE, GIVEN, STEPPED = 0.3, 0.4, 0.15
"""Shares: with severe defects, in a table that the user names, in 20 to 64 steps."""
SIZES = (140, 880)
AMBIGUOUS = "table-ambiguous"
BARS = {"refused": 0.01}


class RefusedPhantom(msgspec.Struct, frozen=True):
    """One that was refused."""

    phantom: str
    layout: str
    diameter: int
    table: str
    severe: bool
    reason: str
    message: str


class FreshFound(msgspec.Struct, frozen=True):
    """All of them; `refused` leaves out those that are ambiguous between two tables, which are told apart."""

    phantoms: int
    bars: dict[str, float]
    refused: float
    ambiguous: float
    reasons: dict[str, int]
    rows: tuple[RefusedPhantom, ...]


def fresh(options: UptakeOptions) -> FreshFound:
    """Draw each phantom on a screen of its own, and prepare it."""
    suite = layout_suite()
    rows = [row for index in range(options.fresh) if (row := _refused(index, suite)) is not None]
    ambiguous = sum(row.reason == AMBIGUOUS for row in rows)
    found = FreshFound(
        phantoms=options.fresh,
        bars=BARS,
        refused=(len(rows) - ambiguous) / options.fresh,
        ambiguous=ambiguous / options.fresh,
        reasons=dict(Counter(row.reason for row in rows)),
        rows=tuple(rows),
    )
    for row in rows:
        print(f"{row.layout} {row.diameter} {row.table}{' severe' if row.severe else ''}: {row.message}")
    print(f"{found.refused:.1%} refused, {found.ambiguous:.1%} between two tables, of {found.phantoms}")
    return found


def _refused(index: int, suite: tuple[ImitatedLayout, ...]) -> RefusedPhantom | None:
    rng = np.random.default_rng([FRESH_SEED, index])
    patient = draw_patient(FRESH_SEED, index)
    worse = bool(rng.random() < SEVERE) and bool(patient.defects)
    patient = severe(patient, rng) if worse else patient
    layout = suite[rng.integers(len(suite))]
    largest = min(SIZES[1], 1400 // layout.count)
    layout = replace(layout, diameter=int(rng.integers(SIZES[0], largest + 1)))
    named = bool(rng.random() < GIVEN)
    table = known_table(str(rng.choice(GIVEN_TABLES if named else OWN_TABLES)))
    image = image_of(
        percent_map(patient), _drawn(table, rng), layout,
        struct_replace(preparation_of(Drawing()), map=layout.maps), (table,) if named else (),
    )  # fmt: skip
    if not isinstance(image, Refused):
        return None
    return RefusedPhantom(patient.patient, layout.name, layout.diameter, table.name, worse, image.reason, image.message)


def _drawn(table: ColourTable, rng: np.random.Generator) -> ColourTable:
    return table.in_steps(int(rng.choice((64, 32, 20)))) if rng.random() < STEPPED else table
