"""Familiarity from scans, whatever pools their features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing
from edgecad_train.evaluation.familiarity.deepened import EXPONENTS, DeepenedImages
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity, measured

Features = NDArray[np.floating]


def familiarity_of(
    images: NDArray[np.uint8],
    rows: NDArray[np.intp],
    patients: Sequence[str],
    drawing: Drawing | None,
    own: Features,
    pooled_of: Callable[[Any, int], Features],
) -> MeasuredFamiliarity | None:
    """Measure it; None as `measured` says.

    Args:
        images: prepared, `(n, size, size, 3)` uint8 RGB.
        rows: scans of all parts but the test part: a model that learnt from a scan knows it better than a new one.
        patients: whose each of those is.
        drawing: of uptake in the images; None of colours, of which there are no copies with deeper deficits.
        own: pooled features of those scans, `(len(rows), channels)`.
        pooled_of: gives the features of so many images, which are read by rows.
    """
    copies = [] if drawing is None else [DeepenedImages(images, rows, drawing, exponent) for exponent in EXPONENTS]
    return measured(own, patients, deepened=[pooled_of(copy, len(rows)) for copy in copies])
