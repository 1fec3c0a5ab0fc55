"""Heat map pages: what moved the score in cases that were answered as the readers did, and in those that were not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from edgecad.answer.figure import heatmap_over
from edgecad.answer.heatmap import share_outside_disc
from edgecad.contract import Origin
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.report.outside import NOTE
from edgecad_train.report.parts import PARTS
from edgecad_train.report.pictures.drawing import GREY
from edgecad_train.report.pictures.sheet import Sheet

TILE, GAP, LINES, MARGIN, HEAD = 1.25, 0.16, 0.5, 0.25, 0.42
"""Inches: side of a picture, space between cases, height of the words under one, margin, height of a group's title."""
LAST_DIGIT = 1.5e-6
"""Scores that differ by less have the same six decimals in predictions.csv, but for rounding."""
COLUMNS, MOST_ROWS = 4, 2
"""Cases in a row, and rows of one group: class by part."""


@dataclass(frozen=True)
class ShownCase:
    """One scan of a patient.

    Attributes:
        number: the patient's line in predictions.csv, from 1; never a name.
        scan: which of the patient's scans, from 1, of `scans`.
        part: of the data.
        label: what the readers said.
        above: whether the patient's score reaches the threshold.
        score: P(CAD) of this scan, 0 to 1.
        patient_score: P(CAD) of the patient, over all scans.
        image: `(size, size, 3)` uint8 RGB, prepared.
        shown: `(h, w)`, heat map of the score, logit units.
    """

    number: int
    scan: int
    scans: int
    part: str
    label: str
    above: bool
    score: float
    patient_score: float
    image: NDArray[np.uint8]
    shown: NDArray[np.float32]

    @property
    def right(self) -> bool:
        """Whether the answer is what the readers said."""
        return self.above == (self.label == POSITIVE)


@dataclass(frozen=True)
class HeatStyle:
    """How a model's heat maps are drawn.

    Attributes:
        threshold: the decision threshold on the score.
        full_scale: logit units of full colour, the contract's.
        disc: whether images are discs on black; the share of evidence outside one means nothing otherwise.
        seen: what the images show, in words.
    """

    threshold: float
    full_scale: float
    disc: bool = True
    seen: str = ""

    @property
    def note(self) -> str:
        """What stands below the key."""
        return "; ".join(filter(None, (self.seen and f"maps: {self.seen}", NOTE if self.disc else "")))


def draw_cases(cases: Sequence[ShownCase], style: HeatStyle, origin: Origin, folder: Path) -> tuple[Path, Path]:
    """Write cases-right.png and cases-wrong.png into `folder`, the most confident answers first.

    Each page has a group for each part of the data and each class, and says how many of how many it shows.
    """
    right = [case for case in cases if case.right]
    wrong = [case for case in cases if not case.right]
    return (
        _page(right, style, "right", origin, folder / "cases-right.png"),
        _page(wrong, style, "wrong", origin, folder / "cases-wrong.png"),
    )


def _page(cases: list[ShownCase], style: HeatStyle, word: str, origin: Origin, path: Path) -> Path:
    groups = [
        group
        for part in reversed(PARTS)
        for label in CLASSES
        if (group := [case for case in cases if (case.part, case.label) == (part, label)])
    ]
    width = 2 * MARGIN + COLUMNS * (2 * TILE + GAP) - GAP
    sheet = Sheet(width, 0.45 + sum(_height(group) for group in groups) + 1.0)
    y = 0.45
    for group in groups:
        _draw_group(sheet, y, _ordered(group, style), style, word)
        y += _height(group)
    if groups:
        sheet.key(y + 0.1, style.full_scale, style.note)
    else:
        sheet.words(MARGIN, y + 0.2, f"no {word} cases", size=14, bold=True)
    return sheet.save(path, origin)


def _ordered(group: list[ShownCase], style: HeatStyle) -> list[ShownCase]:
    """The most confident first; as they come where none is."""
    return group if _alike(group) else sorted(group, key=lambda case: -_confidence(case, style))


def _confidence(case: ShownCase, style: HeatStyle) -> float:
    """Distance of the patient's score from the threshold, in log-odds."""
    within = np.clip([case.patient_score, style.threshold], 1e-9, 1 - 1e-9)
    score, threshold = logit(within)
    return float(abs(score - threshold))


def _alike(group: list[ShownCase]) -> bool:
    """Whether no answer of the group is more confident than another, as far as predictions.csv tells."""
    return bool(np.ptp([case.patient_score for case in group]) < LAST_DIGIT)


def _height(group: list[ShownCase]) -> float:
    rows = min(MOST_ROWS, -(-len(group) // COLUMNS))
    return HEAD + rows * (TILE + LINES)


def _draw_group(sheet: Sheet, y: float, group: list[ShownCase], style: HeatStyle, word: str) -> None:
    shown = group[: COLUMNS * MOST_ROWS]
    side = "above" if group[0].above else "below"
    title = f"{PARTS[group[0].part]}: labelled {group[0].label}, score {side} threshold ({word})"
    sheet.words(MARGIN, y, title, size=11, bold=True)
    order = ", in order of their lines" if _alike(group) else ", the most confident first"
    count = f"{len(shown)} of {len(group)} maps{order if len(group) > 1 else ''}"
    sheet.words(MARGIN, y + 0.19, count, colour=GREY)
    for index, case in enumerate(shown):
        row, column = divmod(index, COLUMNS)
        _draw_case(sheet, MARGIN + column * (2 * TILE + GAP), y + HEAD + row * (TILE + LINES), case, style)


def _draw_case(sheet: Sheet, x: float, y: float, case: ShownCase, style: HeatStyle) -> None:
    sheet.tile(x, y, TILE, case.image)
    sheet.tile(x + TILE, y, TILE, heatmap_over(case.image, case.shown, style.full_scale))
    which = f" (scan {case.scan} of {case.scans}; patient {case.patient_score:.3f})" if case.scans > 1 else ""
    outside = f"; {share_outside_disc(case.shown):.0%} outside the disc" if style.disc else ""
    sheet.words(x, y + TILE + 0.03, f"no. {case.number}{which}\nscore {case.score:.3f}{outside}", size=7.5)
