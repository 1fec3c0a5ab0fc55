"""The 18 columns of a scan: means of segments 1 to 17, percent, and the total deficit below normal limits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad_train.methods.fitting.choosing import Values
from edgecad_train.methods.limits.limits import SIDE, limits_of
from edgecad_train.methods.task import Rows, Task

Floats = NDArray[np.float64]
COLUMNS = 18


def values_of(task: Task) -> Values:
    """What makes the columns of every scan, `(n, 18)`, from the rows that teach the normal limits."""
    scans = task.scans

    def values(teach: Rows) -> Floats:
        deficits = limits_of(scans, teach).deficits(scans.cells(SIDE))
        return np.column_stack([scans.segments, deficits])

    return values
