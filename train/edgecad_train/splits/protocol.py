"""How epoch, temperature and threshold are chosen on patients outside the test part: by one part, or by folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edgecad.errors import UsageError

ProtocolName = Literal["holdout", "folds"]
FOLDS_BELOW = 500
"""Patients below which one validation part is too small to choose by, so that folds are the default."""
DEFAULT_FOLDS = 5
TEST_SHARE = 0.2
"""Of all patients of a class; the paper's 80/20."""
VALIDATION_SHARE = 0.2
"""Of the patients of a class that are not in the test part."""


@dataclass(frozen=True)
class Protocol:
    """Who chooses epoch, temperature and threshold.

    Attributes:
        name: `holdout`, one validation part; `folds`, cross-validation of the development part; None takes folds below
            500 patients.
        folds: how many; 0 means `holdout`; None takes five, or as many as the smaller class has patients.

    Raises:
        UsageError: the two contradict one another.
    """

    name: ProtocolName | None = None
    folds: int | None = None

    def __post_init__(self) -> None:
        if self.name == "holdout" and self.folds:
            raise UsageError(f"--protocol holdout has one validation part, and --folds {self.folds} asks for folds")
        if self.name == "folds" and self.folds == 0:
            raise UsageError("--protocol folds needs folds, and --folds 0 means holdout; leave one of them out")

    def folds_for(self, labels: Mapping[str, str], development: tuple[str, ...]) -> int:
        """Folds for these patients, 0 for one validation part.

        Args:
            labels: class of every patient.
            development: patients outside the test part.
        """
        if self.name == "holdout" or self.folds is not None:
            return self.folds or 0
        if self.name is None and len(labels) >= FOLDS_BELOW:
            return 0
        own = [labels[patient] for patient in development]
        return min(DEFAULT_FOLDS, *(own.count(label) for label in set(own)))


BY_SIZE, HOLDOUT = Protocol(), Protocol("holdout")
"""What `train` does unless it is told, and what `study` does."""
