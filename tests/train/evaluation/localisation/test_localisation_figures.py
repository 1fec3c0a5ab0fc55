"""Figures over scans: which scans they are about, and whose intervals they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from edgecad_train.evaluation.localisation.figures import localised
from edgecad_train.evaluation.localisation.located import LocatedScan
from edgecad_train.evaluation.statistics.clustered import by_patient, clustered_mean

HIT = LocatedScan(0, "a", 0.9, True, "mask", 6.0, 0.3, True, 0.9, True, False, 0.8, -0.5)
MISS = replace(HIT, peak_on_defect=False, map_auc=0.4, region_uptake=1.1, map_and_uptake=0.2)


def scans(*kinds: LocatedScan) -> list[LocatedScan]:
    """Each of a patient of its own."""
    return [replace(kind, scan=row, patient=f"p{row}") for row, kind in enumerate(kinds)]


def test_shares_have_clopper_pearsons_intervals() -> None:
    found = localised(scans(*[HIT] * 18, *[MISS] * 2), "test")
    assert found.judged is not None
    assert (found.judged.scans, found.judged.patients, found.truths) == (20, 20, {"mask": 20})
    peak = found.judged.figure("peak_on_defect")
    assert peak is not None
    bounds = stats.binomtest(18, 20).proportion_ci(method="exact")
    assert (peak.value, peak.low, peak.high) == pytest.approx((0.9, bounds.low, bounds.high))
    assert peak.n == 20
    assert peak.method == "Clopper-Pearson"
    warm = found.judged.figure("region_not_colder")
    assert warm is not None
    assert warm.value == 0.1


def test_means_have_intervals_of_a_bootstrap_and_no_certainty() -> None:
    found = localised(scans(*[HIT] * 30, *[MISS] * 10), "test")
    assert found.judged is not None
    area, share = found.judged.figure("map_auc"), found.judged.figure("chance")
    assert area is not None
    assert share is not None
    assert area.value == pytest.approx((30 * 0.9 + 10 * 0.4) / 40)
    assert area.low < area.value < area.high < 0.9
    assert area.method == "bootstrap by patient"
    assert share.value == pytest.approx(0.3)
    assert share.method.startswith("Hoeffding")
    assert share.low < 0.3 < share.high


def test_only_large_defects_that_are_seen_are_judged_and_all_above_the_threshold_are_told() -> None:
    small, unseen = replace(HIT, deficit=2.0), replace(MISS, score=0.3, above=False)
    nobody = replace(
        MISS, truth="", deficit=None, peak_on_defect=None, map_auc=None, chance=None, coldest_on_defect=None
    )
    found = localised(scans(HIT, small, unseen, nobody), "out-of-fold")
    assert found.judged is not None
    assert found.above is not None
    assert (found.part, found.scans, found.truths, found.judged.scans, found.above.scans) == (
        "out-of-fold", 4, {"mask": 3}, 1, 3,
    )  # fmt: skip
    assert found.above.figure("peak_on_defect") is None
    correlation = found.above.figure("map_and_uptake")
    assert correlation is not None
    assert correlation.value == pytest.approx((-0.5 - 0.5 + 0.2) / 3)
    assert -1 <= correlation.low < correlation.value < correlation.high <= 1


def test_nothing_is_told_of_nobody() -> None:
    found = localised(scans(replace(HIT, score=0.1, above=False)), "test")
    assert (found.judged, found.above) == (None, None)


def test_an_empty_region_counts_for_neither_colder_nor_warmer() -> None:
    empty = replace(HIT, region_empty=True, region_uptake=None)
    found = localised(scans(HIT, MISS, empty, empty), "test").judged
    assert found is not None
    empties, warm = found.figure("region_empty"), found.figure("region_not_colder")
    assert empties is not None
    assert warm is not None
    assert (empties.value, empties.n, warm.value, warm.n) == (0.5, 4, 0.5, 2)


def test_several_scans_of_a_patient_make_no_interval_narrower() -> None:
    once = localised(scans(*[HIT] * 9, MISS), "test").judged
    thrice = localised(3 * scans(*[HIT] * 9, MISS), "test").judged
    assert once is not None
    assert thrice is not None
    for name in ("peak_on_defect", "map_auc"):
        one, three = once.figure(name), thrice.figure(name)
        assert one is not None
        assert three is not None
        assert three.value == pytest.approx(one.value)
        assert three.n == 10
        assert three.high - three.low > one.high - one.low - 1e-6


def test_one_patient_says_next_to_nothing() -> None:
    found = localised(scans(HIT), "test").judged
    assert found is not None
    for name in ("peak_on_defect", "map_auc", "map_and_uptake"):
        figure = found.figure(name)
        assert figure is not None
        assert figure.high - figure.low > 0.5


def test_a_mean_weighs_scans_and_draws_patients() -> None:
    sums, counts = by_patient(["b", "a", "b"], np.array([1.0, 0.0, 0.5]))
    assert (sums.tolist(), counts.tolist()) == ([0.0, 1.5], [1.0, 2.0])
    assert clustered_mean(sums, counts).value == 0.5
