"""Nobody judges whom he taught, and smaller sizes are part of larger ones."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad_train.planning.curve import SHARES, _teachers
from edgecad_train.splits.split import stratified_folds


@pytest.mark.parametrize("seed", range(8))
def test_teachers_are_of_both_classes_and_never_judged(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = {f"p{i}": "CAD" if i < rng.integers(6, 40) else "nonCAD" for i in range(60)}
    labels |= {"a": "CAD", "b": "nonCAD"}
    fewest = min(sum(label == name for label in labels.values()) for name in ("CAD", "nonCAD"))
    for held in stratified_folds(sorted(labels), labels, min(5, fewest), seed):
        groups = [set(_teachers(labels, held, share, seed)) for share in SHARES]
        assert not any(group & set(held) for group in groups)
        assert groups[0] <= groups[1] <= groups[2] == labels.keys() - set(held)
        for share, group in zip(SHARES, groups, strict=True):
            for name in ("CAD", "nonCAD"):
                everybody = sum(labels[who] == name for who in groups[2])
                assert sum(labels[who] == name for who in group) == max(1, round(share * everybody))


def test_other_draws_teach_by_others() -> None:
    labels = {f"p{i}": "CAD" if i % 2 else "nonCAD" for i in range(40)}
    assert _teachers(labels, (), 0.25, 0) != _teachers(labels, (), 0.25, 1)
