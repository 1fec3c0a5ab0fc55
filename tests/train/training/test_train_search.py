"""Head search: it finds what can be learnt, looks only where it may, and is the same again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad_train.data import Case
from edgecad_train.networks.head import Head
from edgecad_train.training.search.heads import HeadFinder
from edgecad_train.training.search.hyperband import EXPONENTS, UNITS, Fold, SearchOptions, search_head
from edgecad_train.training.settings import Settings

ROWS = 60
OPTIONS = SearchOptions(trials=8, epochs=12, batch_size=8)


def _features(seed: int = 0) -> tuple[Any, Any]:
    labels = (np.arange(ROWS) % 2).astype(np.int64)
    features = np.abs(np.random.default_rng(seed).normal(size=(ROWS, 20))).astype(np.float32)
    features[labels == 1, :6] += 1.0
    return features, labels


FOLD = Fold(np.arange(40), np.arange(40, ROWS))


def test_the_search_finds_a_head_that_beats_chance_within_the_space() -> None:
    told: list[tuple[int, int]] = []
    choice = search_head(*_features(), [FOLD], OPTIONS, 0, lambda done, of, loss: told.append((done, of)))
    assert choice.loss is not None
    assert choice.loss < 0.6 < np.log(2)
    assert choice.head.units in UNITS
    assert EXPONENTS[0] <= choice.lr_exponent <= EXPONENTS[1]
    assert choice.trials == 8
    assert told[-1] == (8, 8)


def test_the_same_seed_finds_the_same_head_whatever_thread_is_faster() -> None:
    one, again, other = (search_head(*_features(), [FOLD], OPTIONS, seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_rows_that_are_in_no_fold_change_nothing() -> None:
    features, labels = _features()
    inner = Fold(np.arange(30), np.arange(30, 40))
    spoilt = features.copy()
    spoilt[40:] = np.nan
    assert search_head(features, labels, [inner], OPTIONS, 0) == search_head(spoilt, labels, [inner], OPTIONS, 0)


class _Materials:
    """As far as a finder looks at them."""

    def __init__(self) -> None:
        self.labels = _features()[1]


def _finder(trials: int, **others: Any) -> HeadFinder:
    cases = [
        Case(Path(f"{row}.jpg"), ("CAD", "nonCAD")[row % 2], f"p{row // 2 * 2 + row % 2:02d}") for row in range(ROWS)
    ]
    searched: dict[str, Any] = {"search": True, "search_trials": trials} if trials else {}
    settings = Settings("mobilenetv2", "none", "warm-up", warmup_epochs=6, **searched, **others)
    finder = HeadFinder(_Materials(), settings, cases, None)  # type: ignore[arg-type]
    finder._pooled = _features()[0]
    return finder


def test_without_a_search_the_head_that_was_asked_for_is_taken() -> None:
    choice = _finder(0).choose(np.arange(40), None, 0)
    assert (choice.head, choice.lr_exponent, choice.trials) == (Head(), 3.5, 0)


def test_inside_a_fold_the_search_uses_inner_folds_of_the_training_patients_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Fold] = []

    def listed(features: Any, labels: Any, folds: list[Fold], *rest: Any) -> Any:
        seen.extend(folds)

    monkeypatch.setattr("edgecad_train.training.search.heads.search_head", listed)
    rows = np.arange(5, 45)
    _finder(8).choose(rows, None, 0)
    assert len(seen) == 3
    for fold in seen:
        assert set(fold.train) | set(fold.held) == set(rows)
        assert not set(fold.train) & set(fold.held)
    np.testing.assert_array_equal(np.sort(np.concatenate([fold.held for fold in seen])), rows)


def test_a_search_makes_the_same_loss_small_as_training(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[SearchOptions] = []
    monkeypatch.setattr(
        "edgecad_train.training.search.heads.search_head",
        lambda features, labels, folds, options, *rest: seen.append(options),
    )
    finder = _finder(8, label_smoothing=0.1, class_weights="balanced")
    finder.choose(np.arange(40), None, 0)
    assert seen[0].loss == finder.settings.stage_options(finder.materials.labels[np.arange(40)]).loss
    assert seen[0].loss.label_smoothing == 0.1
