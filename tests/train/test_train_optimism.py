"""The optimism gap: one training whose epochs are chosen twice, judged at even odds, with paired intervals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edgecad_train.data import PreparedData
from edgecad_train.evaluation.optimism import ABOUT, EARLIER, ChosenBy, Optimism, optimism_of, rank_at_even_odds
from edgecad_train.evaluation.statistics.comparison import compare_auc, compare_right
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.splits.split import folds_by_patient, split_by_patient
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.settings import Settings

from .small import small_mobilenet

TRUTH = np.array([True, True, True, False, False, False, False, False])


def _told(own: Any, on_test: Any, same: bool = False) -> Optimism:
    epochs = ((2, 3), (2, 3) if same else (2, 5))
    one, other = (ChosenBy(at, (TRUTH, np.asarray(x, float))) for at, x in zip(epochs, (own, on_test), strict=True))
    return optimism_of(one, other, 9)


@pytest.mark.parametrize(
    ("log_odds", "accuracy"),
    [
        ([0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5, -0.5], 1.0),
        ([0.5, 0.5, -0.5, 0.5, -0.5, -0.5, -0.5, -0.5], 6 / 8),
        ([0.1, 0.9, 1.5, 0.2, 0.8, -0.1, -0.9, -1.5], 6 / 8),
        ([0.0, 0.0, 0.0, -1e-9, -1e-9, -1e-9, -1e-9, -1e-9], 1.0),  # even odds count as CAD
        ([-3.0, -3.0, -3.0, -2.0, -2.0, -2.0, -2.0, -2.0], 5 / 8),
    ],
)
def test_accuracy_is_counted_at_even_odds(log_odds: list[float], accuracy: float) -> None:
    told = _told(log_odds, np.where(TRUTH, 0.5, -0.5))
    assert told.accuracy == pytest.approx(accuracy)
    assert told.accuracy_chosen_on_test == 1.0
    assert rank_at_even_odds(TRUTH, np.array(log_odds))[0] == pytest.approx(accuracy)


def test_each_choice_is_told_under_its_own_name_with_paired_intervals() -> None:
    poor, good = np.array([-0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.4]), np.where(TRUTH, 0.5, -0.5)
    told = _told(poor, good)
    assert (told.accuracy, told.accuracy_chosen_on_test) == (6 / 8, 1.0)
    assert told.auc < told.auc_chosen_on_test == 1.0
    assert told.accuracy_gap is not None
    assert told.auc_gap is not None
    right = compare_right((good >= 0) == TRUTH, (poor >= 0) == TRUTH)
    assert (told.accuracy_gap.value, told.accuracy_gap.low, told.accuracy_gap.high) == (0.25, right.low, right.high)
    area = compare_auc(TRUTH, good, poor)
    assert (told.auc_gap.value, told.auc_gap.low) == (pytest.approx(area.difference), pytest.approx(area.low))
    assert "optimism gap +0.250 (" in told.words
    assert "(epoch 2, then 5) of 9 candidates" in told.words
    assert ABOUT in told.words


def test_the_same_epoch_is_a_gap_of_exactly_nothing_and_other_epochs_that_agree_are_not() -> None:
    scores = [-0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.4]
    for gap in (_told(scores, scores, same=True).accuracy_gap, _told(scores, scores, same=True).auc_gap):
        assert gap is not None
        assert (gap.value, gap.low, gap.high) == (0.0, 0.0, 0.0)
    agreeing = _told(scores, scores).accuracy_gap
    assert agreeing is not None
    assert agreeing.low < agreeing.value == 0 < agreeing.high


def test_the_gap_of_an_earlier_version_is_read_and_said_to_be_of_two_trainings() -> None:
    old = {"accuracy": 0.8864, "accuracy_chosen_on_test": 0.44, "auc": 0.9, "auc_chosen_on_test": 0.95}
    told = msgspec.convert(old, Optimism, strict=True)
    assert told.epochs is None
    assert "optimism gap -0.446 in accuracy, +0.050 in AUC" in told.words
    assert EARLIER in told.words
    assert ABOUT not in told.words


def _settings(**more: Any) -> Settings:
    return Settings("mobilenetv2", "none", "two-stage", lr_exponent=3.0, select_on_test=True, **more)


def _partition(kind: str, data: PreparedData) -> Any:
    return folds_by_patient(data.cases, 0, 2) if kind == "folds" else split_by_patient(data.cases, 0)


@pytest.mark.parametrize("kind", ["one part", "folds"])
def test_with_one_epoch_a_stage_the_gap_is_exactly_nothing(kind: str, phantoms: PreparedData) -> None:
    settings = _settings(warmup_epochs=1, finetune_epochs=1)
    told = train(phantoms, _partition(kind, phantoms), settings, "a-run")
    gap = told.optimism
    assert gap is not None
    assert gap.epochs is not None
    assert (gap.epochs.own, gap.epochs.on_test, gap.epochs.candidates) == ((1, 1), (1, 1), 1)
    assert (gap.accuracy_chosen_on_test, gap.auc_chosen_on_test) == (gap.accuracy, gap.auc)
    assert (gap.accuracy_gap, gap.auc_gap) == (gap.auc_gap, gap.accuracy_gap)
    assert gap.accuracy_gap is not None
    assert (gap.accuracy_gap.value, gap.accuracy_gap.low, gap.accuracy_gap.high) == (0.0, 0.0, 0.0)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.fixture(scope="module", params=["one part", "folds"])
def chosen(request: pytest.FixtureRequest, phantoms: PreparedData) -> tuple[str, TrainingOutcome]:
    with small_mobilenet():
        settings = _settings(warmup_epochs=4, finetune_epochs=3)
        return request.param, train(phantoms, _partition(request.param, phantoms), settings, "a-run")


def test_the_runs_own_network_is_a_candidate_and_nothing_of_the_run_changes(
    chosen: tuple[str, TrainingOutcome], phantoms: PreparedData
) -> None:
    kind, told = chosen
    gap = told.optimism
    assert gap is not None
    assert gap.epochs is not None
    assert gap.epochs.own == tuple(stage.kept_index + 1 for stage in told.histories[-1].stages)
    assert gap.epochs.candidates in (3, 6), "from two starts where the test part wants another epoch of the first stage"
    truth, log_odds = by_patient(phantoms, told.partition.test, told.log_odds)
    # The training that is watched says at the run's own epochs what the exported network says.
    assert gap.accuracy == ((log_odds >= 0) == truth).mean()
    assert gap.auc == told.evaluations[1].metric("auc").value  # type: ignore[union-attr]
    assert gap.accuracy_chosen_on_test >= gap.accuracy
    plain = train(phantoms, told.partition, replace(told.settings, select_on_test=False), "a-run")
    assert plain.optimism is None
    np.testing.assert_array_equal(plain.log_odds, told.log_odds)
    for one, other in zip(plain.network.model.get_weights(), told.network.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert kind in ("one part", "folds")


def test_a_kill_while_the_epochs_are_chosen_again_changes_nothing(
    chosen: tuple[str, TrainingOutcome], phantoms: PreparedData, tmp_path: Path
) -> None:
    _, told = chosen

    def kill(stage: str, done: int, of: int, figures: str) -> None:
        if (stage, done) == ("chosen on test, fine-tuning", 2):
            raise Killed

    with pytest.raises(Killed):
        train(phantoms, told.partition, told.settings, "a-run", kill, checkpoint=Checkpoint(tmp_path, 0.0))
    again = train(phantoms, told.partition, told.settings, "a-run", checkpoint=Checkpoint(tmp_path, 0.0))
    assert again.optimism == told.optimism
    np.testing.assert_array_equal(again.log_odds, told.log_odds)
