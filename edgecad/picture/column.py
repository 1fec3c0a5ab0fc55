"""The column beside the maps: what the score is not, warnings, the key of the colours, and notes about the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from edgecad.answer.prediction import Prediction
from edgecad.contract import Contract
from edgecad.picture.canvas import Canvas
from edgecad.picture.cells import colour_key
from edgecad.picture.colours import FAINT, GROUND, INK, SECOND, Colour
from edgecad.picture.letters import width_of
from edgecad.picture.letters.lines import cut_at_the_end, lines_of
from edgecad.picture.shapes import convex, covered, disc, stroke
from edgecad.picture.terms import draw_terms, height_of
from edgecad.picture.verdict import Headline
from edgecad.picture.warnings import capitalised, warnings_of

LEFT, TOP, WIDE, HIGH = 1056, 370, 504, 476
"""Units."""
TITLE_SIZE = 26
MAP_SIDE = 476
"""Of the maps beside it."""
LEAST = 22
"""Size of the smallest words, which all have where there is little room."""
LINE = 1.27
"""Height of a line, as a share of its size."""
INDENT = 42
"""Of a warning's words, beside its triangle."""
KEY_WIDE, KEY_HIGH = 486, 46
FEW = 3
"""Warnings, with the line that counts others, up to which more room is made for them."""
AFTER_WARNINGS, AFTER_KEY, BETWEEN = 24, 46, 9
"""Room below the warnings, with a rule in it; below the key, for its words; and between paragraphs."""


Spared = Literal["never", "last", "first"]


@dataclass(frozen=True)
class Paragraph:
    """Words of one size, in lines.

    Attributes:
        words: all of them, of which `lines` may be the first alone.
        spared: when it goes, where there is little room.
    """

    words: str
    lines: tuple[str, ...]
    size: int
    colour: Colour
    spared: Spared = "never"
    bold: bool = False

    @property
    def high(self) -> float:
        """Units."""
        return len(self.lines) * self.size * LINE + BETWEEN


def draw_column(canvas: Canvas, prediction: Prediction, contract: Contract, verdict: Headline) -> None:
    """Draw all of it: warnings have what room the key and the notes leave, and some notes make more."""
    canvas.write("A score, not the chance of disease", LEFT, TOP - 15, TITLE_SIZE, INK)
    clinical = prediction.clinical
    room = HIGH - KEY_HIGH - AFTER_KEY - height_of(clinical)
    warnings, notes = _laid_out(warnings_of(prediction, verdict), list(_notes(prediction, contract)), room)
    y = _draw_warnings(canvas, warnings)
    canvas.put(LEFT, y, colour_key(canvas.at(KEY_WIDE), canvas.at(KEY_HIGH)))
    canvas.write("lowered the score", LEFT, y + KEY_HIGH + 27, 24, INK)
    canvas.write("raised the score", LEFT + KEY_WIDE, y + KEY_HIGH + 27, 24, INK, align="right")
    y += KEY_HIGH + AFTER_KEY
    if clinical is not None:
        y = draw_terms(canvas, clinical, LEFT, y, WIDE)
    for note in notes:
        y = _draw(canvas, note, LEFT, y)


def _laid_out(told: list[str], notes: list[Paragraph], room: float) -> tuple[list[Paragraph], list[Paragraph]]:
    """Warnings and notes that fit: what is spared first goes, then all is written small, then what is spared last goes.

    The last step is taken only for warnings of which fewer than three would stand.
    """
    room -= AFTER_WARNINGS if told else 0
    warnings = [_warning(words, 24) for words in told]
    if _high(warnings) + _high(notes) > room:
        notes = [note for note in notes if note.spared != "first"]
    if _high(warnings) + _high(notes) > room:
        warnings = [_warning(words, LEAST) for words in told]
        notes = [replace(_note(note.words, LEAST, note.colour), spared=note.spared) for note in notes]
    shown = _within(warnings, room - sum(map(_least_high, notes)))
    if shown != warnings and len(shown) <= FEW:
        notes = [note for note in notes if note.spared != "last"]
        shown = _within(warnings, max(room - sum(map(_least_high, notes)), room / 4))
    return shown, _cut(notes, room - _high(shown))


def title_of_map(prediction: Prediction) -> str:
    """Title of the first map: what the network saw, and through which table, where there is room for its name."""
    if prediction.reading is not None:
        whole = f"Uptake, read through {prediction.reading.table}"
        return whole if width_of(whole, TITLE_SIZE) <= MAP_SIDE else "Uptake, as the network saw it"
    return "Whole image, as the network saw it" if prediction.disc is None else "Polar map, as the network saw it"


def _warning(words: str, size: int) -> Paragraph:
    return Paragraph(words, tuple(lines_of(words, size, WIDE - INDENT, bold=True)), size, INK, bold=True)


def _notes(prediction: Prediction, contract: Contract) -> Iterator[Paragraph]:
    rows, columns = prediction.heatmap.shape
    yield _note(f"{rows}×{columns} cells: too coarse for an artery. Not uptake, not ischaemia.", 26, INK)
    if _colours_mislead(prediction):
        yield _note("The colours do not know the threshold.", 24, INK)
    if prediction.why_uncertain is not None:
        yield _note(f"Uncertain: {prediction.why_uncertain}.", 24, INK, spared="last")
    if prediction.recalibration is not None:
        yield _note(f"{capitalised(prediction.recalibration.words)}.", 24, INK)
    if prediction.reading is not None and prediction.reading.table not in title_of_map(prediction):
        yield _note(f"Read through {prediction.reading.table}.", 24, SECOND)
    yield _note(f"{capitalised(contract.labelling.sentence(contract.positive))}.", 24, SECOND)
    scale = f"{float(f'{contract.heatmap.full_scale:.2g}'):g}"
    yield _note(f"Full colour is {scale} logit units, on every scan of this model.", 24, SECOND, spared="first")


def _note(words: str, size: int, colour: Colour, *, spared: Spared = "never") -> Paragraph:
    return Paragraph(words, tuple(lines_of(words, size, WIDE)), size, colour, spared)


def _colours_mislead(prediction: Prediction) -> bool:
    """Whether the score lies between 0.5, where raised and lowered weigh the same, and the threshold."""
    if prediction.clinical is not None and prediction.clinical.fused:
        return False
    score, threshold = prediction.probability, prediction.threshold
    if prediction.own_probability is not None and prediction.own_threshold is not None:
        score, threshold = prediction.own_probability, prediction.own_threshold
    return (score >= 0.5) != (score >= threshold)


def _high(paragraphs: list[Paragraph]) -> float:
    return sum(paragraph.high for paragraph in paragraphs)


def _least_high(note: Paragraph) -> float:
    """Height below which a note is not cut for a warning: first words stay whole, second ones keep two lines."""
    return replace(note, lines=note.lines[:2]).high if note.colour == SECOND else note.high


def _within(warnings: list[Paragraph], room: float) -> list[Paragraph]:
    """As many warnings as there is room for, the first ones; and how many more stand in the record."""
    if _high(warnings) <= room:
        return warnings
    for count in range(len(warnings) - 1, 0, -1):
        shown = [*warnings[:count], *_more(len(warnings) - count)]
        if _high(shown) <= room:
            return shown
    more = _more(len(warnings) - 1)
    return [*_cut(warnings[:1], room - _high(more)), *more]


def _more(count: int) -> list[Paragraph]:
    return [_warning(f"{count} more in the record", LEAST)] if count else []


def _cut(paragraphs: list[Paragraph], room: float) -> list[Paragraph]:
    """Paragraphs in the room that there is: the longest of the second words gives lines up, and shows that it did.

    First words do where no second ones are left.
    """
    kept = list(paragraphs)
    while kept and _high(kept) > room and max(len(each.lines) for each in kept) > 1:
        place = max(range(len(kept)), key=lambda index: _spare(kept[index]))
        old = kept[place]
        wide = WIDE - INDENT if old.bold else WIDE
        lines = cut_at_the_end(list(old.lines), len(old.lines) - 1, old.size, wide, bold=old.bold)
        kept[place] = replace(old, lines=tuple(lines))
    return kept


def _spare(paragraph: Paragraph) -> tuple[bool, int]:
    """By which of two paragraphs lines can rather be spared."""
    count = len(paragraph.lines)
    return count > 1 and paragraph.colour == SECOND, count


def _draw_warnings(canvas: Canvas, warnings: list[Paragraph]) -> float:
    """Warnings from the top, and a rule below them; where the next begins."""
    y = float(TOP)
    for warning in warnings:
        _triangle(canvas, LEFT, y + 1)
        y = _draw(canvas, warning, LEFT + INDENT, y)
    if not warnings:
        return y
    canvas.fill(LEFT, y + 4, WIDE, 2, FAINT)
    return y + AFTER_WARNINGS


def _draw(canvas: Canvas, paragraph: Paragraph, x: float, y: float) -> float:
    for row, line in enumerate(paragraph.lines):
        baseline = y + paragraph.size * (0.85 + row * LINE)
        canvas.write(line, x, baseline, paragraph.size, paragraph.colour, bold=paragraph.bold)
    return y + paragraph.high


def _triangle(canvas: Canvas, x: float, y: float) -> None:
    """A filled triangle with a mark of exclamation."""
    unit, at = canvas.scale, canvas.places(30, 27)
    canvas.paint(x, y, covered(convex(at, [(15 * unit, 0), (30 * unit, 26 * unit), (0, 26 * unit)])), INK)
    for mark in (
        stroke(at, (15 * unit, 10 * unit), (15 * unit, 16 * unit), 3.4 * unit),
        disc(at, (15 * unit, 21.6 * unit), 2.0 * unit),
    ):
        canvas.paint(x, y, covered(mark), GROUND)
