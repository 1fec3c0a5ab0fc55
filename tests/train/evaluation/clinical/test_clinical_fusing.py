"""The fused model: coefficients and intervals, scores of patients it was not fitted to, its decision and its gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from edgecad.clinical.fusion import fused_score
from edgecad.contract import CategoryColumn, NumberColumn, YesNoColumn
from edgecad.decision.rules import DEFAULT
from edgecad.errors import UsageError
from edgecad_train.evaluation.clinical.columns import ClinicalTraining
from edgecad_train.evaluation.clinical.fitting import fitted_terms
from edgecad_train.evaluation.clinical.fusing import ClinicalRequest, FusedOutcome, ImageScores, check_folds, fuse
from edgecad_train.evaluation.clinical.judged import fused_log_odds
from edgecad_train.evaluation.clinical.usable import UsableValues
from edgecad_train.evaluation.statistics.metrics import Part

EFFECT = 0.8


def drawn(
    seed: int, cad: int = 99, other: int = 75, effect: float = EFFECT, part: Part = "out-of-fold", prefix: str = "p"
) -> tuple[ImageScores, tuple[ClinicalTraining, ...]]:
    """Patients whose number is drawn from the label, so that its log-odds a unit are `effect`; sex tells nothing."""
    draw = np.random.default_rng(seed)
    truth = np.repeat([True, False], (cad, other))
    side = np.where(truth, 0.5, -0.5)
    image = 1.6 * (1.6 * side + draw.standard_normal(len(truth)))
    names = tuple(f"{prefix}{number:03d}" for number in range(len(truth)))
    number = effect * side + draw.standard_normal(len(truth))
    yes = draw.random(len(truth)) < expit(side)
    sex = draw.choice(["F", "M"], len(truth))
    columns = (
        ClinicalTraining("number", "number", dict(zip(names, number.tolist(), strict=True))),
        ClinicalTraining("yes", "yes-no", dict(zip(names, yes.tolist(), strict=True))),
        ClinicalTraining("sex", "category", dict(zip(names, map(str, sex), strict=True))),
    )
    return ImageScores(part, names, truth, image), columns


def joined(one: Sequence[ClinicalTraining], other: Sequence[ClinicalTraining]) -> tuple[ClinicalTraining, ...]:
    return tuple(
        replace(first, values={**first.values, **second.values}) for first, second in zip(one, other, strict=True)
    )


def folds_of(scores: ImageScores, count: int = 5, seed: int = 0) -> list[list[str]]:
    order = np.random.default_rng(seed).permutation(len(scores.patients))
    return [[scores.patients[row] for row in rows] for rows in np.array_split(order, count)]


@pytest.fixture(scope="module")
def drawn_once() -> tuple[ImageScores, ImageScores, tuple[ClinicalTraining, ...]]:
    scores, columns = drawn(1)
    test, of_test = drawn(2, 25, 19, part="test", prefix="t")
    return scores, test, joined(columns, of_test)


@pytest.fixture(scope="module")
def outcome(drawn_once: tuple[ImageScores, ImageScores, tuple[ClinicalTraining, ...]]) -> FusedOutcome:
    scores, test, columns = drawn_once
    return fuse(ClinicalRequest(columns, "refuse"), scores, test, folds_of(scores), DEFAULT, 0.1)


def test_the_interval_of_a_known_effect_covers_it_as_often_as_it_says() -> None:
    covered = []
    for seed in range(200):
        scores, columns = drawn(seed)
        (number, *_) = fitted_terms(scores.truth, scores.log_odds, scores.patients, columns).terms
        assert isinstance(number, NumberColumn)
        covered.append(number.coefficient.low <= EFFECT <= number.coefficient.high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_a_fit_of_many_patients_is_that_of_maximum_likelihood() -> None:
    """The priors hardly count there; statsmodels fits without any."""
    from statsmodels.api import Logit, add_constant

    scores, columns = drawn(5, 1500, 1200)
    number, yes, _ = (np.array([column.values[patient] for patient in scores.patients]) for column in columns)
    sex = np.array([columns[2].values[patient] == "M" for patient in scores.patients])
    design = add_constant(np.column_stack([scores.log_odds, number, yes, sex]).astype(float))
    plain = Logit(scores.truth.astype(float), design).fit(disp=0)
    found = fitted_terms(scores.truth, scores.log_odds, scores.patients, columns)
    low, high = plain.conf_int().T
    terms = {term.name: term for term in found.terms}
    assert isinstance(terms["number"], NumberColumn)
    assert isinstance(terms["yes"], YesNoColumn)
    assert isinstance(terms["sex"], CategoryColumn)
    own = [found.image.coefficient, terms["number"].coefficient, terms["yes"].coefficient]
    for place, coefficient in enumerate(own, 1):
        assert coefficient.log_odds == pytest.approx(plain.params[place], rel=0.02)
        assert coefficient.high - coefficient.low == pytest.approx(high[place] - low[place], rel=0.02)
    woman, man = terms["sex"].categories
    assert man.coefficient.log_odds - woman.coefficient.log_odds == pytest.approx(plain.params[4], abs=0.01)
    of = woman.patients * woman.coefficient.log_odds + man.patients * man.coefficient.log_odds
    assert of == pytest.approx(0, abs=1e-6)


def test_a_column_that_separates_the_classes_has_finite_coefficients() -> None:
    scores, columns = drawn(3)
    apart = replace(columns[1], values=dict(zip(scores.patients, scores.truth.tolist(), strict=True)))
    (term,) = fitted_terms(scores.truth, scores.log_odds, scores.patients, (apart,)).terms
    assert isinstance(term, YesNoColumn)
    assert 0 < term.coefficient.log_odds < 15


def test_no_patients_own_label_enters_the_score_that_chooses(
    outcome: FusedOutcome, drawn_once: tuple[ImageScores, ImageScores, tuple[ClinicalTraining, ...]]
) -> None:
    """With the labels of one fold turned around its own scores stay, and those of the others move."""
    scores, test, columns = drawn_once
    folds = folds_of(scores)
    held = np.isin(scores.patients, folds[0])
    turned = replace(scores, truth=scores.truth ^ held)
    other = fuse(ClinicalRequest(columns, "refuse"), turned, test, folds, DEFAULT, 0.1)
    before, after = (each.fused[0].scores.log_odds for each in (outcome, other))
    assert np.allclose(before[held], after[held], atol=1e-9)
    assert np.abs(before[~held] - after[~held]).min() > 1e-6


def test_the_decision_is_that_of_the_cross_fitted_scores_and_the_gain_has_its_interval(outcome: FusedOutcome) -> None:
    model = outcome.model
    assert model.decision.evidence is not None
    assert model.decision.evidence.part == "out-of-fold"
    assert model.decision.zone is not None
    assert (model.decision.zone.cad, model.decision.zone.other) == (99, 75)
    assert [gain.part for gain in model.gains] == ["out-of-fold", "test"]
    for gain in model.gains:
        assert gain.low < gain.gain < gain.high
    assert {metric.part for metric in model.metrics} == {"out-of-fold", "test"}
    assert [evaluation.part for evaluation in outcome.evaluations] == ["out-of-fold", "test"]


def test_a_strong_column_gains_and_one_that_tells_nothing_does_not() -> None:
    gains = {}
    for effect in (0.0, 2.0):
        scores, columns = drawn(7, effect=effect)
        test, of_test = drawn(8, 25, 19, effect, "test", "t")
        request = ClinicalRequest(joined(columns[:1], of_test[:1]), "refuse")
        gains[effect] = fuse(request, scores, test, folds_of(scores), DEFAULT, 0.1).model.gains[0]
    assert gains[2.0].low > 0
    assert gains[0.0].low < 0  # it shows no gain; out of fold such a column costs a little
    assert abs(gains[0.0].gain) < 0.02


def test_the_runtime_gives_the_test_patients_the_scores_that_were_judged(
    outcome: FusedOutcome, drawn_once: tuple[ImageScores, ImageScores, tuple[ClinicalTraining, ...]]
) -> None:
    columns, temperature = drawn_once[2], outcome.model.decision.temperature
    tested = outcome.fused[1]
    for patient, image, value in zip(tested.scores.patients, tested.image, tested.scores.log_odds, strict=True):
        values = {column.name: column.values[patient] for column in columns}
        assert fused_score(outcome.model, float(image), values).log_odds * temperature == pytest.approx(value, abs=1e-9)


def test_patients_without_a_value_or_beyond_the_range_are_left_out(
    drawn_once: tuple[ImageScores, ImageScores, tuple[ClinicalTraining, ...]],
) -> None:
    scores, test, columns = drawn_once
    values = {patient: value for patient, value in columns[0].values.items() if patient not in ("p000", "t001")}
    wild = (replace(columns[0], values={**values, "t000": 1e3}), *columns[1:])
    found = fuse(ClinicalRequest(wild, "image-alone"), scores, test, folds_of(scores), DEFAULT, 0.1)
    assert (found.model.patients, found.model.left_out, found.model.missing) == (173, 1, "image-alone")
    assert not {"p000", "t000", "t001"} & {patient for part in found.fused for patient in part.scores.patients}


def test_too_few_patients_outside_of_a_fold_are_refused(
    drawn_once: tuple[ImageScores, ImageScores, tuple[ClinicalTraining, ...]],
) -> None:
    scores, test, columns = drawn_once
    truth = scores.truth.tolist()
    folds = [[p for p, own in zip(scores.patients, truth, strict=True) if own == kind] for kind in (True, False)]
    with pytest.raises(UsageError, match="outside of a fold"):
        fuse(ClinicalRequest(columns, "refuse"), scores, test, folds, DEFAULT, 0.1)
    is_cad = dict(zip(scores.patients, truth, strict=True))
    with pytest.raises(UsageError, match="outside of a fold"):  # and that is known before any training
        check_folds(columns, is_cad, folds)
    check_folds(columns, is_cad, folds_of(scores))
    check_folds((), is_cad, folds)
    one = folds_of(scores)[0]
    rare = replace(columns[0], values={p: float(p in one) for p in scores.patients})
    with pytest.raises(UsageError, match="cannot be fitted"):
        check_folds((rare,), is_cad, folds_of(scores))


def test_other_patients_are_judged_as_a_runtime_would_answer_them(outcome: FusedOutcome) -> None:
    from edgecad_train.data.table.clinical import AskedClinical
    from edgecad_train.data.table.columns import ClinicalCells, PatientColumns

    cells = {
        "number": {"a": "0.5", "b": "99", "d": "0"},
        "yes": {"a": "yes", "b": "no", "c": "no", "d": "no"},
        "sex": {"a": "F", "b": "M", "c": "M", "d": "other"},
    }
    columns = PatientColumns(clinical=tuple(ClinicalCells(AskedClinical(name), own) for name, own in cells.items()))
    found, why = fused_log_odds(outcome.model, ["a", "b", "c", "d"], np.zeros(4), columns)
    assert np.isfinite(found).tolist() == [True, False, False, False]
    assert "outside" in why["b"]
    assert "missing" in why["c"]
    assert "one of F, M" in why["d"]


def test_patients_without_usable_values_are_told_by_class() -> None:
    names = [f"p{number}" for number in range(100)]
    truth = np.arange(100) < 60
    assert UsableValues.of(names, truth, set(names)).warning is None
    told = UsableValues.of(names, truth, set(names) - {"p0", "p1", "p99"}).warning
    assert told == (
        "the clinical values of 2 of 60 CAD and 1 of 40 nonCAD patients cannot be used, and they are left out of all "
        "figures"
    )
    assert "depends on the class" in str(UsableValues.of(names, truth, set(names[:75])).warning)
    assert "25 of 25" in str(UsableValues.of(names[60:85], truth[60:85], set()).warning)
