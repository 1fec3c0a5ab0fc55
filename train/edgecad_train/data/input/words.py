"""What a network sees, in words for people beside a picture of it."""

from __future__ import annotations

from edgecad.contract import Preparation


def seen_words(how: Preparation) -> str:
    """`uptake, drawn in iron`, `colours as on the screen`, or `the whole image`."""
    if how.drawing is not None:
        return f"uptake, drawn in {how.drawing.table}"
    return "the whole image" if how.crop == "none" else "colours as on the screen"
