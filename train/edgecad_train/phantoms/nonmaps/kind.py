"""One kind of picture that is no perfusion polar map, and the rule that keeps some kinds from those who build."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.nonmaps.canvas import Field, Rng

Draw = Callable[[Rng], Field]
DrawIn = Callable[[Rng, ColourTable], Field]
Shows = Literal["disc", "screen"]


@dataclass(frozen=True)
class NonMap:
    """A kind, drawn anew from each seed.

    Attributes:
        name: tells it from all others; the rule of building and judging looks at nothing else.
        family: for figures by family.
        draw: levels `(SIDE, SIDE)` in percent, to be drawn through the table; or RGB uint8 as it is. Some kinds need
            the table themselves.
        shows: `disc`: what stands in the circle; `screen`: a whole screen, RGB of any size.
    """

    name: str
    family: str
    draw: DrawIn
    shows: Shows = "disc"

    def rng(self, seed: int) -> Rng:
        """The random numbers of one picture: of this kind and seed alone."""
        return np.random.default_rng([zlib.crc32(self.name.encode()), seed])

    @property
    def for_building(self) -> bool:
        """Whether those who build may look at it: the first hexadecimal digit of its name's SHA-256 is even."""
        return int(hashlib.sha256(self.name.encode()).hexdigest()[0], 16) % 2 == 0


def family(name: str, kinds: Mapping[str, Draw], shows: Shows = "disc") -> tuple[NonMap, ...]:
    """Kinds whose drawing does not ask for the table."""
    return family_in_tables(name, {own: _without_table(draw) for own, draw in kinds.items()}, shows)


def family_in_tables(name: str, kinds: Mapping[str, DrawIn], shows: Shows = "disc") -> tuple[NonMap, ...]:
    """Kinds whose drawing asks for the table."""
    return tuple(NonMap(own, name, draw, shows) for own, draw in kinds.items())


def _without_table(draw: Draw) -> DrawIn:
    def drawn(rng: Rng, table: ColourTable) -> Any:
        return draw(rng)

    return drawn
