"""Readers beside a model, against references: agreement, figures on the same patients, paired differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from edgecad_train.data.table.columns import MODEL
from edgecad_train.evaluation.readers.study import LEAST, ReaderStudy, reader_study
from edgecad_train.evaluation.readers.words import (
    AGREEMENT_HEADS,
    READER_DIFFERENCE_HEADS,
    READER_HEADS,
    agreement_rows,
    reader_difference_rows,
    reader_rows,
    sentences_about_readers,
)
from edgecad_train.evaluation.subgroups.figures import Answers

Reads = dict[str, dict[str, bool]]


def _drawn(seed: int, n: int = 90) -> tuple[Answers, Reads]:
    """Two readers of different skill; the second read two patients in three."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.55
    log_odds = rng.normal(size=n) + 1.5 * truth - 0.75
    answers = Answers(tuple(f"p{row}" for row in range(n)), truth, expit(log_odds), log_odds, 0.5)
    good = np.where(rng.random(n) < 0.9, truth, ~truth)
    poor = np.where(rng.random(n) < 0.7, truth, ~truth)
    read = rng.random(n) < 0.67
    return answers, {
        "good": {f"p{row}": bool(good[row]) for row in range(n)},
        "poor": {f"p{row}": bool(poor[row]) for row in range(n) if read[row]},
    }


def _study(answers: Answers, reads: Reads) -> ReaderStudy:
    study = reader_study(reads, answers)
    assert study is not None
    return study


@pytest.mark.parametrize("seed", range(4))
def test_reader_and_model_are_judged_on_the_patients_that_the_reader_read(seed: int) -> None:
    answers, reads = _drawn(seed)
    for one in _study(answers, reads).readers:
        rows = [row for row, patient in enumerate(answers.patients) if patient in reads[one.reader]]
        truth = answers.truth[rows]
        said = np.array([reads[one.reader][answers.patients[row]] for row in rows])
        called = answers.scores[rows] >= 0.5
        assert (one.n, one.positives) == (len(rows), truth.sum())
        for metrics, given in ((one.metrics, said), (one.model, called)):
            held = {metric.name: metric for metric in metrics}
            hits, positives = (given & truth).sum(), truth.sum()
            assert held["sensitivity_cad"].value == pytest.approx(hits / positives)
            bounds = proportion_confint(hits, positives, method="beta")
            assert (held["sensitivity_cad"].low, held["sensitivity_cad"].high) == pytest.approx(bounds)
            assert held["specificity_cad"].value == pytest.approx((~given & ~truth).sum() / (~truth).sum())
            assert held["balanced_accuracy"].value == pytest.approx(balanced_accuracy_score(truth, given))
            assert held["balanced_accuracy"].low < held["balanced_accuracy"].value < held["balanced_accuracy"].high


@pytest.mark.parametrize("seed", range(4))
def test_differences_are_the_model_less_the_reader_with_p_values_of_mcnemar_adjusted_by_holm(seed: int) -> None:
    answers, reads = _drawn(seed)
    study = _study(answers, reads)
    p_values = []
    for one in study.readers:
        rows = [row for row, patient in enumerate(answers.patients) if patient in reads[one.reader]]
        truth = answers.truth[rows]
        said = np.array([reads[one.reader][answers.patients[row]] for row in rows])
        right = (answers.scores[rows] >= 0.5) == truth, said == truth
        for own, test in ((truth, one.difference.sensitivity_cad), (~truth, one.difference.specificity_cad)):
            model, reader = right[0][own], right[1][own]
            table = [
                [(model & reader).sum(), (model & ~reader).sum()],
                [(~model & reader).sum(), (~model & ~reader).sum()],
            ]
            assert test is not None
            assert test.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)
            assert test.difference == pytest.approx(model.mean() - reader.mean())
            p_values.append(test.p_value)
        apart = one.difference.balanced_accuracy
        metric = {kind: next(m.value for m in own if m.name == "balanced_accuracy")
                  for kind, own in (("model", one.model), ("reader", one.metrics))}  # fmt: skip
        assert apart.value == pytest.approx(metric["model"] - metric["reader"])
    adjusted = multipletests(p_values, method="holm")[1]
    told = [value for one in study.readers for value in (one.sensitivity_p, one.specificity_p)]
    assert told == pytest.approx(list(adjusted))


@pytest.mark.parametrize("seed", range(4))
def test_agreement_of_every_two_is_on_the_patients_that_both_read(seed: int) -> None:
    answers, reads = _drawn(seed)
    model = {patient: bool(score >= 0.5) for patient, score in zip(answers.patients, answers.scores, strict=True)}
    everybody = {**reads, MODEL: model}
    pairs = _study(answers, reads).pairs
    assert {(pair.one, pair.other) for pair in pairs} == {("good", "poor"), ("good", MODEL), ("poor", MODEL)}
    for pair in pairs:
        both = [patient for patient in everybody[pair.one] if patient in everybody[pair.other]]
        one, other = ([everybody[name][patient] for patient in both] for name in (pair.one, pair.other))
        assert pair.agreement.n == len(both)
        assert pair.agreement.kappa.value == pytest.approx(cohen_kappa_score(one, other))
        assert pair.agreement.observed.value == pytest.approx(np.mean(np.array(one) == np.array(other)))
        assert pair.agreement.kappa.low < pair.agreement.kappa.value < pair.agreement.kappa.high


def test_a_reader_of_few_patients_is_named_and_not_judged() -> None:
    answers, reads = _drawn(0)
    reads["new"] = dict.fromkeys(answers.patients[: LEAST - 1], True)
    study = _study(answers, reads)
    assert [one.reader for one in study.readers] == ["good", "poor"]
    assert study.too_few == {"new": LEAST - 1}
    assert sentences_about_readers(study)[0].startswith("Reader new read 4 of these patients; 5 are needed")
    alone = _study(answers, {"new": reads["new"], "absent": {"somebody else": True}})
    assert (alone.readers, alone.pairs) == ((), ())
    assert alone.too_few["absent"] == 0
    assert reader_study({}, answers) is None


def test_patients_of_one_class_have_no_figure_of_the_other() -> None:
    answers, reads = _drawn(0)
    only = {p: said for p, said in reads["good"].items() if answers.truth[answers.patients.index(p)]}
    (one,) = _study(answers, {"good": only}).readers
    assert one.specificity_p is None
    assert one.difference.balanced_accuracy.value is None
    assert [row[3] for row in reader_rows(_study(answers, {"good": only}))] == ["none", "none"]


def test_labels_that_are_the_readers_majority_are_said_to_flatter() -> None:
    answers, reads = _drawn(1)
    study = _study(answers, reads)
    assert not study.labels_are_the_majority
    assert "If the labels were made from these readers" in sentences_about_readers(study)[-1]
    third = {p: reads["poor"][p] for p in reads["poor"]}
    three = {**reads, "third": third}
    agreed = np.array([
        sum(own.get(p, reads["good"][p]) for own in three.values()) >= 2 for p in answers.patients
    ])  # fmt: skip
    consensus = Answers(answers.patients, agreed, answers.scores, answers.ranked, answers.threshold)
    found = _study(consensus, three)
    assert found.labels_are_the_majority
    assert f"for all {found.majority_read} patients" in sentences_about_readers(found)[-1]


def test_rows_have_the_columns_of_their_heads() -> None:
    study = _study(*_drawn(2))
    for rows, heads in (
        (reader_rows(study), READER_HEADS),
        (reader_difference_rows(study), READER_DIFFERENCE_HEADS),
        (agreement_rows(study), AGREEMENT_HEADS),
    ):
        made = list(rows)
        assert made
        assert all(len(row) == len(heads) for row in made)
