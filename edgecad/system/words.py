"""Names as a terminal can show them."""

from __future__ import annotations


def on_one_line(name: str) -> str:
    """A name on one line: line breaks and control characters are written out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)
