"""How the training maps lie, kept so that a series of scans can be held against it."""

from __future__ import annotations

import math

from edgecad.frozen import Frozen, demand

LEAST_PATIENTS = 40
"""Training patients from which a reference is made. It is a mean over all of them, so it tells nothing of one."""
WEIGHTS, OTHERS = 10, 7
"""Numbers of a map's pattern, and orientations beside the right one; `edgecad.polarmap.orientation` has both."""


class OrientationReference(Frozen, frozen=True, kw_only=True):
    """By what the mean pattern of a series tells that its maps are turned or mirrored.

    `edgecad.polarmap.orientation` makes it and judges by it.
    """

    patients: int
    """Training patients behind it."""
    weights: tuple[float, ...]
    """`(10,)`: Fisher's discriminant of the right orientation against the others, for real and imaginary parts."""
    upright: tuple[float, ...]
    """`(7,)`: mean evidence of the training patients for each other orientation; what lies right has it below 0."""
    spread: tuple[float, ...]
    """`(7,)`: standard deviation of that evidence from patient to patient."""
    reach: float
    """Standard errors above `upright` beyond which chance does not bring a series of training patients."""

    def __post_init__(self) -> None:
        demand(self.patients >= LEAST_PATIENTS, f"an orientation from {self.patients} patients, fewer than 40")
        demand(len(self.weights) == WEIGHTS, f"an orientation has {len(self.weights)} weights, {WEIGHTS} wanted")
        demand(len(self.upright) == len(self.spread) == OTHERS, f"{OTHERS} other orientations wanted")
        numbers = (*self.weights, *self.upright, *self.spread, self.reach)
        demand(all(map(math.isfinite, numbers)), "an orientation holds numbers that are not finite")
        demand(min(self.spread) > 0 and self.reach > 0, "an orientation's spread and reach must be positive")
