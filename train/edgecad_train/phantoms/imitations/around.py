"""What stands around a map: the colour bar, lines of text, window frames, panels, title and task bars."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.colourtables import ColourTable
from edgecad_train.phantoms.imitations.layout import Colour, DrawnBar, ImitatedLayout, Window
from edgecad_train.phantoms.imitations.over import FONT
from edgecad_train.phantoms.imitations.placing import LINE_HEIGHT, Box, Places
from edgecad_train.phantoms.palettes import entries

Pixels = npt.NDArray[np.uint8]

_BUTTON = (22, 8)
"""Height of a panel's button, and what is left free around it, pixels."""


def draw_bar(screen: Pixels, bar: DrawnBar, table: ColourTable, ink: Colour, box: Box) -> None:
    """Draw a table as a bar in `box`, with its frame and numbers around it."""
    upright = bar.side in ("left", "right")
    length = box.height if upright else box.width
    levels = np.linspace(0, 255, length).round().astype(np.uint8)
    # The high end of an upright bar is on top, of a lying one on the right.
    colours = entries(table)[levels[::-1] if upright != bar.upside_down else levels]
    screen[box.slices] = colours[:, None] if upright else colours[None]
    if bar.framed:
        cv2.rectangle(screen, (box.left - 1, box.top - 1), (box.left + box.width, box.top + box.height), bar.framed, 1)
    if bar.ticks:
        _draw_ticks(screen, bar, ink, box)


def _draw_ticks(screen: Pixels, bar: DrawnBar, ink: Colour, box: Box) -> None:
    for value in (0, 50, 100):
        share = 1 - value / 100 if bar.upside_down else value / 100
        if bar.side in ("left", "right"):
            x = box.left + box.width + 4 if bar.side == "right" else box.left - 34
            origin = x, round(box.top + (1 - share) * (box.height - 1)) + 5
        else:
            y = box.top + box.height + 16 if bar.side == "below" else box.top - 7
            origin = round(box.left + share * (box.width - 1)) - 4 - 4 * len(str(value)) // 2, y
        cv2.putText(screen, str(value), origin, FONT, 0.4, ink, 1, cv2.LINE_AA)


def draw_words(screen: Pixels, layout: ImitatedLayout, places: Places) -> None:
    """Write a layout's lines of text."""
    x, y = places.words
    for number, line in enumerate(layout.words, start=1):
        origin = (x, y + number * LINE_HEIGHT - 8)
        cv2.putText(screen, line, origin, FONT, 0.5, layout.ink, 1, cv2.LINE_AA)


def window_screen(window: Window, ground: Colour, places: Places) -> Pixels:
    """A screen with a window on it, and the ground for the maps inside."""
    screen = np.empty((places.height, places.width, 3), np.uint8)
    screen[:] = window.colour
    if window.taskbar:
        _draw_taskbar(screen, window)
    if window.title:
        _draw_title(screen, window)
    if window.panel:
        _draw_panel(screen, window, places)
    screen[places.ground.slices] = ground
    box = places.ground
    # A sunken edge, as toolkits draw it.
    cv2.line(screen, (box.left - 1, box.top - 1), (box.left + box.width, box.top - 1), (96, 96, 96), 1)
    cv2.line(screen, (box.left - 1, box.top - 1), (box.left - 1, box.top + box.height), (96, 96, 96), 1)
    return screen


def _draw_title(screen: Pixels, window: Window) -> None:
    height, width = window.title, screen.shape[1]
    screen[:height] = window.bars
    cv2.putText(screen, "PHANTOM - Polar map", (12, height - 9), FONT, 0.5, (240, 240, 240), 1, cv2.LINE_AA)
    side = height - 10
    for number, colour in enumerate(((200, 60, 50), (180, 180, 180), (180, 180, 180)), start=1):
        right = width - number * (side + 6)
        cv2.rectangle(screen, (right, 5), (right + side, 5 + side), colour, -1)


def _draw_taskbar(screen: Pixels, window: Window) -> None:
    height, width = screen.shape[:2]
    top = height - window.taskbar
    screen[top:] = window.bars
    lighter = tuple(min(255, value + 40) for value in window.bars)
    for number in range(min(4, max(1, (width - 120) // 130))):
        left = 8 + 130 * number
        cv2.rectangle(screen, (left, top + 5), (left + 118, height - 6), lighter, -1)
    cv2.putText(screen, "10:42", (width - 60, height - 12), FONT, 0.45, (240, 240, 240), 1, cv2.LINE_AA)


def _draw_panel(screen: Pixels, window: Window, places: Places) -> None:
    """Fields with words, one below the other; every third is a button."""
    box = places.ground
    left = window.border if window.panel_side == "left" else box.left + box.width
    high, free = _BUTTON
    for number, y in enumerate(range(box.top + free, box.top + box.height - high - free, high + free)):
        right, pressed = left + window.panel - free, number % 3 == 0
        shade = (225, 225, 225) if pressed else (250, 250, 250)
        cv2.rectangle(screen, (left + free, y), (right, y + high), shade, -1)
        cv2.rectangle(screen, (left + free, y), (right, y + high), (110, 110, 110), 1)
        word = ("Smooth", "Frame 8", "Series 2", "Scale", "Slice 14", "Region")[number % 6]
        cv2.putText(screen, word, (left + free + 6, y + high - 7), FONT, 0.4, (20, 20, 20), 1, cv2.LINE_AA)
