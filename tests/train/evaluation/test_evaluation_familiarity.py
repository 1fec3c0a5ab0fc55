"""Centres that are nobody's own features, and limits that know how many patients they rest on."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.answer.familiarity import FEW_PATIENTS, unit
from edgecad.contract import Drawing
from edgecad.polarmap import input_mask
from edgecad.polarmap.uptake.drawing import drawn, uptake_of
from edgecad_train.evaluation.familiarity.centres import LEAST_MEMBERS, MOST_CENTRES, Centres, centres_of
from edgecad_train.evaluation.familiarity.deepened import EXPONENTS, DeepenedImages, deepened
from edgecad_train.evaluation.familiarity.limits import ENOUGH_PATIENTS, MARGIN, WIDER, conformal, limits_of
from edgecad_train.evaluation.familiarity.measuring import LEAST_PATIENTS, measured


def scans(count: int, channels: int = 40, spread: float = 0.2, seed: int = 0) -> np.ndarray:
    """Features around four directions, as long as features are."""
    draw = np.random.default_rng(seed)
    middles = np.random.default_rng(7).normal(size=(4, channels))
    return 30 * (middles[draw.integers(4, size=count)] + spread * draw.normal(size=(count, channels)))


def names(count: int) -> list[str]:
    return [f"patient {number}" for number in range(count)]


@pytest.mark.parametrize("count", [30, 60, 174, 400])
@pytest.mark.parametrize("spread", [0.01, 0.2, 1.0, 20.0])
def test_every_centre_is_the_mean_of_three_patients_or_more(count: int, spread: float) -> None:
    directions = unit(scans(count, spread=spread))
    centres = centres_of(directions)
    assert centres.members.min() >= LEAST_MEMBERS == 3
    assert centres.members.sum() == count
    assert 1 <= len(centres.members) <= MOST_CENTRES
    assert centres.directions.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(centres.directions, axis=1), 1, atol=1e-6)


def test_no_centre_is_a_patient_s_own_direction_even_where_one_stands_alone() -> None:
    """Lone patients, and pairs, are what k-means gives centres of their own."""
    draw = np.random.default_rng(3)
    crowd = draw.normal(size=(1, 50)) + 0.1 * draw.normal(size=(60, 50))
    lone = 5 * draw.normal(size=(7, 50))
    directions = unit(np.concatenate([crowd, lone, lone[:3] + 0.01]))
    centres = centres_of(directions)
    assert centres.members.min() >= 3
    nearest = (directions @ centres.directions.T).max(axis=1)
    assert nearest[60:].max() < 0.99


def test_few_patients_make_few_centres_and_too_few_none() -> None:
    counts = [len(centres_of(unit(scans(count, spread=1.0))).members) for count in (30, 60, 174)]
    assert counts == sorted(counts)
    assert counts[0] <= 30 // 5
    assert measured(scans(LEAST_PATIENTS - 1), names(LEAST_PATIENTS - 1)) is None
    assert measured(scans(LEAST_PATIENTS), names(LEAST_PATIENTS)) is not None


def test_features_that_are_all_alike_set_no_limit() -> None:
    assert measured(np.ones((50, 8)), names(50)) is None
    assert measured(np.zeros((50, 8)), names(50)) is not None, "a dead network is unlike everything: distance 1"


def test_a_patient_with_several_scans_counts_once() -> None:
    features = scans(40)
    once = measured(features, names(40))
    twice = measured(np.concatenate([features, features[:9], features[:9]]), [*names(40), *names(9), *names(9)])
    assert once is not None
    assert twice is not None
    assert once.familiarity == twice.familiarity
    np.testing.assert_allclose(once.centres.directions, twice.centres.directions, atol=1e-6)


def test_the_conformal_rank_counts_the_patients() -> None:
    values = np.arange(1.0, 100.0)
    assert conformal(values, 0.99) == 99.0
    assert conformal(values, 0.95) == 95.0
    assert conformal(values[:98], 0.99) is None
    assert conformal(np.arange(1.0, 200.0), 0.99) == 198.0
    assert ENOUGH_PATIENTS == FEW_PATIENTS == 99


def test_below_the_conformal_number_the_limit_is_wider() -> None:
    values = np.linspace(0.01, 0.05, 98)
    assert limits_of(values, values) == pytest.approx((np.sort(values)[94 - 1], 0.05 * WIDER), rel=0.02)
    enough = np.linspace(0.01, 0.05, 99)
    assert limits_of(enough, enough)[1] == pytest.approx(0.05 * MARGIN)
    assert WIDER > MARGIN > 1


def test_new_patients_lie_within_the_limit_as_often_as_it_says_and_others_beyond() -> None:
    found = measured(scans(200), names(200))
    assert found is not None
    fresh = found.centres.distances(scans(2000, seed=1))
    assert (fresh > found.familiarity.limit).mean() <= 0.01
    assert 0.01 <= (fresh >= found.familiarity.noted).mean() <= 0.12
    others = found.centres.distances(np.random.default_rng(0).normal(size=(200, 40)))
    assert (others > found.familiarity.limit).all()


def test_the_limits_rest_on_centres_that_were_found_without_the_patient() -> None:
    """Of patients who are each alone in their direction, the distance to centres with them inside would be small."""
    draw = np.random.default_rng(5)
    features = draw.normal(size=(40, 400))
    found = measured(features, names(40))
    assert found is not None
    assert found.familiarity.limit > 1.2 * float(found.centres.distances(features).max())


def test_copies_of_a_patient_make_no_centre_of_their_own() -> None:
    """A patient who stands alone, with three copies: three directions, and one patient."""
    draw = np.random.default_rng(2)
    crowd = draw.normal(size=(1, 50)) + 0.1 * draw.normal(size=(60, 50))
    lone = 5 * draw.normal(size=(1, 50))
    features = np.concatenate([crowd, lone])
    copies = [features + 0.01 * draw.normal(size=features.shape) for _ in range(3)]
    whose = np.tile(np.arange(61), 4)
    centres = centres_of(unit(np.concatenate([features, *copies])), patients=whose)
    assert centres.members.min() >= LEAST_MEMBERS
    assert (unit(lone) @ centres.directions.T).max() < 0.99
    found = measured(features, names(61), deepened=copies)
    assert found is not None
    assert found.familiarity.patients == 61


def test_deeper_deficits_widen_the_limit_and_not_what_is_noted() -> None:
    features = scans(120)
    deeper = features + 3 * np.random.default_rng(4).normal(size=features.shape)
    plain, wide = measured(features, names(120)), measured(features, names(120), deepened=[deeper])
    assert plain is not None
    assert wide is not None
    assert wide.familiarity.limit > 1.1 * plain.familiarity.limit
    assert wide.familiarity.noted < 1.5 * plain.familiarity.noted
    fresh = features[:50] + 3 * np.random.default_rng(9).normal(size=(50, 40))
    assert (wide.centres.distances(fresh) <= wide.familiarity.limit).mean() > 0.95


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_deepened_map_has_its_walls_and_deeper_deficits(exponent: float) -> None:
    side = 96
    y, x = np.mgrid[:side, :side] / (side / 2) - 1
    uptake = (90 - 40 * np.exp(-((x - 0.3) ** 2 + y**2) / 0.05)).astype(np.float32)
    image = drawn(uptake, side, Drawing(blur=0.0))
    deeper = uptake_of(deepened(image, Drawing(), exponent), Drawing())
    inside = input_mask(side, "polar-map")
    assert deeper[inside & (uptake > 89.5)].min() > 87
    lowest = float(uptake.min())
    assert deeper[inside].min() == pytest.approx(90 * (lowest / 90) ** exponent, abs=1.0)
    assert not deepened(image, Drawing(), exponent)[~inside].any()
    rows = np.array([2, 0])
    lazily = DeepenedImages(np.stack([image, image, image]), np.arange(3), Drawing(), exponent)[rows]
    assert (lazily[0] == deepened(image, Drawing(), exponent)).all()


def test_centres_know_distances() -> None:
    centres = Centres(np.eye(3, dtype=np.float32), np.array([3, 3, 3]))
    np.testing.assert_allclose(centres.distances(np.array([[2.0, 0, 0], [0, 0, 0], [-1, 0, 0]])), [0, 1, 1])
