"""A colour table as a picture: its colours from the low end to the high end, with levels."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.errors import UsageError
from edgecad.system.folders import write_whole

WIDTH, HEIGHT, MARGIN = 800, 60, 40
"""Of the colours, and what is around them, pixels."""
INK = (40, 40, 40)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_picture(table: ColourTable, path: Path) -> None:
    """Draw a table as PNG.

    Raises:
        UsageError: the file exists already, or its name does not end as a PNG's does.
        OSError: it cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"{path} is to be a PNG; give --out a name that ends in .png")
    if path.exists():
        raise UsageError(f"{path} exists already; choose another --out, or remove it")
    canvas = np.full((HEIGHT + 2 * MARGIN, WIDTH + 2 * MARGIN, 3), 255, np.uint8)
    levels = (np.arange(WIDTH) + 0.5) * 100 / WIDTH
    canvas[MARGIN : MARGIN + HEIGHT, MARGIN : MARGIN + WIDTH] = np.rint(table.colours_at(levels)).astype(np.uint8)
    cv2.rectangle(canvas, (MARGIN - 1, MARGIN - 1), (MARGIN + WIDTH, MARGIN + HEIGHT), INK, 1)
    title = f"{table.name}{' (draft)' if table.draft else ''}"
    cv2.putText(canvas, title, (MARGIN, MARGIN - 12), FONT, 0.5, INK, 1, cv2.LINE_AA)
    for percent in range(0, 101, 10):
        x = MARGIN + round(percent * (WIDTH - 1) / 100)
        cv2.line(canvas, (x, MARGIN + HEIGHT), (x, MARGIN + HEIGHT + 5), INK, 1)
        (wide, _), _ = cv2.getTextSize(str(percent), FONT, 0.45, 1)
        cv2.putText(
            canvas, str(percent), (x - wide // 2, MARGIN + HEIGHT + 22), FONT, 0.45, INK, 1, cv2.LINE_AA
        )  # fmt: skip
    done, data = cv2.imencode(".png", cv2.cvtColor(canvas, cv2.COLOR_RGB2BGR))
    if not done:
        raise OSError(f"OpenCV did not write {path}")
    write_whole(path, data.tobytes())
