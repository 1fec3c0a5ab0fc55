"""Strategies: which part learns, for how long, how fast."""

from __future__ import annotations

import pytest

from edgecad.errors import UsageError
from edgecad_train.training.strategies import plan_for


@pytest.mark.parametrize("exponent", [3.0, 3.5, 4.0])
def test_fine_tuning_runs_at_a_hundredth_of_the_warm_up_rate(exponent: float) -> None:
    warm, fine = plan_for("two-stage", exponent).stages
    assert warm.learning_rate == pytest.approx(10**-exponent)
    assert fine.learning_rate == pytest.approx(warm.learning_rate / 100)


@pytest.mark.parametrize("exponent", [2.99, 4.01, -4.0, float("nan")])
def test_a_rate_outside_the_rule_is_refused(exponent: float) -> None:
    with pytest.raises(UsageError, match="3 to 4"):
        plan_for("two-stage", exponent)


def test_the_defaults_are_those_of_the_paper() -> None:
    warm, fine = plan_for("two-stage").stages
    assert (warm.part, warm.epochs, warm.learning_rate) == ("head", 100, pytest.approx(1e-4))
    assert (fine.part, fine.epochs, fine.learning_rate) == ("top", 30, pytest.approx(1e-6))


def test_two_stages_hold_batch_norm_and_scratch_lets_it_learn() -> None:
    assert all(stage.hold_batch_norm for stage in plan_for("two-stage").stages)
    (scratch,) = plan_for("scratch").stages
    assert scratch.part == "everything"
    assert not scratch.hold_batch_norm


def test_only_scratch_starts_from_random_weights() -> None:
    assert [plan_for(name).pretrained for name in ("two-stage", "warm-up", "scratch")] == [True, True, False]


def test_warm_up_alone_is_the_first_stage_of_two() -> None:
    assert plan_for("warm-up", 3.5, 7, 9).stages == plan_for("two-stage", 3.5, 7, 9).stages[:1]


@pytest.mark.parametrize("epochs", [(0, 1), (1, 0)])
def test_a_stage_without_epochs_is_refused(epochs: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="at least one epoch"):
        plan_for("two-stage", 4.0, *epochs)


def test_an_unknown_strategy_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'s9'.*two-stage, warm-up, scratch"):
        plan_for("s9")
