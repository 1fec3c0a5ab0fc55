"""Letters from signed distances, the same on every version of OpenCV: IBM Plex Sans, 400 and 700.

`letters-400.png` and `letters-700.png` hold a cell for each character; `letters.json` says which, and how wide they
are. `python tests/edgecad/picture/make_letters.py` of the repository makes them. Licence: SIL Open Font License 1.1,
`OFL.txt`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

Alpha = NDArray[np.floating]
FOLDER = Path(__file__).parent
PHASES = 4
"""Places within a pixel at which a letter may begin, so that letters stand evenly."""
CUT = "…"


class LetterFacts(msgspec.Struct, frozen=True):
    """What `letters.json` says of the PNGs. Pixels are theirs."""

    em: int
    spread: float
    """Pixels of distance at which a value saturates."""
    cell: tuple[int, int]
    """Width and height of a character's cell."""
    baseline: int
    left: int
    """Where in a cell a character's own width begins."""
    columns: int
    characters: str
    """The first one, a hollow box, stands for every one that is not here."""
    widths: dict[str, list[int]]
    """By weight, in thousandths of the em."""


class Stroke(NamedTuple):
    """Coverage `(h, w)` uint8, 255 is all, and where it lies: pixels from the pen, and above the baseline."""

    alpha: NDArray[np.uint8]
    left: int
    top: int


def width_of(words: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text, in the unit of `size`, which is that of the em."""
    return size * _thousandths(words, bold) / 1000


@lru_cache(maxsize=4096)
def _thousandths(words: str, bold: bool) -> int:
    widths, places = _widths(bold), _places()
    return sum(widths[places.get(letter, 0)] for letter in composed(words))


@lru_cache(maxsize=128)
def coverage(words: str, size: float, *, bold: bool = False) -> Stroke:
    """A line of text as a whole. Kept: do not write to it.

    Args:
        size: of the em, pixels.
    """
    strokes: list[tuple[Stroke, int]] = []
    pen, widths, places = 0.0, _widths(bold), _places()
    for letter in composed(words):
        place = places.get(letter, 0)
        whole, phase = divmod(round(pen * PHASES), PHASES)
        strokes.append((_letter(place, size, phase, bold), whole))
        pen += size * widths[place] / 1000
    return _joined(strokes)


def composed(words: str) -> str:
    """Words as they are drawn: letters and their accents are one character where there is one."""
    return unicodedata.normalize("NFC", words)


def _joined(strokes: list[tuple[Stroke, int]]) -> Stroke:
    if not strokes:
        return Stroke(np.zeros((1, 1), np.uint8), 0, 0)
    left = min(at + stroke.left for stroke, at in strokes)
    right = max(at + stroke.left + stroke.alpha.shape[1] for stroke, at in strokes)
    top = max(stroke.top for stroke, _ in strokes)
    bottom = min(stroke.top - stroke.alpha.shape[0] for stroke, _ in strokes)
    alpha = np.zeros((top - bottom, right - left), np.uint8)
    for stroke, at in strokes:
        y, x = top - stroke.top, at + stroke.left - left
        part = alpha[y : y + stroke.alpha.shape[0], x : x + stroke.alpha.shape[1]]
        np.maximum(part, stroke.alpha, out=part)
    return Stroke(alpha, left, top)


@lru_cache(maxsize=2048)
def _letter(place: int, size: float, phase: int, bold: bool) -> Stroke:
    """One character, beginning at `phase` quarters of a pixel."""
    facts = letter_facts()
    ratio = size / facts.em
    left, right = -facts.left * ratio, (facts.cell[0] - facts.left) * ratio
    top, bottom = facts.baseline * ratio, (facts.baseline - facts.cell[1]) * ratio
    columns = np.arange(int(np.floor(left)), int(np.ceil(right)) + 2)
    rows = np.arange(int(np.ceil(top)), int(np.floor(bottom)), -1)
    across = _weights(facts.left + (columns + 0.5 - phase / PHASES) / ratio, facts.cell[0])
    down = _weights(facts.baseline - (rows - 0.5) / ratio, facts.cell[1])
    row, column = divmod(place, facts.columns)
    width, height = facts.cell
    cell = _sheet(bold)[row * height : (row + 1) * height, column * width : (column + 1) * width]
    distance = (down @ (cell.astype(np.float32) - 128) @ across.T) * np.float32(facts.spread / 127 * ratio)
    alpha = np.rint(255 * np.clip(distance + np.float32(0.5), 0, 1)).astype(np.uint8)
    inked = np.nonzero(alpha)
    if not inked[0].size:
        return Stroke(np.zeros((1, 1), np.uint8), 0, 0)
    first, last = inked[0].min(), inked[0].max() + 1
    begin, end = inked[1].min(), inked[1].max() + 1
    return Stroke(alpha[first:last, begin:end].copy(), int(columns[begin]), int(rows[first]))


def _weights(at: NDArray[np.floating], count: int) -> Alpha:
    """Weights `(n, count)` by which values at pixels' centres are interpolated at places `at`: Catmull and Rom's.

    Beyond the ends the values go on as they end.
    """
    inside = np.clip(np.asarray(at), 0.5, count - 0.5)
    distance = np.abs(inside[:, None] - (np.arange(count) + 0.5))
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    weights = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=1)
def letter_facts() -> LetterFacts:
    """Which characters there are, and how wide."""
    return msgspec.json.decode((FOLDER / "letters.json").read_bytes(), type=LetterFacts)


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    return {letter: place for place, letter in enumerate(letter_facts().characters)}


def _widths(bold: bool) -> list[int]:
    return letter_facts().widths["700" if bold else "400"]


@lru_cache(maxsize=2)
def _sheet(bold: bool) -> NDArray[np.uint8]:
    content = (FOLDER / f"letters-{700 if bold else 400}.png").read_bytes()
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE))
