"""Who judges a head: scans that it did not learn from, and never those of the fold that it will judge."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from edgecad_train.data import Case
from edgecad_train.training.search import heads
from edgecad_train.training.search.heads import HeadFinder
from edgecad_train.training.search.hyperband import Fold, SearchOptions, search_head
from edgecad_train.training.settings import Settings

OPTIONS = SearchOptions(trials=1, epochs=3, batch_size=8)
"""One configuration, judged once."""
TAUGHT, HELD = np.arange(24), np.array([30])


def test_a_head_is_judged_by_the_rows_held_out_and_learns_nothing_from_them() -> None:
    """Whatever the one held-out label is, the head must be the same; then its two probabilities add up to 1.

    A head that is judged on its training rows has one loss for both labels, and one that also learns from the held-out
    row leans to its label.
    """
    features = np.abs(np.random.default_rng(0).normal(size=(40, 8))).astype(np.float32)
    labels = (np.arange(40) % 2).astype(np.int64)
    turned = np.where(np.isin(np.arange(40), HELD), 1 - labels, labels)
    losses = [search_head(features, own, [Fold(TAUGHT, HELD)], OPTIONS, 0).loss for own in (labels, turned)]
    given = [np.exp(-loss) for loss in losses if loss is not None]
    assert sum(given) == pytest.approx(1.0, abs=1e-5)
    assert abs(given[0] - given[1]) > 1e-3, "a head that is at even odds shows nothing; choose another seed"


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Fold]:
    """The folds that a search is given; nothing is searched."""
    seen: list[Fold] = []
    monkeypatch.setattr(heads, "search_head", lambda features, labels, folds, *rest: seen.extend(folds))
    return seen


def _finder(patients: int) -> HeadFinder:
    """A finder over patients with two scans each."""
    cases = [Case(Path(f"{row}.jpg"), ("CAD", "nonCAD")[row // 2 % 2], f"p{row // 2}") for row in range(2 * patients)]
    labels = np.array([case.label == "nonCAD" for case in cases], np.int64)
    settings = Settings("mobilenetv2", "none", "warm-up", warmup_epochs=6, search=True, search_trials=2)
    finder = HeadFinder(SimpleNamespace(labels=labels), settings, cases, None)  # type: ignore[arg-type]
    finder._pooled = np.zeros((len(cases), 4), np.float32)
    return finder


def test_with_a_validation_part_the_head_learns_from_one_part_and_is_judged_by_the_other(searched: list[Fold]) -> None:
    rows, held = np.arange(24), np.arange(24, 36)
    _finder(20).choose(rows, held, 0)
    (fold,) = searched
    np.testing.assert_array_equal(fold.train, rows)
    np.testing.assert_array_equal(fold.held, held)


def test_inner_folds_keep_the_scans_of_a_patient_together_and_are_drawn_by_the_seed(searched: list[Fold]) -> None:
    finder, rows = _finder(20), np.arange(8, 40)
    for seed in (0, 0, 1):
        finder.choose(rows, None, seed)
    first, again, other = (searched[start : start + 3] for start in (0, 3, 6))
    for fold in first:
        assert {row // 2 for row in fold.train}.isdisjoint({row // 2 for row in fold.held})
        assert set(fold.train) | set(fold.held) == set(rows)
    held = [[tuple(fold.held) for fold in folds] for folds in (first, again, other)]
    assert held[0] == held[1] != held[2]
