"""`edgecad plan`: six blocks in order within 80 columns, no verdict, and a learning curve where scans are given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad_train.planning.curve_words import lines_of_curve
from edgecad_train.planning.options import CurveOptions, PlanOptions
from edgecad_train.planning.outlook import outlook_of
from edgecad_train.planning.parts import PartCounts
from edgecad_train.planning.record import CurvePoint, LearningCurve, PlanRecord
from edgecad_train.planning.words import lines_of

Run = Callable[..., Any]
BLOCKS = ("Test part", "AUC", "Threshold and zone", "Training", "External validation", "Study of")
SLOW = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "statsmodels", "optuna"}


def _plan(patients: int = 218, prevalence: float = 0.57, **more: Any) -> PlanRecord:
    return outlook_of(patients, prevalence, PlanOptions(**more))


def _text(plan: PlanRecord) -> str:
    return re.sub(r"\s+", " ", " ".join(lines_of(plan)))


def _drawn(seed: int) -> PlanRecord:
    """Any plan that can be meant."""
    rng = np.random.default_rng(seed)
    more = {
        "auc": float(rng.uniform(0.55, 0.99)),
        "test": float(rng.uniform(0.1, 0.5)),
        "strategies": int(rng.integers(2, 30)),
        "seeds": int(rng.integers(2, 40)),
        "uncertain": float(rng.choice([0.0, 0.01, 0.05, 0.1, 0.2])),
        "training_sd": float(rng.choice([0.0, 0.02, 0.2])),
    }
    return _plan(int(10 ** rng.uniform(1.9, 4.9)), float(rng.uniform(0.2, 0.8)), **more)


@pytest.mark.parametrize("seed", range(12))
def test_any_plan_stands_in_80_columns_in_its_order_and_judges_nothing(seed: int) -> None:
    lines = list(lines_of(_drawn(seed)))
    assert max(map(len, lines)) <= 80
    assert not any(line != line.rstrip() for line in lines)
    headings = [line for line in lines if re.match(r"\d ", line)]
    assert len(headings) == len(BLOCKS)
    for number, (line, block) in enumerate(zip(headings, BLOCKS, strict=True), 1):
        assert line.startswith(f"{number} {block}")
    assert not re.search(
        r"\b(pass|passes|passed|fail|fails|sufficient|adequate|insufficient|ok|nan|inf)\b", " ".join(lines)
    )


def test_the_papers_patients() -> None:
    """Widths, bounds and sizes as they were computed apart from this program, to their digits."""
    plan = _plan()
    widths = {round(one.share, 2): one.width for one in plan.sensitivity.widths}
    assert [f"{widths[share]:.2f}" for share in (0.8, 0.9, 0.95)] == ["0.33", "0.26", "0.21"]
    assert [f"{one.width:.2f}" for one in plan.specificity.widths[1:]] == ["0.38", "0.30", "0.25"]
    areas = {one.among: f"{one.low:.2f} {one.high:.2f}" for one in plan.areas}
    assert areas == {"test part": "0.69 0.93", "out-of-fold": "0.78 0.90", "all, as new patients": "0.79 0.89"}
    assert plan.development.prevalence_from == 377
    assert plan.development.carried == 8
    assert {one.parameters: max(one.shrinkage, one.optimism) for one in plan.development.rows}[10] == 214
    assert plan.validation.patients_for_slope == 188
    assert plan.zone is not None
    assert plan.zone.wrong_up_to == pytest.approx(0.15, abs=0.005)
    assert plan.rules[1].rests_on == 4
    assert plan.rules[1].shown_from == 59


@pytest.mark.parametrize("auc", [0.6, 0.75, 0.9])
def test_more_patients_narrow_every_block(auc: float) -> None:
    small, large = _plan(150, 0.5, auc=auc), _plan(450, 0.5, auc=auc)
    assert all(b.width < a.width for a, b in zip(small.sensitivity.widths, large.sensitivity.widths, strict=True))
    assert all(b.high - b.low < a.high - a.low for a, b in zip(small.areas, large.areas, strict=True))
    assert large.development.carried > small.development.carried
    assert all(b.smallest < a.smallest for a, b in zip(small.comparison.rows, large.comparison.rows, strict=True))


def test_more_runs_show_smaller_differences_and_own_seeds_have_their_row() -> None:
    rows = [row for row in _plan(seeds=7).comparison.rows if not row.folds]
    assert [row.runs for row in rows] == [5, 7, 10, 20]
    assert [row.smallest for row in rows] == sorted((row.smallest for row in rows), reverse=True)


def test_a_difference_beyond_what_is_left_says_so() -> None:
    assert "more than is left to AUC 1" in _text(_plan(60, 0.5, auc=0.95))
    assert "more than is left" not in _text(_plan(5000, 0.5, auc=0.7))


def test_a_zone_is_promised_only_where_both_classes_can_set_it() -> None:
    assert "Uncertain zone: none. At alpha 0.1 it takes 9 patients of each class" in _text(_plan(60, 0.85))
    assert "Uncertain zone: none is wanted." in _text(_plan(uncertain=0.0))
    assert "99 CAD and 75 nonCAD it may be 15 in 100" in _text(_plan())


def test_the_formulas_of_regression_are_not_told_of_networks() -> None:
    assert "These formulas are for logistic regression; a network has no such number of parameters." in _text(_plan())


def _curve(origin: str = "patients") -> LearningCurve:
    points = (
        CurvePoint(share=0.25, taught=44, areas=(0.80, 0.84, 0.82)),
        CurvePoint(share=0.5, taught=87, areas=(0.84, 0.86, 0.88)),
        CurvePoint(share=1.0, taught=174, areas=(0.87, 0.88, 0.86)),
    )
    return LearningCurve(
        backbone="mobilenetv2", features="stride-16", origin=origin, patients=PartCounts(124, 94), folds=5,  # type: ignore[arg-type]
        points=points,
    )  # fmt: skip


def test_a_curve_is_told_with_its_spread_and_as_what_it_is() -> None:
    lines = list(lines_of_curve(_curve(), 7))
    text = re.sub(r"\s+", " ", " ".join(lines))
    assert max(map(len, lines)) <= 80
    assert "44 25% 0.820 0.800 0.840 0.020" in text
    assert "From 87 to 174 patients the AUC moved by +0.010 in the mean, by \N{MINUS SIGN}0.020 to +0.030" in text
    assert "It is no interval for other patients" in text
    assert "PHANTOM" not in text


@pytest.mark.parametrize("origin", ["phantom", "mixed"])
def test_a_curve_of_phantoms_is_stamped_before_any_figure(origin: str) -> None:
    plan = outlook_of(218, 0.57, PlanOptions(), _curve(origin))
    assert next(iter(lines_of(plan))).startswith("PHANTOM")
    assert next(iter(lines_of_curve(_curve(origin), 7))).startswith("PHANTOM")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "--patients and --prevalence wanted, for example: edgecad plan --patients 218 --prevalence 0.57"),
        ("--patients 218", "--prevalence wanted"),
        ("--patients 0 --prevalence .5", "--patients 0 is not within 1 to 100,000"),
        ("--patients 218 --prevalence 57", "--prevalence 57 is not above 0 and below 1; 57 percent is 0.57"),
        ("--patients 218 --prevalence 1", "--prevalence 1 is not above 0 and below 1"),
        ("--patients 218 --prevalence nan", "--prevalence nan"),
        ("--patients 218 --prevalence .5 --auc .5", "--auc 0.5 is not within 0.55 to 0.99"),
        ("--patients 218 --prevalence .5 --auc nan", "--auc nan"),
        ("--patients 218 --prevalence .5 --test 20", "--test 20 is not above 0 and below 1; 20 percent is 0.2"),
        ("--patients 218 --prevalence .5 --folds 1", "--folds 1 would teach nobody"),
        ("--patients 218 --prevalence .5 --uncertain .5", "--uncertain 0.5"),
        ("--patients 218 --prevalence .5 --uncertain nan", "--uncertain nan"),
        ("--patients 218 --prevalence .5 --training-sd 1", "--training-sd 1 is not within 0 to 0.5"),
        ("--patients 218 --prevalence .5 --draws 3", "--draws would go unused: it is for --curve DATA"),
        ("--patients 218 --prevalence .5 --crop none", "--crop would go unused"),
        ("--curve nowhere", "no data at nowhere"),
        ("--curve nowhere --backbone vgg99", "'vgg99'"),
        ("--curve nowhere --crop 1,2", "--crop '1,2'"),
    ],
)
def test_what_is_wrong_is_said_before_anything_slow_is_imported(edgecad_plan: Run, words: str, told: str) -> None:
    done = edgecad_plan(*words.split())
    assert done.code == 2, done.stderr
    assert done.stderr.startswith("edgecad: ")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr
    assert not SLOW & {name.partition(".")[0] for name in done.modules}


@pytest.fixture
def edgecad_plan(edgecad: Run) -> Run:
    """Run `edgecad plan ARGUMENTS` in a process of its own."""
    return lambda *words, **more: edgecad("plan", *words, **more)


def test_without_a_curve_no_network_is_imported(edgecad_plan: Run) -> None:
    done = edgecad_plan("--patients", 218, "--prevalence", 0.57)
    assert done.code == 0, done.stderr
    assert "6 Study of 7 strategies" in done.stdout
    assert not {"tensorflow", "keras", "sklearn", "matplotlib"} & {name.partition(".")[0] for name in done.modules}


def test_help_imports_neither_arrays_nor_networks(edgecad_plan: Run) -> None:
    done = edgecad_plan("--help", fresh=True)
    assert done.code == 0
    assert "--curve DATA" in done.stdout
    assert not (SLOW | {"numpy", "cv2"}) & {name.partition(".")[0] for name in done.modules}


def test_too_few_patients_end_with_a_sentence(edgecad_plan: Run) -> None:
    done = edgecad_plan("--patients", 8, "--prevalence", 0.5)
    assert done.code == 2
    assert "every figure needs 2 of each" in done.stderr
    assert not done.stdout


def test_json_holds_the_same_figures(edgecad_plan: Run) -> None:
    done = edgecad_plan("--patients", 218, "--prevalence", 0.57, "--json")
    found = json.loads(done.stdout)
    assert found["schema"] == 1
    assert found["parts"]["test"] == {"cad": 25, "other": 19}
    assert found["validation"]["patients_for_slope"] == 188
    assert found["curve"] is None


def test_a_curve_is_measured_on_the_scans_that_are_given(edgecad_here: Run, phantom_folder: Path) -> None:
    words = ("--backbone", "mobilenetv2", "--weights", "none", "--warmup-epochs", 2, "--draws", 2, "--quiet")
    done = edgecad_here("plan", "--curve", phantom_folder, *words, "--json")
    assert done.code == 0, done.stderr
    found = json.loads(done.stdout)
    curve = found["curve"]
    assert curve["patients"]["cad"] + curve["patients"]["other"] == 30
    assert found["parts"]["everybody"] == curve["patients"]
    assert curve["origin"] == "phantom"
    assert [point["share"] for point in curve["points"]] == [0.25, 0.5, 1.0]
    taught = [point["taught"] for point in curve["points"]]
    assert taught == sorted(taught)
    assert taught[-1] == 24
    assert all(len(point["areas"]) == 2 and all(0 <= area <= 1 for area in point["areas"]) for point in curve["points"])
    again = edgecad_here("plan", "--curve", phantom_folder, *words, "--json")
    assert json.loads(again.stdout)["curve"] == curve


def test_options_of_the_curve_train_the_head_alone() -> None:
    settings = CurveOptions(curve=Path("data"), backbone="mobilenetv2", warmup_epochs=7, seed=3).settings
    assert [stage.part for stage in settings.plan.stages] == ["head"]
    assert (settings.plan.stages[0].epochs, settings.seed) == (7, 3)
