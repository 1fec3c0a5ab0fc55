"""Colours of the picture, RGB."""

from __future__ import annotations

Colour = tuple[int, int, int]

GROUND: Colour = (24, 26, 30)
INK: Colour = (236, 236, 236)
FAINT: Colour = (168, 172, 178)
RAISED: Colour = (255, 64, 190)
"""Magenta: raised the score."""
LOWERED: Colour = (0, 214, 222)
"""Cyan: lowered the score."""
