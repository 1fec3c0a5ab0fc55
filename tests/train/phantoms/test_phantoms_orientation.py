"""The reference that was worked out from phantoms is that of phantoms, and fresh ones lie so."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.polarmap.orientation import SERIES, judged_series, orientation_of
from edgecad_train.phantoms.compare import fitted
from edgecad_train.phantoms.orientation import PATIENTS, PHANTOMS, SEED, map_means, phantom_means


def test_other_phantoms_give_nearly_the_same_reference() -> None:
    other = orientation_of(phantom_means(5, 150))
    assert other is not None
    assert np.corrcoef(other.weights, PHANTOMS.weights)[0, 1] > 0.9
    assert np.allclose(other.upright, PHANTOMS.upright, atol=0.6)
    judged = judged_series(PHANTOMS, phantom_means(6, 2 * SERIES))
    assert judged is not None
    assert judged.turn is None


def test_the_numbers_are_those_that_the_program_prints() -> None:
    found = orientation_of(phantom_means(SEED, PATIENTS))
    assert found is not None
    assert np.allclose(found.weights, PHANTOMS.weights, rtol=1e-3, atol=1e-3)
    assert np.allclose(found.upright + found.spread, PHANTOMS.upright + PHANTOMS.spread, rtol=1e-3)
    assert (found.patients, found.reach) == (PHANTOMS.patients, pytest.approx(PHANTOMS.reach, abs=0.02))


@pytest.mark.shared
def test_the_one_real_map_lies_at_the_edge_of_the_phantoms(shared) -> None:  # type: ignore[no-untyped-def]
    """Its lateral wall is the darker one: phantoms of which that holds are few, and one map tells nothing."""
    real = fitted(np.load(shared / "real" / "polar_percent.npy").astype(np.float64)).astype(np.float32)
    means = map_means(real)[None]
    assert judged_series(PHANTOMS, means) is None
    repeated = judged_series(PHANTOMS, np.repeat(means, SERIES, axis=0))
    assert repeated is not None
    assert max(repeated.evidence) > 0
