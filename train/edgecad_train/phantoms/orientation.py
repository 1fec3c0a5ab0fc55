"""How phantoms' maps lie: python -m edgecad_train.phantoms.orientation

What a series of scans is held against before any model knows how the scans of a hospital lie. It is worked out from
phantoms, and no camera measured it: the one real map that was to be had fits it less well than 98 of 100 phantoms do.
So it warns, and refuses nothing. Run as a program this file prints it anew.
"""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import OrientationReference
from edgecad.frozen import json_from_struct
from edgecad.polarmap.orientation import orientation_of
from edgecad.polarmap.segments import disc_coordinates, segment_means
from edgecad_train.phantoms.population import draw_patient
from edgecad_train.phantoms.uptake import percent_map

SEED, PATIENTS = 1_800, 600
PHANTOMS = OrientationReference(
    patients=PATIENTS,
    weights=(19.13, -0.9904, -10.18, 7.287, 5.587, -3.488, 2.857, -4.265, 0.06683, 6.882),
    upright=(-1.097, -1.568, -1.099, -1.254, -1.259, -0.3625, -0.8897),
    spread=(1.448, 1.735, 1.546, 1.448, 1.628, 0.9247, 1.367),
    reach=3.05,
)
"""What this program printed."""


def phantom_means(seed: int, patients: int) -> NDArray[np.float64]:
    """Mean uptake of phantoms in the 17 segments, `(patients, 17)`, percent."""
    return np.stack([map_means(percent_map(draw_patient(seed, index))) for index in range(patients)])


def map_means(percent: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean uptake of a map `(side, side)` in the 17 segments, `(17,)`; its inscribed disc counts."""
    radius, _ = disc_coordinates(percent.shape[0])
    return segment_means(np.where(radius <= 1, percent, np.nan).astype(np.float32))


def main() -> None:
    """Work it out anew, and print it."""
    found = orientation_of(phantom_means(SEED, PATIENTS))
    sys.stdout.write(f"{json_from_struct(found) if found else ''}\n")


if __name__ == "__main__":
    main()
