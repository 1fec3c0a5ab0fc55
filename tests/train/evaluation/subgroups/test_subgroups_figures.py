"""Groups of patients: how they come about, their figures against references, and what is not claimed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from edgecad_train.data.table.columns import KeptValues
from edgecad_train.data.table.keep import parse_keep
from edgecad_train.evaluation.subgroups.figures import LEAST, Answers, GroupedColumn, figures_by_group
from edgecad_train.evaluation.subgroups.grouping import MOST_GROUPS, NOT_GIVEN, Grouping, grouped
from edgecad_train.evaluation.subgroups.words import (
    DIFFERENCE_HEADS,
    GROUP_HEADS,
    TOO_FEW,
    difference_rows,
    group_rows,
    reason_rows,
    sentences_about_groups,
)


def _grouping(words: list[str], keep: str = "column") -> Grouping:
    patients = [f"p{n}" for n in range(len(words))]
    given = {patient: word for patient, word in zip(patients, words, strict=True) if word}
    return grouped(KeptValues(parse_keep([keep])[0], given), patients)


def test_words_are_groups_and_what_is_not_given_is_one_of_its_own() -> None:
    found = _grouping(["m", "f", "", "m", "f", "f"])
    assert found.groups == ("f", "m", NOT_GIVEN)
    assert [found.of[f"p{n}"] for n in range(6)] == ["m", "f", NOT_GIVEN, "m", "f", "f"]


@pytest.mark.parametrize(
    "words", [[f"street {n % (MOST_GROUPS + 1)}" for n in range(100)], [f"Miss {n}" for n in range(8)], list("abcdeab")]
)
def test_so_many_words_are_no_groups_and_none_of_them_is_told(words: list[str]) -> None:
    found = _grouping(words)
    assert (found.groups, dict(found.of)) == ((), {})
    assert "are no groups" in found.note
    assert not any(word in found.note for word in words if len(word) > 1)


def test_numbers_are_cut_where_it_is_said_and_a_number_at_a_cut_is_above_it() -> None:
    found = _grouping(["49", "50", "64.9", "65", "80", ""], "age:50,65,75")
    assert found.groups == ("below 50", "50 to below 65", "65 to below 75", "75 and above", NOT_GIVEN)
    assert [found.of[f"p{n}"] for n in range(6)] == [
        "below 50", "50 to below 65", "50 to below 65", "65 to below 75", "75 and above", NOT_GIVEN,
    ]  # fmt: skip
    assert _grouping(["20", "30", "90"], "age:50,65").groups == ("below 50", "65 and above")


@pytest.mark.parametrize("seed", range(5))
def test_numbers_without_cuts_are_cut_at_the_median_into_two_groups_that_both_have_patients(seed: int) -> None:
    ages = np.random.default_rng(seed).integers(30, 90, 41 + seed)
    found = _grouping([str(age) for age in ages])
    below = sum(group.startswith("below") for group in found.of.values())
    assert below == sum(ages < np.median(ages)) > 0
    assert f"{np.median(ages):g}" in found.note
    assert len(_grouping(["1"] * 20 + [str(n) for n in range(2, 9)]).groups) == 2


def test_few_numbers_are_codes_in_their_order() -> None:
    assert _grouping(["10", "0", "2", "2", "0", "10", "2"]).groups == ("0", "2", "10")


def _answers(n: int, seed: int = 0) -> Answers:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.5
    log_odds = np.round(rng.normal(size=n) + 1.2 * truth - 0.6, 1)
    return Answers(tuple(f"p{row}" for row in range(n)), truth, expit(log_odds), log_odds, 0.45)


def _column(answers: Answers, groups: list[str]) -> GroupedColumn:
    names = tuple(dict.fromkeys(groups))
    return figures_by_group(Grouping("column", names, dict(zip(answers.patients, groups, strict=True))), answers)


@pytest.mark.parametrize("seed", range(4))
def test_figures_of_each_group_are_those_of_its_patients_alone(seed: int) -> None:
    answers = _answers(150, seed)
    groups = np.random.default_rng(seed + 9).choice(["a", "b", NOT_GIVEN], 150, p=[0.5, 0.3, 0.2])
    found = _column(answers, list(groups))
    assert sum(group.n for group in found.groups) == 150
    for group in found.groups:
        own = groups == group.name
        truth, called = answers.truth[own], answers.scores[own] >= answers.threshold
        held = {figure.figure: figure for figure in group.figures}
        assert (group.n, group.positives) == (own.sum(), truth.sum())
        assert held["auc"].value == pytest.approx(roc_auc_score(truth, answers.ranked[own]))
        for name, hits, trials in (
            ("sensitivity_cad", (called & truth).sum(), truth.sum()),
            ("specificity_cad", (~called & ~truth).sum(), (~truth).sum()),
            ("prevalence", truth.sum(), own.sum()),
        ):
            assert held[name].value == pytest.approx(hits / trials)
            bounds = proportion_confint(hits, trials, method="beta")
            assert (held[name].low, held[name].high) == pytest.approx(bounds, nan_ok=True)
        assert held["mean_score"].value == pytest.approx(answers.scores[own].mean())
        assert held["mean_score"].low < held["mean_score"].value < held["mean_score"].high


@pytest.mark.parametrize("seed", range(4))
def test_differences_of_proportions_are_newcombes_against_the_largest_group(seed: int) -> None:
    answers = _answers(160, seed)
    groups = np.random.default_rng(seed).choice(["small", "large", NOT_GIVEN], 160, p=[0.3, 0.5, 0.2])
    found = _column(answers, list(groups))
    called = answers.scores >= answers.threshold
    assert {(one.group, one.reference) for one in found.differences} == {("small", "large")}
    for one in found.differences:
        if one.figure == "auc":
            a, b = (next(g for g in found.groups if g.name == name).figure("auc") for name in ("small", "large"))
            assert one.difference == pytest.approx(a.value - b.value)
            assert one.low < one.difference < one.high
            continue
        wanted = answers.truth if one.figure == "sensitivity_cad" else ~answers.truth
        right = called == answers.truth
        counts = [((right & wanted & (groups == n)).sum(), (wanted & (groups == n)).sum()) for n in ("small", "large")]
        (k1, n1), (k2, n2) = counts
        reference = confint_proportions_2indep(k1, n1, k2, n2, compare="diff", method="newcomb")
        assert (one.low, one.high) == pytest.approx(reference, abs=1e-9)


def test_a_group_with_too_few_says_why_and_gives_no_figure() -> None:
    answers = _answers(60)
    first = np.flatnonzero(answers.truth)[: LEAST - 1]
    groups = ["few" if row in first else "many" for row in range(60)]
    found = _column(answers, groups)
    few = next(group for group in found.groups if group.name == "few")
    assert (few.n, few.positives) == (LEAST - 1, LEAST - 1)
    assert all(figure.value is None and figure.reason for figure in few.figures)
    assert not found.differences
    row = next(row for row in group_rows(found) if row[0] == "few")
    assert row == ("few", "4", "4", *[TOO_FEW] * 5)
    assert ("few", "specificity", "0 labelled nonCAD; 5 needed") in list(reason_rows(found))
    assert "No two groups" in sentences_about_groups([found])[1]


def test_rows_have_the_columns_of_their_heads_and_sentences_claim_nothing() -> None:
    answers = _answers(200)
    found = _column(answers, ["a" if row % 3 else "b" for row in range(200)])
    assert all(len(row) == len(GROUP_HEADS) for row in group_rows(found))
    rows = list(difference_rows(found))
    assert len(rows) == 3
    assert all(len(row) == len(DIFFERENCE_HEADS) for row in rows)
    planned, counted = sentences_about_groups([found])
    assert "planned before the data were seen" in planned
    assert "3 differences between groups" in counted
    assert "about 0.15 would by chance" in counted
    assert "no finding" in counted
    assert sentences_about_groups([GroupedColumn(column="x", groups=(), note="none")]) == ()


def test_where_groups_do_not_differ_their_intervals_leave_out_nought_as_seldom_as_they_say() -> None:
    """150 draws of 120 patients, two groups: sensitivity and AUC differences; 7.5 of each expected."""
    out = {"auc": 0, "sensitivity_cad": 0, "specificity_cad": 0}
    for seed in range(150):
        answers = _answers(120, seed + 1000)
        groups = np.random.default_rng(seed).choice(["a", "b"], 120)
        for one in _column(answers, list(groups)).differences:
            out[one.figure] += one.leaves_out_nought
    assert all(count <= 15 for count in out.values())
    assert sum(out.values()) > 0
