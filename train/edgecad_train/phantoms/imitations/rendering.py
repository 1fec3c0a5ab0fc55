"""From uptake, a colour table and a layout to a screen."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.colourtables import ColourTable
from edgecad.polarmap.segments import disc_coordinates
from edgecad_train.phantoms.encoding import jpeg_bytes, png_bytes
from edgecad_train.phantoms.imitations.around import draw_bar, draw_words, window_screen
from edgecad_train.phantoms.imitations.layout import ImitatedLayout
from edgecad_train.phantoms.imitations.over import draw_over, draw_pointer, write_centred
from edgecad_train.phantoms.imitations.placing import Box, Places, places_of
from edgecad_train.phantoms.palettes import colours_from_percent

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]

LABELS = ("STRESS", "REST", "DIFFERENCE")
SIDE = 512
"""Of a map before it is drawn at the disc's size."""


def render_layout(
    percent: npt.NDArray[np.floating], table: ColourTable, layout: ImitatedLayout, others: Sequence[Map] = ()
) -> Pixels:
    """Draw a map in a layout, `(height, width, 3)` uint8 RGB.

    Args:
        percent: `(n, n)`, 0 to 100 percent of the table's span; its inscribed disc is the map.
        others: the other maps of a layout of several, in their order; default: `rest_of` and `difference_of`.
    """
    places = places_of(layout)
    if layout.window:
        screen = window_screen(layout.window, layout.ground, places)
    else:
        screen = np.full((places.height, places.width, 3), layout.ground, np.uint8)
    meant = to_rim(percent)
    for number, (name, each) in enumerate(_in_order(meant, layout, others)):
        box = places.discs[number]
        _draw_disc(screen, each, table, layout, box)
        draw_over(screen, each, layout, box)
        if layout.count > 1 and layout.labels:
            middle = (box.left + box.width / 2, box.top - (40 if layout.walls else 14))
            write_centred(screen, name, middle, 0.5, layout.ink)
    _draw_beside(screen, table, layout, places)
    return screen


def screen_bytes(screen: Pixels, layout: ImitatedLayout) -> bytes:
    """The file of a screen, as its layout wants it: JPEG of its quality, or PNG."""
    return png_bytes(screen) if layout.quality is None else jpeg_bytes(screen, layout.quality)


def rest_of(percent: Map) -> Map:
    """The same heart at rest: what is low has come back halfway."""
    return np.asarray(percent + 0.5 * np.maximum(85 - percent, 0), np.float32)


def difference_of(percent: Map) -> Map:
    """Rest less stress, doubled, around the middle of the span."""
    return np.asarray(np.clip(50 + 2 * (rest_of(percent) - percent), 0, 100), np.float32)


def to_rim(percent: npt.NDArray[np.floating]) -> Map:
    """A map whose corners repeat its rim, `(512, 512)`: a map may have zeros there, and no line is drawn of them."""
    size = percent.shape[0]
    radius, angle = disc_coordinates(SIDE)
    # A pixel within the rim, whose own may be half outside.
    inside = np.minimum(radius, 1 - 3 / size) * size / 2
    turn = np.radians(angle)
    x, y = size / 2 - 0.5 + inside * np.cos(turn), size / 2 - 0.5 - inside * np.sin(turn)
    taken = cv2.remap(percent.astype(np.float32), x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    return np.asarray(taken, np.float32)


def _in_order(meant: Map, layout: ImitatedLayout, others: Sequence[Map]) -> list[tuple[str, Map]]:
    """Each map with its word, from left to right and from top to bottom."""
    beside = [to_rim(other) for other in others] or [rest_of(meant), difference_of(meant)]
    words = list(LABELS[1:])
    named = [(words[i % 2], beside[i % len(beside)]) for i in range(layout.count - 1)]
    named.insert(layout.meant, (LABELS[0], meant))
    return named


def _draw_disc(screen: Pixels, percent: Map, table: ColourTable, layout: ImitatedLayout, box: Box) -> None:
    side = box.width
    how = cv2.INTER_AREA if side < SIDE else cv2.INTER_LINEAR
    colours = colours_from_percent(np.asarray(cv2.resize(percent, (side, side), interpolation=how)), table)
    off = np.arange(side) - (side - 1) / 2
    radius = np.hypot(off[:, None], off[None, :])
    cover = np.clip(side / 2 - radius + 0.5, 0, 1) if layout.smooth_rim else (radius <= side / 2).astype(np.float64)
    mixed = colours * cover[..., None] + screen[box.slices] * (1 - cover[..., None])
    screen[box.slices] = np.rint(mixed).astype(np.uint8)


def _draw_beside(screen: Pixels, table: ColourTable, layout: ImitatedLayout, places: Places) -> None:
    if layout.bar and places.bar:
        draw_bar(screen, layout.bar, table, layout.ink, places.bar)
    draw_words(screen, layout, places)
    if layout.pointer:
        draw_pointer(screen, layout.pointer, places.discs[layout.meant])
