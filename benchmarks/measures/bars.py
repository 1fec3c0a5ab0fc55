"""What is wanted of a comparison, and whether it held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from measures.apart import Turns, ratios
from measures.processes import quartiles


@dataclass(frozen=True)
class Bar:
    """A bound on how long one row takes, in another's time.

    Attributes:
        above, below: rows; the time of `above` is divided by that of `below`, the fastest of them.
        at_most, at_least: the bound; one of them is given.
    """

    above: tuple[str, ...]
    below: tuple[str, ...]
    at_most: float | None = None
    at_least: float | None = None

    @property
    def words(self) -> str:
        """What is wanted."""
        sides = (" or ".join(side) for side in (self.above, self.below))
        bound = f"at most {self.at_most:g}" if self.at_least is None else f"at least {self.at_least:g}"
        return f"{bound} times: {' in '.join(sides)}"

    def holds(self, value: float) -> bool:
        """Whether a ratio is within the bound."""
        return value >= self.at_least if self.at_most is None else value <= self.at_most


def judged(bars: Sequence[Bar], taken: Mapping[str, Turns]) -> list[dict[str, Any]]:
    """Each bar with what was measured; `held` is None where a side is not there."""
    return [_judged(bar, taken) for bar in bars]


def _judged(bar: Bar, taken: Mapping[str, Turns]) -> dict[str, Any]:
    wanted = {"wanted": bar.words, "at_most": bar.at_most, "at_least": bar.at_least}
    above, below = (_fastest(side, taken) for side in (bar.above, bar.below))
    if above is None or below is None:
        return wanted | {"measured": None, "held": None}
    measured = quartiles(ratios(taken[above], taken[below]))
    return wanted | {"rows": [above, below], "measured": measured, "held": bar.holds(measured["median"])}


def _fastest(rows: Sequence[str], taken: Mapping[str, Turns]) -> str | None:
    here = [row for row in rows if row in taken]
    return min(here, key=lambda row: quartiles(taken[row].middles)["median"], default=None)


def tell_bars(found: Sequence[Mapping[str, Any]]) -> None:
    """Print them as a table."""
    print("\n| wanted | measured (quartiles) | held |\n|---|---|---|")
    for bar in found:
        own = bar["measured"]
        value = "nothing" if own is None else f"{own['median']:.3f} ({own['low']:.3f}-{own['high']:.3f})"
        print(f"| {bar['wanted']} | {value} | {_word(bar['held'])} |", flush=True)


def _word(held: bool | None) -> str:
    return {None: "not measured", True: "yes", False: "NO"}[held]
