"""How a report screen becomes the network's input: the part of the contract that `edgecad.polarmap` obeys."""

from __future__ import annotations

from typing import Literal

from edgecad.colourtables.table import ColourTable
from edgecad.frozen import Frozen, demand

Crop = Literal["polar-map", "none"]
"""What of a screen becomes the input: the one polar map on it, or the whole image."""

Input = Literal["uptake", "rgb"]
"""What the network sees: uptake in one canonical drawing, or the screen's own colours, as in the paper."""


class Region(Frozen, frozen=True, kw_only=True):
    """A rectangle of screens of one size, all else of which is never looked at; pixels, y down."""

    x: int
    y: int
    """Its left upper corner."""
    width: int
    height: int
    screen_width: int
    screen_height: int
    """The one size of screen on which it means something."""

    def __post_init__(self) -> None:
        demand(min(self.width, self.height) >= 32, f"a region of {self.width}x{self.height}; 32 pixels a side wanted")
        demand(
            min(self.x, self.y) >= 0
            and self.x + self.width <= self.screen_width
            and self.y + self.height <= self.screen_height,
            f"the region {self} does not lie inside a screen of {self.screen_width}x{self.screen_height}",
        )

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"


class MapPlace(Frozen, frozen=True, kw_only=True):
    """Which one of several maps on a screen is meant, counted from left to right and from top to bottom, from 1."""

    number: int
    count: int
    """How many maps every screen holds."""

    def __post_init__(self) -> None:
        demand(
            1 <= self.number <= self.count <= 16, f"map {self.number} of {self.count}; 1/1 to 16/16 wanted, as in 1/3"
        )

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


class Drawing(Frozen, frozen=True, kw_only=True):
    """The one way in which uptake is drawn for the network; `edgecad.polarmap.uptake.drawing` does it."""

    table: Literal["hot-iron", "iron", "warm", "rainbow", "linear-grey", "inverted-grey"] = "hot-iron"
    """Name of a known colour table with at least 256 colours, so that each level has its own."""
    blur: float = 6.0
    """Standard deviation by which uptake is blurred before, in 256ths of the disc's diameter."""
    beyond: Literal["black", "mirrored"] = "black"
    """What is drawn outside the disc: nothing, or uptake mirrored across the rim, so that the disc has no edge."""

    def __post_init__(self) -> None:
        demand(0 <= self.blur <= 16, f"a blur of {self.blur} is not within 0 to 16")


class Preparation(Frozen, frozen=True, kw_only=True):
    """How a report screen becomes the network's input; `edgecad.polarmap.prepare` obeys it."""

    size: int
    """Side of the square input, pixels."""
    region: Region | None = None
    """Cut out before anything else; a screen of another size is refused."""
    crop: Crop = "polar-map"
    """`polar-map`: found, cleaned and judged. `none`: whatever the picture is, with all that is written on it."""
    input: Input = "rgb"
    """`uptake` is read from the colours through a table, and drawn again by `drawing`."""
    tables: tuple[ColourTable, ...] = ()
    """The colour tables of the training scans, those of most scans first: candidates for every scan."""
    drawing: Drawing | None = None
    """Of uptake; None of `rgb`."""
    map: MapPlace | None = None
    """Which one of several maps; None: every screen has one."""
    halve_jpeg: bool = False
    """JPEGs are decoded at half their size where the disc is still at least `size` wide then."""
    resize: Literal["area"] = "area"
    colour_order: Literal["RGB"] = "RGB"
    max_overlay_share: float = 0.06
    """Largest share of the disc that text and lines drawn over it may cover, 0 to 1."""
    version: Literal[1] = 1
    """Version of the method itself: a change that moves one pixel gets a new number."""

    def __post_init__(self) -> None:
        demand(32 <= self.size <= 1024, f"input size {self.size} is not within 32 to 1024 pixels")
        demand(0 <= self.max_overlay_share < 0.5, "max_overlay_share is not within 0 to 0.5")
        demand((self.input == "uptake") == (self.drawing is not None), "a drawing belongs to uptake, and to it alone")
        demand(self.input == "rgb" or self.crop == "polar-map", "uptake is read from a polar map, never a whole image")
        drafts = [table.name for table in self.tables if table.draft]
        demand(not drafts, f"the colour table {', '.join(drafts)} is a draft, whose scale is not known")
        digests = {table.name: table.sha256 for table in self.tables}
        alike = all(digests[table.name] == table.sha256 for table in self.tables)
        demand(alike, "two different colour tables have one name, by which records tell them")
        demand(self.map is None or self.crop == "polar-map", "one of several maps is looked for, and crop is none")
        demand(
            not self.halve_jpeg or (self.crop == "polar-map" and self.region is None),
            "halve_jpeg is for polar maps that are looked for on the whole screen",
        )
