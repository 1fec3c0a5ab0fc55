"""What is drawn over a map, or around its rim: segments and their values, outlines, pointers, names of the walls."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from edgecad.polarmap.segments import RING_RADII, SEGMENTS, segment_means
from edgecad_train.phantoms.imitations.layout import (
    BLACK,
    Colour,
    ImitatedLayout,
    Pointer,
    RimOutline,
    SegmentLines,
)
from edgecad_train.phantoms.imitations.placing import Box

Pixels = npt.NDArray[np.uint8]
Map = npt.NDArray[np.float32]

FONT = cv2.FONT_HERSHEY_SIMPLEX
CAPITAL = 21.0
"""Height of a capital of `FONT` at scale 1, pixels."""
_SHIFT = 4
_ARROW = ((0, 0), (0, 17), (4, 13), (7, 19), (10, 18), (7, 12), (12, 12))
"""Corners of a mouse pointer, pixels from its tip."""


def draw_over(screen: Pixels, percent: Map, layout: ImitatedLayout, box: Box) -> None:
    """Draw all that a layout draws over the disc in `box`; `percent` is its map, for the values."""
    if layout.lines:
        if layout.lines.drawn:
            _draw_lines(screen, layout.lines, box)
        if layout.lines.values != "none":
            _draw_values(screen, percent, layout.lines, box)
    if layout.outline:
        _draw_outline(screen, layout.outline, box)
    if layout.walls:
        _draw_walls(screen, layout.ink, box)


def draw_pointer(screen: Pixels, pointer: Pointer, box: Box) -> None:
    """Draw a pointer over the disc in `box`."""
    x, y = (round(value) for value in _at(box, pointer.x, pointer.y))
    if pointer.kind == "crosshair":
        cv2.line(screen, (box.left, y), (box.left + box.width - 1, y), pointer.colour, 1)
        cv2.line(screen, (x, box.top), (x, box.top + box.height - 1), pointer.colour, 1)
        return
    corners = np.array(_ARROW, np.int32) + np.array((x, y), np.int32)
    cv2.fillPoly(screen, [corners], pointer.colour)
    cv2.polylines(screen, [corners], True, BLACK if sum(pointer.colour) > 3 * 128 else (255, 255, 255), 1)


def write_centred(screen: Pixels, text: str, centre: tuple[float, float], scale: float, colour: Colour) -> None:
    """Write a word with its middle at a place."""
    (width, height), _ = cv2.getTextSize(text, FONT, scale, 1)
    origin = (round(centre[0] - width / 2), round(centre[1] + height / 2))
    cv2.putText(screen, text, origin, FONT, scale, colour, 1, cv2.LINE_AA)


def _at(box: Box, x: float, y: float) -> tuple[float, float]:
    """A place in shares of the radius, y down, as pixels of the screen."""
    half = box.width / 2
    return box.left + half - 0.5 + x * half, box.top + half - 0.5 + y * half


def _on_ray(box: Box, radius: float, degrees: float) -> tuple[float, float]:
    turn = np.radians(degrees)
    return _at(box, radius * float(np.cos(turn)), -radius * float(np.sin(turn)))


def _fine(point: tuple[float, float]) -> tuple[int, int]:
    """Pixels as OpenCV takes fractions of them."""
    x, y = point
    return round(x * 2**_SHIFT), round(y * 2**_SHIFT)


def _circle(screen: Pixels, box: Box, radius: float, colour: Colour, width: int, smooth: bool) -> None:
    """A circle around the middle of `box`, its radius in pixels."""
    kind = cv2.LINE_AA if smooth else cv2.LINE_8
    cv2.circle(screen, _fine(_at(box, 0, 0)), round(radius * 2**_SHIFT), colour, width, kind, _SHIFT)


def _draw_lines(screen: Pixels, lines: SegmentLines, box: Box) -> None:
    half = box.width / 2
    for radius in RING_RADII[:3]:
        _circle(screen, box, radius * half, lines.colour, lines.width, lines.smooth)
    kind = cv2.LINE_AA if lines.smooth else cv2.LINE_8
    for segment in SEGMENTS[:16]:
        # Up to the rim: an antialiased line may shine on the ground by less than a pixel.
        ends = (_on_ray(box, min(radius, 1 - 1 / half), segment.start) for radius in (segment.inner, segment.outer))
        start, end = (_fine(point) for point in ends)
        cv2.line(screen, start, end, lines.colour, lines.width, kind, _SHIFT)


def _draw_values(screen: Pixels, percent: Map, lines: SegmentLines, box: Box) -> None:
    scale = max(8.0, 0.028 * box.width) / CAPITAL
    sign = "%" if lines.values == "percent" else ""
    for segment, mean in zip(SEGMENTS, segment_means(percent), strict=True):
        radius = 0.0 if segment.number == 17 else (segment.inner + segment.outer) / 2
        middle = _on_ray(box, radius, segment.start + segment.span / 2)
        write_centred(screen, f"{mean:.0f}{sign}", middle, scale, lines.text or lines.colour)


def _draw_outline(screen: Pixels, outline: RimOutline, box: Box) -> None:
    _circle(screen, box, box.width / 2 + outline.outside, outline.colour, outline.width, outline.smooth)


def _draw_walls(screen: Pixels, ink: Colour, box: Box) -> None:
    away = 1 + 14 / (box.width / 2)
    wide = 1 + 26 / (box.width / 2)
    for word, (x, y) in {"ANT": (0, -away), "INF": (0, away), "SEP": (-wide, 0), "LAT": (wide, 0)}.items():
        write_centred(screen, word, _at(box, x, y), 0.45, ink)
