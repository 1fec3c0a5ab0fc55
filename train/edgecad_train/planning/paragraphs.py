"""Sentences on a terminal of 80 columns."""

from __future__ import annotations

import textwrap

COLUMNS = 80


def wrapped(text: str, indent: str = "") -> list[str]:
    """Lines of a text; those after the first are set in."""
    after = indent or "  "
    return textwrap.wrap(
        text, COLUMNS, initial_indent=indent, subsequent_indent=after, break_long_words=False, break_on_hyphens=False
    )


def paragraph(text: str) -> list[str]:
    """Lines of a text below a table."""
    return wrapped(text, "  ")
