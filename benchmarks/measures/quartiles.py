"""Median and quartiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np


class Quartiles(msgspec.Struct, frozen=True):
    """Of some values."""

    low: float
    median: float
    high: float

    def words(self, digits: int = 2) -> str:
        """The median, and the quartiles in brackets."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def quartiles_of(values: Sequence[float]) -> Quartiles:
    """Of at least one value."""
    return Quartiles(*(float(value) for value in np.percentile(values, (25, 50, 75))))


def spread(times: Mapping[str, Sequence[float]]) -> dict[str, Quartiles]:
    """Quartiles of each."""
    return {name: quartiles_of(taken) for name, taken in times.items()}
