"""Which colour table a map was drawn through.

The least distance decides among the candidates alone: a jet map lies on a hot table as well, with levels 40 % off. A
second table that explains the same colours with other levels is a reason to refuse, unless the bar on the screen or
the user says which one it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.errors import InputRefused
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.prepared import ChosenBy
from edgecad.polarmap.uptake.lookup import COARSE, coarse_distances, lookup_of

Floats = NDArray[np.float32]

FAR = 30.0
"""Grey levels up to which the distance of a pixel to the table counts: lines and letters must not decide."""
MAX_MEAN, MAX_OFF = 9.0, 0.25
"""A table fits with at most this mean distance, grey levels, and this share of the disc more than `OFF` away from it.
Honest maps with lines and values, those on small discs seen through a median: at most 8.6 and 0.22; maps in another
table: 0.3 to 0.9 of the disc off, and what is wide and off is refused later."""
OFF = 15.0
EQUAL = 0.3
"""Grey levels by which two tables fit equally well; the one that was named first is taken: of two greys of another
slope neither fits better."""
RIVAL_MEAN, RIVAL_OFF = 4.0, 0.05
"""A second table is a rival up to this mean distance and share, or as far beyond as the chosen one, and a little."""
APART = 3.0
"""Mean difference of levels, percent of the span, from which two tables tell of two maps."""
FEW = 5
"""Every so manieth pixel of the sample tells whether a known table is far off."""
LIKELY_MEDIAN, LEAST_MEDIAN = 50.0, 40.0
"""Percent of the span. More than half of nearly every perfusion map is above the first; read through the inverse table
it is below. With severe disease of several vessels it may be below as well: 14 of 1200 fresh phantoms, 3 below the
second, all of them severe. Read through the inverse table, 96 % of all maps are below the second."""
CUT_SPAN, CUT_APART = 85.0, 10.0
"""Percent of a known table's span that a bar has to show, if its colours are that table's within so many grey levels:
a bar of less is cut off, or of a window, and its own ends are not 0 and 100 % of the maximum."""
BAR_MEDIAN, BAR_P95 = 6.0, 14.0
"""Distances of the disc's colours to a bar's, grey levels, with which a bar explains the disc."""


@dataclass(frozen=True)
class Fit:
    """How well a table explains the colours of a disc.

    Attributes:
        levels: of the sample, `(n,)`, percent of the span.
        mean: distance to the table, grey levels, each counted up to 30.
        apart: distance to the table, `(n,)`, grey levels.
        off: share of the sample more than 15 grey levels away.
    """

    table: ColourTable
    who: ChosenBy | None
    levels: Floats
    apart: Floats
    mean: float
    off: float

    @property
    def fits(self) -> bool:
        """Whether the table may be the map's."""
        return self.mean <= MAX_MEAN and self.off <= MAX_OFF

    @property
    def plausible(self) -> bool:
        """Whether the levels are likely those of a perfusion map."""
        return float(np.median(self.levels)) >= LIKELY_MEDIAN

    @property
    def possible(self) -> bool:
        """Whether the levels may be those of a perfusion map with severe disease."""
        return float(np.median(self.levels)) >= LEAST_MEDIAN

    @property
    def explains(self) -> bool:
        """Whether a bar's table is the map's: stricter, because a bar is found by looking for one."""
        middle, high = np.quantile(self.apart, (0.5, 0.95))
        return bool(middle <= BAR_MEDIAN and high <= BAR_P95)

    def agrees(self, other: Fit) -> bool:
        """Whether two tables tell of the same map."""
        return float(np.abs(self.levels - other.levels).mean()) <= APART


def fit_of(colours: NDArray[np.uint8], table: ColourTable, who: ChosenBy | None = None) -> Fit:
    """Hold `(n, 3)` uint8 colours of a disc against a table."""
    levels, apart = lookup_of(table).read(colours)
    mean = float(np.minimum(apart, FAR).mean())
    return Fit(table, who, levels, apart, mean, float((apart > OFF).mean()))


def chosen_fit(
    colours: NDArray[np.uint8],
    fits: Sequence[Fit],
    bar: Callable[[], ColourTable | None],
    objections: Objections,
) -> Fit:
    """Choose the table of a disc; who chose it is in the fit.

    Args:
        colours: `(n, 3)` uint8 RGB, a sample of the disc.
        fits: of the candidates to these, in the order in which they are named.
        bar: reads the bar on the screen; asked only where no candidate fits, or more than one table does.

    Raises:
        InputRefused: `table-unknown` or `table-ambiguous`.
    """
    by_user = [fit for fit in fits if fit.who == "user" and fit.fits]
    fitting = by_user or [fit for fit in fits if fit.fits and fit.plausible]
    if not fitting:
        # The bar comes first: what is low through this table may be high through the inverse one.
        fitting = [fit for fit in fits if fit.fits and fit.possible]
        by_bar = _by_sure_bar(colours, bar, objections) if fitting else _by_bar(colours, bar, objections)
        if by_bar is not None:
            return next((replace(fit, who="bar") for fit in fitting if fit.agrees(by_bar)), by_bar)
        if not fitting:
            return _unknown(colours, fits, objections)
    least = min(fit.mean for fit in fitting)
    best = next(fit for fit in fitting if fit.mean <= least + EQUAL)
    others = fitting if by_user else _others(colours, fits)
    rivals = [fit for fit in others if _is_rival(fit, best) and not fit.agrees(best)]
    if not rivals:
        return best
    read = _by_bar(colours, bar, objections)
    if read is None:
        objections.against("table-ambiguous", _ambiguous(best, rivals[0]))
        return best
    named = next((fit for fit in (best, *rivals) if fit.agrees(read)), read)
    return replace(named, who="bar")


def _others(colours: NDArray[np.uint8], fits: Iterable[Fit]) -> list[Fit]:
    """Every table that might explain the disc as well: the other candidates, and all that are known."""
    tried = list(fits)
    named = {fit.table.points for fit in tried}
    far = coarse_distances(colours[::FEW])
    near = [
        table
        for table, distance in zip(KNOWN_TABLES.values(), far, strict=True)
        if table.points not in named and distance <= MAX_MEAN + COARSE
    ]
    return [*tried, *(fit_of(colours, table) for table in near)]


def _is_rival(fit: Fit, best: Fit) -> bool:
    near = fit.mean <= max(RIVAL_MEAN, best.mean + 1.0) and fit.off <= max(RIVAL_OFF, best.off + 0.02)
    return near and fit.plausible


def _by_bar(colours: NDArray[np.uint8], bar: Callable[[], ColourTable | None], objections: Objections) -> Fit | None:
    table = bar()
    if table is None:
        return None
    fit = fit_of(colours, table, "bar")
    if not fit.explains:
        return None
    _object_to_part_of_a_bar(table, objections)
    return fit


def _by_sure_bar(
    colours: NDArray[np.uint8], bar: Callable[[], ColourTable | None], objections: Objections
) -> Fit | None:
    """The same; None where the bar does not know its low end: of a map that is low in half, it never does.

    Its numbers or its place then say the same as a table that somebody named.
    """
    try:
        return _by_bar(colours, bar, objections)
    except InputRefused:
        return None


def _object_to_part_of_a_bar(table: ColourTable, objections: Objections) -> None:
    line = np.rint(table.line()[1]).astype(np.uint8)
    shown: dict[str, tuple[float, float]] = {}
    for known in KNOWN_TABLES.values():
        levels, apart = lookup_of(known).read(line)
        if apart.max() <= CUT_APART:
            low, high = sorted((float(levels[0]), float(levels[-1])))
            shown[known.name] = (low, high)
    if not shown or any(high - low >= CUT_SPAN for low, high in shown.values()):
        return
    name, (low, high) = next(iter(shown.items()))
    objections.against(
        "table-ambiguous",
        f"the screen's colour bar shows {low:.0f} to {high:.0f} % of the table {name}: it is cut off, or the display "
        "window is not 0 to 100 %; show the whole bar, or say the table with --table",
    )


def _unknown(colours: NDArray[np.uint8], fits: Sequence[Fit], objections: Objections) -> Fit:
    every = sorted((*fits, *(fit_of(colours, table) for table in KNOWN_TABLES.values())), key=lambda fit: fit.mean)
    turned = next((fit for fit in fits if fit.fits), None)
    if turned is not None:
        objections.against(
            "table-unknown",
            f"read through the table {turned.table.name}, half of the disc is below "
            f"{np.median(turned.levels):.0f} %, and more than half of a map is above {LEAST_MEDIAN:.0f} %; if the "
            "screen's table runs the other way, name it with --table",
        )
        return turned
    expected, nearest = ", ".join(fit.table.name for fit in fits) or "none", every[0]
    what = f"the colours are of none of the tables that are expected ({expected})"
    if nearest.fits and nearest.plausible:
        step = f"the table {nearest.table.name} would explain them: if the screen is drawn in it, name it with --table"
    else:
        step = (
            f"nearest is {nearest.table.name}, with {nearest.off:.0%} of the disc off it: if this is a polar map, "
            "teach its table with edgecad table learn, and name that with --table"
        )
    objections.against("table-unknown", f"{what}; {step}")
    return nearest


def _ambiguous(best: Fit, rival: Fit) -> str:
    apart = float(np.abs(best.levels - rival.levels).mean())
    return (
        f"the tables {best.table.name} and {rival.table.name} both explain the colours, with uptake {apart:.0f} % "
        "apart; say which one it is with --table, or save the screen with its colour bar"
    )
