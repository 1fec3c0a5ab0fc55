"""One scan's heat map: against its defect where that is known, and against its uptake."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import FLAT, correlation
from edgecad.answer.region import region_of, relative_uptake
from edgecad.contract import HeatmapScale
from edgecad_train.data.truth import DefectTruth
from edgecad_train.evaluation.localisation.cells import Floats, cells_of_disc, means_by_cell
from edgecad_train.evaluation.localisation.defect import chance, coldest_on_defect, map_auc, peak_on_defect

LEAST_DEFICIT, LEAST_SCORE = 3.5, 0.5
"""Percent of the wall's uptake, and P(CAD): a smaller defect, or one that the model does not see, need not be shown."""


@dataclass(frozen=True)
class LocatedScan:
    """Where the heat map of one scan lies.

    Attributes:
        scan: number of the scan in its data, from 0.
        score: P(CAD) of this scan alone, 0 to 1.
        above: whether it reaches the model's threshold.
        truth: how its defect is known, `mask` or `segments`; empty where it is not.
        deficit: percent of the wall's uptake that the defect takes away; None where nobody said.
        chance, peak_on_defect, map_auc, coldest_on_defect: see `defect`; None where the defect is not known.
        region_empty: nothing is outlined as raising the score.
        region_uptake: mean uptake of the outlined region as a share of the disc's; None without region or uptake.
        map_and_uptake: correlation of map and uptake over the cells of the disc, -1 to 1; negative: the map marks what
            is cold. None without uptake, or where one of them is flat.
    """

    scan: int
    patient: str
    score: float
    above: bool
    truth: str
    deficit: float | None
    chance: float | None
    peak_on_defect: bool | None
    map_auc: float | None
    coldest_on_defect: bool | None
    region_empty: bool
    region_uptake: float | None
    map_and_uptake: float | None

    @property
    def judged(self) -> bool:
        """Whether its map should show its defect: known, of 3.5 % or more where that is known, score .5 or more."""
        large = self.deficit is None or self.deficit >= LEAST_DEFICIT
        return self.peak_on_defect is not None and large and self.score >= LEAST_SCORE


@dataclass(frozen=True)
class Shown:
    """What a reader is shown of one scan.

    Attributes:
        heatmap: of the score, `(h, w)`, logit units.
        uptake: `(size, size)` float32, percent, NaN outside the disc; None where colours are the input.
        scale: the contract's.
    """

    heatmap: Floats
    uptake: NDArray[np.float32] | None
    scale: HeatmapScale


def located(
    scan: int, patient: str, score: float, shown: Shown, truth: DefectTruth | None, *, above: bool
) -> LocatedScan:
    """Measure one scan; see `LocatedScan`."""
    heatmap, uptake = shown.heatmap, shown.uptake
    defect = None if truth is None else truth.mask
    share = None if defect is None else chance(defect)
    if share in (0.0, 1.0):
        truth = defect = share = None  # no place on the disc is another one's
    raised = region_of(heatmap, shown.scale, "polar-map").raised
    return LocatedScan(
        scan=scan,
        patient=patient,
        score=score,
        above=above,
        truth="" if truth is None else truth.kind,
        deficit=None if truth is None else truth.deficit,
        chance=share,
        peak_on_defect=None if defect is None else peak_on_defect(heatmap, defect),
        map_auc=None if defect is None else map_auc(heatmap, defect),
        coldest_on_defect=None if defect is None or uptake is None else coldest_on_defect(uptake, defect),
        region_empty=not raised.any(),
        region_uptake=None if uptake is None else relative_uptake(raised, uptake),
        map_and_uptake=None if uptake is None else _map_and_uptake(heatmap, uptake),
    )


def _map_and_uptake(heatmap: Floats, uptake: NDArray[np.float32]) -> float | None:
    means = means_by_cell(uptake, *heatmap.shape)
    known = cells_of_disc(*heatmap.shape) & np.isfinite(means)
    values = (heatmap[known], means[known])
    if any(np.ptp(one) <= FLAT * np.abs(one).max() for one in values):
        return None
    return correlation(*values)
