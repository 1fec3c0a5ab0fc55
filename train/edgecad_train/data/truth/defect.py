"""A defect that somebody knows, on the disc of the polar map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.segments import segment_map

SIDE = 128
"""Pixels of the square in which every mask is kept; its inscribed circle is the map. 2 KB a scan."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DefectTruth:
    """Where a scan's defect is.

    Attributes:
        kind: how it is known.
        bits: its mask, `SIDE` x `SIDE` bits, row by row.
        deficit: percent of the wall's uptake that it takes away; None where nobody said.
    """

    kind: Literal["mask", "segments"]
    bits: bytes
    deficit: float | None = None

    @classmethod
    def of_mask(cls, mask: Mask) -> DefectTruth:
        """From a mask `(side, side)` of any side; a pixel is defect where half of it or more is."""
        area = cv2.resize(mask.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        return cls("mask", np.packbits(np.asarray(area) >= 0.5).tobytes())

    @classmethod
    def of_segments(cls, numbers: Iterable[int]) -> DefectTruth:
        """From numbers of the 17 segments: all of each is taken for defect."""
        return cls("segments", np.packbits(np.isin(segment_map(SIDE), [*numbers])).tobytes())

    def with_deficit(self, deficit: float | None) -> DefectTruth:
        """The same place, and how deep it is."""
        return replace(self, deficit=deficit)

    @property
    def mask(self) -> Mask:
        """`(SIDE, SIDE)`, True where the defect is."""
        return np.unpackbits(np.frombuffer(self.bits, np.uint8)).astype(bool).reshape(SIDE, SIDE)
