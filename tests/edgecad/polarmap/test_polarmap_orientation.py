"""How the maps of a series lie: told of twenty, not of one, and never said of maps that lie as they should."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad.contract import OrientationReference
from edgecad.contract.orientation import LEAST_PATIENTS
from edgecad.polarmap.orientation import OTHERS, SERIES, UPRIGHT, SeriesJudged, Turn, judged_series, orientation_of
from edgecad.polarmap.orientation.patterns import as_patterns, as_reals, patterns_of, turned

from .turned import WAYS, means_of

Floats = NDArray[np.float64]
TOLD = tuple(turn for turn in OTHERS if turn.words != "mirrored top to bottom")
"""Those that twenty scans tell. Top and bottom of a heart differ too little: women's anterior and men's inferior wall
are the darker ones, and a population has both."""
(TOP_TO_BOTTOM,) = set(OTHERS) - set(TOLD)


@pytest.fixture(scope="module")
def reference() -> OrientationReference:
    found = orientation_of(means_of(71, 160)[UPRIGHT.words])
    assert found is not None
    return found


def series(words: str, length: int, seed: int = 72, count: int = 200) -> Iterator[Floats]:
    """Fresh phantoms that lie so, in series."""
    means = means_of(seed, count)[words]
    return (means[start : start + length] for start in range(0, count - length + 1, length))


def judged(reference: OrientationReference, means: Floats) -> SeriesJudged:
    found = judged_series(reference, means)
    assert found is not None
    return found


@pytest.mark.parametrize("turn", WAYS, ids=lambda turn: turn.words)
def test_patterns_are_turned_by_arithmetic_as_pictures_are(turn: Turn) -> None:
    """Half a turn and mirrors map segments on segments; a quarter's turn does not where a ring has six."""
    means = means_of(71, 160)
    own, other = patterns_of(means[UPRIGHT.words]), patterns_of(means[turn.words])
    away = {each.words: np.linalg.norm(turned(own, each) - other) / np.linalg.norm(own) for each in WAYS}
    assert min(away, key=lambda words: away[words]) == turn.words
    assert away[turn.words] < (0.02 if turn.degrees % 180 == 0 else 0.45)
    np.testing.assert_allclose(as_patterns(as_reals(own)), own)


def test_patterns_are_of_shares_and_a_window_does_not_change_them() -> None:
    means = means_of(71, 160)[UPRIGHT.words][:5]
    np.testing.assert_allclose(patterns_of(means), patterns_of(0.4 * means))


def test_maps_that_lie_as_they_should_are_never_said_to_be_turned(reference: OrientationReference) -> None:
    for length in (SERIES, 50, 100, 200):
        for means in series(UPRIGHT.words, length):
            assert judged(reference, means).turn is None


@pytest.mark.parametrize("turn", TOLD, ids=lambda turn: turn.words)
def test_twenty_maps_tell_how_they_are_turned(reference: OrientationReference, turn: Turn) -> None:
    found = [judged(reference, means).turn for means in series(turn.words, SERIES)]
    assert len(found) == 10
    assert sum(map(bool, found)) >= 9
    assert found.count(turn) >= 8


@pytest.mark.parametrize("turn", OTHERS, ids=lambda turn: turn.words)
def test_a_longer_series_tells_top_from_bottom_as_well(reference: OrientationReference, turn: Turn) -> None:
    assert [judged(reference, means).turn for means in series(turn.words, 200)] == [turn]


def test_what_a_series_must_reach_falls_with_its_length_and_never_below_the_better_fit(
    reference: OrientationReference,
) -> None:
    means = means_of(72, 200)[UPRIGHT.words]
    short, long = judged(reference, means[:SERIES]), judged(reference, means)
    assert all(0 <= one <= other for one, other in zip(long.limits, short.limits, strict=True))
    assert min(long.limits) == 0 < max(short.limits)
    assert (short.count, long.count) == (SERIES, 200)


def test_fewer_than_twenty_known_maps_tell_nothing(reference: OrientationReference) -> None:
    means = means_of(72, 200)["mirrored left to right"][:SERIES].copy()
    assert judged_series(reference, means[1:]) is None
    means[3, 7] = np.nan
    assert judged_series(reference, means) is None
    assert judged_series(reference, np.zeros((50, 17))) is None
    assert judged_series(reference, np.zeros((0, 17))) is None


def test_few_patients_leave_no_reference_and_more_let_series_go_wider() -> None:
    means = means_of(71, 160)[UPRIGHT.words]
    assert orientation_of(means[: LEAST_PATIENTS - 1]) is None
    few = orientation_of(means[:LEAST_PATIENTS])
    assert few is not None
    assert few.patients == LEAST_PATIENTS
    for way in series(UPRIGHT.words, SERIES):
        assert judged(few, way).turn is None


def test_maps_that_tell_nothing_leave_no_reference_and_stop_nothing() -> None:
    assert orientation_of(np.full((60, 17), 80.0)) is None
    assert orientation_of(np.zeros((60, 17))) is None
    assert orientation_of(np.repeat(means_of(71, 160)[UPRIGHT.words][:1], 60, axis=0)) is None
    own = means_of(71, 160)[UPRIGHT.words]
    symmetric = own.copy()
    for right, left in ((0, 0), (5, 1), (4, 2), (6, 6), (11, 7), (10, 8), (15, 13)):  # segments, from 0
        symmetric[:, left] = symmetric[:, right]
    assert orientation_of(symmetric) is None
    means = own[: LEAST_PATIENTS + 1].copy()
    means[7, 3] = np.nan
    found = orientation_of(means)
    assert found is not None
    assert found.patients == LEAST_PATIENTS


def test_a_reference_does_not_depend_on_one_patient() -> None:
    means = means_of(71, 160)[UPRIGHT.words]
    whole, without = orientation_of(means), orientation_of(means[1:])
    assert whole is not None
    assert without is not None
    away = np.abs(np.subtract(whole.weights, without.weights)).max()
    assert away < 0.15 * np.abs(whole.weights).max()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patients": LEAST_PATIENTS - 1}, "fewer than 40"),
        ({"weights": (1.0,) * 9}, "9 weights"),
        ({"upright": (1.0,) * 6}, "7 other orientations"),
        ({"spread": (0.0,) * 7}, "must be positive"),
        ({"reach": float("nan")}, "not finite"),
    ],
)
def test_a_reference_that_cannot_be_meant_is_refused(
    reference: OrientationReference, change: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        msgspec.structs.replace(reference, **change)
