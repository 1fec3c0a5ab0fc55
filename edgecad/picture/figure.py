"""The picture a reader looks at for three seconds: the map, what moved the score, where, and the words.

Figures show the prepared disc, never the screen, so nothing burned into the screen can appear; only those of
a model that takes whole images show all that is written on them. The heat map is drawn over a grey picture in two
colours that no perfusion table uses for uptake, so that it cannot be read as uptake. Text is ASCII because OpenCV 4
draws nothing else.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.prediction import Prediction
from edgecad.answer.records import Record
from edgecad.contract import Contract
from edgecad.picture.bar import draw_score_bar, hatch
from edgecad.picture.cells import PANEL, enlarged_picture, heatmap_panel, region_panel, shown_picture
from edgecad.picture.colours import FAINT, GROUND, INK, LOWERED, RAISED, Colour
from edgecad.picture.line import IdLine

Pixels = NDArray[np.uint8]

GAP, TOP = 28, 96
WIDTH, HEIGHT = 3 * PANEL + 4 * GAP, 726
WARNING: Colour = (255, 176, 59)
HATCHED = 60
"""Pixels hatched on either side of an uncertain answer."""
GRAVE = "operating-point-useless"
"""The finding that is written in the colour of a warning."""
LETTERS = 150
"""Of a line of findings or of refusals."""
MOST_LINES, MOST_REFUSED = 3, 2
"""Lines of findings, and of what the map check saw where somebody insisted."""
TITLES = ("heat map of the score", "activated region")


def answer_figure(prediction: Prediction, contract: Contract, line: IdLine) -> Pixels:
    """Draw an answer.

    Args:
        line: whose picture it is.

    Returns:
        `(726, 1312, 3)` uint8 RGB.
    """
    canvas = _empty(prediction.stamp, line)
    scale = contract.heatmap
    panels = (
        enlarged_picture(shown_picture(prediction)),
        heatmap_panel(prediction, scale),
        region_panel(prediction, scale),
    )
    for column, (title, panel) in enumerate(zip((_seen(prediction), *TITLES), panels, strict=True)):
        left = GAP + column * (PANEL + GAP)
        _text(canvas, title, (left, TOP - 12), 0.6, FAINT)
        canvas[TOP : TOP + PANEL, left : left + PANEL] = panel
    y = TOP + PANEL + 44
    _centred(canvas, _prevalence_line(contract), y + (43 if _said(canvas, prediction, y) else 32), 0.55, FAINT)
    if prediction.zone_bounds is not None:
        draw_score_bar(canvas, (GAP, y + 62), prediction.probability, prediction.threshold, prediction.zone_bounds)
    _scale_bar(canvas, y + 58, scale.full_scale)
    cells = "x".join(str(side) for side in prediction.heatmap.shape)
    caption = f"raised / lowered the model's score; {cells} cells; not uptake, ischaemia or an artery"
    _centred(canvas, caption, y + 100, 0.55, FAINT)
    last = _findings(canvas, prediction, y + 140)
    for row, words in enumerate(_refused(prediction.overruled)):
        _centred(canvas, words, max(y + 164, last + 16) + 15 * row, 0.5, WARNING)
    return canvas


def _said(canvas: Pixels, prediction: Prediction, y: int) -> bool:
    """Write the answer; whether it took a second line, because it is uncertain."""
    why = prediction.why_uncertain
    if why is None:
        _centred(canvas, prediction.label_words, y, 1.0, INK)
        return False
    left, right = _centred(canvas, f"UNCERTAIN - {prediction.label_words}", y - 8, 1.0, INK, GAP + HATCHED + 16)
    for start in (left - HATCHED - 16, right + 16):
        hatch(canvas, (start, y - 30, HATCHED, 26))
    _centred(canvas, why, y + 21, 0.6, INK)
    return True


def _findings(canvas: Pixels, prediction: Prediction, y: int) -> int:
    """Write what a reader should know, the gravest apart and first; where the last line stands."""
    grave = [finding.text for finding in prediction.findings if finding.code == GRAVE]
    others = textwrap.wrap("; ".join(finding.text for finding in prediction.findings if finding.code != GRAVE), LETTERS)
    room = MOST_LINES - len(grave)
    # What is beyond the room shares the last line, which is written smaller then.
    lines = [*others[: room - 1], " ".join(others[room - 1 :])] if len(others) > room else others
    top = y if len(grave) + len(lines) == 1 else y - 21
    for row, text in enumerate((*grave, *lines)):
        _centred(canvas, text, top + 16 * row, 0.5, WARNING if row < len(grave) else FAINT)
    return top + 16 * (len(grave) + len(lines) - 1)


def _refused(overruled: Sequence[str]) -> list[str]:
    """What the map check saw, in as many lines as there is room for; the record holds all of it."""
    # What stands in brackets or after the first semicolon are figures and the next step.
    seen = [re.sub(r" \([^)]*\)", "", objection).partition("; ")[0] for objection in overruled]
    lines: list[str] = []
    for count in range(len(seen), 0, -1):
        more = f"; and {len(seen) - count} more" if count < len(seen) else ""
        lines = textwrap.wrap(f"refused: {'; '.join(seen[:count])}{more}", LETTERS)
        if len(lines) <= MOST_REFUSED:
            return lines
    return lines[:MOST_REFUSED]


def refusal_figure(record: Record, line: IdLine) -> Pixels:
    """Draw a refusal or a failure, as large as an answer and unlike one: `(726, 1312, 3)` uint8 RGB.

    Args:
        record: of the scan that was not answered.
        line: whose picture it is.
    """
    canvas = _empty(record.stamp, line)
    _centred(canvas, "NOT ANALYSED", HEIGHT // 2 - 60, 1.8, WARNING)
    for row, words in enumerate(textwrap.wrap(_ascii(record.message or ""), 84)[:5]):
        _centred(canvas, words, HEIGHT // 2 + 10 + 34 * row, 0.75, INK)
    _centred(canvas, "no score is given for this scan", HEIGHT - 60, 0.6, FAINT)
    return canvas


def _seen(prediction: Prediction) -> str:
    """Title of the first panel."""
    if prediction.reading is not None:
        return f"uptake, read through {prediction.reading.table}"
    return "whole image, as the network saw it" if prediction.disc is None else "polar map, as the network saw it"


def _prevalence_line(contract: Contract) -> str:
    return f"{contract.labelling.sentence(contract.positive)}; a score, not the chance of disease"


def _empty(stamp: str, line: IdLine) -> Pixels:
    canvas = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    cv2.rectangle(canvas, (0, 0), (WIDTH, 46), (70, 44, 6), -1)
    _centred(canvas, stamp, 32, 0.8, WARNING)
    if line.name:
        _text(canvas, line.name, (GAP, HEIGHT - 18), 0.55, INK)
    return canvas


def _scale_bar(canvas: Pixels, top: int, full_scale: float) -> None:
    """From lowered, through grey, to raised, with the logit units at the ends."""
    width, height = 320, 14
    left = (WIDTH - width) // 2
    values = np.linspace(-1, 1, width)[:, None]
    colour = np.where(values >= 0, np.array(RAISED), np.array(LOWERED))
    mixed = 110 * (1 - np.abs(values)) + colour * np.abs(values)
    canvas[top : top + height, left : left + width] = np.rint(mixed).astype(np.uint8)[None]
    _text(canvas, f"-{full_scale:.2g}  lowered", (left - 120, top + 13), 0.5, LOWERED)
    _text(canvas, f"raised  +{full_scale:.2g} logit units", (left + width + 12, top + 13), 0.5, RAISED)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _text(canvas: Pixels, text: str, where: Sequence[int], size: float, colour: Colour) -> None:
    cv2.putText(canvas, _ascii(text), (where[0], where[1]), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)


def _centred(canvas: Pixels, text: str, y: int, size: float, colour: Colour, margin: int = GAP) -> tuple[int, int]:
    """Write `text` in the middle, smaller if it would not fit; from where to where it reaches, pixels."""
    (width, _), _ = cv2.getTextSize(_ascii(text), cv2.FONT_HERSHEY_SIMPLEX, size, 1)
    room = WIDTH - 2 * margin
    if width > room:
        size, width = size * room / width, room
    left = (WIDTH - width) // 2
    _text(canvas, text, (left, y), size, colour)
    return left, left + width
