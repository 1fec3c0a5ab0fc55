"""Temperature, threshold and its evidence, each against brute force or drawn patients."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from edgecad.decision.rules import Rule, rule_from_words
from edgecad.errors import UsageError
from edgecad_train.evaluation.decision.choice import TABLE, TEMPERATURES, choose_decision, with_test_part

CHOSEN = ("balanced", "sensitivity>=0.95", "specificity>=0.9")
"""Rules by which patients choose."""


def _binormal(seed: int, n: int, prevalence: float, area: float) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds that are far too sure, and truth."""
    draw = np.random.default_rng(seed)
    truth = np.arange(n) < round(n * prevalence)
    apart = np.sqrt(2) * norm.ppf(area)
    return 2 * draw.normal(np.where(truth, apart, 0.0), 1.0) - 1, truth


def _drawn(seed: int, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    truth = draw.random(count) < 0.5
    truth[:2] = True, False
    return draw.normal(np.where(truth, 1.0, -1.0), 1.5), truth


# --- temperature ---


@pytest.mark.parametrize("seed", range(6))
def test_the_temperature_minimises_cross_entropy(seed: int) -> None:
    log_odds, truth = _drawn(seed)
    log_odds = log_odds * (0.3, 1.0, 3.0)[seed % 3]

    def cross_entropy(temperature: float) -> float:
        return float(np.logaddexp(0, np.where(truth, -1, 1) * log_odds / temperature).mean())

    got = choose_decision(log_odds, truth).temperature
    grid = np.geomspace(*TEMPERATURES, 400)
    assert cross_entropy(got) <= min(map(cross_entropy, grid)) + 1e-6
    assert TEMPERATURES[0] <= got <= TEMPERATURES[1]


def test_overconfident_logits_are_cooled_and_timid_ones_sharpened() -> None:
    log_odds, truth = _drawn(0, 400)
    fair = choose_decision(log_odds, truth).temperature
    assert choose_decision(3 * log_odds, truth).temperature == pytest.approx(3 * fair, rel=1e-3)
    assert choose_decision(log_odds / 2, truth).temperature == pytest.approx(fair / 2, rel=1e-3)


@pytest.mark.parametrize(("sign", "end"), [(1.0, 0), (-1.0, 1)])
def test_the_temperature_keeps_to_its_range(sign: float, end: int) -> None:
    truth = np.arange(10) < 5
    log_odds = sign * np.where(truth, 1.0, -1.0)
    assert choose_decision(log_odds, truth).temperature == TEMPERATURES[end]


# --- rules ---


@pytest.mark.parametrize("area", [0.75, 0.85, 0.95])
@pytest.mark.parametrize("prevalence", [0.3, 0.57, 0.8])
@pytest.mark.parametrize("n", [120, 600])
def test_balanced_has_sensitivity_and_specificity_about_equal_at_any_prevalence(
    n: int, prevalence: float, area: float
) -> None:
    """On fresh patients of the same kind, where both are Phi(d' / 2) at best."""
    best = norm.cdf(np.sqrt(2) * norm.ppf(area) / 2)
    fresh, labels = _binormal(99, 20_000, 0.5, area)
    worse = []
    for seed in range(12):
        decision = choose_decision(*_binormal(seed, n, prevalence, area))
        said = expit(fresh / decision.temperature) >= decision.threshold
        worse.append(min(said[labels].mean(), (~said[~labels]).mean()))
    assert np.mean(worse) > best - 0.07
    assert min(worse) > best - 0.2


@pytest.mark.parametrize("rule", ["sensitivity>=0.95", "specificity>=0.95"])
def test_other_rules_are_not_balanced_so_that_the_test_above_can_fail(rule: str) -> None:
    fresh, labels = _binormal(99, 20_000, 0.5, 0.85)
    chosen = choose_decision(*_binormal(0, 600, 0.8, 0.85), rule=rule_from_words(rule))
    points = {point.rule: point for point in chosen.evidence.table}  # type: ignore[union-attr]
    said = expit(fresh / chosen.temperature) >= points[rule].threshold
    assert min(said[labels].mean(), (~said[~labels]).mean()) < norm.cdf(np.sqrt(2) * norm.ppf(0.85) / 2) - 0.2


@pytest.mark.parametrize("scale", [1e-3, 1.0, 5.0])
@pytest.mark.parametrize("shift", [-5.0, 0.0, 5.0])
def test_balanced_does_not_depend_on_the_scale_or_the_place_of_the_logits(scale: float, shift: float) -> None:
    log_odds, truth = _binormal(3, 200, 0.4, 0.85)
    plain = choose_decision(log_odds, truth).evidence
    moved = choose_decision(scale * (log_odds + shift), truth).evidence
    assert plain is not None
    assert moved is not None
    assert moved.point.sensitivity.count == plain.point.sensitivity.count
    assert moved.point.specificity.count == plain.point.specificity.count


@pytest.mark.parametrize("words", ["costs=4", "costs=0.1", "equal-costs"])
def test_costs_ask_no_patient(words: str) -> None:
    rule = rule_from_words(words)
    for seed in range(3):
        decision = choose_decision(*_drawn(seed), rule=rule)
        assert decision.threshold == pytest.approx(rule.fixed_threshold)
        assert decision.asked == words
        assert decision.evidence.point.rests_on == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("words", ["costs=1e300", "costs=1e-300"])
def test_costs_beyond_all_measure_still_give_a_threshold_that_a_contract_takes(words: str) -> None:
    assert 0 < choose_decision(*_drawn(0), rule=rule_from_words(words)).threshold < 1


@pytest.mark.parametrize("rule", CHOSEN)
@pytest.mark.parametrize(
    ("low", "high", "n"), [(-1.0, 1.0, 20), (4.0, 5.0, 20), (-200.0, 200.0, 20), (-210.0, -190.0, 20), (0.0, 1e-4, 9)]
)
@pytest.mark.parametrize("cad", [1, 6, 8])
def test_where_the_classes_are_apart_the_threshold_lies_in_the_gap(
    rule: str, low: float, high: float, n: int, cad: int
) -> None:
    truth = np.arange(n) >= n - cad
    width = (high - low) / 4
    log_odds = np.where(truth, high, low) + np.linspace(-width, width, n)
    decision = choose_decision(log_odds, truth, rule=rule_from_words(rule))
    scores = expit(log_odds / decision.temperature)
    assert scores[~truth].max() < decision.threshold < scores[truth].min()
    point = decision.evidence.point  # type: ignore[union-attr]
    assert (point.rule, point.worse) == (rule, 1.0)


@pytest.mark.parametrize("rule", CHOSEN)
def test_no_threshold_lies_among_scores_that_differ_by_rounding(rule: str) -> None:
    """Half of each class have one score; it is where the balanced fit, left to itself, puts its threshold."""
    rounding = 1e-8 * np.arange(40)
    truth = np.arange(80) % 2 == 0
    log_odds = np.concatenate([0.5 + rounding, np.where(truth[40:], 1.5, -0.5) + np.linspace(-0.2, 0.2, 40)])
    decision = choose_decision(log_odds, truth, rule=rule_from_words(rule))
    said = expit(log_odds / decision.temperature) >= decision.threshold
    assert len(set(said[:40])) == 1


@pytest.mark.parametrize("rule", CHOSEN)
@pytest.mark.parametrize("kind", ["reversed", "equal"])
def test_scores_that_do_not_rise_choose_a_half_and_say_so(rule: str, kind: str) -> None:
    log_odds, truth = _binormal(1, 80, 0.5, 0.9)
    log_odds = 3 - log_odds if kind == "reversed" else np.full(80, 0.7)
    decision = choose_decision(log_odds, truth, rule=rule_from_words(rule))
    evidence = decision.evidence
    assert evidence is not None
    assert (decision.threshold, evidence.point.rule) == (0.5, "balanced")
    assert (evidence.scores_rise, evidence.scores_differ) == (False, kind == "reversed")
    assert "do not rise" in decision.rule


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("rule", [*CHOSEN, "costs=3"])
def test_a_handful_of_patients_still_gives_a_decision(n: int, rule: str) -> None:
    for seed in range(20):
        draw = np.random.default_rng(seed)
        truth = np.arange(n) < 1
        decision = choose_decision(draw.normal(0, 200, n), truth, rule=rule_from_words(rule))
        assert 0 < decision.threshold < 1


def test_scores_that_a_runtime_cannot_tell_apart_are_not_called_apart() -> None:
    """A float32 score is 1 from log-odds 17 on: whoever lies above has CAD, whatever the threshold."""
    truth = np.arange(20) < 10
    log_odds = np.where(truth, 200.0, 185.0) + np.linspace(0, 1, 20)
    decision = choose_decision(log_odds, truth)
    scores = expit(log_odds / decision.temperature).astype(np.float32)
    assert (scores >= decision.threshold).all()
    assert decision.evidence.point.specificity.count == 0  # type: ignore[union-attr]


# --- refusal ---


@pytest.mark.parametrize(("clear", "taken"), [(11, "sensitivity>=0.95"), (10, "balanced")])
def test_a_sensitivity_is_refused_where_the_specificity_there_is_below_55_of_100(clear: int, taken: str) -> None:
    """Of 20 nonCAD patients 11 are 0.55."""
    truth = np.arange(40) < 20
    log_odds = np.concatenate([[-1.0], np.linspace(1, 3, 19), np.full(clear, -2.0), np.full(20 - clear, 0.0)])
    log_odds[0] = -0.5
    log_odds[20 + clear :] = -0.2
    log_odds[1:3] = -0.4
    decision = choose_decision(log_odds, truth, "out-of-fold", Rule("sensitivity", 0.95))
    evidence = decision.evidence
    assert evidence is not None
    assert (decision.asked, evidence.point.rule) == ("sensitivity>=0.95", taken)
    assert decision.rule.startswith(taken)
    if taken == "balanced":
        assert evidence.refused is not None
        assert (evidence.refused.rule, evidence.refused.specificity.count) == ("sensitivity>=0.95", 10)
    else:
        assert evidence.refused is None
        assert evidence.point.specificity.count == 11


def test_a_specificity_is_refused_as_its_mirror_image_is() -> None:
    for seed in range(10):
        log_odds, truth = _binormal(seed, 100, 0.5, 0.75)
        one = choose_decision(log_odds, truth, rule=Rule("sensitivity", 0.95)).evidence
        other = choose_decision(-log_odds, ~truth, rule=Rule("specificity", 0.95)).evidence
        assert one is not None
        assert other is not None
        assert (one.refused is None) == (other.refused is None)
        assert one.point.sensitivity == other.point.specificity
        assert one.point.specificity == other.point.sensitivity


# --- evidence ---


def test_the_table_holds_every_rule_with_counts_of_those_who_chose() -> None:
    log_odds, truth = _binormal(4, 150, 0.5, 0.85)
    decision = choose_decision(log_odds, truth, "out-of-fold", Rule("costs", 2.0))
    evidence = decision.evidence
    assert evidence is not None
    assert (evidence.part, [point.rule for point in evidence.table]) == ("out-of-fold", [str(rule) for rule in TABLE])
    scores = expit(log_odds / decision.temperature)
    for point in (*evidence.table, evidence.point):
        said = scores >= point.threshold
        assert point.sensitivity.count == said[truth].sum()
        assert point.specificity.count == (~said[~truth]).sum()
        assert (point.sensitivity.n, point.specificity.n) == (75, 75)
        assert point.sensitivity.low < point.sensitivity.value < point.sensitivity.high
        assert point.test_sensitivity is None
    rests = {point.rule: point.rests_on for point in evidence.table}
    assert rests["sensitivity>=0.95"] == 75 - evidence.table[0].sensitivity.count <= 3
    assert (rests["balanced"], rests["equal-costs"]) == (150, 0)
    thresholds = [point.threshold for point in evidence.table]
    assert thresholds[:3] == sorted(thresholds[:3])


def test_the_test_part_is_shown_and_chooses_nothing() -> None:
    chosen = choose_decision(*_binormal(4, 150, 0.5, 0.85), rule=Rule("sensitivity", 0.97))
    log_odds, truth = _binormal(5, 44, 0.5, 0.85)
    shown = with_test_part(chosen, truth, log_odds)
    assert (shown.threshold, shown.temperature, shown.rule) == (chosen.threshold, chosen.temperature, chosen.rule)
    assert shown.evidence is not None
    scores = expit(log_odds / shown.temperature)
    points = [*shown.evidence.table, shown.evidence.point, shown.evidence.refused]
    for point in (point for point in points if point):
        assert point.test_sensitivity is not None
        assert point.test_specificity is not None
        assert point.test_sensitivity.count == (scores[truth] >= point.threshold).sum()
        assert point.test_specificity.count == (scores[~truth] < point.threshold).sum()
    (first, *_) = with_test_part(chosen, truth[truth], log_odds[truth]).evidence.table  # type: ignore[union-attr]
    assert first.test_specificity is None
    assert first.test_sensitivity is not None


@pytest.mark.parametrize("part", ["validation", "out-of-fold"])
@pytest.mark.parametrize("rule", CHOSEN)
def test_the_rule_says_whose_scores_chose(part: str, rule: str) -> None:
    log_odds, truth = _binormal(7, 200, 0.5, 0.95)
    words = choose_decision(log_odds, truth, part, rule_from_words(rule)).rule  # type: ignore[arg-type]
    assert words.startswith(rule)
    assert part in words


@pytest.mark.parametrize("label", [True, False])
def test_one_class_chooses_no_threshold(label: bool) -> None:
    with pytest.raises(UsageError, match="both classes"):
        choose_decision(np.linspace(-1, 1, 5), np.full(5, label))
