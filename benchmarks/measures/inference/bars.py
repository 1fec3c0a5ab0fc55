"""Bounds that a comparison is held to, and whether they held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from measures.peers.turns import Turns, ratios
from measures.quartiles import Quartiles, quartiles_of


@dataclass(frozen=True)
class Bar:
    """A bound on how long one row takes, in another's time.

    Attributes:
        above, below: rows; the time of `above` is divided by that of `below`, the fastest of them.
        at_most, at_least: the bound; one of them is given.
        among: what `below` is called, where they are many.
    """

    above: tuple[str, ...]
    below: tuple[str, ...]
    at_most: float | None = None
    at_least: float | None = None
    among: str = ""

    @property
    def words(self) -> str:
        """The bound in words."""
        sides = (" or ".join(self.above), self.among or " or ".join(self.below))
        bound = f"at most {self.at_most:g}" if self.at_least is None else f"at least {self.at_least:g}"
        return f"{bound} times: {' in '.join(sides)}"

    def holds(self, value: float) -> bool:
        """Whether a ratio is within the bound."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most


class JudgedBar(msgspec.Struct, frozen=True):
    """A bound with what was measured; `measured` and `held` are None where a side is not there."""

    wanted: str
    at_most: float | None
    at_least: float | None
    measured: Quartiles | None = None
    held: bool | None = None
    rows: tuple[str, ...] = ()


def judged(bars: Sequence[Bar], taken: Mapping[str, Turns]) -> tuple[JudgedBar, ...]:
    """Each bar with what was measured."""
    return tuple(_judged(bar, taken) for bar in bars)


def _judged(bar: Bar, taken: Mapping[str, Turns]) -> JudgedBar:
    above, below = (_fastest(side, taken) for side in (bar.above, bar.below))
    if above is None or below is None:
        return JudgedBar(bar.words, bar.at_most, bar.at_least)
    measured = quartiles_of(ratios(taken[above], taken[below]))
    held = bar.holds(measured.median)
    return JudgedBar(bar.words, bar.at_most, bar.at_least, measured, held, (above, below))


def _fastest(rows: Sequence[str], taken: Mapping[str, Turns]) -> str | None:
    here = [row for row in rows if row in taken]
    return min(here, key=lambda row: quartiles_of(taken[row].middles).median, default=None)


def tell_bars(bars: Sequence[JudgedBar]) -> None:
    """Print them as a table."""
    print("\n| wanted | measured (quartiles) | held |\n|---|---|---|")
    for bar in bars:
        value = "nothing" if bar.measured is None else bar.measured.words(3)
        print(f"| {bar.wanted} | {value} | {_word(bar.held)} |", flush=True)


def _word(held: bool | None) -> str:
    return {None: "not measured", True: "yes", False: "NO"}[held]
