"""Options of a whole run: head search, augmentation, class weights, whole images; each where it could go wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from edgecad.contract import Preparation
from edgecad.errors import UsageError
from edgecad_train.data import PreparedData, find_cases, prepare_cases
from edgecad_train.networks.head import Head
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.splits.split import Folds, rows_of
from edgecad_train.training import trainer
from edgecad_train.training.epochs import EpochRunner, Examples
from edgecad_train.training.search import heads
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.settings import Settings


def _warm(**others: Any) -> Settings:
    return Settings(
        **{"backbone": "mobilenetv2", "weights": "none", "strategy": "warm-up", "warmup_epochs": 2, **others}
    )


FOUND = HeadChoice(Head(24, 0.1), 3.5, trials=8, loss=0.4)


def test_a_search_sees_the_features_of_first_weights_and_no_patient_that_its_training_is_judged_by(
    phantoms: PreparedData, folded: TrainingOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, set[int]]] = []

    def searched(features: Any, labels: Any, folds: Any, *rest: Any) -> HeadChoice:
        seen.append((np.array(features), {int(row) for fold in folds for row in (*fold.train, *fold.held)}))
        return FOUND

    monkeypatch.setattr(heads, "search_head", searched)
    partition = folded.partition
    assert isinstance(partition, Folds)
    told = train(
        phantoms,
        partition,
        _warm(search=True, search_trials=8),
        "a-run",
    )
    tested = set(rows_of(phantoms.cases, partition.test))
    everybody = set(range(len(phantoms.cases)))
    wanted = [everybody - tested - set(rows_of(phantoms.cases, fold)) for fold in partition.folds]
    assert [rows for _, rows in seen] == [*wanted, everybody - tested]  # the refit's comes last
    model = told.network.model
    pooled = keras.Model(model.input, model.get_layer("pooling").output)  # warm-up leaves the backbone as it was
    for features, _ in seen:
        np.testing.assert_allclose(features, pooled.predict(phantoms.images, verbose=0), rtol=1e-4, atol=1e-5)
    assert told.choices == (FOUND,) * 4
    assert model.get_layer("head_hidden").units == 24
    assert "Dense(24" in told.contract.head


def test_what_is_frozen_runs_once_a_pass_and_validation_sees_scans_as_they_are(
    phantoms: PreparedData, outcome: TrainingOutcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[str] = []
    frozen, evaluate, taken = trainer.frozen_outputs, EpochRunner.evaluate, Examples.taken
    shown: list[tuple[str, int]] = []
    judging = [False]

    def counted(network: Any, cuts: Any, scans: Any, *rest: Any) -> Any:
        runs.append(scans.sha256)
        return frozen(network, cuts, scans, *rest)

    def judged(self: EpochRunner, examples: Examples) -> Any:
        judging[0] = True
        try:
            return evaluate(self, examples)
        finally:
            judging[0] = False

    def read(self: Examples, epoch: int, positions: Any) -> Any:
        values, labels = taken(self, epoch, positions)
        number = next(n for n, own in enumerate(self.passes) if np.array_equal(own[self.rows[positions]], values))
        shown.append(("judged" if judging[0] else "learnt", number))
        return values, labels

    monkeypatch.setattr(trainer, "frozen_outputs", counted)
    monkeypatch.setattr(EpochRunner, "evaluate", judged)
    monkeypatch.setattr(Examples, "taken", read)
    told = train(phantoms, outcome.partition, _warm(warmup_epochs=5, augment=3), "a-run")
    own = phantoms.images_sha256
    assert runs == [own, f"{own}+0.1", f"{own}+0.2"]
    assert [number for what, number in shown if what == "learnt"] == [0, 1, 2, 0, 1]
    assert {number for what, number in shown if what == "judged"} == {0}
    assert len(told.histories[0].stages[0].epochs) == 5


def test_balanced_weights_make_both_classes_count_alike() -> None:
    labels = np.array([0] * 30 + [1] * 10)
    options = Settings(
        "mobilenetv2", "none", "warm-up", warmup_epochs=2, class_weights="balanced", early_stopping=4
    ).stage_options(labels)
    assert options.loss.class_weights == pytest.approx((40 / 60, 40 / 20))
    assert options.patience == 4
    assert _warm(label_smoothing=0.1).stage_options(labels).loss.label_smoothing == 0.1
    assert _warm().stage_options(labels).loss.class_weights == (
        1.0,
        1.0,
    )


def test_whole_images_are_trained_on_and_nothing_is_said_of_a_disc(
    phantom_folder: Path, outcome: TrainingOutcome
) -> None:
    data = prepare_cases(find_cases(phantom_folder).cases, Preparation(size=224, crop="none"))
    told = train(data, outcome.partition, _warm(), "whole")
    assert told.contract.preparation.crop == "none"
    assert np.isfinite(told.log_odds).all()
    assert not np.array_equal(data.images[0], outcome.data.images[0])


@pytest.mark.parametrize("alpha", [-0.1, 0.0005, 0.5, 1.0, float("nan"), float("inf")])
def test_a_zone_that_cannot_be_meant_is_refused(alpha: float) -> None:
    with pytest.raises(UsageError, match=r"--uncertain .* is not 0"):
        Settings(uncertain=alpha)
    assert (Settings().uncertain, Settings(uncertain=0.0).uncertain) == (0.1, 0.0)
