"""Even colours of a screen: what a map may stand on."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecad.polarmap.search.pixels import brightest_channel

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

EVEN = 6
"""Grey levels, in any channel, within which an even ground stays, but for JPEG's noise beside edges."""
MOST = 6
"""Colours that are tried at most, the most frequent first."""
ONE_COLOUR, MOSTLY = 2, 0.6
"""Grey levels, in any channel, within which that share of an even ground is; colours of a gradient are spread wider."""
MOST_SPREAD = 24
"""Colours of gradients at most, behind which an even ground is looked for."""
LEAST_SHARE = 0.002
"""Share of the screen that a ground has at least: the four corners about a disc of 140 on a screen of 1640 x 1068."""


def ground_colours(small: Pixels) -> list[Colour]:
    """The most frequent even colours of a reduced screen `(height, width, 3)` uint8 RGB, the most frequent first.

    Those of a gradient, which fills a desktop around a panel or a map, come after those of even grounds.
    """
    flat, sampled = _flat(small)[::2, ::2], small[::2, ::2]
    every = left = sampled[flat].reshape(1, -1, 3)
    least = max(int(LEAST_SHARE * flat.size), 4)
    colours: list[Colour] = []
    spread: list[Colour] = []
    while len(colours) < MOST and len(spread) < MOST_SPREAD and left.shape[1] >= least:
        counts = cv2.calcHist([left], [0, 1, 2], None, [32] * 3, [0, 256] * 3)
        peak = np.unravel_index(int(counts.argmax()), counts.shape)
        cell = near_colour(left, _colour(8 * np.array(peak) + 4), 4)[0] > 0
        colour = _colour(np.median(left[0, cell], axis=0))
        even = near_colour(left, colour, EVEN)[0] > 0
        if even.sum() < least:
            break
        # Of what a gradient's other colours left over, a narrow band is one colour; so all of them are asked.
        narrow, around = (np.count_nonzero(near_colour(every, colour, near)) for near in (ONE_COLOUR, EVEN))
        one = narrow >= MOSTLY * around
        (colours if one else spread).append(colour)
        # What is near it stays: a panel's ground may be a shade of the desktop's.
        left = np.ascontiguousarray(left[:, ~even])
    return (colours + spread)[:MOST]


def _flat(small: Pixels) -> NDArray[np.bool_]:
    """Where neighbours have the same colour, `(height, width)`: a map changes by more on a reduced screen."""
    change = cv2.morphologyEx(small, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    return np.asarray(brightest_channel(change) <= EVEN)


def near_colour(picture: Pixels, colour: Colour, near: int) -> Pixels:
    """255 where no channel is further than `near` from `colour`, `(height, width)` uint8."""
    low, high = ([min(max(value + off, 0), 255) for value in colour] for off in (-near, near))
    alike: Pixels = cv2.inRange(picture, np.array(low, np.uint8), np.array(high, np.uint8))
    return alike


def distance_to(picture: Pixels, colour: Colour) -> Pixels:
    """Largest difference of a channel to `colour`, `(height, width)` uint8."""
    return brightest_channel(np.asarray(cv2.absdiff(picture, np.array([*colour, 0], np.float64))))


def _colour(values: object) -> Colour:
    red, green, blue = (int(value) for value in values)  # type: ignore[attr-defined]
    return red, green, blue
