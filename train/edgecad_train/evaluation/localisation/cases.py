"""Scans of labelled data, measured one by one from what a model said of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from edgecad.contract import Contract
from edgecad_train.data import PreparedData
from edgecad_train.data.input.seen import uptake_seen
from edgecad_train.evaluation.localisation.located import LocatedScan, Shown, located


@dataclass(frozen=True)
class SaidOfScan:
    """What a model said of one scan.

    Attributes:
        scan: its number in the data, from 0.
        log_odds: of CAD, before temperature.
        heatmap: of the score, `(h, w)`, logit units, as a reader is shown it.
    """

    scan: int
    log_odds: float
    heatmap: NDArray[np.floating]


def located_scans(data: PreparedData, said: Iterable[SaidOfScan], contract: Contract) -> Iterator[LocatedScan]:
    """Measure heat maps against what is known of the scans; nothing of whole images, which have no disc.

    Args:
        contract: of the model: its temperature, threshold and outline.
    """
    decision = contract.decision
    for one in () if data.preparation.crop == "none" else said:
        case, score = data.cases[one.scan], float(expit(one.log_odds / decision.temperature))
        shown = Shown(one.heatmap, uptake_seen(data.images[one.scan], data.preparation), contract.heatmap)
        yield located(one.scan, case.patient, score, shown, case.defect, above=score >= decision.threshold)
