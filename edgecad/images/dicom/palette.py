"""A DICOM palette: three tables of entries in 8 or 16 bits, whole or in segments (PS3.3 C.7.6.3.1.5, C.7.9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from edgecad.images.refusals import damaged, wrong_kind
from edgecad.images.screen import Pixels

if TYPE_CHECKING:
    from pydicom import Dataset

Entries: TypeAlias = npt.NDArray[np.uint16]

_COLOURS = ("Red", "Green", "Blue")
_DESCRIPTORS = tuple(f"{colour}PaletteColorLookupTableDescriptor" for colour in _COLOURS)
_TABLES = tuple(f"{colour}PaletteColorLookupTableData" for colour in _COLOURS)
_SEGMENTED = tuple(f"Segmented{name}" for name in _TABLES)
TAGS = (*_DESCRIPTORS, *_TABLES, *_SEGMENTED)

_DISCRETE, _LINEAR = 0, 1
_WANTED = "three tables of 8 or 16 bits, alike in length"
_NEXT = "export it as Secondary Capture in RGB"


@dataclass(frozen=True)
class PaletteTable:
    """Colours `(entries, 3)` uint8 RGB; the pixel value `first` and all below it take the first one."""

    colours: Pixels
    first: int


def palette_of(dataset: Dataset) -> PaletteTable:
    """Read the palette of a dataset.

    Raises:
        InputRefused: `wrong-kind` or `damaged`; other exceptions where attributes are malformed.
    """
    descriptors = [[int(number) for number in dataset[name].value] for name in _DESCRIPTORS]
    entries, first, bits = descriptors[0]
    if bits not in (8, 16) or any(other != descriptors[0] for other in descriptors[1:]):
        raise wrong_kind("DICOM with a palette of another make", _WANTED, _NEXT)
    count = (entries & 0xFFFF) or 0x10000
    tables = [_table(dataset, *names, count, bits) for names in zip(_TABLES, _SEGMENTED, strict=True)]
    wide = any(table.dtype == np.uint16 for table in tables)
    stored = np.stack([table.astype(np.uint16) for table in tables], axis=1)
    return PaletteTable(np.ascontiguousarray(_in_8_bits(stored, bits) if wide else stored, np.uint8), first)


def _table(dataset: Dataset, name: str, segmented: str, entries: int, bits: int) -> Entries | Pixels:
    """Entries of one colour as they are stored: uint8, or uint16 where each has two bytes."""
    if dataset.get(name) is None and dataset.get(segmented) is not None:
        return _whole(dataset[segmented].value, entries, bits)
    value = dataset[name].value
    if bits == 8 and len(value) in (entries, entries + entries % 2):
        return np.frombuffer(value, np.uint8, entries)
    if len(value) != 2 * entries:
        raise damaged("the DICOM palette is not as long as declared")
    return np.frombuffer(value, "<u2", entries).astype(np.uint16)


def _in_8_bits(stored: Entries, bits: int) -> Entries:
    """The 8 bits that count of entries of two bytes, of all three tables alike.

    Entries of 16 bits are scaled, so that the high byte counts. Some writers put 8 bits into two bytes, which the
    standard notes (C.7.6.3.1.5): into the low byte, the high one, or both. A palette whose entries are all below 256 of
    65,536 would be black, so these are entries of 8 bits too, whatever is declared.
    """
    high, low = (stored >> 8).astype(np.uint16), (stored & 0xFF).astype(np.uint16)
    if not high.any():
        return low
    if bits == 16 or not low.any() or np.array_equal(high, low):
        return high
    raise wrong_kind("DICOM with a palette whose entries of 8 bits fill 16", "entries of 8 bits, or of 16", _NEXT)


def _whole(value: bytes, entries: int, bits: int) -> Entries | Pixels:
    """Put a table together that is stored in segments.

    pydicom can, but no limit holds it: a few bytes may ask for thousands of millions of entries.
    """
    words = np.frombuffer(value, np.uint8 if bits == 8 else "<u2")
    parts: list[npt.NDArray[np.float64]] = []
    position, made = 0, 0
    while made < entries:
        part, position = _segment(words, position, parts[-1][-1] if parts else None)
        if not len(part) or made + len(part) > entries:
            raise damaged("the DICOM palette is not as long as declared")
        parts.append(part)
        made += len(part)
    if words[position:].any():
        raise damaged("the DICOM palette is longer than declared")
    rounded = np.around(np.concatenate(parts))
    return rounded.astype(np.uint8) if bits == 8 else rounded.astype(np.uint16)


def _segment(
    words: npt.NDArray[np.integer], position: int, before: float | None
) -> tuple[npt.NDArray[np.float64], int]:
    """The entries of the segment at `position`, and where the next one begins; `before` is the entry before it."""
    if position + 3 > len(words):
        raise damaged("the DICOM palette ends within a segment")
    kind, length = int(words[position]), int(words[position + 1])
    if kind == _DISCRETE and position + 2 + length <= len(words):
        end = position + 2 + length
        return words[position + 2 : end].astype(np.float64), end
    if kind == _LINEAR and before is not None:
        return np.linspace(before, float(words[position + 2]), length + 1)[1:], position + 3
    # The third kind repeats others by their place, which is counted in bytes by some and in entries by others.
    raise wrong_kind("DICOM with a palette in segments of another kind", "one of discrete and linear segments", _NEXT)
