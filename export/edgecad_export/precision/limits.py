"""The limits of the distance to the training scans, carried over to a narrower file.

Rounding turns the features of every scan a little, so a narrower file finds all scans farther away, by about the same.
Its own limits take that in: they refuse the scans that fp32's refuse.
"""

from __future__ import annotations

import numpy as np
import onnx
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.contract import Familiarity
from edgecad.contract.graph import FAMILIARITY
from edgecad_export.precision.sessions import session_of

BATCH = 8
SMALLEST = 1e-6


def distances_of(proto: onnx.ModelProto, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The graph's distances, `(n,)`, of at least one prepared image."""
    session = session_of(proto, [FAMILIARITY])
    starts = range(0, len(images), BATCH)
    parts = [session.run(None, {"image": images[at : at + BATCH]})[0][:, 0] for at in starts]
    return np.concatenate(parts).astype(np.float64)


def carried_over(limits: Familiarity, exact: NDArray[np.float64], seen: NDArray[np.float64]) -> Familiarity:
    """The limits for a file that gives the distances `seen` where fp32 gives `exact`, `(n,)` both.

    Moved by the median difference on the half of the images that lies farthest: the limits are up there, and a few
    images that came out oddly do not count.
    """
    upper = exact >= np.median(exact)
    moved = float(np.median(seen[upper] - exact[upper]))
    noted = max(limits.noted + moved, SMALLEST)
    return replace(limits, noted=noted, limit=max(limits.limit + moved, noted))
