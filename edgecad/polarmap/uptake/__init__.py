"""Uptake, read from the colours of a map through its colour table, and drawn again in the one canonical way."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad.polarmap.disc import Disc
from edgecad.polarmap.objections import Objections
from edgecad.polarmap.prepared import PreparedMap
from edgecad.polarmap.uptake.candidates import TableCandidates

Pixels = NDArray[np.uint8]


def uptake_prepared(
    screen: Pixels, disc: Disc, preparation: Preparation, candidates: TableCandidates, objections: Objections
) -> PreparedMap:
    """Read uptake in `disc` of `screen` `(height, width, 3)` uint8 RGB, judge it, and draw it at the input size."""
    raise NotImplementedError
