"""A band around a curve."""

from __future__ import annotations

from collections.abc import Iterable

from edgecad.frozen import Frozen

DIGITS = 6
"""Of what files keep of a band."""


class Band(Frozen, frozen=True, kw_only=True):
    """Pointwise 95 % bounds of a curve: at each point of `at` alone, not of the whole curve at once."""

    at: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    method: str


def band_of(at: Iterable[float], low: Iterable[float], high: Iterable[float], method: str) -> Band:
    """A band of numbers as files keep them; each `(points,)`."""
    return Band(at=rounded(at), low=rounded(low), high=rounded(high), method=method)


def rounded(values: Iterable[float]) -> tuple[float, ...]:
    """Numbers as files keep them."""
    return tuple(round(float(value), DIGITS) for value in values)
