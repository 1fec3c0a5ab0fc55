"""A kind on a screen: in a colour table, as a disc on a ground, as a file."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import KNOWN_TABLES
from edgecad_train.phantoms.imitations import DrawnBar, ImitatedLayout, places_of, render_layout, screen_bytes
from edgecad_train.phantoms.imitations.suite import GROUNDS, SIDES, WORDS
from edgecad_train.phantoms.nonmaps.canvas import SIDE, Field, Rng
from edgecad_train.phantoms.nonmaps.kind import NonMap
from edgecad_train.phantoms.palettes import PALETTES

Pixels = npt.NDArray[np.uint8]

OTHER_TABLES = ("linear-grey", "hot-iron", "pet", "hot-metal-blue", "fall", "jet")
OTHERS = 0.3
"""Share of pictures in a table that phantoms are not drawn in: a bar stands beside it, or the user names it."""
GROUND, BAR, WORDED = 0.2, 0.3, 0.4
"""Shares of pictures with a ground that is not black, with a colour bar, with lines of text."""
DIAMETERS = (200, 880)
QUALITIES = (None, 95, 92, 85, 75)
"""Of JPEG; None: PNG."""


@dataclass(frozen=True)
class ShownNonMap:
    """One picture of a kind.

    Attributes:
        pixels: `(height, width, 3)` uint8 RGB.
        layout: around it, and how it becomes a file.
        table: in which it is drawn; kinds in colours of their own have only the bar from it.
        given: the user names that table.
    """

    pixels: Pixels
    layout: ImitatedLayout
    table: ColourTable
    given: bool

    def file(self) -> bytes:
        """JPEG or PNG, as a hospital has it."""
        return screen_bytes(self.pixels, self.layout)


def shown(kind: NonMap, seed: int) -> ShownNonMap:
    """Draw a kind: the same seed, 0 or more, gives the same picture everywhere."""
    rng = kind.rng(seed)
    other = bool(rng.random() < OTHERS)
    table = KNOWN_TABLES[str(rng.choice(OTHER_TABLES if other else PALETTES))]
    given = other and bool(rng.random() < 0.5)
    layout = _layout(rng, with_bar=(other and not given) or bool(rng.random() < BAR))
    drawn = kind.draw(rng, table)
    pixels = drawn if kind.shows == "screen" else _on_a_screen(drawn, table, layout)
    return ShownNonMap(np.ascontiguousarray(pixels, np.uint8), layout, table, given)


def _layout(rng: Rng, *, with_bar: bool) -> ImitatedLayout:
    """Nothing over the disc: what refuses a picture shall be what it shows."""
    grounds = tuple(GROUNDS.values())
    return ImitatedLayout(
        name="no map",
        kind="no map",
        diameter=round(float(np.exp(rng.uniform(*np.log(DIAMETERS))))),
        ground=grounds[rng.integers(len(grounds))] if rng.random() < GROUND else (0, 0, 0),
        bar=DrawnBar(side=SIDES[rng.integers(4)], ticks=bool(rng.random() < 0.7)) if with_bar else None,
        words=WORDS[: rng.integers(1, 5)] if rng.random() < WORDED else (),
        words_at=SIDES[rng.integers(4)],
        room=tuple(int(value) for value in rng.integers(0, 120, 4)),  # type: ignore[arg-type]
        smooth_rim=bool(rng.random() < 0.3),
        quality=QUALITIES[rng.integers(len(QUALITIES))],
    )


def _on_a_screen(drawn: Field, table: ColourTable, layout: ImitatedLayout) -> Pixels:
    """Levels through the table, or colours as they are, in the place of the map."""
    if drawn.ndim == 2:
        return render_layout(np.clip(drawn, 0, 100), table, layout)
    screen = render_layout(np.full((SIDE, SIDE), 50.0), table, layout)
    box = places_of(layout).discs[0]
    side = box.width
    how = cv2.INTER_AREA if side < SIDE else cv2.INTER_LINEAR
    picture = np.asarray(cv2.resize(drawn, (side, side), interpolation=how))
    off = np.arange(side) - (side - 1) / 2
    radius = np.hypot(off[:, None], off[None, :])
    cover = np.clip(side / 2 - radius + 0.5, 0, 1) if layout.smooth_rim else (radius <= side / 2).astype(np.float64)
    mixed = picture * cover[..., None] + np.array(layout.ground) * (1 - cover[..., None])
    screen[box.slices] = np.rint(mixed).astype(np.uint8)
    return screen
