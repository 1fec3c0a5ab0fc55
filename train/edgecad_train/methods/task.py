"""What a method is given: all prepared scans, which of them it may learn from, and which it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Drawing, Preparation
from edgecad.errors import UsageError
from edgecad.polarmap.segments import segment_means
from edgecad_train.classes import CLASSES, POSITIVE
from edgecad_train.data import PreparedData
from edgecad_train.data.input.seen import uptake_seen
from edgecad_train.methods.grids import on_cells
from edgecad_train.methods.table import GIVE_UPTAKE, NO_UPTAKE
from edgecad_train.training.settings import Settings

Rows = NDArray[np.intp]
Progress = Callable[[str, int, int, str], None]
"""Called with what is being done, how much of it is, of how much, and figures."""
Shared = TypeVar("Shared")


@dataclass(frozen=True, eq=False)
class MethodScans:
    """All prepared scans of a run, and what is computed from each alone, once for all fits.

    Attributes:
        data: the scans; `data.images` `(n, size, size, 3)` uint8 RGB are what a network would see.
    """

    data: PreparedData
    _shared: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def truth(self) -> NDArray[np.bool_]:
        """`(n,)`, True for CAD."""
        return self.data.labels == CLASSES.index(POSITIVE)

    @cached_property
    def patients(self) -> NDArray[np.str_]:
        """Patient of each scan, `(n,)`; scans of one stay together in every fold."""
        return np.array([case.patient for case in self.data.cases], str)

    def cells(self, side: int) -> NDArray[np.float32]:
        """Uptake as means of the cells of a square grid around the disc, `(n, side, side)` percent; NaN outside.

        Raises:
            UsageError: uptake is not the input.
        """
        return self.each(f"cells {side}", lambda disc: on_cells(disc, side))

    @property
    def segments(self) -> NDArray[np.float64]:
        """Means of segments 1 to 17, `(n, 17)` percent.

        Raises:
            UsageError: uptake is not the input.
        """
        return self.each("segments", segment_means)

    def shared(self, name: str, compute: Callable[[], Shared]) -> Shared:
        """What `compute` gives, kept under a name: of what needs no fit, for all fits of these scans."""
        if name not in self._shared:
            self._shared[name] = compute()
        kept: Shared = self._shared[name]
        return kept

    def each(self, name: str, of: Callable[[NDArray[np.float32]], NDArray[Any]]) -> NDArray[Any]:
        """What `of` makes of each scan's uptake, `(n, ...)`, kept under a name.

        Args:
            of: from uptake `(size, size)` percent, NaN outside the disc.

        Raises:
            UsageError: uptake is not the input.
        """
        return self.shared(name, lambda: self._of_uptake(of))

    def _of_uptake(self, of: Callable[[NDArray[np.float32]], NDArray[Any]]) -> NDArray[Any]:
        how = self.data.preparation
        drawing_of(how)
        discs = (uptake_seen(image, how) for image in self.data.images)
        return np.stack([of(disc) for disc in discs if disc is not None])


def drawing_of(how: Preparation) -> Drawing:
    """How uptake is drawn in prepared images.

    Raises:
        UsageError: it is not drawn in them.
    """
    if how.drawing is None:
        raise UsageError(f"{NO_UPTAKE}; {GIVE_UPTAKE}")
    return how.drawing


@dataclass(frozen=True, eq=False)
class Task:
    """One fit of one method.

    Attributes:
        scans: all of the run.
        fit: rows that it may learn from and choose hyperparameters by; nothing else of the others' labels is looked at.
        ask: rows whose log-odds are wanted; they may be among `fit`.
        settings: of the run; a method reads what concerns it, such as backbone, first weights and batch size.
        seed: of this fit; the same seed gives the same answer.
        cache: folder of outputs of frozen networks that runs share; None keeps none.
        progress: for a bar; None where nobody looks.
    """

    scans: MethodScans
    fit: Rows
    ask: Rows
    settings: Settings
    seed: int
    cache: Path | None = None
    progress: Progress | None = None

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Of the rows that it may learn from, `(len(fit),)`, True for CAD."""
        return self.scans.truth[self.fit]

    @property
    def patients(self) -> NDArray[np.str_]:
        """Of the rows that it may learn from, `(len(fit),)`."""
        return self.scans.patients[self.fit]

    def tell(self, what: str, done: int, of: int, figures: str = "") -> None:
        """Say how far the fit is."""
        if self.progress:
            self.progress(what, done, of, figures)
