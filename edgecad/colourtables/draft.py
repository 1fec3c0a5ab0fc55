"""The order of a table's colours from maps drawn in it, without a bar: a draft for a person to look at.

Colours of many maps lie on a line through RGB space, a principal curve. Their order along it is found by geodesic
distance: over small steps from colour to colour, never across the gap between two parts of the line. What no colour
tells is the scale: which percent belongs to which of them depends on the patients. So a draft is never answered with.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables.table import FEWEST_COLOURS, ColourTable, Kind
from edgecad.errors import UsageError

Floats = NDArray[np.float64]

CELL = 10.0
"""Side of the cells of RGB space whose colours are averaged, grey levels."""
FEWEST_IN_CELL = 3e-4
"""Least share of the colours in a cell: fewer are edges, letters and noise."""
NEIGHBOURS = 4
"""Nearest cells to which each is tied."""
APART, AT_STEP = 16.0, 6.0
"""Grey levels between two steps at least, and from a step's colour to those that are its own."""
MOSTLY, FEWEST_IN_STEP, MOST_STEPS = 0.7, 2e-3, 40
"""Least share of colours that are at steps, of those at each, and how many steps there may be."""
POINTS = 33
"""Of the draft."""
SPREAD = 9.0
"""Grey levels between the colours and the line at their 75th percent, above which they are not one table's."""


def draft_from_colours(colours: Floats, name: str, source: str) -> ColourTable:
    """Put the colours of many maps in order: steps one after the other, a line evenly by its length in RGB.

    Which end is low is a guess as well: the one that fewer colours are near to.

    Args:
        colours: `(m, 3)`, 0 to 255, of the maps alone.
        name: the draft's.
        source: where it is from, for people.

    Raises:
        UsageError: they are too few, or do not lie on one line.
    """
    cells, weights = _cells(colours)
    if len(cells) < FEWEST_COLOURS:
        raise UsageError(
            f"the maps have {len(cells)} colours that differ; {FEWEST_COLOURS} are wanted: levels are lost"
        )
    some = colours[:: max(1, len(colours) // 4000)]
    steps = _steps(cells, weights, some)
    if steps is None:
        order = np.argsort(_along(cells), kind="stable")
        line = _evenly(cells[order], weights[order])
        levels = np.linspace(0, 100, len(line))
    else:
        line = steps[np.argsort(_along(steps), kind="stable")]
        levels = 100 * (np.arange(len(line)) + 0.5) / len(line)
    nearest, away = _nearest(some, line if steps is not None else _between(line))
    if np.quantile(away, 0.75) > SPREAD:
        raise UsageError(
            f"the maps' colours do not lie on one line (a quarter is more than {np.quantile(away, 0.75):.0f} grey "
            "levels off): give scans of one colour table"
        )
    if np.median(nearest) < nearest.max() / 2:
        line = line[::-1]
    points = tuple((float(level), *map(int, colour)) for level, colour in zip(levels, np.rint(line), strict=True))
    kind: Kind = "continuous" if steps is None else "steps"
    try:
        return ColourTable(name=name, kind=kind, points=points, source=source, draft=True)  # type: ignore[arg-type]
    except ValueError as error:
        raise UsageError(f"the maps' colours make no table: {error}; name a screen with a colour bar") from error


def _steps(cells: Floats, weights: Floats, colours: Floats) -> Floats | None:
    """Colours of steps, `(n, 3)`, where nearly all colours are at some that lie far apart; None of a line."""
    steps: list[Floats] = []
    for cell in cells[np.argsort(-weights, kind="stable")]:
        if all(np.linalg.norm(cell - step) > APART for step in steps):
            steps.append(cell)
    centres = np.stack(steps)
    nearest, away = _nearest(colours, centres)
    used = np.bincount(nearest[away < AT_STEP], minlength=len(centres)) >= FEWEST_IN_STEP * len(colours)
    if (away < AT_STEP).mean() < MOSTLY or not FEWEST_COLOURS <= used.sum() <= MOST_STEPS:
        return None
    return np.asarray(centres[used])


def _cells(colours: Floats) -> tuple[Floats, Floats]:
    """Mean colours of the cells in which enough colours lie, `(n, 3)`, and how many these are, `(n,)`."""
    keys = (colours // CELL).astype(np.int64) @ np.array([1024, 32, 1])
    _, which, counts = np.unique(keys, return_inverse=True, return_counts=True)
    which = which.ravel()
    means = np.stack([np.bincount(which, colours[:, channel]) for channel in range(3)], axis=1) / counts[:, None]
    kept = counts >= max(2, FEWEST_IN_CELL * len(colours))
    return means[kept], counts[kept].astype(np.float64)


def _along(cells: Floats) -> Floats:
    """Where each cell lies on the line: its geodesic distance from the end that is farthest from all."""
    ties = _ties(cells)
    start = _geodesic(ties, 0)
    return _geodesic(ties, int(start.argmax()))


def _ties(cells: Floats) -> Floats:
    """Lengths of the steps between cells, `(n, n)`; infinite where there is none. All are tied, however far off."""
    steps = np.linalg.norm(cells[:, None] - cells[None], axis=2)
    near = np.argsort(steps, axis=1)[:, 1 : NEIGHBOURS + 1]
    ties = np.full_like(steps, np.inf)
    rows = np.arange(len(cells))[:, None]
    ties[rows, near] = steps[rows, near]
    ties = np.minimum(ties, ties.T)
    while True:
        reached = np.isfinite(_geodesic(ties, 0))
        if reached.all():
            return np.asarray(ties)
        gap = np.where(reached[:, None] & ~reached[None], steps, np.inf)
        one, other = np.unravel_index(int(gap.argmin()), gap.shape)
        ties[one, other] = ties[other, one] = steps[one, other]


def _geodesic(ties: Floats, start: int) -> Floats:
    """Shortest way from one cell to each, `(n,)`; infinite where there is none (Dijkstra)."""
    found = np.full(len(ties), np.inf)
    found[start] = 0
    open_ = np.ones(len(ties), np.bool_)
    for _ in range(len(ties)):
        here = int(np.where(open_, found, np.inf).argmin())
        if not open_[here] or not np.isfinite(found[here]):
            break
        open_[here] = False
        found = np.asarray(np.minimum(found, found[here] + ties[here]))
    return found


def _evenly(cells: Floats, weights: Floats) -> Floats:
    """`(POINTS, 3)` colours at even distances on the line through cells that are in order, each smoothed."""
    smooth = _smoothed(cells, weights)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(smooth, axis=0), axis=1))])
    places = np.linspace(0, length[-1], POINTS)
    return np.stack([np.interp(places, length, smooth[:, channel]) for channel in range(3)], axis=1)


def _smoothed(cells: Floats, weights: Floats) -> Floats:
    """Each cell the weighted mean of itself and its two neighbours on either side; the ends stay."""
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
    total = np.convolve(weights, kernel, "same")
    smooth = np.stack([np.convolve(cells[:, channel] * weights, kernel, "same") for channel in range(3)], axis=1)
    smooth /= total[:, None]
    smooth[[0, -1]] = cells[[0, -1]]
    return np.asarray(smooth)


def _between(line: Floats) -> Floats:
    """The line with seven more colours between two of its points."""
    places = np.linspace(0, len(line) - 1, 8 * (len(line) - 1) + 1)
    return np.stack([np.interp(places, np.arange(len(line)), line[:, channel]) for channel in range(3)], axis=1)


def _nearest(colours: Floats, line: Floats) -> tuple[NDArray[np.intp], Floats]:
    away = np.linalg.norm(colours[:, None] - line[None], axis=2)
    return away.argmin(axis=1), away.min(axis=1)
