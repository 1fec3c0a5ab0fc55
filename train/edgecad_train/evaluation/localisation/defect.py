"""A heat map against a defect that is known, on one scan.

peak on the defect    the cell with the largest value, of those with at least half of their area in the disc, is a
                      hit where the defect covers at least half of what of it lies in the disc. A cell's value is
                      evidence from its whole area, so its centre alone does not judge it. Several largest cells
                      are a hit where each is one: a flat map hits by no luck.
area under the curve  the chance that a pixel of the defect has a larger value than another pixel of the disc; each
                      pixel has the value of the cell in which it lies, equal values count half.
chance                the defect's share of the disc: how often a peak that lies anywhere hits.
coldest place         the pixel of the least uptake, blurred by 2 of 256 pixels: what needs no network.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap import disc_mask
from edgecad_train.evaluation.localisation.cells import Floats, Mask, cells_of_disc, counts_by_cell

BLUR = 2 / 256
"""Of the coldest place, standard deviation as a share of the disc's diameter: one noisy pixel is no place."""


def chance(defect: Mask) -> float:
    """The defect's share of the disc, 0 to 1; `defect` is `(side, side)`."""
    return float(defect[disc_mask(defect.shape[0])].mean())


def peak_on_defect(shown: Floats, defect: Mask) -> bool:
    """Whether the map's peak lies on the defect; see the module.

    Args:
        shown: heat map of the score, `(h, w)`.
        defect: `(side, side)`, True where the defect is; what lies beyond the disc counts nowhere.
    """
    inside = disc_mask(defect.shape[0])
    whole = counts_by_cell(inside, *shown.shape).reshape(shown.shape)
    hit = 2 * counts_by_cell(inside & defect, *shown.shape).reshape(shown.shape) >= np.maximum(whole, 1)
    of_disc = cells_of_disc(*shown.shape)
    return bool(hit[of_disc & (shown == shown[of_disc].max())].all())


def map_auc(shown: Floats, defect: Mask) -> float:
    """Area under the ROC curve of a map against a defect over the pixels of the disc; see the module.

    Args:
        shown: heat map of the score, `(h, w)`.
        defect: `(side, side)`.

    Returns:
        0 to 1; NaN where all of the disc is defect, or nothing.
    """
    inside = disc_mask(defect.shape[0])
    _, level = np.unique(shown.ravel(), return_inverse=True)
    hit, other = (
        np.bincount(level.ravel(), counts_by_cell(mask, *shown.shape)) for mask in (inside & defect, inside & ~defect)
    )
    pairs = hit.sum() * other.sum()
    below = np.cumsum(other) - other
    return float((hit * (below + other / 2)).sum() / pairs) if pairs else float("nan")


def coldest_on_defect(uptake: NDArray[np.float32], defect: Mask) -> bool:
    """Whether the coldest place of the disc lies on the defect.

    Args:
        uptake: `(size, size)`, percent, NaN outside the disc.
        defect: `(side, side)`, on the same disc.
    """
    known = np.isfinite(uptake)
    sigma = BLUR * uptake.shape[0]
    # Divided by what of the kernel lies in the disc, so that the rim is not drawn to zero.
    sums, weights = (
        cv2.GaussianBlur(np.where(known, part, 0).astype(np.float32), (0, 0), sigma) for part in (uptake, 1)
    )
    blurred = np.where(known, sums / np.maximum(weights, 1e-6), np.inf)
    place = np.unravel_index(blurred.argmin(), blurred.shape)
    row, column = (int((index + 0.5) * defect.shape[0] / uptake.shape[0]) for index in place)
    return bool(defect[row, column])
