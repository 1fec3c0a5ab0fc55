"""The suite holds every kind that is promised, several times, and is the same each time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from edgecad.colourtables.known import known_table
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import layout_by_chance, layout_suite, places_of, render_layout


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


def test_layouts_by_chance_have_every_part_and_are_the_same_for_a_seed() -> None:
    drawn = [layout_by_chance(np.random.default_rng([7, index])) for index in range(300)]
    assert drawn[11] == layout_by_chance(np.random.default_rng([7, 11]))
    assert len(set(drawn)) == 300
    for part in ("lines", "bar", "window", "outline", "pointer", "maps"):
        share = sum(getattr(layout, part) is not None for layout in drawn) / 300
        assert 0.08 < share < 0.6, part
    assert {layout.quality is None for layout in drawn} == {True, False}
    assert all(140 <= layout.diameter <= 880 for layout in drawn)
    assert all(max(places.width, places.height) <= 3000 for layout in drawn if (places := places_of(layout)))


def test_a_map_by_chance_lies_uncovered_beside_what_stands_around_it() -> None:
    percent, table = percent_map(draw_patient(0, 1), 128), known_table("iron")
    for index in range(60):
        layout = replace(layout_by_chance(np.random.default_rng([8, index])), lines=None, pointer=None, outline=None)
        layout = replace(layout, diameter=150, smooth_rim=False, walls=False)
        box = places_of(layout).discs[layout.meant]
        shown = render_layout(percent, table, layout)[box.slices][30:120, 30:120]
        bare = replace(layout_suite()[0], diameter=150)
        wanted = render_layout(percent, table, bare)[places_of(bare).discs[0].slices][30:120, 30:120]
        np.testing.assert_array_equal(shown, wanted)
