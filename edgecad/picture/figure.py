"""The picture a reader looks at for three seconds: the verdict, the score, the map, what moved the score.

Figures show the prepared disc, never the screen, so nothing burned into the screen can appear; only those of a model
that takes whole images show all that is written on them. Shapes come before colours: whoever sees none reads the same.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.prediction import RESEARCH_STAMP, Prediction
from edgecad.answer.records import Record
from edgecad.contract import Contract
from edgecad.picture.bar import draw_score_bar
from edgecad.picture.canvas import WIDTH, Canvas
from edgecad.picture.cells import enlarged_picture, heatmap_panel, shown_picture
from edgecad.picture.colours import FAINT, INK, RAISED, SECOND, Colour
from edgecad.picture.column import MAP_SIDE, TITLE_SIZE, draw_column, title_of_map
from edgecad.picture.icons import draw_icon
from edgecad.picture.letters import width_of
from edgecad.picture.letters.lines import cut_in_the_middle, lines_of, size_that_fits
from edgecad.picture.line import IdLine
from edgecad.picture.page import EDGE, hatch_sides, new_page
from edgecad.picture.verdict import Headline, headline_of, stamp_on
from edgecad.picture.warnings import capitalised

Pixels = NDArray[np.uint8]

ICON_TOP = 74
LEFT = 200
"""Of all words beside the icon, units."""
WORD_BASELINE, WORD_SIZE, SIDE_SIZE = 142, 80, 60
"""Of the verdict: its word, and what follows it."""
FIGURES_BASELINE, FIGURES_SIZE = 194, 38
MAP_TOP, MAPS = 370, (40, 548)
LEAST = 22
"""Size of the smallest words."""
REFUSED_TOP, REFUSED_BOTTOM = 292, 770
NO_SCORE = "There is no score for this scan: neither above nor below the threshold."
RAISED_OR_LOWERED = "What raised (+) or lowered (−) the score"
OF_THE_IMAGE = "Raised (+) or lowered (−) the image's part"
"""Title of the map where clinical columns have a part in the score, too."""


def answer_figure(prediction: Prediction, contract: Contract, line: IdLine, scale: float = 1.0) -> Pixels:
    """Draw an answer.

    Args:
        line: whose picture it is.
        scale: 1 is 1600 x 900 pixels, 2 is 3200 x 1800; from 0.25 to 8.

    Returns:
        `(900, 1600, 3)` times `scale`, uint8 RGB.

    Raises:
        UsageError: the scale is none.
    """
    contract = prediction.answered_by(contract)
    verdict = headline_of(prediction, contract)
    stamp = stamp_on(prediction)
    canvas = new_page(stamp, line, scale, hatched=stamp != RESEARCH_STAMP)
    if verdict.trust == "forced":
        hatch_sides(canvas)
    draw_icon(canvas, EDGE, ICON_TOP, verdict.shape, trusted=verdict.trust == "plain")
    _draw_verdict(canvas, verdict)
    _draw_figures(canvas, verdict)
    draw_score_bar(canvas, prediction, verdict)
    _draw_maps(canvas, prediction, contract)
    draw_column(canvas, prediction, contract, verdict)
    return canvas.pixels


def _draw_verdict(canvas: Canvas, verdict: Headline) -> None:
    """The word and where the score lies; smaller where they are long, and then on two lines."""
    bold = verdict.shape != "below"
    coloured = verdict.shape == "above" and verdict.trust == "plain"
    colour: Colour = RAISED if coloured else INK
    room = WIDTH - EDGE - LEFT
    wide = width_of(verdict.word, WORD_SIZE, bold=bold) + 22 + width_of(verdict.side, SIDE_SIZE)
    share = min(1.0, room / wide)
    if share >= 0.5:
        end = canvas.write(verdict.word, LEFT, WORD_BASELINE, WORD_SIZE * share, colour, bold=bold)
        canvas.write(verdict.side, end + 22 * share, WORD_BASELINE, SIDE_SIZE * share, SECOND)
        return
    size = size_that_fits(verdict.word, 40, LEAST, room, bold=bold)
    word = cut_in_the_middle(verdict.word, size, room, bold=bold)
    canvas.write(word, LEFT, 108, size, colour, bold=bold)
    canvas.write(verdict.side, LEFT, 148, 32, SECOND)


def _draw_figures(canvas: Canvas, verdict: Headline) -> None:
    score, threshold = f"score {verdict.score}", f"threshold {verdict.threshold}{verdict.more}"
    room = WIDTH - EDGE - LEFT
    wide = width_of(score, FIGURES_SIZE, bold=True) + width_of(threshold, FIGURES_SIZE)
    size = max(float(LEAST), FIGURES_SIZE * min(1.0, (room - 30) / wide))
    end = canvas.write(score, LEFT, FIGURES_BASELINE, size, INK, bold=True) + 30
    canvas.write(cut_in_the_middle(threshold, size, WIDTH - EDGE - end + 1), end, FIGURES_BASELINE, size, SECOND)


def _draw_maps(canvas: Canvas, prediction: Prediction, contract: Contract) -> None:
    side = canvas.at(MAP_SIDE)
    panels = (
        enlarged_picture(shown_picture(prediction), side),
        heatmap_panel(prediction, contract.heatmap, side),
    )
    fused = prediction.clinical is not None and prediction.clinical.fused
    titles = (title_of_map(prediction), OF_THE_IMAGE if fused else RAISED_OR_LOWERED)
    for left, title, panel in zip(MAPS, titles, panels, strict=True):
        canvas.write(title, left, MAP_TOP - 15, TITLE_SIZE, INK)
        canvas.put(left, MAP_TOP, panel)


def refusal_figure(record: Record, line: IdLine, scale: float = 1.0) -> Pixels:
    """Draw a refusal or a failure, as large as an answer and unlike one: no bar, no map, and nothing of the scan.

    Args:
        record: of the scan that was not answered.
        line, scale: as for `answer_figure`.

    Returns:
        `(900, 1600, 3)` times `scale`, uint8 RGB.

    Raises:
        UsageError: the scale is none.
    """
    canvas = new_page(record.stamp, line, scale, hatched=record.stamp != RESEARCH_STAMP)
    draw_icon(canvas, EDGE, ICON_TOP, "refused", trusted=True)
    canvas.write("NOT ANALYSED", LEFT, WORD_BASELINE, WORD_SIZE, INK, bold=True)
    kind = "reason" if record.status == "refused" else record.status
    canvas.write(f"{kind}: {record.reason or 'not said'}", LEFT, FIGURES_BASELINE, FIGURES_SIZE, SECOND)
    canvas.fill(EDGE, 242, WIDTH - 2 * EDGE, 3, FAINT)
    _draw_message(canvas, record.message or "")
    canvas.write(NO_SCORE, LEFT, 798, 30, INK, bold=True)
    return canvas.pixels


def _draw_message(canvas: Canvas, message: str) -> None:
    """What was seen, then what is wanted, as large as there is room for."""
    seen, _, wanted = message.partition("; ")
    wide, high = WIDTH - EDGE - LEFT, REFUSED_BOTTOM - REFUSED_TOP
    for size in (40, 34, 30, 26, LEAST):
        parts = [lines_of(_sentence(part), size, wide) for part in (seen, wanted) if part]
        if size * (1.35 * sum(map(len, parts)) + 0.8 * (len(parts) - 1)) <= high:
            break
    baseline, last = REFUSED_TOP + 0.8 * size, REFUSED_BOTTOM
    for lines, colour in zip(parts, (INK, SECOND), strict=False):
        for words in lines:
            if baseline > last:
                return
            more = baseline + 1.35 * size > last and words is not parts[-1][-1]
            canvas.write("The record holds the rest." if more else words, LEFT, baseline, size, colour)
            baseline += 1.35 * size
        baseline += 0.8 * size


def _sentence(words: str) -> str:
    return capitalised(words) if words.endswith((".", "!", "?")) else f"{capitalised(words)}."
