"""From the colours along a bar to a table: how many steps, or a line with few bends."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.bar.extent import Profile
from edgecad.polarmap.bar.place import Floats

STEPS = range(4, 41)
"""Numbers of steps that are told from a continuous table: too few are refused, more are read as continuous."""
ROWS_OF_A_STEP = 4
"""Fewest rows of a step whose middle can be told from its edges."""
FLAT = 0.35
"""Slope within steps, as a share of the slope over them, up to which they are flat: 0 of steps, 1 of a ramp."""
MIDDLE = 0.3
"""Rows so near to a step's middle, in its length, show its colour."""
JUMP = 3.0
"""Grey levels between two steps."""
DIFFERENT = 0.8
"""Least share of neighbours that differ: in a table that is cut into more steps than it has, many do not."""
HIDDEN = (0.75, 2.0)
"""Distance of the last step to the ground, in that to its neighbour, between which one more step lies on the ground."""
ASIDE = 0.5
"""How far the ground may lie beside the way from step to step, in steps."""
A_STEP = 0.25
"""How nearly a named rectangle goes on by one step where the last one has the ground's own colour."""
SIMPLER = (1.25, 0.3)
"""Times, and grey levels more, by which fewer steps may be less flat than the flattest."""
TOLERANCE = (0.75, 3.0)
"""Grey levels by which the line may leave the rows' colours: of a bare bar, and at most after JPEG."""
MOST_POINTS = 48

Points = tuple[tuple[float, int, int, int], ...]


def whole_line(profile: Profile) -> Floats:
    """Colours of all rows, `(length, 3)`: ends that faded go straight on to the ground."""
    colours = profile.colours.copy()
    seen = np.flatnonzero(np.isfinite(colours[:, 0]))
    first, last = int(seen[0]), int(seen[-1])
    if profile.ground is not None:
        for edge, row in ((0, first), (len(colours) - 1, last)):
            rows = np.arange(min(edge, row), max(edge, row) + 1)
            share = np.abs(rows - row) / max(abs(edge - row), 1)
            colours[rows] = colours[row] + share[:, None] * (profile.ground - colours[row])
    # The outermost rows of a bar that ends in a jump are mixed with what is around it.
    if len(colours) >= 16:
        if first == 0:
            colours[:2] = _onward(colours[2:7][::-1])[::-1]
        if last == len(colours) - 1:
            colours[-2:] = _onward(colours[-7:-2])
    return np.clip(colours, 0, 255)


def _onward(colours: Floats) -> Floats:
    """Two rows that go on as the last five do."""
    slope = np.median(np.diff(colours, axis=0), axis=0)
    return np.stack([colours[-1] + slope, colours[-1] + 2 * slope])


def steps_of(profile: Profile) -> Floats | None:
    """Colours of the steps, `(n, 3)`, first to last; None of a continuous bar."""
    seen = profile.colours[np.isfinite(profile.colours[:, 0])]
    tried = (_as_steps(seen, count) for count in STEPS if len(seen) >= ROWS_OF_A_STEP * count)
    fits = [fit for fit in tried if fit is not None]
    if not fits:
        return None
    best = SIMPLER[0] * min(off for off, _ in fits) + SIMPLER[1]
    # Of those as flat, the fewest steps: twice as many are as flat.
    return _with_hidden(next(colours for off, colours in fits if off <= best), profile)


def _as_steps(line: Floats, count: int) -> tuple[float, Floats] | None:
    """How far from flat so many equal steps are, and their colours; None where the line does not have them."""
    edges = _edges(line, count)
    places = (np.arange(len(line)) + 0.5 - edges[0]) * count / (edges[-1] - edges[0])
    numbers = np.floor(places).astype(np.intp)
    inner = (np.abs(places - numbers - 0.5) < MIDDLE) & (numbers >= 0) & (numbers < count)
    rows, numbers = line[inner], numbers[inner]
    counts = np.bincount(numbers, minlength=count)
    if counts.min() < 2:
        return None
    colours = _sums(numbers, rows, count) / counts[:, None]
    within = places[inner] - numbers - 0.5
    slopes = (
        _sums(numbers, (rows - colours[numbers]) * within[:, None], count)
        / np.bincount(numbers, within**2, count)[:, None]
    )
    along = np.gradient(colours, axis=0)
    flat = float((slopes * along).sum() / max(float((along * along).sum()), 1e-6))
    jumps = np.abs(np.diff(colours, axis=0)).max(axis=1)
    if flat > FLAT or (jumps >= max(JUMP, 0.25 * np.median(jumps))).mean() < DIFFERENT:
        return None
    return float(np.abs(rows - colours[numbers]).mean()), colours


def _sums(numbers: NDArray[np.intp], rows: Floats, count: int) -> Floats:
    """Sums of rows of one number, `(count, 3)`."""
    return np.stack([np.bincount(numbers, rows[:, channel], count) for channel in range(3)], axis=1)


def _edges(line: Floats, count: int) -> Floats:
    """Rows at which steps begin, `count + 1`, evenly: a straight line through the jumps near where they may be."""
    step = len(line) / count
    jumps = np.abs(np.diff(line, axis=0)).sum(axis=1)
    reach = max(1, int(0.35 * step))
    numbers, found = [], []
    for number in range(1, count):
        near = round(number * step) - 1
        around = jumps[max(near - reach, 0) : near + reach + 1]
        if len(around) and around.max() > JUMP:
            numbers.append(number)
            found.append(max(near - reach, 0) + int(around.argmax()) + 1)
    if len(found) < count // 2:
        return np.linspace(0, len(line), count + 1)
    slope, first = np.polyfit(numbers, found, 1)
    return np.asarray(first + slope * np.arange(count + 1), np.float64)


def _with_hidden(colours: Floats, profile: Profile) -> Floats:
    """The steps, and one more at an end where the next would have the ground's colour."""
    if profile.ground is None:
        return colours
    step = np.isfinite(profile.colours[:, 0]).sum() / len(colours)
    first, last = profile.open_ends
    more = [
        _hidden(line, profile.ground, beyond / step) if is_open else None
        for line, beyond, is_open in (
            (colours[:2][::-1], profile.beyond[0], first),
            (colours[-2:], profile.beyond[1], last),
        )
    ]
    return np.concatenate([part for part in (more[0], colours, more[1]) if part is not None])


def _hidden(line: Floats, ground: Floats, beyond: float) -> Floats | None:
    """The step beyond the last two, `(1, 3)`; None where there is none.

    Args:
        beyond: how far the rectangle that was named goes on, in steps.
    """
    if abs(beyond - 1) < A_STEP:
        return ground[None]
    on, left = line[1] - line[0], ground - line[1]
    length = float(on @ on) or 1.0
    share = float(on @ left) / length
    aside = float(np.linalg.norm(left - share * on))
    return (
        np.clip(line[1] + on, 0, 255)[None] if HIDDEN[0] <= share < HIDDEN[1] and aside < ASIDE * length**0.5 else None
    )


def points_of_steps(colours: Floats) -> Points:
    """A stepped table's points."""
    middles = 100 * (np.arange(len(colours)) + 0.5) / len(colours)
    return _points(middles, colours)


def points_of_line(line: Floats) -> Points:
    """A continuous table's points: as few as leave the rows' colours within the noise, each fitted to all rows."""
    smooth = _smooth(line)
    noise = float(np.quantile(np.abs(line - smooth).max(axis=1), 0.75))
    tolerance = min(max(2 * noise, TOLERANCE[0]), TOLERANCE[1])
    bends = _bends(smooth, tolerance)
    rows = np.arange(len(line))
    # Each point's weight in each row: 1 at the point, falling straight to 0 at its neighbours.
    weights = np.stack([np.interp(rows, bends, one) for one in np.eye(len(bends))], axis=1)
    fitted = np.linalg.lstsq(weights, line, rcond=None)[0]
    return _points(100 * bends / (len(line) - 1), np.clip(fitted, 0, 255))


def _smooth(line: Floats) -> Floats:
    """Each row the mean of those within a hundredth of the length: straight parts stay as they are."""
    reach = max(1, len(line) // 100)
    padded = np.concatenate([2 * line[0] - line[reach:0:-1], line, 2 * line[-1] - line[-2 : -reach - 2 : -1]])
    return np.asarray(cv2.blur(padded, (1, 2 * reach + 1))[reach:-reach])


def _bends(line: Floats, tolerance: float) -> NDArray[np.intp]:
    """Rows of a line's points: one is added where the line is farthest off, until it is nowhere far."""
    rows = np.arange(len(line))
    bends = [0, len(line) - 1]
    while len(bends) < MOST_POINTS:
        drawn = np.stack([np.interp(rows, bends, line[bends, channel]) for channel in range(3)], axis=1)
        off = np.abs(line - drawn).max(axis=1)
        worst = int(off.argmax())
        if off[worst] <= tolerance:
            break
        bends = sorted({*bends, worst})
    return np.asarray(bends)


def _points(levels: Floats, colours: Floats) -> Points:
    return tuple((float(level), *map(int, colour)) for level, colour in zip(levels, np.rint(colours), strict=True))  # type: ignore[misc]
