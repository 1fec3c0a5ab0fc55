"""Strategies: which part learns, for how long, how fast."""

from __future__ import annotations

import pytest

from edgecad.errors import UsageError
from edgecad_train.training.strategies import STRATEGIES, paper_number, plan_for


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
    with pytest.raises(UsageError, match=r"'s9'.*scratch, all, first-layers"):
        plan_for("s9")


def test_the_six_strategies_of_the_paper_and_a_variant_of_the_fifth() -> None:
    parts = {name: [(stage.part, stage.epochs) for stage in plan_for(name).stages] for name in STRATEGIES}
    assert parts == {
        "scratch": [("everything", 100)],
        "all": [("everything", 100)],
        "first-layers": [("after-first", 100)],
        "warm-up": [("head", 100)],
        "fine-tuning": [("top", 30)],
        "fine-tuning-lr1": [("top", 30)],
        "two-stage": [("head", 100), ("top", 30)],
    }
    assert [paper_number(name) for name in STRATEGIES] == ["S1", "S2", "S3", "S4", "S5", "S5, ours", "S6"]


def test_the_fifth_runs_at_lr2_its_variant_and_the_first_three_at_lr1() -> None:
    rates = {name: plan_for(name, 3.0).stages[0].learning_rate for name in STRATEGIES}
    assert rates.pop("fine-tuning") == pytest.approx(1e-5)
    assert list(rates.values()) == pytest.approx([1e-3] * 6)


def test_layerwise_rates_are_for_what_trains_more_than_the_head() -> None:
    assert [stage.layerwise for stage in plan_for("two-stage", layerwise=True).stages] == [False, True]


def test_a_plan_at_another_exponent_is_the_plan_made_with_it() -> None:
    for name in STRATEGIES:
        moved, made = plan_for(name, 4.0).at(3.2), plan_for(name, 3.2)
        rates = [[stage.learning_rate for stage in plan.stages] for plan in (moved, made)]
        assert rates[0] == pytest.approx(rates[1])
        assert moved.lr_exponent == 3.2
