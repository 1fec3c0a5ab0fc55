"""The outlined region of an answer: cells beyond the contract's threshold, and whether the map is cold there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.grid import on_pixels
from edgecad.answer.heatmap import as_recorded, cell_coverage
from edgecad.answer.prediction import Finding
from edgecad.contract import Crop, HeatmapScale
from edgecad.polarmap import PreparedMap

Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class OutlinedCells:
    """The cells that an answer's picture outlines, `(h, w)` each.

    Attributes:
        raised: they raised the score by as much as the contract's threshold of the region, or more.
        lowered: they lowered it by as much, or more.
    """

    raised: Mask
    lowered: Mask


def region_of(shown: Floats, scale: HeatmapScale, crop: Crop) -> OutlinedCells:
    """The cells beyond the region's threshold; none that lies wholly outside the disc, where there is one.

    Args:
        shown: heat map of the score, `(h, w)`, logit units.
    """
    values, on_map = as_recorded(shown, scale.full_scale), cells_on_map(shown.shape, crop)
    limit = scale.region_threshold
    return OutlinedCells(raised=(values >= limit) & on_map, lowered=(values <= -limit) & on_map)


def cells_on_map(cells: tuple[int, ...], crop: Crop) -> Mask:
    """Cells of which any part lies on the map, `(rows, columns)` as `cells` says."""
    rows, columns = cells
    return cell_coverage(rows, columns) > 0 if crop == "polar-map" else np.ones((rows, columns), np.bool_)


def relative_uptake(region: Mask, uptake: NDArray[np.float32]) -> float | None:
    """Mean uptake of a region as a share of the disc's; below 1 it is colder than the disc, and than the rest of it.

    Args:
        region: `(h, w)`, cells.
        uptake: `(size, size)`, percent, NaN outside the disc.

    Returns:
        None where the region holds no uptake, or the disc none but zero.
    """
    known = np.isfinite(uptake)
    whole, part = uptake[known], uptake[known & on_pixels(region, *uptake.shape)]
    if not part.size or whole.mean() <= 0:
        return None
    return float(part.mean(dtype=np.float64) / whole.mean(dtype=np.float64))


def findings_about_region(
    prepared: PreparedMap, crop: Crop, shown: Floats, scale: HeatmapScale, *, above: bool
) -> tuple[Finding, ...]:
    """What speaks against the outlined region of one scan: nothing is outlined, or what is not colder than the disc.

    Args:
        shown: heat map of the score, `(h, w)`, logit units.
        above: whether the score reaches the threshold in force.
    """
    raised = region_of(shown, scale, crop).raised
    if not raised.any():
        largest = float(np.asarray(shown)[cells_on_map(shown.shape, crop)].max())
        return (_empty(largest / scale.region_threshold),) if above else ()
    ratio = None if prepared.uptake is None else relative_uptake(raised, prepared.uptake)
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
