"""Heat map pages: what moved the score in cases that were answered as the readers did, and in those that were not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad.contract import Crop, HeatmapScale, Origin
from edgecad.picture.cells import CellStyle, draw_cells
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.report.outside import NOTE
from edgecad_train.report.parts import PARTS
from edgecad_train.report.pictures.drawing import GREY
from edgecad_train.report.pictures.sheet import Sheet, pixels
from edgecad_train.report.shown import A_GROUP, confidence

TILE, GAP, LINES, MARGIN, HEAD = 1.25, 0.16, 0.5, 0.25, 0.42
"""Inches: side of a picture, space between cases, height of the words under one, margin, height of a group's title."""
LAST_DIGIT = 1.5e-6
"""Scores that differ by less have the same six decimals in predictions.csv, but for rounding."""
COLUMNS = 4
"""Cases in a row."""


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
        scale: of the colours, the contract's.
        crop: whether images are discs.
        disc: whether they are discs on black that count; the share of evidence outside one means nothing otherwise.
        seen: what the images show, in words.
        parts: the names of the parts, in the order of their use.
        maps: how many maps each group has in all, by part, label and whether the answer is right, where a case list
            holds some of them alone.
    """

    threshold: float
    scale: HeatmapScale
    crop: Crop = "polar-map"
    disc: bool = True
    seen: str = ""
    parts: Mapping[str, str] = field(default_factory=lambda: PARTS)
    maps: Mapping[tuple[str, str, bool], int] = field(default_factory=dict)

    def cells(self, shown: NDArray[np.float32]) -> CellStyle:
        """How the runtime draws one map: striped beyond the disc where so much lies there that it is to be doubted."""
        striped = self.disc and share_outside_disc(shown) >= DOUBTED_FROM
        return CellStyle(self.scale, self.crop, striped)

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


def draw_nearest(cases: Sequence[ShownCase], style: HeatStyle, origin: Origin, folder: Path) -> Path:
    """Write cases-nearest.png: those whose patients' scores lie nearest the threshold, the nearest first."""
    nearest = sorted(cases, key=lambda case: _confidence(case, style))[:A_GROUP]
    count = f"{len(nearest)} of {sum(style.maps.values()) or len(cases)} maps, the nearest first"
    group = _Group("nearest the threshold, whatever the label and the answer", count, nearest, tell_label=True)
    return _drawn([group] if nearest else [], style, "no cases", origin, folder / "cases-nearest.png")


@dataclass(frozen=True)
class _Group:
    """Cases under one title."""

    title: str
    count: str
    shown: Sequence[ShownCase]
    tell_label: bool = False

    @property
    def height(self) -> float:
        """Inches."""
        return HEAD + -(-len(self.shown) // COLUMNS) * (TILE + LINES)


def _page(cases: list[ShownCase], style: HeatStyle, word: str, origin: Origin, path: Path) -> Path:
    groups = [
        _group(group, style, word)
        for part in reversed(tuple(style.parts))
        for label in CLASSES
        if (group := [case for case in cases if (case.part, case.label) == (part, label)])
    ]
    return _drawn(groups, style, f"no {word} cases", origin, path)


def _drawn(groups: Sequence[_Group], style: HeatStyle, nothing: str, origin: Origin, path: Path) -> Path:
    width = 2 * MARGIN + COLUMNS * (2 * TILE + GAP) - GAP
    sheet = Sheet(width, 0.45 + sum(group.height for group in groups) + 1.25)
    y = 0.45
    for group in groups:
        _draw_group(sheet, y, group, style)
        y += group.height
    if groups:
        sheet.key(y + 0.1, style.scale.full_scale, style.note)
    else:
        sheet.words(MARGIN, y + 0.2, nothing, size=14, bold=True)
    return sheet.save(path, origin)


def _ordered(group: list[ShownCase], style: HeatStyle) -> list[ShownCase]:
    """The most confident first; as they come where none is."""
    return group if _alike(group) else sorted(group, key=lambda case: -_confidence(case, style))


def _confidence(case: ShownCase, style: HeatStyle) -> float:
    """Distance of the patient's score from the threshold, in log-odds."""
    return float(confidence(case.patient_score, style.threshold))


def _alike(group: list[ShownCase]) -> bool:
    """Whether no answer of the group is more confident than another, as far as predictions.csv tells."""
    return bool(np.ptp([case.patient_score for case in group]) < LAST_DIGIT)


def _group(cases: list[ShownCase], style: HeatStyle, word: str) -> _Group:
    """The first ones of a part and class, and how many there are."""
    first = cases[0]
    side = "above" if first.above else "below"
    of = style.maps.get((first.part, first.label, first.right), len(cases))
    order = ", in order of their lines" if _alike(cases) else ", the most confident first"
    shown = _ordered(cases, style)[:A_GROUP]
    return _Group(
        f"{style.parts[first.part]}: labelled {first.label}, score {side} threshold ({word})",
        f"{len(shown)} of {of} maps{order if of > 1 else ''}",
        shown,
    )


def _draw_group(sheet: Sheet, y: float, group: _Group, style: HeatStyle) -> None:
    sheet.words(MARGIN, y, group.title, size=11, bold=True)
    sheet.words(MARGIN, y + 0.19, group.count, colour=GREY)
    for index, case in enumerate(group.shown):
        row, column = divmod(index, COLUMNS)
        place = (MARGIN + column * (2 * TILE + GAP), y + HEAD + row * (TILE + LINES))
        _draw_case(sheet, *place, case, style, f"; {case.label}" if group.tell_label else "")


def _draw_case(sheet: Sheet, x: float, y: float, case: ShownCase, style: HeatStyle, label: str) -> None:
    sheet.tile(x, y, TILE, case.image)
    sheet.tile(x + TILE, y, TILE, draw_cells(case.image, case.shown, style.cells(case.shown), pixels(TILE)))
    which = f" (scan {case.scan} of {case.scans}; patient {case.patient_score:.3f})" if case.scans > 1 else ""
    outside = f"; {share_outside_disc(case.shown):.0%} outside the disc" if style.disc else ""
    sheet.words(x, y + TILE + 0.03, f"no. {case.number}{label}{which}\nscore {case.score:.3f}{outside}", size=7.5)
