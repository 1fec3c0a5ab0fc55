"""A rectangle of the screen: for screens that hold several pictures, always in the same places."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Region
from edgecad.errors import InputRefused

Pixels = NDArray[np.uint8]


def region_of(screen: Pixels, region: Region) -> Pixels:
    """The part of `screen` `(height, width, 3)` that `region` names, `(region.height, region.width, 3)`.

    Raises:
        InputRefused: `screen-size`: on a screen of another size the same pixels show something else.
    """
    height, width = screen.shape[:2]
    if (width, height) != (region.screen_width, region.screen_height):
        raise InputRefused(
            "screen-size",
            f"the screen has {width}x{height} pixels; the region {region} is one of screens of "
            f"{region.screen_width}x{region.screen_height}: save the screen in that size",
        )
    return np.ascontiguousarray(screen[region.y : region.y + region.height, region.x : region.x + region.width])
