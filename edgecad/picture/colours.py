"""Colours of the picture, RGB: two hues with one meaning each, and greys for all that is not an answer.

Both hues stay apart from one another, and from every grey of the map below them, for people who see two of the three
primaries as well: CIEDE2000 (Sharma et al. 2005) of 25 or more for outlined cells, with the simulations of Machado et
al. 2009 at severity 1. `tests/edgecad/picture/test_colours.py` measures it on drawn panels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

RAISED: Colour = (255, 180, 36)
"""Amber: raised the score, or lies above the threshold."""
LOWERED: Colour = (78, 158, 255)
"""Blue: lowered the score, or lies below the threshold."""
ABOVE_FILL: Colour = (134, 92, 20)
"""Of the score bar above the threshold: amber, darkened."""

GROUND: Colour = (24, 26, 30)
STAMP_GROUND: Colour = (44, 46, 51)
INK: Colour = (242, 243, 245)
"""First words, warnings, signs and outlines."""
SECOND: Colour = (202, 206, 212)
"""Second words."""
FAINT: Colour = (168, 173, 180)
"""The uncertain zone, and what is said last."""
HATCH: Colour = (150, 154, 160)
"""Of the stamp's ends."""
BLACK: Colour = (0, 0, 0)
"""Around the disc, and around signs and outlines."""

DARKEST, BRIGHTEST = 30, 105
"""Grey levels of the map below a heat map, from no brightness to full."""
STEPS = (0.125, 0.25, 0.5, 1.0)
"""Shares of the full scale from which a cell has its opacity: few steps can be told apart, a fog of them cannot."""
OPACITIES = (0.0, 0.22, 0.45, 0.82, 0.95)
SIGNED = 0.25
"""Share of the full scale from which a cell has its sign."""
OUTLINED = 0.82
"""Least opacity of an outlined cell, so that it is told from its neighbours whatever a contract outlines."""


def opacity_of(shares: NDArray[np.floating]) -> NDArray[np.float64]:
    """Opacity of cells, 0 to 1, by the size of their values as a share of the full scale; of any shape."""
    return np.asarray(np.take(OPACITIES, np.digitize(np.abs(shares), STEPS)))
