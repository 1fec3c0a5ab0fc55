"""Bars of a fused score: what baseline, image and clinical columns add to its log-odds or take from it."""

from __future__ import annotations

from collections.abc import Sequence

from edgecad.clinical.fusion import ClinicalAnswer
from edgecad.picture.canvas import Canvas
from edgecad.picture.colours import FAINT, INK, LOWERED, RAISED, SECOND
from edgecad.picture.letters.lines import cut_in_the_middle

MOST_ROWS = 5
"""More terms than these are told by the largest, and the sum of the others."""
TITLE_HIGH, ROW_HIGH, BELOW = 30, 27, 8
SIZE = 22
NAME_WIDE, FIGURE_WIDE, THICK = 168, 84, 16
"""Room for a term's name and for its figure, and height of its bar; units."""
Term = tuple[str, float]


def terms_shown(clinical: ClinicalAnswer) -> Sequence[Term]:
    """Name and log-odds of each bar; they add up to the score's log-odds. None of an image that answered alone."""
    if clinical.baseline is None or clinical.image is None:
        return ()
    rows: list[Term] = [("average patient", clinical.baseline), ("image", clinical.image)]
    columns = list(clinical.columns.items())
    room = MOST_ROWS - len(rows)
    if len(columns) > room:
        largest = sorted(columns, key=lambda term: -abs(term[1]))[: room - 1]
        others = sum(value for name, value in columns if (name, value) not in largest)
        columns = [*(term for term in columns if term in largest), (f"{len(columns) - room + 1} others", others)]
    return [*rows, *columns]


def height_of(clinical: ClinicalAnswer | None) -> float:
    """Units that the bars take."""
    shown = () if clinical is None else terms_shown(clinical)
    return TITLE_HIGH + ROW_HIGH * len(shown) + BELOW if shown else 0.0


def draw_terms(canvas: Canvas, clinical: ClinicalAnswer, left: float, top: float, wide: float) -> float:
    """Draw a title and a bar a term, all to one scale; where the next thing begins.

    What raises the score is a filled bar to the right, what lowers it an empty one to the left.
    """
    shown = terms_shown(clinical)
    if not shown:
        return top
    total = sum(value for _, value in shown)
    canvas.write(f"Log-odds {figure_of(total)}, the sum of:", left, top + 22, SIZE + 2, INK)
    reach = max(max(abs(value) for _, value in shown), 1e-9)
    half = (wide - NAME_WIDE - FIGURE_WIDE) / 2
    middle = left + NAME_WIDE + half
    y = top + TITLE_HIGH
    canvas.fill(middle - 1, y, 2, ROW_HIGH * len(shown), FAINT)
    for name, value in shown:
        long = (half - 4) * abs(value) / reach
        if value > 0:
            canvas.fill(middle, y + 5, long, THICK, RAISED)
        elif value < 0:
            canvas.frame(middle - long, y + 5, long, THICK, 3, LOWERED)
        canvas.write(cut_in_the_middle(name, SIZE, NAME_WIDE - 10), left, y + 20, SIZE, SECOND)
        canvas.write(figure_of(value), left + wide, y + 20, SIZE, INK, align="right")
        y += ROW_HIGH
    return y + BELOW


def figure_of(value: float) -> str:
    """Log-odds with their sign."""
    return f"{'−' if value < 0 else '+'}{abs(value):.2f}"
