"""Rules of the threshold: what is read, what it prints, and what is no rule."""

from __future__ import annotations

import pytest

from edgecad.decision.rules import DEFAULT, LEAST, MOST, Rule, patients_to_show, rule_from_words
from edgecad.errors import UsageError


@pytest.mark.parametrize(
    ("words", "rule", "fixed"),
    [
        ("balanced", Rule("balanced"), None),
        ("equal-costs", Rule("equal-costs"), 0.5),
        ("sensitivity>=0.95", Rule("sensitivity", 0.95), None),
        ("specificity>=0.8", Rule("specificity", 0.8), None),
        ("costs=4", Rule("costs", 4.0), 0.2),
        ("costs=0.25", Rule("costs", 0.25), 0.8),
        ("costs=1e+22", Rule("costs", 1e22), LEAST),
    ],
)
def test_a_rule_prints_the_words_that_it_is_read_from(words: str, rule: Rule, fixed: float | None) -> None:
    assert rule_from_words(words) == rule
    assert str(rule) == words
    assert rule.fixed_threshold == (None if fixed is None else pytest.approx(fixed))


@pytest.mark.parametrize("costs", ["costs=1e-300", "costs=1e-17", "costs=3e-9", "costs=1e20", "costs=1e308"])
def test_costs_beyond_what_a_score_can_tell_give_a_threshold_that_a_contract_takes(costs: str) -> None:
    fixed = rule_from_words(costs).fixed_threshold
    assert fixed is not None
    assert 0 < LEAST <= fixed <= MOST < 1


def test_the_default_is_balanced() -> None:
    assert str(DEFAULT) == "balanced"


@pytest.mark.parametrize("value", [0.1 + 0.2, 1 / 3, 1e-12, 1 - 1e-16])
def test_no_digit_is_lost_on_the_way(value: float) -> None:
    rule = Rule("sensitivity", value)
    assert rule_from_words(str(rule)) == rule


@pytest.mark.parametrize(
    "words",
    [
        "foo", "", " ", "Balanced", "balanced ", "sensitivity", "sensitivity=0.9", "sensitivity>0.9", "sensitivity>=",
        "sensitivity>=1.5", "sensitivity>=1", "sensitivity>=0", "sensitivity>=-0.5", "sensitivity>=nan",
        "specificity>=1", "specificity>=0", "specificity>=high", "costs", "costs=", "costs=0", "costs=-1", "costs=nan",
        "costs=inf", "costs=1e999", "costs=1.2.3", "costs=1_0", "equal-costs=2", "balanced=1",
        "sensitivity>=0.9 specificity>=0.9",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_said_in_one_line_that_names_the_rules(words: str) -> None:
    with pytest.raises(UsageError) as caught:
        rule_from_words(words)
    told = str(caught.value)
    assert "\n" not in told
    for name in ("balanced", "equal-costs", "sensitivity>=S", "specificity>=S", "costs=C"):
        assert name in told


@pytest.mark.parametrize("name", ["sensitivity", "specificity"])
def test_what_a_shell_leaves_of_an_unquoted_rule_says_that_quotes_are_wanted(name: str) -> None:
    with pytest.raises(UsageError, match=f"in quotes: --decide '{name}>=0.95'"):
        rule_from_words(name)


@pytest.mark.parametrize(
    ("share", "n"), [(0.95, 59), (0.9, 29), (0.8, 14), (0.5, 5), (0.05, 2), (0.04, 1), (0.99, 299)]
)
def test_so_many_patients_show_a_share(share: float, n: int) -> None:
    assert patients_to_show(share) == n
    assert share**n < 0.05 <= share ** (n - 1)
