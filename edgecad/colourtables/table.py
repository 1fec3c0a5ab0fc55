"""One colour table: a line through RGB space from the low end to the high end, or steps on such a line."""

from __future__ import annotations

import hashlib
import re
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import msgspec

from edgecad.frozen import Frozen, demand

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["continuous", "steps"]
"""`continuous`: colours between two points are mixed. `steps`: each point is one step, and there is nothing between."""

FEWEST_COLOURS = 8
"""Colours that differ, below which levels cannot be told apart."""
MOST_POINTS = 512
SAMPLES = 256
SAME_COLOUR = 5.0
"""Distance in RGB, grey levels, within which two colours are one after JPEG."""
SAME_LEVEL = 6.0
"""Percent of the span within which a table may have one colour twice: beyond, uptake cannot be told from colours."""


class ColourTable(Frozen, frozen=True, kw_only=True, dict=True):
    """A colour table, low to high.

    Direction is part of it: inverted grey is another table than grey.
    """

    name: str
    """Letters, digits and hyphens."""
    kind: Kind = "continuous"
    points: tuple[tuple[float, int, int, int], ...]
    """(percent of the span, red, green, blue), rising. A continuous table begins at 0 and ends at 100; step k of n
    steps, from 0, stands at its middle, 100 (k + 1/2) / n."""
    source: str = ""
    """Where it is from, for people."""
    draft: bool = False
    """True: its order is known and its scale is not; for a person to look at, and never to answer with."""

    def __post_init__(self) -> None:
        demand(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", self.name) is not None, f"{self.name!r} is no name for a table")
        demand(2 <= len(self.points) <= MOST_POINTS, f"{len(self.points)} points; 2 to {MOST_POINTS} wanted")
        # As a file gives them back: 0 and 0.0 are one number with two spellings, and what hashes a table spells it.
        points = tuple((float(level), int(red), int(green), int(blue)) for level, red, green, blue in self.points)
        msgspec.structs.force_setattr(self, "points", points)
        levels = [point[0] for point in self.points]
        rising = all(low < high for low, high in pairwise(levels))
        demand(rising and levels[0] >= 0 and levels[-1] <= 100, "the points do not rise within 0 to 100 percent")
        demand(all(0 <= value <= 255 for point in self.points for value in point[1:]), "a colour is not 0 to 255")
        self._check_ends(levels)
        self._check_colours()

    def _check_ends(self, levels: list[float]) -> None:
        if self.kind == "continuous":
            demand((levels[0], levels[-1]) == (0, 100), "a continuous table begins at 0 and ends at 100 percent")
            return
        count = len(levels)
        middles = [100 * (step + 0.5) / count for step in range(count)]
        off = max(abs(level - middle) for level, middle in zip(levels, middles, strict=True))
        demand(off < 0.01, f"the {count} steps do not stand at their middles")

    def _check_colours(self) -> None:
        import numpy as np  # here, and in what follows: a contract is a type that `edgecad --help` imports

        levels, colours = self.line(SAMPLES if self.kind == "continuous" else None)
        different = len(np.unique(np.rint(colours / SAME_COLOUR), axis=0))
        demand(
            different >= FEWEST_COLOURS,
            f"has {different} colours that differ; {FEWEST_COLOURS} wanted: levels are lost",
        )
        far = np.abs(levels[:, None] - levels[None, :]) > SAME_LEVEL
        alike = np.linalg.norm(colours[:, None] - colours[None, :], axis=2) < SAME_COLOUR
        twice = np.argwhere(far & alike)
        if len(twice):
            low, high = levels[twice[0].min()], levels[twice[0].max()]
            demand(
                False, f"doubles back: {low:.0f} % and {high:.0f} % have one colour, so uptake cannot be told from it"
            )

    @property
    def steps(self) -> int | None:
        """How many steps; None of a continuous table."""
        return len(self.points) if self.kind == "steps" else None

    @cached_property
    def _points(self) -> NDArray[np.float64]:
        import numpy as np

        return np.asarray(self.points, np.float64)

    @cached_property
    def sha256(self) -> str:
        """Of what it says of colours, whatever it is called: hexadecimal."""
        points = [(float(level), *colour) for level, *colour in self.points]
        return hashlib.sha256(msgspec.json.encode((self.kind, points))).hexdigest()

    def line(self, count: int | None = None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Levels `(m,)`, percent, and colours `(m, 3)`, 0 to 255: its own points, or `count` evenly from end to end."""
        import numpy as np

        points = self._points
        if count is None:
            return points[:, 0], points[:, 1:]
        levels = np.linspace(points[0, 0], points[-1, 0], count)
        return levels, self.colours_at(levels)

    def colours_at(self, percent: NDArray[np.floating]) -> NDArray[np.float64]:
        """Colours `(..., 3)` of levels `(...)` in percent, 0 to 255, as a workstation draws them.

        Levels beyond 0 to 100 have the colour of that end.
        """
        import numpy as np

        points, level = self._points, np.clip(np.asarray(percent, np.float64), 0, 100)
        if self.steps is not None:
            return points[np.minimum((level * self.steps / 100).astype(np.intp), self.steps - 1), 1:]
        return np.stack([np.interp(level, points[:, 0], points[:, channel]) for channel in (1, 2, 3)], axis=-1)

    def in_steps(self, count: int) -> ColourTable:
        """The same table in `count` steps, each in the colour of its middle."""
        import numpy as np

        middles = 100 * (np.arange(count) + 0.5) / count
        colours = np.rint(self.colours_at(middles)).astype(int)
        points = tuple((float(level), *map(int, colour)) for level, colour in zip(middles, colours, strict=True))
        return ColourTable(name=f"{self.name}-{count}-steps"[:64], kind="steps", points=points, source=self.source)  # type: ignore[arg-type]
