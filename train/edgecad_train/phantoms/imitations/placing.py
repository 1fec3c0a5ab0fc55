"""Where the parts of an imitated screen stand, in its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad_train.phantoms.imitations.layout import DrawnBar, ImitatedLayout, Window

LINE_HEIGHT = 24
"""Of a line of text."""
WORDS_WIDTH = 230
"""Of a column of text beside the map."""
TICKS = 44
"""Kept for the numbers beside a bar."""


@dataclass(frozen=True)
class Box:
    """A rectangle: its left upper corner and its sides, pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Its rows and columns."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Places:
    """Where things stand.

    Attributes:
        width, height: of the screen.
        ground: the even ground around the maps.
        discs: the square around each map, from left to right and from top to bottom.
        bar: the colours of the bar, without its frame; None without one.
        words: the corner from which lines of text are written downwards.
    """

    width: int
    height: int
    ground: Box
    discs: tuple[Box, ...]
    bar: Box | None
    words: tuple[int, int]


def places_of(layout: ImitatedLayout) -> Places:
    """Place everything, so that nothing covers a map but what is drawn over it."""
    diameter, window = layout.diameter, layout.window or Window(0, 0, 0, 0)
    columns = min(layout.columns, layout.count)
    rows = -(-layout.count // columns)
    pad = 24 + diameter // 12
    between = pad + (LINE_HEIGHT if layout.labels else 0)
    left, top, right, bottom = _around(layout, pad)
    inner_width = left + columns * diameter + (columns - 1) * between + right
    inner_height = top + rows * diameter + (rows - 1) * between + bottom
    x, y = window.border, window.border + window.title
    if window.panel_side == "left":
        x += window.panel
    ground = Box(x, y, inner_width, inner_height)
    discs = tuple(
        Box(x + left + (i % columns) * (diameter + between), y + top + (i // columns) * (diameter + between),
            diameter, diameter)
        for i in range(layout.count)
    )  # fmt: skip
    at_bottom, at_right = layout.words_at == "below", layout.words_at == "right"
    words = (
        x + (inner_width - WORDS_WIDTH if at_right else 16),
        y + (inner_height - LINE_HEIGHT * len(layout.words) - 10 if at_bottom else 10),
    )
    return Places(
        width=inner_width + 2 * window.border + window.panel,
        height=inner_height + 2 * window.border + window.title + window.taskbar,
        ground=ground,
        discs=discs,
        bar=_bar_box(layout.bar, discs, columns) if layout.bar else None,
        words=words,
    )


def _around(layout: ImitatedLayout, pad: int) -> tuple[int, int, int, int]:
    """Ground on the left of the maps, above, on the right and below."""
    sides = {side: pad + room for side, room in zip(("left", "above", "right", "below"), layout.room, strict=True)}
    if layout.walls or (layout.labels and layout.count > 1):
        sides["above"] += LINE_HEIGHT
    if layout.walls:
        sides = {side: width + (2 * LINE_HEIGHT if side in ("left", "right") else 8) for side, width in sides.items()}
    if layout.words:
        beside = layout.words_at in ("left", "right")
        sides[layout.words_at] += WORDS_WIDTH if beside else LINE_HEIGHT * len(layout.words)
    if layout.bar:
        sides[layout.bar.side] += layout.bar.gap + layout.bar.thickness + (TICKS if layout.bar.ticks else 0)
    return sides["left"], sides["above"], sides["right"], sides["below"]


def _bar_box(bar: DrawnBar, discs: tuple[Box, ...], columns: int) -> Box:
    beside = {"left": discs[0], "above": discs[0], "right": discs[columns - 1], "below": discs[-1]}[bar.side]
    length = round(bar.length * beside.width)
    along = (beside.width - length) // 2
    if bar.side in ("left", "right"):
        x = beside.left + beside.width + bar.gap if bar.side == "right" else beside.left - bar.gap - bar.thickness
        return Box(x, beside.top + along, bar.thickness, length)
    y = beside.top + beside.height + bar.gap if bar.side == "below" else beside.top - bar.gap - bar.thickness
    return Box(beside.left + along, y, length, bar.thickness)
