"""What a screen looks like around a map: everything that is chosen, and nothing that is computed from it.

Lengths are pixels of the screen. No screen of a vendor was at hand: these imitate habits of the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgecad.contract import MapPlace

Colour = tuple[int, int, int]
Side = Literal["left", "right", "above", "below"]
BLACK: Colour = (0, 0, 0)
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True)
class SegmentLines:
    """The outlines of the 17 segments, drawn over the map.

    Attributes:
        width: of a line.
        smooth: antialiased.
        values: what stands in each segment: nothing, its mean, or its mean and a percent sign.
        text: colour of the values; None: that of the lines.
        drawn: False: the values alone.
    """

    colour: Colour = WHITE
    width: int = 1
    smooth: bool = True
    values: Literal["none", "numbers", "percent"] = "none"
    text: Colour | None = None
    drawn: bool = True


@dataclass(frozen=True)
class DrawnBar:
    """The colour bar: the table from its low end, at the bottom or on the left, to its high end.

    Attributes:
        gap: between the bar and the square around the disc; 0 touches it.
        thickness: its shorter side.
        length: its longer side as a share of the disc's diameter.
        framed: a line around it.
        ticks: 0, 50 and 100 beside it.
        upside_down: the low end is on top, or on the right.
    """

    side: Side = "right"
    gap: int = 30
    thickness: int = 24
    length: float = 0.8
    framed: Colour | None = None
    ticks: bool = True
    upside_down: bool = False


@dataclass(frozen=True)
class Window:
    """What a workstation draws around the panel that holds the map.

    Attributes:
        border: width of the window's frame.
        title: height of the title bar; 0: none.
        taskbar: height of the bar at the bottom of the screen; 0: none.
        panel: width of a panel with buttons and fields; 0: none.
        panel_side: where that panel stands.
        colour: of frame and panel.
        bars: colour of title and task bar.
    """

    border: int = 6
    title: int = 28
    taskbar: int = 0
    panel: int = 0
    panel_side: Literal["left", "right"] = "left"
    colour: Colour = (192, 192, 192)
    bars: Colour = (40, 70, 130)


@dataclass(frozen=True)
class RimOutline:
    """A circle on the rim, or that far outside."""

    colour: Colour = WHITE
    width: int = 1
    outside: int = 0
    smooth: bool = True


@dataclass(frozen=True)
class Pointer:
    """A mouse pointer, or a crosshair through the whole disc, at a place in shares of the radius, y down."""

    kind: Literal["arrow", "crosshair"] = "arrow"
    x: float = 0.3
    y: float = -0.2
    colour: Colour = WHITE


@dataclass(frozen=True)
class ImitatedLayout:
    """One layout of a screen.

    Attributes:
        name: tells it from the others of a suite.
        kind: what is tried by it, for figures by kind.
        diameter: of each disc.
        ground: around the disc.
        maps: which one of several is meant; None: there is one.
        columns: of several maps, side by side; the others follow below.
        labels: a word above each of several maps.
        walls: ANT, SEP, INF and LAT just outside the rim.
        words: lines of text beside the map.
        words_at: where they stand.
        room: further ground on the left, above, on the right and below.
        smooth_rim: the disc's edge is antialiased.
        quality: of JPEG, 60 to 95; None: PNG.
    """

    name: str
    kind: str
    diameter: int = 440
    ground: Colour = BLACK
    lines: SegmentLines | None = None
    bar: DrawnBar | None = None
    window: Window | None = None
    outline: RimOutline | None = None
    pointer: Pointer | None = None
    maps: MapPlace | None = None
    columns: int = 3
    labels: bool = True
    walls: bool = False
    words: tuple[str, ...] = ()
    words_at: Side = "above"
    room: tuple[int, int, int, int] = (0, 0, 0, 0)
    smooth_rim: bool = False
    quality: int | None = 92

    @property
    def count(self) -> int:
        """How many maps the screen holds."""
        return self.maps.count if self.maps else 1

    @property
    def meant(self) -> int:
        """Which one is meant, from 0."""
        return self.maps.number - 1 if self.maps else 0

    @property
    def ink(self) -> Colour:
        """Black or white, whichever is seen on the ground."""
        return BLACK if sum(self.ground) > 3 * 128 else WHITE
