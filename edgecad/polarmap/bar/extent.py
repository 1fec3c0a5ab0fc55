"""The exact edges of a bar on the full screen, from a first guess: its columns, its frame, its two ends.

All is done on a screen that was turned so that the bar is upright.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.bar.place import Columns, Floats, Pixels, distance

OFF = (4.0, 14.0)
"""Grey levels from which a pixel is no longer the ground's, by the ground's own unevenness: bare, and after JPEG."""
LIVELY = 0.5
"""Share of the liveliest column's changes that a bar's columns have at least."""
TRIED, ROWS = 7, 150
"""Columns that are tried as a bar's, and rows on which they are compared."""
SAME = 12.0
"""Grey levels within which columns have one colour."""
GONE = 0.5
"""Share of what is left three rows on, at an end; less is a jump to the ground, more is fading."""
HALO = 10
"""Rows beyond a jump that JPEG may light."""
FRAME = 30.0
"""Least difference of a frame's brightness to the ground's."""
FRAME_WIDTH = 5
"""Widest frame, pixels."""
CONSTANT = 15.0
"""Grey levels by which a frame's brightness may vary: the halo of JPEG around a bar varies with the bar."""
THROUGH = 0.15
"""Longest part of a bar that may be lost in the ground's colour where the table passes through it."""
THINNEST = 6
"""Columns of a bar."""
BESIDE, CONTRAST = 4, 25.0
"""Columns within which a bar's colours end on either side, and grey levels by which."""
NAMED = 0.03
"""Share of its length by which a fading end may lie off the rectangle that a person named, which is then believed."""
INNER = 0.7
"""Share of a bar's thickness that is judged: its sides are mixed with the frame or the ground."""
LUMA = np.array([0.299, 0.587, 0.114])
NEAR = 12
"""Pixels beside a bar in which its ground is looked for."""


@dataclass(frozen=True)
class Profile:
    """What was seen of a bar.

    Attributes:
        box: its edges, without its frame; the rows at which a fading end is lost are counted in.
        colours: `(box.length, 3)` of its rows, 0 to 255; NaN where an end has faded into the ground.
        uneven: grey levels by which pixels of a row differ from its colour, 90th percentile of a row.
        ground: colour around it; None where nothing even lies around it.
        open_ends: whether its first and last end lie bare on the ground, so that a part of its colour is not seen.
        beyond: rows by which a rectangle that a person named goes on beyond these ends.
    """

    box: Columns
    colours: Floats
    uneven: float
    ground: Floats | None
    open_ends: tuple[bool, bool]
    beyond: tuple[int, int]


def profile_of(image: Pixels, guess: Columns, *, given: bool = False, tries: int = 3) -> Profile | None:
    """Find a bar's edges near a guess in a turned screen `(rows, columns, 3)`; None where there is no bar.

    Args:
        given: a person named the rectangle: an end that fades into the ground is where they said.
        tries: how often the guess is made longer where the bar goes on beyond it.
    """
    sides = _sides(image, guess)
    if sides is None:
        return None
    left, right = sides
    inner = _inner(left, right)
    margin = 4 if given else int(0.2 * guess.length) + 16
    first, last = max(guess.top - margin, 0), min(guess.bottom + margin, len(image))
    line = np.median(image[first:last, inner], axis=1)
    ground = _ground(image, Columns(guess.top, guess.bottom, left, right))
    frame = None if ground is None else _frame(image, guess, left, right, ground.colour)
    middle = Columns(guess.top - first, guess.bottom - first, left, right)
    part, rows = image[first:last], last - first
    low = _end(line, part, middle, frame, ground, given)
    flipped = Columns(rows - middle.bottom, rows - middle.top, left, right)
    high = _end(line[::-1], part[::-1], flipped, frame, ground, given)
    longer = (high.seen == rows and first > 0) or (low.seen == rows and last < len(image))
    if longer and not given and tries > 1:
        return profile_of(image, Columns(first, last, guess.left, guess.right), tries=tries - 1)
    top, bottom, seen = rows - high.edge, low.edge, slice(rows - high.seen, low.seen)
    if seen.stop - seen.start < 8:
        return None
    colours = np.full((bottom - top, 3), np.nan)
    colours[seen.start - top : seen.stop - top] = line[seen]
    beyond = (max(first + top - guess.top, 0), max(guess.bottom - first - bottom, 0)) if given else (0, 0)
    box = Columns(first + top, first + bottom, left, right)
    off = np.quantile(distance(part[seen, inner], line[seen][:, None]), 0.9, axis=1)
    return Profile(
        box, colours, float(np.quantile(off, 0.75)), ground.colour if ground else None, (high.open, low.open), beyond
    )


def _inner(left: int, right: int) -> slice:
    cut = int((right - left) * (1 - INNER) / 2 + 0.5)
    return slice(left + cut, max(right - cut, left + cut + 1))


def _sides(image: Pixels, guess: Columns) -> tuple[int, int] | None:
    """Left and right edge: columns with the same colours, row for row, as the one that changes most."""
    spare = max(BESIDE + 1, guess.thickness // 8)
    from_, to = max(guess.left - spare, 0), min(guess.right + spare, image.shape[1])
    # The guess may be longer than the bar: the middle of it is judged.
    cut = guess.length // 6
    some = max(1, guess.length // ROWS)
    part = image[guess.top + cut : guess.bottom - cut : some, from_:to].astype(np.float64)
    if len(part) < 8 or part.shape[1] < 2:
        return None
    # The median: columns of numbers are ground in most of their rows.
    changes = np.median(distance(part, np.median(part, axis=0)), axis=0)
    lively = np.flatnonzero(changes >= LIVELY * changes.max())
    cores = lively[np.linspace(0, len(lively) - 1, TRIED).astype(int)]
    left, right, away = max((_alike(part, int(core)) for core in cores), key=lambda run: run[1] - run[0])
    # A picture's columns change bit by bit, a bar ends at once; at the rectangle that was given nothing has to end.
    ends = (away[max(left - BESIDE, 0) : left], away[right : right + BESIDE])
    if right - left < THINNEST or any(len(end) == BESIDE and end.max() < CONTRAST for end in ends):
        return None
    return from_ + left, from_ + right


@dataclass(frozen=True)
class _Ground:
    """What lies around a bar: its colour, and the grey levels from which something else is there."""

    colour: Floats
    off: float


def _alike(part: Floats, core: int) -> tuple[int, int, Floats]:
    """First and last column, exclusive, with the colours of column `core`, and how far all are from these."""
    line = np.median(part[:, max(core - 1, 0) : core + 2], axis=1)
    away = np.median(distance(part, line[:, None]), axis=0)
    off = np.flatnonzero(away > SAME)
    left = int(off[off <= core].max(initial=-1)) + 1
    return left, max(int(off[off >= core].min(initial=len(away))), left), away


def _ground(image: Pixels, box: Columns) -> _Ground | None:
    """The ground on the side of the bar that is more even; None where neither is."""
    spare = FRAME_WIDTH + 1
    found: list[tuple[float, Floats]] = []
    for first in (box.right + spare, box.left - spare - NEAR):
        part = image[box.top : box.bottom, max(first, 0) : max(first + NEAR, 0)].reshape(-1, 3)
        if len(part):
            colour = np.median(part, axis=0)
            found.append((float(np.quantile(distance(part, colour), 0.6)), colour))
    if not found:
        return None
    uneven, ground = min(found, key=lambda side: side[0])
    low, high = OFF
    return _Ground(np.asarray(ground, np.float64), float(np.clip(4 * uneven, low, high))) if uneven <= high else None


@dataclass(frozen=True)
class _Frame:
    """A frame's column beside the bar, its brightness, and its width in pixels."""

    column: int
    brightness: float
    width: int


def _frame(image: Pixels, guess: Columns, left: int, right: int, ground: Floats) -> _Frame | None:
    """A line of one brightness along either side; None where there is none, or it cannot be told from the ground.

    Brightness alone: JPEG keeps colours at half the size, and mixes the bar's into its frame.
    """
    cut = guess.length // 6
    first = max(left - FRAME_WIDTH - 2, 0)
    columns = image[guess.top + cut : guess.bottom - cut, first : right + FRAME_WIDTH + 2] @ LUMA
    middle = np.median(columns, axis=0)
    steady = np.quantile(np.abs(columns - middle), 0.85, axis=0) <= CONSTANT
    away = np.where(steady, np.abs(middle - ground @ LUMA), 0.0)
    away[left + 1 - first : right - 1 - first] = 0.0
    column = int(away.argmax())
    if away[column] <= FRAME:
        return None
    beside = slice(0, left + 1 - first) if column <= left - first else slice(right - 1 - first, len(away))
    width = int((away[beside] > GONE * away[column]).sum())
    return _Frame(first + column, float(middle[column]), width)


@dataclass(frozen=True)
class _End:
    """Rows of one end, exclusive: where the bar ends, where its colours are still seen; whether no frame is there."""

    edge: int
    seen: int
    open: bool = True


def _end(
    line: Floats, image: Pixels, middle: Columns, frame: _Frame | None, ground: _Ground | None, given: bool
) -> _End:
    """Where the bar ends downwards, in rows of `line` and `image`."""
    if ground is None:
        return _End(middle.bottom, middle.bottom)
    start = middle.bottom - max(3, middle.length // 3)
    fading = _fading(line, ground, start, middle, given)
    if frame is None:
        return fading
    framed = _along_frame(image, frame, ground.colour, start)
    # A bar that is seen beyond its frame has none.
    return fading if framed is None or framed < fading.seen - frame.width - 2 else _End(framed, framed, open=False)


def _along_frame(image: Pixels, frame: _Frame, ground: Floats, start: int) -> int | None:
    """The bar's end, where the frame's column ends, less the frame's own width."""
    brightness = image[start:, frame.column] @ LUMA
    level = float(ground @ LUMA)
    gone = np.abs(brightness - level) < GONE * abs(frame.brightness - level)
    steady = np.flatnonzero(gone[:-1] & gone[1:])
    return start + int(steady[0]) - frame.width if len(steady) and steady[0] > frame.width else None


def _fading(line: Floats, ground: _Ground, start: int, middle: Columns, given: bool) -> _End:
    """The bar's end on its ground: where it jumps to it, or would have reached it."""
    away = distance(line, ground.colour)
    seen = _last_seen(line - ground.colour, away > ground.off, start, int(THROUGH * middle.length))
    jump = _last_jump(away, max(seen - HALO, start + 4), seen)
    if jump is not None or seen == len(line):
        return _End(jump or seen, jump or seen)
    left = away[seen - 1]
    reach = max(6, middle.length // 16)
    slope = (away[max(seen - reach, 0)] - left) / max(reach - 1, 1)
    edge = seen + int(np.clip(left / max(slope, 1e-3), 0, reach))
    trusted = given and abs(edge - middle.bottom) <= 2 + NAMED * middle.length
    return _End(max(middle.bottom, seen) if trusted else edge, seen)


def _last_jump(away: Floats, first: int, seen: int) -> int | None:
    """The first row that is nearer to the ground than the rows before it go by themselves; None in what only fades."""
    rows = np.arange(max(first, 9), min(seen + 2, len(away)))
    slope = np.maximum(away[rows - 9] - away[rows - 3], 0) / 6
    fallen = rows[away[rows] < GONE * np.minimum(away[rows - 3] - 3 * slope, away[rows - 4] - 4 * slope)]
    return int(fallen[0]) if len(fallen) else None


def _last_seen(away: Floats, lit: NDArray[np.bool_], start: int, gap: int) -> int:
    """One more than the last row that is not ground; what passes through the ground's colour goes on beyond it."""
    seen = start
    while True:
        off = np.flatnonzero(~lit[seen:-1] & ~lit[seen + 1 :])
        if not len(off):
            return len(lit) if lit[-1] else len(lit) - 1
        seen += int(off[0])
        again = np.flatnonzero(lit[seen : seen + gap])
        if not len(again) or seen < 3:
            return seen
        beyond = seen + int(again[0])
        if float(away[seen - 2] @ away[min(beyond + 1, len(away) - 1)]) >= 0:
            return seen
        seen = beyond
