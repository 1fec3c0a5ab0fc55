"""A report screen: uptake, colours, disc, text line and colour bar as 1640x1068 pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.layouts import BAR_GAP, BAR_WIDTH, HEIGHT, MARGIN, WIDTH
from edgecad_train.phantoms.palettes import colours_from_percent, entries, palette_named
from edgecad_train.phantoms.patient import Layout, PhantomPatient
from edgecad_train.phantoms.uptake import percent_map

Pixels = npt.NDArray[np.uint8]

FONT = cv2.FONT_HERSHEY_DUPLEX
WHITE = (255, 255, 255)
MAP_SIZE = 512
"""Side in pixels of the map before it is drawn at the disc's size."""


def disc_mask(layout: Layout) -> npt.NDArray[np.bool_]:
    """Return which pixels of the `(1068, 1640)` screen the disc covers."""
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[_square(layout)] = _in_circle(layout)
    return mask


def _square(layout: Layout) -> tuple[slice, slice]:
    """Return the rows and columns of the disc's square: an odd side, so that it has a middle pixel."""
    x, y, half = layout.centre_x, layout.centre_y, layout.diameter // 2
    return slice(y - half, y + half + 1), slice(x - half, x + half + 1)


def _in_circle(layout: Layout) -> npt.NDArray[np.bool_]:
    half = layout.diameter // 2
    off = np.arange(-half, half + 1) ** 2
    return np.asarray(off[:, None] + off[None, :] <= (layout.diameter / 2) ** 2)


def _draw_disc(screen: Pixels, percent: npt.NDArray[np.float32], table: ColourTable, layout: Layout) -> None:
    inside = _in_circle(layout)
    resized = np.asarray(cv2.resize(percent, inside.shape, interpolation=cv2.INTER_LINEAR), np.float32)
    colours = colours_from_percent(resized, table)
    screen[_square(layout)] = colours * inside[..., None]


def _text_origin(layout: Layout, width: int, height: int) -> tuple[int, int]:
    """Return the lower left corner of a text line of that size, pixels."""
    if layout.text_over_disc:
        return max(MARGIN, layout.centre_x - width // 2), layout.centre_y - layout.diameter // 5
    x = 2 * MARGIN if layout.text_corner.endswith("left") else WIDTH - 2 * MARGIN - width
    y = MARGIN + height if layout.text_corner.startswith("top") else HEIGHT - MARGIN - height // 2
    return x, y


def _draw_text(screen: Pixels, layout: Layout) -> None:
    scale = layout.text_scale
    (width, height), _ = cv2.getTextSize(layout.text, FONT, scale, 1)
    widest = WIDTH - 4 * MARGIN
    if width > widest:
        scale *= widest / width
        (width, height), _ = cv2.getTextSize(layout.text, FONT, scale, 1)
    origin = _text_origin(layout, width, height)
    cv2.putText(screen, layout.text, origin, FONT, scale, WHITE, 1, cv2.LINE_AA)


def _draw_bar(screen: Pixels, table: ColourTable, layout: Layout) -> None:
    """Draw the colour table from 100 percent (top) to 0 on the side of the disc that has more room."""
    half = layout.diameter // 2
    right = layout.centre_x <= WIDTH // 2
    x = layout.centre_x + (half + BAR_GAP if right else -half - BAR_GAP - BAR_WIDTH)
    top, length = layout.centre_y - half // 2, half
    levels = np.linspace(255, 0, length).round().astype(np.uint8)
    screen[top : top + length, x : x + BAR_WIDTH] = entries(table)[levels][:, None]
    cv2.rectangle(screen, (x - 1, top - 1), (x + BAR_WIDTH, top + length), (120, 120, 120), 1)
    for text, y in (("100", top - 8), ("0", top + length + 22)):
        cv2.putText(screen, text, (x - 4, y), FONT, 0.5, WHITE, 1, cv2.LINE_AA)


def render_screen(patient: PhantomPatient) -> Pixels:
    """Draw a patient's report screen, `(1068, 1640, 3)` uint8 RGB, 0 to 255.

    The disc lies wholly on the screen, on a black ground; the text line holds the word PHANTOM and stays
    off the disc, unless the layout says otherwise.
    """
    layout, table = patient.layout, palette_named(patient.palette)
    screen = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    _draw_disc(screen, percent_map(patient, MAP_SIZE), table, layout)
    if layout.colour_bar:
        _draw_bar(screen, table, layout)
    _draw_text(screen, layout)
    return screen
