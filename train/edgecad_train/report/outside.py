"""How much of the heat maps lies outside the disc, and what that says about them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

DISC = math.pi / 4
"""Share of a square that lies inside its inscribed disc."""
NO_PREFERENCE = 1 - DISC
"""Share outside of a map that is spread evenly over the picture: 21 %."""


def _share_at(ratio: float) -> float:
    """Share outside, where a cell of the disc holds `ratio` times the evidence of a cell outside."""
    return (1 - DISC) / (1 - DISC + ratio * DISC)


DOUBTED_FROM, CLEAR_BELOW = _share_at(1.25), _share_at(2.0)
"""18 % and 12 %. Both ratios are EdgeCAD's choice; the even spread is 1."""

NOTE = f"outside the disc: {NO_PREFERENCE:.0%} is no preference for it; from {DOUBTED_FROM:.0%} on doubt the map"
"""For pictures that print shares."""


@dataclass(frozen=True)
class OutsideShares:
    """Shares of the evidence outside the disc, one a map, 0 to 1, of one part of the data; at least one."""

    part: str
    shares: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the maps."""
        return float(np.mean(self.shares))

    @property
    def doubted(self) -> bool:
        """Whether the maps hardly prefer the disc to what is black on every scan."""
        return self.mean >= DOUBTED_FROM

    @property
    def words(self) -> str:
        """Mean, largest, and what they say."""
        beyond = sum(share >= DOUBTED_FROM for share in self.shares)
        return (
            f"mean {self.mean:.1%}, largest {max(self.shares):.1%}, {len(self.shares)} maps, {beyond} of them at or "
            f"beyond {DOUBTED_FROM:.0%}: {self._judgement}"
        )

    @property
    def _judgement(self) -> str:
        if self.doubted:
            return "HARDLY A PREFERENCE FOR THE DISC, the maps are to be doubted"
        return "a clear preference for the disc" if self.mean < CLEAR_BELOW else "a weak preference for the disc"


def outside_warnings(parts: Iterable[OutsideShares]) -> tuple[str, ...]:
    """Sentences for the top of the page; none where every part's maps prefer the disc."""
    return tuple(
        f"HEAT MAPS TO BE DOUBTED, {one.part}: {one.mean:.0%} of the evidence lies outside the disc, where every scan "
        f"is black; {NO_PREFERENCE:.0%} would mean no preference for the disc at all"
        for one in parts
        if one.doubted
    )
