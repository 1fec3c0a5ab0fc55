"""Which cases a report shows: the most confident of each group, and the nearest to the threshold; never more."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad_train.report.shown import A_GROUP, confidence, rows_to_show


def test_confidence_is_a_distance_in_log_odds_that_stays_finite() -> None:
    assert confidence(0.5, 0.5) == 0
    assert confidence(0.9, 0.5) == pytest.approx(np.log(9))
    assert confidence(0.1, 0.5) == pytest.approx(confidence(0.9, 0.5))
    assert np.isfinite(confidence(np.array([0.0, 1.0]), 0.3)).all()


@pytest.mark.parametrize("n", [1, 3, 20, 5000])
def test_rows_are_few_however_many_scans_there_are(n: int) -> None:
    draw = np.random.default_rng(n)
    truth, scores = draw.random(n) < 0.6, draw.random(n)
    rows = rows_to_show(truth, scores, 0.4)
    assert len(rows) == len(set(rows.tolist())) <= min(n, 5 * A_GROUP)
    assert sorted(rows.tolist()) == rows.tolist()


def test_rows_are_the_most_confident_of_each_group_and_the_nearest_to_the_threshold() -> None:
    draw = np.random.default_rng(0)
    truth, scores, threshold = draw.random(400) < 0.5, draw.random(400), 0.4
    rows, apart = set(rows_to_show(truth, scores, threshold).tolist()), confidence(scores, threshold)
    for label in (True, False):
        for above in (True, False):
            group = np.flatnonzero((truth == label) & ((scores >= threshold) == above))
            assert set(group[np.argsort(apart[group])[-A_GROUP:]].tolist()) <= rows
    assert set(np.argsort(apart)[:A_GROUP].tolist()) <= rows
