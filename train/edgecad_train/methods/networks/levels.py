"""Uptake from the colours of a drawing: what a graph can compute of an image, without Keras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing
from edgecad.errors import UsageError
from edgecad_train.methods.networks.grid import Floats

LEAST_SLOPE = 2.0
"""Grey levels of red, green and blue together by which a table must rise a percent, so that rounding is little."""
OTHER_DRAWING = "draw in hot-iron, iron or linear-grey"
"""What helps where they do not."""


@dataclass(frozen=True)
class Levels:
    """Uptake from the sum of red, green and blue, for tables in which that sum tells it; linear between bends.

    Attributes:
        sums: of each bend of the table, rising, `(b,)`.
        percents: of each bend, `(b,)`.
    """

    sums: NDArray[np.float64]
    percents: NDArray[np.float64]

    @classmethod
    def of(cls, drawing: Drawing) -> Levels:
        """Those of a drawing.

        Raises:
            UsageError: its table's sum does not rise throughout.
        """
        points = np.array(known_table(drawing.table).points, np.float64)
        sums, percents = points[:, 1:].sum(axis=1), points[:, 0]
        if not tells_levels(drawing):
            raise UsageError(f"{no_levels(drawing)}; {OTHER_DRAWING}")
        return cls(sums, percents)

    def of_image(self, image: NDArray[np.uint8]) -> Floats:
        """Percent of each pixel `(...)` of an image `(..., 3)`."""
        return np.interp(image.sum(axis=-1, dtype=np.float64), self.sums, self.percents).astype(np.float32)

    def hinges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The same as a sum of hinges, slope times max(0, sum - bend): bends and slopes, `(b - 1,)` each."""
        slopes = np.diff(self.percents) / np.diff(self.sums)
        return self.sums[:-1], np.diff(slopes, prepend=0.0)


def tells_levels(drawing: Drawing) -> bool:
    """Whether red, green and blue together rise with uptake throughout a drawing's table."""
    points = np.array(known_table(drawing.table).points, np.float64)
    rise, percents = np.diff(points[:, 1:].sum(axis=1)), np.diff(points[:, 0])
    return bool(np.all(rise >= LEAST_SLOPE * percents))


def no_levels(drawing: Drawing) -> str:
    """Why a drawing does not tell uptake, for people."""
    return f"in the table {drawing.table} red, green and blue together do not rise with uptake"
