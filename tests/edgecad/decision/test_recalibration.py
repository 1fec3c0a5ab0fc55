"""A recalibration is one rising map: no answer crosses a cut by it, whatever rounding does."""

from __future__ import annotations

import datetime
import math
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy.special import expit, logit

from edgecad.contract import Contract, Familiarity, network_digest
from edgecad.contract.parts import GoldenAnswer, Metric
from edgecad.decision.recalibration import Recalibration, Threshold, threshold_on_own, threshold_on_shown
from edgecad.decision.zone import certainty_of

DAY = datetime.date(2026, 11, 30)
MAPS = [(0.0, 1.0), (-0.5, 0.9), (3.0, 0.02), (-20.0, 100.0), (20.0, 0.01), (19.9, 60.0), (0.1, 7.0)]


def made(intercept: float, slope: float, **fields: Any) -> Recalibration:
    return Recalibration(**{
        "intercept": intercept, "slope": slope, "patients": 90, "network": "a" * 64, "date": DAY, **fields
    })  # fmt: skip


@pytest.mark.parametrize(("intercept", "slope"), MAPS)
def test_it_is_the_logistic_function_of_a_line_and_keeps_the_order(intercept: float, slope: float) -> None:
    log_odds = np.sort(np.random.default_rng(0).normal(0, 12, 500))
    shown = [made(intercept, slope).probability(float(value)) for value in log_odds]
    np.testing.assert_allclose(shown, expit(intercept + slope * log_odds.clip(-36, 36)), rtol=1e-12, atol=1e-300)
    assert shown == sorted(shown)
    assert made(intercept, slope).probability(math.inf) <= 1


@pytest.mark.parametrize(("intercept", "slope"), MAPS)
@pytest.mark.parametrize("own", [0.5, 0.37, 1e-15, 1 - 2.0**-24, 0.999, 1e-6])
def test_a_threshold_moves_there_and_back(intercept: float, slope: float, own: float) -> None:
    by = made(intercept, slope)
    moved = by.moved(own)
    assert 0 < moved < 1
    known = float(expit(intercept + slope * logit(own)))
    assert moved == pytest.approx(min(max(known, 1e-15), 1 - 2.0**-24), rel=1e-9)
    if 1e-12 < known < 1 - 1e-6:
        assert by.moved_back(moved) == pytest.approx(own, rel=1e-6)
    assert (by.moved(0.0), by.moved(1.0)) == (0.0, 1.0)


def neighbours(value: float) -> list[float]:
    """A float32 and those beside it, as an engine gives them."""
    one = np.float32(value)
    return [float(each) for each in (np.nextafter(one, np.float32(0)), one, np.nextafter(one, np.float32(1)))]


@pytest.mark.parametrize(("intercept", "slope"), MAPS)
def test_no_score_leaves_its_side_of_a_cut_or_the_cut_itself(intercept: float, slope: float) -> None:
    """Scores anywhere, and every float32 that is next to a cut; their log-odds are off by a float32's rounding."""
    by, generator = made(intercept, slope), np.random.default_rng(1)
    for _ in range(200):
        own_threshold, low, high = (float(np.float32(value)) for value in generator.uniform(1e-4, 1 - 1e-4, 3))
        low, high = min(low, high, own_threshold), max(low, high, own_threshold)
        threshold = threshold_on_own(own_threshold, by)
        cuts = [threshold, *by.zone_at(threshold, low, high)]
        for own in (*generator.random(3), *neighbours(own_threshold), *neighbours(low), *neighbours(high)):
            log_odds = float(logit(own)) + generator.normal(0, 3e-7)
            shown = by.answered(own, log_odds, cuts)
            assert 0 <= shown <= 1
            for cut in cuts:
                assert (shown >= cut.shown, shown > cut.shown) == (own >= cut.own, own > cut.own)
            assert shown == pytest.approx(by.probability(log_odds), abs=2e-5)


def test_certainty_is_the_same_before_and_after(tiny_contract: Contract) -> None:
    from edgecad.decision.zone import Zone

    zone = Zone(low=0.3, high=0.6, alpha=0.1, cad=50, other=50, part="out-of-fold", wrong_up_to=0.15)
    by = made(-1.0, 0.6)
    bounds = zone.at(0.42)
    threshold = threshold_on_own(0.42, by)
    cuts = [threshold, *by.zone_at(threshold, *bounds)]
    moved = msgspec.structs.replace(zone, low=cuts[1].shown, high=cuts[2].shown)
    for own in (0.1, *neighbours(0.3), 0.3, 0.42, 0.5, 0.6, *neighbours(0.6), 0.9):
        shown = by.answered(own, float(logit(own)), cuts)
        assert certainty_of(shown, cuts[0].shown, moved) == certainty_of(own, 0.42, zone)


def test_whose_threshold_says_on_which_score_it_is() -> None:
    by = made(-1.0, 0.6)
    assert threshold_on_own(0.4, None) == threshold_on_shown(0.4, None) == Threshold(0.4, 0.4)
    assert threshold_on_own(0.4, by) == Threshold(0.4, by.moved(0.4))
    assert threshold_on_shown(0.4, by) == Threshold(by.moved_back(0.4), 0.4)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"slope": 0.0}, "the slope 0.0 is not within 0.01 to 100"), ({"slope": -1.0}, "slope"),
        ({"slope": 101.0}, "slope"), ({"slope": math.nan}, "slope"), ({"slope": math.inf}, "slope"),
        ({"intercept": 20.5}, "the intercept 20.5 is not within -20 to 20"), ({"intercept": math.nan}, "intercept"),
        ({"patients": 0}, "0 patients"), ({"network": "abc"}, "network is no digest"),
        ({"network": "A" * 64}, "network is no digest"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        made(**{"intercept": 0.0, "slope": 1.0, **fields})


# --- which network -----------------------------------------------------------------------------------------

EXPORTED = {
    "precision": "int8", "tolerances": {"logits": 0.1}, "versions": {"onnx": "1"}, "version": 1, "intended_use": "x",
    "golden": (GoldenAnswer(sample="a", sha256="b", logits=(0.0, 1.0), score_map=((1.0,),)),),
    "familiarity": Familiarity(centres=1, patients=9, noted=0.1, limit=0.2), "name": "renamed",
}  # fmt: skip
OTHER = {
    "created": "2024-01-01T00:00:01Z", "data_sha256": "1" * 64, "split_sha256": "2" * 64, "weights": "imagenet",
    "backbone": "resnet", "head": "pool, 8, 2", "classes": ("nonCAD", "CAD"),
    "metrics": (Metric(name="auc", value=0.8, low=0.7, high=0.9, n=9, part="test", method="m"),),
}  # fmt: skip


@pytest.mark.parametrize("field", EXPORTED)
def test_what_an_export_adds_makes_no_other_network(tiny_contract: Contract, field: str) -> None:
    changed = msgspec.structs.replace(tiny_contract, **{field: EXPORTED[field]})
    assert changed != tiny_contract
    assert network_digest(changed) == network_digest(tiny_contract)


@pytest.mark.parametrize("field", OTHER)
def test_another_training_is_another_network(tiny_contract: Contract, field: str) -> None:
    changed = msgspec.structs.replace(tiny_contract, **{field: OTHER[field]})
    assert network_digest(changed) != network_digest(tiny_contract)
    warmer = msgspec.structs.replace(tiny_contract.decision, temperature=1.5)
    assert network_digest(msgspec.structs.replace(tiny_contract, decision=warmer)) != network_digest(tiny_contract)


def test_a_digest_does_not_depend_on_fields_that_a_contract_gets_later(tiny_contract: Contract) -> None:
    """Held as a number: a site's file that was written today must be valid with tomorrow's contract."""
    assert network_digest(tiny_contract) == DIGEST


DIGEST = "7437bc81b98ef09da08c45558ab8eff75945829dd624f50c78ef0cd9e3061c92"
