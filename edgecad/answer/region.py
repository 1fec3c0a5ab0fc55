"""The outlined region of an answer: where the heat map raises the score, and whether the map is cold there."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.prediction import Finding
from edgecad.contract import Crop
from edgecad.polarmap import PreparedMap, input_mask

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]


def raised_region(shown: Floats, region_threshold: float, inside: Mask) -> Mask:
    """The region that an answer's picture outlines as raising the score, `(size, size)`.

    Args:
        shown: heat map of the score, `(h, w)`, logit units. It is enlarged as the picture's is.
        region_threshold: the contract's, logit units.
        inside: `(size, size)`, where the input holds the map.
    """
    return (_enlarged(shown, inside.shape[0]) > region_threshold) & inside


def relative_uptake(region: Mask, uptake: NDArray[np.float32]) -> float | None:
    """Mean uptake of a region as a share of the disc's; below 1 it is colder than the disc, and than the rest of it.

    Args:
        region: `(size, size)`.
        uptake: `(size, size)`, percent, NaN outside the disc.

    Returns:
        None where the region holds no uptake, or the disc none but zero.
    """
    known = np.isfinite(uptake)
    whole, part = uptake[known], uptake[known & region]
    if not part.size or whole.mean() <= 0:
        return None
    return float(part.mean(dtype=np.float64) / whole.mean(dtype=np.float64))


def findings_about_region(
    prepared: PreparedMap, crop: Crop, shown: Floats, region_threshold: float, *, above: bool
) -> tuple[Finding, ...]:
    """What speaks against the outlined region of one scan: nothing is outlined, or what is not colder than the disc.

    Args:
        shown: heat map of the score, `(h, w)`, logit units.
        region_threshold: the contract's, logit units.
        above: whether the score reaches the threshold in force.
    """
    inside = input_mask(prepared.image.shape[0], crop)
    region = raised_region(shown, region_threshold, inside)
    if not region.any():
        largest = float(_enlarged(shown, inside.shape[0])[inside].max())
        return (_empty(largest / region_threshold),) if above else ()
    ratio = None if prepared.uptake is None else relative_uptake(region, prepared.uptake)
    return () if ratio is None or ratio < 1 else (_not_colder(ratio),)


def _empty(share: float) -> Finding:
    """`share` is the map's largest value, of what would be outlined."""
    words = "NO REGION IS OUTLINED, though the score is above the threshold: no part of the map alone raises it enough"
    return Finding("region-empty", share, words)


def _not_colder(ratio: float) -> Finding:
    words = (
        f"THE OUTLINED REGION IS NOT COLDER THAN THE REST OF THE MAP: its mean uptake is {ratio:.0%} of the disc's; "
        "do not take it for a defect"
    )
    return Finding("region-not-colder", ratio, words)


def _enlarged(shown: Floats, size: int) -> Floats:
    return np.asarray(cv2.resize(np.asarray(shown, np.float32), (size, size), interpolation=cv2.INTER_LINEAR))
