"""Methods as rows of a study: which there are, what units they make, and how they stand in the table."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_study import fake_data, fake_plan, put_fake_run
from small_study import in_this_process

from edgecad.errors import UsageError
from edgecad_train.classes import LabelRule
from edgecad_train.data import find_cases
from edgecad_train.data.truth import DefectTruth
from edgecad_train.evaluation.statistics.intervals import Interval
from edgecad_train.methods.table import METHODS, NORMAL_LIMITS
from edgecad_train.phantoms import write_dataset
from edgecad_train.phantoms.mark import label_rule_of
from edgecad_train.study.definition.kept import study_from_json
from edgecad_train.study.definition.planning import plan_study
from edgecad_train.study.definition.request import StudyOptions, StudyRequest
from edgecad_train.study.folder import StudyFolder
from edgecad_train.study.leading import run_study
from edgecad_train.study.results.rows import reference_key, rows_of
from edgecad_train.study.results.study_table import study_table
from edgecad_train.study.results.table import markdown
from edgecad_train.study.results.table_csv import csv_text
from edgecad_train.study.results.true_deficit import TrueDeficit, phantom_words, true_deficit_of

BOTH = (NORMAL_LIMITS, "deep-features")


def options_of(**words: Any) -> StudyOptions:
    return StudyOptions(**({"backbones": "mobilenetv2", "first_weights": ["none"]} | words))


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ({}, (NORMAL_LIMITS,)),
        ({"without_normal_limits": True}, ()),
        ({"methods": "segments-svm"}, (NORMAL_LIMITS, "segments-svm")),
        ({"methods": "segments-svm", "without_normal_limits": True}, ("segments-svm",)),
        ({"methods": "segments-svm, deep-features"}, (NORMAL_LIMITS, "deep-features", "segments-svm")),
        ({"input": "rgb"}, ()),
        ({"input": "rgb", "methods": "deep-features"}, ("deep-features",)),
    ],
)
def test_the_baseline_is_always_there_unless_it_is_left_out_or_cannot_be(
    words: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert options_of(**words).method_names == names


def test_all_are_those_that_can_be_had_and_the_others_have_a_reason() -> None:
    assert set(options_of(methods="all").method_names) <= set(METHODS)
    of_colours = options_of(methods="all", input="rgb")
    assert "segments-svm" in of_colours.methods_left_out
    assert "uptake" in of_colours.methods_left_out["segments-svm"]
    assert not {*of_colours.methods_left_out} & {*of_colours.method_names}
    assert NORMAL_LIMITS not in options_of(methods="all", without_normal_limits=True).method_names


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"methods": "segment-svm"}, "did you mean segments-svm"),
        ({"methods": "segments-svm", "input": "rgb"}, "--methods segments-svm: it reads uptake"),
        ({"methods": NORMAL_LIMITS, "without_normal_limits": True}, "give one"),
        ({"strategies": "none", "without_normal_limits": True}, "nothing is to be compared"),
        ({"reference": "segments-svm"}, "none of the strategies"),
        ({"reference": "segments"}, "no strategy is called"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        options_of(**words)


def test_the_reference_may_be_a_method_and_is_the_baseline_without_strategies() -> None:
    assert options_of(reference=NORMAL_LIMITS).reference_name == NORMAL_LIMITS
    assert options_of(strategies="none").reference_name == NORMAL_LIMITS
    assert options_of().reference_name == "two-stage"


def test_units_of_strategies_keep_their_names_and_a_method_without_a_network_comes_once() -> None:
    plain, both = fake_plan().study, fake_plan(methods=BOTH).study
    assert both.units[: len(plain.units)] == plain.units
    added = both.units[len(plain.units) :]
    assert [(unit.network, unit.variant) for unit in added[::2]] == [
        ("none", NORMAL_LIMITS), ("mobilenetv2", "deep-features"), ("resnet50v2", "deep-features"),
    ]  # fmt: skip
    assert str(added[0]) == f"{NORMAL_LIMITS}, seed 0"
    assert [unit.split_sha256 for unit in added[:2]] == [unit.split_sha256 for unit in plain.units[:2]]
    assert not added[0].plan.stages


def test_a_study_of_a_version_without_methods_is_read() -> None:
    told = msgspec.to_builtins(fake_plan().study)
    del told["spec"]["methods"]
    for unit in told["units"]:
        del unit["method"]
    assert study_from_json(msgspec.json.encode(told)) == fake_plan().study


def test_a_study_that_was_begun_without_the_baseline_goes_on_without_it(phantom_folder: Path, tmp_path: Path) -> None:
    words: dict[str, Any] = {"strategies": "warm-up", "seeds": 1}
    request = StudyRequest(phantom_folder, options_of(**words, without_normal_limits=True))
    begun = plan_study(request, lambda done, of: None)
    StudyFolder(tmp_path / "study").open(begun.study)
    again = StudyRequest(phantom_folder, options_of(**words))
    assert plan_study(again, lambda done, of: None, tmp_path / "study").study == begun.study
    named = StudyRequest(phantom_folder, options_of(**words, methods="segments-svm"))
    with pytest.raises(UsageError, match="methods"):
        plan_study(named, lambda done, of: None, tmp_path / "study")


def test_rows_of_methods_are_compared_with_the_first_networks_reference_or_with_one_that_is_every_rows() -> None:
    study = fake_plan(methods=BOTH).study
    keys = tuple(study.rows())
    assert reference_key(study, "none", keys) == ("mobilenetv2", "two-stage")
    assert reference_key(study, "resnet50v2", keys) == ("resnet50v2", "two-stage")
    study = fake_plan(methods=BOTH, reference=NORMAL_LIMITS).study
    assert {reference_key(study, network, keys) for network, _ in keys} == {("none", NORMAL_LIMITS)}
    study = fake_plan(methods=BOTH, reference="deep-features").study
    assert reference_key(study, "resnet50v2", keys) == ("resnet50v2", "deep-features")
    assert reference_key(study, "none", keys) == ("mobilenetv2", "deep-features")


def test_the_true_deficit_has_an_area_and_only_of_phantoms(tmp_path: Path) -> None:
    plan = fake_plan()
    folder = StudyFolder(tmp_path)
    folder.open(plan.study)
    put_fake_run(folder, plan, plan.study.units[0])
    rows = rows_of(folder)
    data = fake_data()
    assert true_deficit_of(rows, data) is None  # no deficit is known
    deep = DefectTruth.of_segments([1])
    cases = tuple(
        replace(case, defect=deep.with_deficit(6.0 + row % 7) if case.label == "CAD" else None)
        for row, case in enumerate(data.cases)
    )
    known = replace(data, cases=cases)
    found = true_deficit_of(rows, known)
    assert found is not None
    assert found.area.value == 1  # whoever has a defect is CAD here
    assert "1.000" in phantom_words(found)
    turned = replace(data, cases=tuple(replace(case, defect=deep.with_deficit(5.0)) for case in cases))
    found = true_deficit_of(rows, turned)
    assert found is not None
    assert found.area.value == 0.5
    assert true_deficit_of(rows, replace(known, origin="patients")) is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [("deficit", "here: the ceiling."), ("LAD", "of the LAD's territory"), ("LAD", "here: no ceiling")],
)
def test_what_the_true_deficit_means_is_said_by_the_rule_of_the_labels(
    rule: LabelRule, said: str, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "data", 3, seed=1, rule=rule)
    cases = find_cases(tmp_path / "data", least=1).cases
    assert label_rule_of(case.path for case in cases) == rule
    words = phantom_words(TrueDeficit(Interval(0.9, 0.8, 0.95, 40, "DeLong"), rule))
    assert said in words
    assert "cannot rank systems" in words
    (tmp_path / "data" / "PHANTOMS.json").write_text("{}")
    assert label_rule_of(case.path for case in cases) is None


def test_a_table_of_phantoms_says_that_they_rank_nothing_and_one_of_patients_does_not(tmp_path: Path) -> None:
    plan = fake_plan(seeds=1)
    folder = StudyFolder(tmp_path)
    folder.open(plan.study)
    assert "cannot rank" in markdown(study_table(plan.study, rows_of(folder)))
    of_patients = msgspec.structs.replace(plan.study, origin="patients")
    assert "cannot rank" not in markdown(study_table(of_patients, rows_of(folder)))


def test_methods_and_a_strategy_in_one_table_for_real(phantom_folder: Path, tmp_path: Path) -> None:
    words: dict[str, Any] = {
        "methods": "segments-logistic,segments-mlp", "strategies": "none", "folds": 2, "seeds": None,
    }  # fmt: skip
    plan = plan_study(StudyRequest(phantom_folder, options_of(**words)), lambda done, of: None, tmp_path / "study")
    outcome = run_study(tmp_path / "study", plan, in_this_process, lambda *words: None)
    assert outcome.failures == ()
    lines = list(csv.DictReader(io.StringIO(csv_text(outcome.table))))
    assert [line["method"] for line in lines] == [NORMAL_LIMITS, "segments-mlp", "segments-logistic"]
    assert {line["input"] for line in lines} == {"uptake"}
    assert [line["reference"] for line in lines] == [NORMAL_LIMITS] * 3
    assert all(0.5 < float(line["auc"]) <= 1 for line in lines)
    assert [bool(line["map_and_uptake"]) for line in lines] == [True, False, True]
    assert float(lines[0]["map_and_uptake"]) < 0  # it marks what is cold
    assert (tmp_path / "study" / "maps-methods.png").is_file()
