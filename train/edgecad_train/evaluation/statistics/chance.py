"""A p-value in words, the same wherever one is told."""

from __future__ import annotations

SMALLEST = 0.001
"""Below, how small it is says nothing more."""


def chance_words(p_value: float | None) -> str:
    """Three digits, and never nought; `no test` where there was none."""
    if p_value is None:
        return "no test"
    return f"{p_value:.3f}" if p_value >= SMALLEST else f"< {SMALLEST}"


def chance_said(p_value: float | None) -> str:
    """The same in a sentence: `p = 0.024`."""
    words = chance_words(p_value)
    return words if p_value is None else f"p {words}" if words.startswith("<") else f"p = {words}"
