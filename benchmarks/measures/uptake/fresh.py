"""Fresh phantoms over tables, sizes and layouts, severe ones too: who is refused, and why. No model is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

import msgspec
import numpy as np
from msgspec.structs import replace as struct_replace

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing
from edgecad_train.phantoms import PhantomPatient, draw_patient, percent_map
from edgecad_train.phantoms.imitations import (
    ImitatedLayout,
    layout_by_chance,
    layout_suite,
    render_layout,
    screen_bytes,
)
from edgecad_train.phantoms.imitations.chance import DIAMETERS, least_diameter
from edgecad_train.phantoms.imitations.suite import LARGEST_ROW
from measures.uptake.maps import FRESH_SEED, Refused, prepared_image, severe
from measures.uptake.models import OWN_TABLES, preparation_of
from measures.uptake.options import UptakeOptions
from measures.uptake.score import GIVEN_TABLES

SEVERE, GIVEN, STEPPED, BY_CHANCE = 0.3, 0.4, 0.15, 0.5
"""Shares: with severe defects, in a table that the user names, in 20 to 64 steps, in a layout by chance."""
CHANCE, VESSELS = 100, 101
"""Streams of random numbers beyond those of `phantoms.streams`. A list that ends in 0 seeds as the one without it: the
draw without a number here was that of the defects, and who had any was never severe."""
THREE_VESSELS, ARTERIES = 0.1, 3
"""Share of phantoms that are taken from those with a defect in each artery's territory, beside the population's own."""
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
    """All of them; `refused` leaves out those that are ambiguous between two tables, which are told apart.

    Attributes:
        suite: refused, and screens in all, of layouts of the suite; `chance` of layouts by chance.
    """

    phantoms: int
    bars: dict[str, float]
    refused: float
    ambiguous: float
    suite: tuple[int, int]
    chance: tuple[int, int]
    reasons: dict[str, int]
    rows: tuple[RefusedPhantom, ...]


@dataclass(frozen=True)
class FreshScreen:
    """What is drawn of a fresh phantom; `drawn` is `table` itself or its form in steps.

    Attributes:
        given: the user names `table`.
        severe: defects are larger and deeper than the population's.
    """

    patient: PhantomPatient
    layout: ImitatedLayout
    table: ColourTable
    drawn: ColourTable
    given: bool
    severe: bool

    @property
    def by_chance(self) -> bool:
        """Whether the layout is none of the suite's."""
        return self.layout.kind == "chance"

    @property
    def vessels(self) -> int:
        """In how many arteries' territories there are defects."""
        return len(set(self.patient.territories))

    def file(self) -> bytes:
        """JPEG or PNG, as its layout wants it."""
        return screen_bytes(render_layout(percent_map(self.patient), self.drawn, self.layout), self.layout)


def fresh(options: UptakeOptions) -> FreshFound:
    """Draw each phantom on a screen of its own, and prepare it."""
    screens = fresh_screens(options.fresh)
    refusals = [_refusal(screen) for screen in screens]
    rows = [row for row in refusals if row is not None]
    ambiguous = sum(row.reason == AMBIGUOUS for row in rows)
    found = FreshFound(
        phantoms=options.fresh,
        bars=BARS,
        refused=(len(rows) - ambiguous) / options.fresh,
        ambiguous=ambiguous / options.fresh,
        suite=_counts(screens, refusals, by_chance=False),
        chance=_counts(screens, refusals, by_chance=True),
        reasons=dict(Counter(row.reason for row in rows)),
        rows=tuple(rows),
    )
    for row in rows:
        print(f"{row.layout} {row.diameter} {row.table}{' severe' if row.severe else ''}: {row.message}")
    print(
        f"{found.refused:.1%} refused, {found.ambiguous:.1%} between two tables, of {found.phantoms}; of the suite "
        f"{found.suite[0]} of {found.suite[1]}, by chance {found.chance[0]} of {found.chance[1]}"
    )
    return found


def _counts(
    screens: Sequence[FreshScreen], refusals: Sequence[RefusedPhantom | None], *, by_chance: bool
) -> tuple[int, int]:
    """Refused, but for those between two tables, and all."""
    own = [row for screen, row in zip(screens, refusals, strict=True) if screen.by_chance == by_chance]
    return sum(row is not None and row.reason != AMBIGUOUS for row in own), len(own)


def fresh_screens(number: int) -> list[FreshScreen]:
    """Phantoms that no training saw, each on a screen of its own."""
    suite = layout_suite()
    return [_screen(index, suite) for index in range(number)]


def _screen(index: int, suite: tuple[ImitatedLayout, ...]) -> FreshScreen:
    rng = np.random.default_rng([FRESH_SEED, index, CHANCE])
    patient = _patient(index)
    worse = bool(rng.random() < SEVERE) and bool(patient.defects)
    given = bool(rng.random() < GIVEN)
    table = known_table(str(rng.choice(GIVEN_TABLES if given else OWN_TABLES)))
    drawn = table.in_steps(int(rng.choice((64, 32, 20)))) if rng.random() < STEPPED else table
    return FreshScreen(severe(patient, rng) if worse else patient, _layout(suite, rng), table, drawn, given, worse)


def _patient(index: int) -> PhantomPatient:
    """The population's, or one with disease of three vessels; a stream of its own, so that the others stay."""
    rng = np.random.default_rng([FRESH_SEED, index, VESSELS])
    if rng.random() >= THREE_VESSELS:
        return draw_patient(FRESH_SEED, index)
    drawn = (draw_patient(FRESH_SEED + ARTERIES + index, number) for number in count())
    return next(patient for patient in drawn if len(set(patient.territories)) == ARTERIES)


def _refusal(screen: FreshScreen) -> RefusedPhantom | None:
    preparation = struct_replace(preparation_of(Drawing()), map=screen.layout.maps)
    given = (screen.table,) if screen.given else ()
    image = prepared_image(screen.file(), preparation, given)
    if not isinstance(image, Refused):
        return None
    return RefusedPhantom(
        screen.patient.patient, screen.layout.name, screen.layout.diameter, screen.drawn.name, screen.severe,
        image.reason, image.message,
    )  # fmt: skip


def _layout(suite: tuple[ImitatedLayout, ...], rng: np.random.Generator) -> ImitatedLayout:
    """One of the suite at another size, or one by chance."""
    if rng.random() < BY_CHANCE:
        return layout_by_chance(rng)
    layout = suite[rng.integers(len(suite))]
    largest = min(DIAMETERS[1], LARGEST_ROW // layout.count)
    return replace(layout, diameter=int(rng.integers(least_diameter(layout), largest + 1)))
