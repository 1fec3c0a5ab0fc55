"""How much of the heat maps lies outside the disc, and what that says about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_at
from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.clustered import by_patient, clustered_mean

NO_PREFERENCE = share_outside_at(1.0)
"""Share outside of a map that is spread evenly over the picture: 21 %."""
CLEAR_BELOW = share_outside_at(2.0)
"""12 %; a map is doubted from `DOUBTED_FROM`, 18 %. Both ratios are EdgeCAD's choice; the even spread is 1."""

BOUNDS = {"even": NO_PREFERENCE, "doubted_from": DOUBTED_FROM, "clear_below": CLEAR_BELOW}
"""As pages name them."""

NOTE = (
    f"outside the disc: {NO_PREFERENCE:.0%} is no preference for it; "
    f"from {DOUBTED_FROM:.0%} on doubt the map, and its cells are striped there"
)
"""For pictures that print shares."""


class OutsideEvidence(Frozen, frozen=True, kw_only=True):
    """Shares of the evidence outside the disc, 0 to 1, of the heat maps of one part of the data.

    Attributes:
        maps: how many; at least one.
        beyond: of them, those to be doubted, at or beyond `DOUBTED_FROM`.
        mean: over the maps, within `low` to `high` at the 95 % level; the patient is the unit.
        n: patients.
        largest: of one map.
    """

    maps: int
    beyond: int
    mean: float
    low: float
    high: float
    n: int
    method: str
    largest: float

    @property
    def doubted(self) -> bool:
        """Whether the maps hardly prefer the disc to what is black on every scan."""
        return self.mean >= DOUBTED_FROM

    @property
    def words(self) -> str:
        """Mean with its interval, largest, and what they say."""
        return (
            f"mean {self.mean:.1%} (95 % {self.low:.1%} to {self.high:.1%}, {self.n} patients, {self.method}), "
            f"largest {self.largest:.1%}, {self.maps} maps, {self.beyond} of them at or beyond {DOUBTED_FROM:.0%}: "
            f"{self._judgement}"
        )

    @property
    def _judgement(self) -> str:
        if self.doubted:
            return "HARDLY A PREFERENCE FOR THE DISC, the maps are to be doubted"
        return "a clear preference for the disc" if self.mean < CLEAR_BELOW else "a weak preference for the disc"


def outside_evidence(patients: Sequence[str], shares: Sequence[float]) -> OutsideEvidence:
    """Sum up the shares of maps, at least one, each with its patient."""
    mean = clustered_mean(*by_patient(patients, np.array(shares, np.float64)))
    return OutsideEvidence(
        maps=len(shares),
        beyond=sum(share >= DOUBTED_FROM for share in shares),
        mean=mean.value,
        low=mean.low,
        high=mean.high,
        n=mean.n,
        method=mean.method,
        largest=float(max(shares)),
    )


def outside_warnings(parts: Mapping[str, OutsideEvidence]) -> tuple[str, ...]:
    """Sentences for the top of the page, by the name of the part; none where every part's maps prefer the disc."""
    return tuple(
        f"HEAT MAPS TO BE DOUBTED, {part}: {one.mean:.0%} of the evidence lies outside the disc, where every scan "
        f"is black; {NO_PREFERENCE:.0%} would mean no preference for the disc at all"
        for part, one in parts.items()
        if one.doubted
    )
