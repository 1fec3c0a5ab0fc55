"""What a CSV says of a scan's defect, in columns that it may have: `mask`, `segments` and `deficit_percent`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from edgecad.clinical.cells import number_of
from edgecad.errors import UsageError
from edgecad.polarmap.segments import SEGMENTS
from edgecad_train.data.truth.defect import DefectTruth
from edgecad_train.data.truth.masks import truth_of_mask

MASK, NUMBERS, DEFICIT = "mask", "segments", "deficit_percent"
STEP = "leave the cell empty where nobody said, and rename the column if it means something else"


def truth_of_row(row: Mapping[str, str | None], folder: Path, where: str) -> DefectTruth | None:
    """Where the defect of a line's scan is; None where the line says nothing. A mask goes before segments.

    Args:
        row: the line by column.
        folder: that of the CSV, from which a mask's path begins.
        where: the line, for messages.

    Raises:
        UsageError: numbers that are no segments, a deficit that is no percentage, or a mask that cannot be used.
    """
    mask, numbers, deficit = ((row.get(column) or "").strip() for column in (MASK, NUMBERS, DEFICIT))
    segments, depth = _segments(numbers, where), _deficit(deficit, where)
    if mask:
        return truth_of_mask(folder / mask, where).with_deficit(depth)
    return DefectTruth.of_segments(segments).with_deficit(depth) if segments else None


def _segments(words: str, where: str) -> tuple[int, ...]:
    """Numbers with semicolons, commas or blanks between, each once."""
    parts = [part for part in re.split(r"[;,\s]+", words) if part]
    known = {str(segment.number) for segment in SEGMENTS}
    if not all(part in known for part in parts):
        raise UsageError(
            f"{where}: segments {words!r}; wanted: numbers from 1 to 17 with semicolons between, as 4;5;10; {STEP}"
        )
    return tuple(sorted({int(part) for part in parts}))


def _deficit(words: str, where: str) -> float | None:
    if not words:
        return None
    value = number_of(words)
    if value is None or not 0 <= value <= 100:
        raise UsageError(f"{where}: deficit_percent {words!r}; wanted: a number from 0 to 100; {STEP}")
    return value
