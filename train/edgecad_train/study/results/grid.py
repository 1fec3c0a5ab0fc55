"""A table of Markdown."""

from __future__ import annotations

from collections.abc import Sequence


def grid(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Heads, a rule, and a line each."""
    rule = "|" + "---|" * len(heads)
    return "\n".join(["| " + " | ".join(heads) + " |", rule, *("| " + " | ".join(line) + " |" for line in lines)])
