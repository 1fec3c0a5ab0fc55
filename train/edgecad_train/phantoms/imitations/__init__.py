"""Imitated report screens: any map, through any colour table, in the layouts that hospitals have.

    layout      what a layout consists of
    placing     where its parts stand, pixels
    over        what is drawn over a map and around its rim
    names       a name written over a map, half-transparent or soft
    around      colour bar, words, windows, panels
    rendering   uptake, table and layout become a screen
    suite       more than a hundred layouts by kind
    chance      a layout drawn by chance, of all kinds together

No screen of a vendor was at hand. These imitate habits of the field, and show no maker's own screen.
"""

from __future__ import annotations

from edgecad_train.phantoms.imitations.chance import layout_by_chance
from edgecad_train.phantoms.imitations.layout import (
    DrawnBar,
    ImitatedLayout,
    Pointer,
    RimOutline,
    SegmentLines,
    Window,
)
from edgecad_train.phantoms.imitations.names import NAME_STYLES, NameStyle, WrittenName, cover_of, with_name
from edgecad_train.phantoms.imitations.placing import Box, Places, places_of
from edgecad_train.phantoms.imitations.rendering import render_layout, screen_bytes, to_rim
from edgecad_train.phantoms.imitations.suite import layout_suite

__all__ = [
    "NAME_STYLES",
    "Box",
    "DrawnBar",
    "ImitatedLayout",
    "NameStyle",
    "Places",
    "Pointer",
    "RimOutline",
    "SegmentLines",
    "Window",
    "WrittenName",
    "cover_of",
    "layout_by_chance",
    "layout_suite",
    "places_of",
    "render_layout",
    "screen_bytes",
    "to_rim",
    "with_name",
]
