"""What a method gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

HeatMaps = Callable[[NDArray[np.intp]], NDArray[np.float32]]
"""Rows of the scans -> heat maps of the score `(k, h, w)`, logit units, on a square grid around the disc: the mean
over all cells plus one constant is the log-odds where the method's map is exact."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What one fit says.

    Attributes:
        log_odds: of the rows that were asked, in their order, `(len(ask),)`, natural logarithm, CAD against not.
        seconds: that fitting and answering took, without what fits share.
        maps: heat maps of any rows of the scans; None where the method has none.
        learnt: arrays that were fitted, by name: what an export needs. Written as `.npz` without objects.
        chosen: hyperparameters that inner folds chose, and epochs, by name; for records and people.
        frozen_seconds: that a frozen network took, whoever ran it; it is shared by all fits.
        weights: where the first weights of its network came from, in the words of a contract.
        make_model: gives the fitted Keras model, where there is one: image or features -> logits. Called where it is
            wanted, since a graph on images takes longer to build than a fit on cells deserves.
    """

    log_odds: NDArray[np.float64]
    seconds: float
    maps: HeatMaps | None = None
    learnt: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    chosen: Mapping[str, float | int | str] = field(default_factory=dict)
    frozen_seconds: float = 0.0
    weights: str = "none"
    make_model: Callable[[], Any] | None = None

    def __post_init__(self) -> None:
        if self.log_odds.ndim != 1 or not np.isfinite(self.log_odds).all():
            raise ValueError("a method's log-odds are not one finite number a scan")
