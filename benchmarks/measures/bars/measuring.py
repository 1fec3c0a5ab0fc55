"""Bars that are drawn and read back, and screens without one: how many are read, how well, and how fast."""

from __future__ import annotations

import time
from collections import Counter

import msgspec
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.polarmap.bar import BarReading, find_bar, read_rectangle
from edgecad.polarmap.bar.place import BarPlace
from measures.bars.drawing import BarDrawing, Floats, draw_bar
from measures.bars.tables import all_tables
from measures.bars.without import draw_without
from measures.quartiles import Quartiles, quartiles_of
from measures.uptake.options import UptakeOptions

QUALITIES = (None, 95, 90, 85, 75)
"""Of JPEG, in turn; None: PNG."""
DEFINITE = 501
"""Levels at which a continuous table is compared."""
SEED = 40_000
BARS = {"read, at least": 0.98, "level error, percent of the span, median of bars": 1.0, "found where none is": 0.0}


class BarFault(msgspec.Struct, frozen=True):
    """A bar that was not read, or read wrongly; or a bar that is none."""

    number: int
    table: str
    drawn: str
    fault: str


class BarsFound(msgspec.Struct, frozen=True):
    """How bars are read, found by themselves and in a rectangle that is given.

    Attributes:
        bars: what is wanted.
        drawn, read: bars; those read have the right end low, and as many steps as the table has.
        asked: of those not read, bars whose low end has to be asked for.
        given: of `drawn`, how many are read where their rectangle is given.
        error, error_given: percent of the span by which a map's levels are off in the mean, over bars that were read.
        without, taken: screens without a bar, and those on which one was found.
        milliseconds: of looking for a bar, over all screens.
    """

    bars: dict[str, float]
    drawn: int
    read: int
    asked: int
    given: int
    error: Quartiles
    error_given: Quartiles
    worst: float
    without: int
    taken: int
    milliseconds: Quartiles
    faults: tuple[BarFault, ...]

    def words(self) -> str:
        """A few lines."""
        kinds = Counter(fault.fault.partition(":")[0] for fault in self.faults)
        return (
            f"{self.read} of {self.drawn} bars read, {self.asked} asked; levels off by {self.error.words()} %, at most "
            f"{self.worst:.2f}\n{self.given} read in a given rectangle, off by {self.error_given.words()} %\n"
            f"found on {self.taken} of {self.without} screens without a bar; {self.milliseconds.words()} ms a screen\n"
            f"faults: {dict(kinds)}"
        )


def bars(options: UptakeOptions) -> BarsFound:
    """Draw and read."""
    tables, faults, times = all_tables(), [], []
    errors: dict[str, list[float]] = {"found": [], "given": []}
    for number in range(options.bars):
        table = tables[number % len(tables)]
        drawn = draw_bar(np.random.default_rng(SEED + number), table, quality=_quality(number, len(tables)))
        begun = time.perf_counter()
        found = find_bar(drawn.screen, drawn.disc)
        times.append(1000 * (time.perf_counter() - begun))
        for way, reading in (("found", found), ("given", _given(drawn))):
            fault = _fault(reading, drawn, table)
            if fault or reading is None:
                faults.append(BarFault(number, table.name, str(drawn.shape), f"{way}: {fault}"))
            else:
                errors[way].append(level_error(reading.table("read", drawn.shape.low), table, drawn.uptake))
    taken = 0
    for number in range(options.bare_screens):
        table = tables[number % len(tables)]
        bare = draw_without(np.random.default_rng(SEED + number), table, number, quality=_quality(number, len(tables)))
        begun = time.perf_counter()
        found = find_bar(bare.screen, bare.disc)
        times.append(1000 * (time.perf_counter() - begun))
        if found is not None:
            taken += 1
            faults.append(BarFault(number, table.name, bare.kind, f"none: found at {found.place}"))
    told = BarsFound(
        BARS, options.bars, len(errors["found"]), sum("asked" in fault.fault for fault in faults), len(errors["given"]),
        quartiles_of(errors["found"]), quartiles_of(errors["given"]), max(errors["found"]),
        options.bare_screens, taken, quartiles_of(times), tuple(faults),
    )  # fmt: skip
    print(told.words(), flush=True)
    return told


def level_error(read: ColourTable, true: ColourTable, uptake: Floats) -> float:
    """Percent of the span by which levels of a map are off in the mean, read through one table in place of another.

    A map in steps is compared with the middles of its steps: what its own table loses is no fault of the reading.
    """
    colours = true.colours_at(uptake[np.isfinite(uptake)][::53])
    told = [_levels(colours, table) for table in (read, true)]
    return float(np.abs(told[0] - told[1]).mean())


def _levels(colours: Floats, table: ColourTable) -> Floats:
    levels, line = table.line(DEFINITE if table.steps is None else None)
    squares = (colours**2).sum(axis=1)[:, None] - 2 * colours @ line.T + (line**2).sum(axis=1)
    return np.asarray(levels[squares.argmin(axis=1)])


def _quality(number: int, tables: int) -> int | None:
    """Each table in each quality, as numbers rise."""
    return QUALITIES[(number + number // tables) % len(QUALITIES)]


def _given(drawn: BarDrawing) -> BarReading | None:
    x, y, width, height = drawn.rectangle
    return read_rectangle(
        drawn.screen, BarPlace(x, y, width, height, drawn.shape.place in ("right", "left")), drawn.disc
    )


def _fault(reading: BarReading | None, drawn: BarDrawing, table: ColourTable) -> str:
    """What is wrong with a reading; empty: nothing."""
    if reading is None:
        return "none found"
    if reading.low is None:
        return f"low end asked for ({reading.low_words})"
    if reading.low != drawn.shape.low:
        return f"low end {reading.low}"
    steps = None if reading.steps is None else len(reading.steps)
    return "" if steps == table.steps else f"{steps} steps"
