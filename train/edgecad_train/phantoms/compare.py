"""Hold phantoms against a real polar map: python -m edgecad_train.phantoms.compare PATH_TO_NPY

The file holds uptake in percent of maximum, a square array whose disc touches (nearly) its sides and is
zero outside. Both are judged at 512 pixels.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.polarmap.segments import disc_coordinates, segment_means
from edgecad_train.phantoms.population import draw_patient
from edgecad_train.phantoms.uptake import percent_map

Map = npt.NDArray[np.float64]
SIDE = 512
PATIENTS = 200


def statistics(uptake: Map) -> dict[str, float]:
    """Figures of one map `(512, 512)`, percent of maximum, whose disc touches the sides."""
    radius, _ = disc_coordinates(SIDE)
    rings = {
        f"mean, radius {r:.1f}": float(uptake[np.abs(radius - r) < 0.05].mean()) for r in (0.1, 0.3, 0.5, 0.7, 0.9)
    }
    inside = radius < 0.95
    means = segment_means(uptake.astype(np.float32))
    core = uptake[128:384, 128:384]
    lags = {
        f"autocorrelation, {lag} pixels": float(
            np.corrcoef(core.ravel(), uptake[128:384, 128 + lag : 384 + lag].ravel())[0, 1]
        )
        for lag in (16, 32, 64)
    }
    residual = (uptake - cv2.GaussianBlur(uptake, (0, 0), 2))[radius < 0.9]
    return {
        **rings,
        "sd over the disc": float(uptake[inside].std()),
        "sd of segment means": float(np.std(means)),
        "lowest segment mean": float(means.min()),
        **lags,
        "residual to a blur of 2 pixels": float(residual.std()),
    }


def fitted(uptake: Map) -> Map:
    """Crop a map to its disc and bring it to 512 pixels."""
    rows, columns = np.nonzero(uptake > 0)
    disc = uptake[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.asarray(cv2.resize(disc, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.float64)


def main(path: Path) -> None:
    """Print the real map's figures beside the phantoms' 5th, 50th and 95th percentile."""
    real = statistics(fitted(np.load(path, allow_pickle=False).astype(np.float64)))
    drawn = [statistics(percent_map(draw_patient(0, index)).astype(np.float64)) for index in range(PATIENTS)]
    print(f"| figure | real map | phantoms: 5 %, median, 95 % of {PATIENTS} |\n|---|---|---|")  # noqa: T201
    for name, value in real.items():
        low, middle, high = np.percentile([figures[name] for figures in drawn], [5, 50, 95])
        print(f"| {name} | {value:.2f} | {low:.2f}, {middle:.2f}, {high:.2f} |")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
