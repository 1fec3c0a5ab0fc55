"""The score on its scale from 0 to 1, with the threshold and the uncertain zone; each part has a shape of its own."""

from __future__ import annotations

from edgecad.answer.prediction import Prediction
from edgecad.picture.canvas import Canvas
from edgecad.picture.colours import ABOVE_FILL, FAINT, GROUND, INK, LOWERED, SECOND, Colour
from edgecad.picture.letters import width_of
from edgecad.picture.shapes import convex, covered
from edgecad.picture.verdict import Headline

LEFT, TOP, LENGTH, THICK = 40, 240, 1520, 34
"""Units."""
BELOW_FILL: Colour = (24, 36, 66)
ZONE_FILL: Colour = (58, 61, 67)
BASELINE, LETTERS = 306, 24
"""Of the labels below, and their size."""
TICKS = {0.0: "0", 0.25: "0.25", 0.5: "0.5", 0.75: "0.75", 1.0: "1"}
APART = 20
"""Least distance between labels."""


def draw_score_bar(canvas: Canvas, prediction: Prediction, verdict: Headline) -> None:
    """Draw the bar with its labels, and the score as a needle."""
    threshold = prediction.threshold
    low, high = prediction.zone_bounds or (threshold, threshold)
    begin, end = _at(low), _at(high)
    canvas.fill(LEFT, TOP, begin - LEFT, THICK, BELOW_FILL)
    canvas.frame(LEFT, TOP, begin - LEFT, THICK, 3, LOWERED)
    canvas.fill(end, TOP, LEFT + LENGTH - end, THICK, ABOVE_FILL)
    canvas.fill(begin, TOP, end - begin, THICK, ZONE_FILL)
    canvas.hatch(begin, TOP, end - begin, THICK, 9, FAINT)
    for place in (0.25, 0.5, 0.75):
        canvas.fill(_at(place) - 2, TOP + THICK - 8, 4, 8, SECOND)
    _labels(canvas, _label(verdict), _at(threshold))
    canvas.fill(_at(threshold) - 4, TOP - 8, 8, THICK + 16, GROUND)
    canvas.fill(_at(threshold) - 2, TOP - 8, 4, THICK + 16, INK)
    _needle(canvas, _at(prediction.probability))


def _at(value: float) -> float:
    return LEFT + LENGTH * value


def _label(verdict: Headline) -> str:
    words = f"threshold {verdict.threshold}"
    if verdict.bounds is None:
        return words
    low, high = verdict.bounds
    return f"{words}, uncertain {f'only at {low}' if low == high else f'{low} to {high}'}"


def _labels(canvas: Canvas, words: str, threshold: float) -> None:
    """The threshold's label below its line, as near as the ends' labels let it; other labels where there is room."""
    ends = {place: _span(text, _at(place), place) for place, text in TICKS.items()}
    width = width_of(words, LETTERS)
    least, most = ends[0.0][1] + APART, ends[1.0][0] - APART - width
    start = min(max(threshold - width / 2, least), most)
    canvas.write(words, start, BASELINE, LETTERS, INK)
    for place, (left, right) in ends.items():
        if right + APART <= start or left >= start + width + APART:
            canvas.write(TICKS[place], left, BASELINE, LETTERS, SECOND)


def _span(words: str, middle: float, place: float) -> tuple[float, float]:
    """From where to where a label reaches; those of the ends stand within the bar's."""
    width = width_of(words, LETTERS)
    left = middle - width * {0.0: 0.0, 1.0: 1.0}.get(place, 0.5)
    return left, left + width


def _needle(canvas: Canvas, x: float) -> None:
    """A line through the bar with a head above it, dark around."""
    high, half = THICK + 36, 23
    at = canvas.places(2 * half + 8, high + 8)
    unit, middle = canvas.scale, (half + 4) * canvas.scale
    head = convex(at, [(middle - half * unit, 2 * unit), (middle + half * unit, 2 * unit), (middle, 34 * unit)])
    line = convex(
        at,
        [
            (middle - 5 * unit, 4 * unit),
            (middle + 5 * unit, 4 * unit),
            (middle + 5 * unit, high * unit),
            (middle - 5 * unit, high * unit),
        ],
    )
    for distance in (head, line):
        canvas.paint(x - half - 4, TOP - 36, covered(distance + 4 * unit), GROUND)
    for distance in (head, line):
        canvas.paint(x - half - 4, TOP - 36, covered(distance), INK)
