"""Make the letters of pictures again: python tests/edgecad/picture/make_letters.py

It writes one PNG a weight into `edgecad/picture/letters/`, with the signed distance of every pixel to the outline of
its letter, and one JSON file with the letters' widths. It needs the packages `fonttools` and `fontpkg-ibm-plex-sans`
(3.201): IBM Plex Sans, Copyright 2017 IBM Corp., SIL Open Font License 1.1. The licence is copied beside the PNGs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parents[3] / "edgecad" / "picture" / "letters"
WEIGHTS = (400, 700)
EM, SPREAD = 48, 2.5
"""Pixels of the PNGs: of the em square, and of the distance at which a value saturates."""
CELL, BASELINE, LEFT = (60, 76), 58, 6
"""Width and height of a letter's cell; where in it the baseline lies, and the left end of its advance; pixels."""
COLUMNS = 16
FINER = 16
"""Samples a pixel, in either direction, by which distances are found."""
CURVE = 12
"""Straight pieces of a curve."""
BOX = "\ufffd"
"""Stands for every character that is not here: a hollow box."""
RANGES = ((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0xFF), (0x100, 0x17F), (0x1A0, 0x1A1), (0x1AF, 0x1B0), (0x1EA0, 0x1EF9))
"""ASCII, Latin-1, Latin Extended-A, and what Vietnamese has beside them."""
SIGNS = "‐‑‒–—―‘’‚“”„†‡•…‹›€™−≈≠≤≥"
Floats = NDArray[np.floating]
Points = list[tuple[float, float]]


class Outlines(BasePen):  # type: ignore[misc]
    """Gathers a letter's contours as polygons, em units."""

    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.contours: list[Points] = []

    def _moveTo(self, point: tuple[float, float]) -> None:  # noqa: N802 - fontTools' name
        self.contours.append([point])

    def _lineTo(self, point: tuple[float, float]) -> None:  # noqa: N802
        self.contours[-1].append(point)

    def _qCurveToOne(self, control: tuple[float, float], end: tuple[float, float]) -> None:  # noqa: N802
        start = self.contours[-1][-1]
        for step in range(1, CURVE + 1):
            t = step / CURVE
            parts = zip(start, control, end, strict=True)
            x, y = ((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c for a, b, c in parts)
            self.contours[-1].append((x, y))


def characters(known: set[int]) -> str:
    """All characters, the box first."""
    wanted = [*(code for first, last in RANGES for code in range(first, last + 1)), *map(ord, SIGNS)]
    absent = [hex(code) for code in wanted if code not in known]
    if absent:
        raise SystemExit(f"this font has no {', '.join(absent)}; take the release that is named above")
    return BOX + "".join(map(chr, wanted))


def box() -> list[Points]:
    """A hollow box, em units of 1000: its inner contour runs the other way."""
    return [
        [(60, 0), (60, 698), (540, 698), (540, 0)],
        [(120, 60), (480, 60), (480, 638), (120, 638)],
    ]


def distances(contours: list[Points], unit: float) -> NDArray[np.uint8]:
    """A cell, `(height, width)` uint8: 128 on the outline, more inside; a pixel is 127 / `SPREAD`.

    Args:
        contours: em units; a point is inside where they wind around it, so they may overlap.
        unit: em units of a pixel.
    """
    width, height = (FINER * side for side in CELL)
    winding = np.zeros((height, width + 1), np.int32)
    for points in contours:
        x, y = (np.array(points).T / unit * FINER) * [[1], [-1]] + FINER * np.array([[LEFT], [BASELINE]])
        for row, column, turn in _crossings(x, y):
            np.add.at(winding, (row, np.clip(column, 0, width)), turn)
    inside = (np.cumsum(winding, axis=1)[:, :width] != 0).astype(np.uint8)
    within, beyond = (cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for mask in (inside, 1 - inside))
    signed = np.clip((within - beyond) / FINER, -2.0 * SPREAD, 2.0 * SPREAD)
    # The four samples around a pixel's centre.
    middle = FINER // 2
    around = [signed[middle - i :: FINER, middle - j :: FINER] for i in (0, 1) for j in (0, 1)]
    mean = np.mean(around, axis=0)
    return np.asarray(np.rint(np.clip(128 + mean * 127 / SPREAD, 0, 255)), np.uint8)


def _crossings(x: Floats, y: Floats) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], int]]:
    """Rows that each side of a polygon crosses, the first column right of it there, and the way it goes."""
    for x0, y0, x1, y1 in zip(x, y, np.roll(x, -1), np.roll(y, -1), strict=True):
        low, high = sorted((y0, y1))
        row = np.arange(int(np.ceil(low - 0.5)), int(np.ceil(high - 0.5)))
        if row.size:
            at = x0 + (row + 0.5 - y0) * (x1 - x0) / (y1 - y0)
            yield row, np.ceil(at - 0.5).astype(np.intp), 1 if y1 > y0 else -1


def sheet(font: Any, letters: str) -> tuple[NDArray[np.uint8], list[int]]:
    """All letters of one weight on one picture, and their widths in thousandths of the em."""
    glyphs, names, per_em = font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm
    rows = -(-len(letters) // COLUMNS)
    picture = np.zeros((rows * CELL[1], COLUMNS * CELL[0]), np.uint8)
    widths = []
    for index, letter in enumerate(letters):
        if letter == BOX:
            contours, width = box(), 600.0
        else:
            pen, glyph = Outlines(glyphs), glyphs[names[ord(letter)]]
            glyph.draw(pen)
            contours, width = pen.contours, 1000 * glyph.width / per_em
        unit = (1000 if letter == BOX else per_em) / EM
        row, column = divmod(index, COLUMNS)
        top, left = row * CELL[1], column * CELL[0]
        picture[top : top + CELL[1], left : left + CELL[0]] = distances(contours, unit)
        widths.append(round(width))
    return picture, widths


def main() -> None:
    """Write the PNGs, the widths and the licence."""
    import fontpkg_ibm_plex_sans as package

    whole = package.ROOT / "files" / "IBMPlexSans[wdth,wght].ttf"
    letters, widths = characters(set(TTFont(whole).getBestCmap())), {}
    for weight in WEIGHTS:
        font = instantiateVariableFont(TTFont(whole), {"wght": weight, "wdth": 100})
        picture, widths[str(weight)] = sheet(font, letters)
        _, content = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        (FOLDER / f"letters-{weight}.png").write_bytes(content.tobytes())
    facts = {
        "em": EM, "spread": SPREAD, "cell": CELL, "baseline": BASELINE, "left": LEFT, "columns": COLUMNS,
        "characters": letters, "widths": widths,
    }  # fmt: skip
    (FOLDER / "letters.json").write_text(json.dumps(facts, ensure_ascii=True) + "\n", encoding="ascii")
    (FOLDER / "OFL.txt").write_bytes((package.ROOT / "LICENSE").read_bytes())


if __name__ == "__main__":
    main()
