"""The 17 segments and the territories of three arteries, against a table written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.polarmap.segments import (
    SEGMENTS,
    disc_coordinates,
    segment_at,
    segment_map,
    segment_means,
    segments_of,
)

# number: (inner radius, outer radius, first angle, last angle), shares of the disc and degrees
# counter-clockwise from 3 o'clock; a last angle above 360 goes on past 3 o'clock.
TABLE = {
    1: (0.733, 1.0, 60, 120),
    2: (0.733, 1.0, 120, 180),
    3: (0.733, 1.0, 180, 240),
    4: (0.733, 1.0, 240, 300),
    5: (0.733, 1.0, 300, 360),
    6: (0.733, 1.0, 0, 60),
    7: (0.467, 0.733, 60, 120),
    8: (0.467, 0.733, 120, 180),
    9: (0.467, 0.733, 180, 240),
    10: (0.467, 0.733, 240, 300),
    11: (0.467, 0.733, 300, 360),
    12: (0.467, 0.733, 0, 60),
    13: (0.2, 0.467, 45, 135),
    14: (0.2, 0.467, 135, 225),
    15: (0.2, 0.467, 225, 315),
    16: (0.2, 0.467, 315, 405),
    17: (0.0, 0.2, 0, 360),
}
ANTERIOR, INFERIOR = (1, 7, 13), (4, 10, 15)


def _at(radius: float, angle: float) -> int:
    return int(segment_at(np.array(radius), np.array(angle, np.float64)))


@pytest.mark.parametrize("number", TABLE)
def test_a_segment_fills_its_radii_and_angles_up_to_every_edge(number: int) -> None:
    inner, outer, first, last = TABLE[number]
    hair = 1e-6
    radii = np.linspace(inner + hair, outer - hair, 9)[:, None]
    angles = np.linspace(first + hair, last - hair, 25)[None, :]
    assert np.all(segment_at(radii, angles) == number)


@pytest.mark.parametrize("number", [n for n in TABLE if n != 17])
def test_beyond_each_edge_lies_another_segment(number: int) -> None:
    inner, outer, first, last = TABLE[number]
    hair = 1e-6
    radius, angle = (inner + outer) / 2, (first + last) / 2
    beyond = [(inner - hair, angle), (outer + hair, angle), (radius, first - hair), (radius, last + hair)]
    assert all(_at(*point) != number for point in beyond)


def test_nothing_lies_outside_the_disc_and_the_rim_belongs_to_it() -> None:
    assert _at(1.0, 90.0) == 1
    assert _at(1.0 + 1e-9, 90.0) == 0


def test_a_whole_turn_changes_no_segment() -> None:
    angles = np.arange(0.0, 360.0, 7.5)
    for radius in (0.1, 0.3, 0.6, 0.9):
        here = segment_at(np.array(radius), angles)
        for turn in (-720.0, -360.0, 360.0):
            np.testing.assert_array_equal(segment_at(np.array(radius), angles + turn), here)


def test_each_pixel_of_the_disc_has_one_segment_of_the_right_area() -> None:
    size = 600
    radius, _ = disc_coordinates(size)
    numbers = segment_map(size)
    np.testing.assert_array_equal(numbers > 0, radius <= 1.0)
    for number, (inner, outer, first, last) in TABLE.items():
        wanted = (outer**2 - inner**2) * (last - first) / 360
        assert (numbers == number).sum() / (numbers > 0).sum() == pytest.approx(wanted, rel=0.02), number


def test_anterior_is_on_top_and_the_septum_on_the_left_of_the_picture() -> None:
    numbers = segment_map(201)
    top, left, bottom, right = numbers[10, 100], numbers[90:111, 10], numbers[190, 100], numbers[90:111, 190]
    assert (top, bottom) == (1, 4)
    assert (left[0], left[-1]) == (2, 3)
    assert (right[0], right[-1]) == (6, 5)
    assert [numbers[row, 100] for row in (10, 40, 67, 100, 133, 160, 190)] == [1, 7, 13, 17, 15, 10, 4]


def test_names_say_where_a_segment_lies() -> None:
    names = {segment.number: segment.name for segment in SEGMENTS}
    assert sorted(names) == list(range(1, 18))
    assert all(names[number].endswith(" anterior") for number in ANTERIOR)
    assert all(names[number].endswith(" inferior") for number in INFERIOR)
    assert (names[2], names[14], names[16], names[17]) == (
        "basal anteroseptal",
        "apical septal",
        "apical lateral",
        "apex",
    )


def test_arteries_supply_the_segments_of_the_standard() -> None:
    assert segments_of("LAD") == (1, 2, 7, 8, 13, 14, 17)
    assert segments_of("RCA") == (3, 4, 9, 10, 15)
    assert segments_of("LCx") == (5, 6, 11, 12, 16)


def test_segment_means_are_in_the_order_of_their_numbers() -> None:
    np.testing.assert_allclose(segment_means(segment_map(128).astype(np.float32)), np.arange(1, 18))


def test_pixels_that_are_no_number_count_nowhere() -> None:
    numbers = segment_map(128)
    some = segment_map(128).astype(np.float32)
    some[numbers == 0] = np.nan
    some[60:70] = np.nan
    np.testing.assert_allclose(segment_means(some), np.arange(1, 18))
    some[numbers == 17] = np.nan
    means = segment_means(some)
    assert np.isnan(means[16])
    np.testing.assert_allclose(means[:16], np.arange(1, 17))
