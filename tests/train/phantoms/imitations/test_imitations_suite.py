"""The suite holds every kind that is promised, several times, and is the same each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from edgecad.colourtables.known import known_table
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import layout_suite, places_of, render_layout


def test_the_suite_has_a_hundred_layouts_of_every_kind() -> None:
    suite = layout_suite()
    assert len(suite) >= 100
    assert len({layout.name for layout in suite}) == len(suite)
    kinds = Counter(layout.kind for layout in suite)
    assert {
        "bare", "lines", "values", "bar-apart", "bar-touching", "ground", "window", "pointer", "outline", "maps",
        "words", "file", "mixed",
    } <= set(kinds)  # fmt: skip
    assert min(kinds.values()) >= 3


def test_sizes_and_files_are_those_of_screens() -> None:
    suite = layout_suite()
    diameters = {layout.diameter for layout in suite}
    assert (min(diameters), max(diameters)) == (140, 880)
    assert {layout.quality for layout in suite} >= {None, 60, 75, 95}
    assert all(layout.quality is None or 60 <= layout.quality <= 95 for layout in suite)
    for layout in suite:
        places = places_of(layout)
        assert max(places.width, places.height) <= 2000, layout.name


def test_each_place_of_two_and_three_maps_is_meant_once() -> None:
    places = {str(layout.maps) for layout in layout_suite() if layout.maps}
    assert places == {"1/2", "2/2", "1/3", "2/3", "3/3"}


def test_a_suite_is_drawn_the_same_each_time() -> None:
    percent, table = percent_map(draw_patient(0, 1), 128), known_table("iron")
    for one, again in zip(layout_suite()[::9], layout_suite()[::9], strict=True):
        assert one == again
        small = replace(one, diameter=160)
        np.testing.assert_array_equal(render_layout(percent, table, small), render_layout(percent, table, small))
