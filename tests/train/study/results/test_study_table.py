"""The table as people and programs get it, and its pictures."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from fake_study import SIZE, fake_data, fake_plan, put_fake_run
from matplotlib.figure import Figure

from edgecad.contract import Drawing, Preparation
from edgecad_train.data import DataFinding
from edgecad_train.study.definition.spec import BackboneSpec, Weights
from edgecad_train.study.folder import Failure, StudyFolder
from edgecad_train.study.plain import kind_of, plain_seconds_of, plain_tasks
from edgecad_train.study.results import maps
from edgecad_train.study.results import picture as results_picture
from edgecad_train.study.results.maps import draw_maps
from edgecad_train.study.results.picture import draw_table
from edgecad_train.study.results.rows import Row, rows_of
from edgecad_train.study.results.study_table import study_table
from edgecad_train.study.results.table import markdown, terminal_lines
from edgecad_train.study.results.table_csv import csv_text
from edgecad_train.study.results.unit_run import UnitRun


def half_done(path: Path, **changes: object) -> StudyFolder:
    """A study of which everything but one network's last row is done; one unit failed."""
    plan, folder = fake_plan(**changes), StudyFolder(path)
    folder.open(plan.study)
    for unit in plan.study.units[:-2]:
        put_fake_run(folder, plan, unit)
    folder.put_failure(plan.study.units[-1], Failure(message="no weights", exit_code=4))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> StudyFolder:
    return half_done(tmp_path_factory.mktemp("table") / "study")


@pytest.fixture(scope="module")
def rows(folder: StudyFolder) -> tuple[Row, ...]:
    return rows_of(folder)


def test_the_csv_holds_every_row_and_its_figures(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    lines = list(csv.DictReader(io.StringIO(csv_text(study_table(folder.study(), rows)))))
    assert len(lines) == 8
    assert {line["origin"] for line in lines} == {"phantom"}
    for line, row in zip(lines[:-1], rows, strict=False):
        told = row.metric("accuracy")
        assert told is not None
        assert float(line["accuracy"]) == pytest.approx(told.value, abs=1e-4)
        assert float(line["accuracy_low"]) == pytest.approx(told.low, abs=1e-4)
        assert line["accuracy_method"] == told.method
        assert line["runs_done"] == line["runs_asked"] == "2"
    last = lines[-1]
    assert (last["runs_done"], last["runs_failed"], last["auc"], last["seconds_mean"]) == ("0", "1", "", "")
    two_stage = next(line for line in lines if line["strategy"] == "two-stage" and line["layerwise"] == "False")
    assert two_stage["networks_accuracy_less_reference_value"] == ""
    assert two_stage["strategy_auc_less_reference_value"] == ""
    assert lines[0]["mcnemar_p_by_run_unadjusted"].startswith("seed 0: ")


def test_every_strategy_tells_whether_its_heat_maps_show_the_defect(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    lines = list(csv.DictReader(io.StringIO(csv_text(study_table(folder.study(), rows)))))
    for line, row in zip(lines[:-1], rows, strict=False):
        scans = [scan for run in row.runs for scan in run.located]
        judged = [scan for scan in scans if scan.peak_on_defect is not None]
        assert len(row.runs) == 2
        assert line["heat_maps_of"] == "known defects"
        assert int(line["heat_maps_scans"]) == len(judged) > 0
        assert int(line["peak_on_defect_patients"]) == len({scan.patient for scan in judged})
        hits = np.mean([bool(scan.peak_on_defect) for scan in judged])
        assert float(line["peak_on_defect"]) == pytest.approx(hits, abs=1e-4)
        assert float(line["peak_on_defect_low"]) < hits
        assert float(line["map_auc"]) == pytest.approx(np.mean([scan.map_auc or 0 for scan in judged]), abs=1e-4)
        assert (line["chance"], line["map_and_uptake"]) == ("0.2500", "-0.5000")
    assert (lines[-1]["heat_maps_of"], lines[-1]["peak_on_defect"]) == ("", "")
    text = markdown(study_table(folder.study(), rows))
    assert "| peak on the defect | map and uptake |" in text
    assert "whose defect is known (mask " in text
    assert "A peak anywhere lies on the defect in 0.25, and the coldest place 1.00." in text


def test_without_known_defects_the_maps_are_compared_with_uptake(rows: tuple[Row, ...], folder: StudyFolder) -> None:
    def nobody_knows(run: UnitRun) -> UnitRun:
        lines = tuple(
            replace(
                line,
                located=replace(
                    line.located, truth="", chance=None, peak_on_defect=None, map_auc=None, coldest_on_defect=None
                ),
            )
            for line in run.records.located
        )
        return replace(run, records=replace(run.records, located=lines))

    blind = tuple(replace(row, runs=tuple(map(nobody_knows, row.runs))) for row in rows)
    lines = list(csv.DictReader(io.StringIO(csv_text(study_table(folder.study(), blind)))))
    first = lines[0]
    assert (first["heat_maps_of"], first["peak_on_defect"]) == ("above the threshold", "")
    assert first["map_and_uptake"] == "-0.5000"
    assert "no scan comes with its defect" in markdown(study_table(folder.study(), blind))


def test_the_table_for_people_is_stamped_and_a_grid(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    text = markdown(study_table(folder.study(), rows))
    assert text.startswith("# PHANTOM DATA: says nothing about patients")
    assert "14 of 16 runs are done, 1 failed." in text
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.splitlines()}) == 1
    assert text.count("not measured") == 8
    assert "adjusted over all 5 comparisons with a reference (max-T)" in text
    assert "adjusted over all 21 pairs of rows (Holm)" in text
    assert "adjusted over all 5 rows (Holm)" in text
    assert "nan" not in text
    assert not re.search(r"\bp\d{3}\b", text), "no patient is named"


@pytest.mark.parametrize(
    ("changes", "words", "folds"),
    [
        ({}, "Protocol holdout: one validation part chose epoch, temperature and threshold.", "0"),
        ({"protocol": "folds", "inner_folds": 3}, "Protocol folds: 3 folds of the patients who are not tested", "3"),
    ],
)
def test_every_table_names_the_protocol(changes: dict[str, Any], words: str, folds: str, tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "study")
    folder.open(fake_plan(**changes).study)
    study, rows = folder.study(), rows_of(folder)
    assert f"\n- {words}" in markdown(study_table(study, rows))
    assert terminal_lines(study_table(study, rows))[0].startswith(words[0].lower() + words[1:-1])
    lines = list(csv.DictReader(io.StringIO(csv_text(study_table(study, rows)))))
    assert {(line["protocol"], line["inner_folds"]) for line in lines} == {(study.spec.protocol, folds)}


def test_patients_data_are_not_stamped(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    study = folder.study()
    told = {
        origin: markdown(study_table(msgspec.structs.replace(study, origin=origin), rows))
        for origin in ("patients", "mixed")
    }
    assert "PHANTOM" not in told["patients"]
    assert "PHANTOM AND PATIENT DATA MIXED: no result" in told["mixed"]


def test_the_terminal_gets_the_protocol_and_a_line_a_row(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    lines = terminal_lines(study_table(folder.study(), rows))
    assert lines[0] == "protocol holdout: one validation part chose epoch, temperature and threshold"
    assert len(lines) == 11
    assert all(len(line) < 120 for line in lines)
    assert lines[-1].split()[-1] == "0/2"


def test_pictures_are_drawn_of_what_is_there(folder: StudyFolder, rows: tuple[Row, ...], tmp_path: Path) -> None:
    picture = cv2.imread(str(draw_table(study_table(folder.study(), rows), tmp_path / "table.png")))
    assert picture.shape[1] > 1500
    assert picture.std() > 20
    red = (picture[..., 2].astype(int) - picture[..., 0] > 60).mean(axis=1)
    assert red[: picture.shape[0] // 10].max() > 0.02, "the phantom line is on top"
    drawn = draw_maps(folder, rows, {SIZE: fake_data()})
    assert [path.name for path in drawn] == ["maps-mobilenetv2.png", "maps-resnet50v2.png"]
    assert all(cv2.imread(str(path)).std() > 20 for path in drawn)


def test_the_picture_names_each_network_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(results_picture, "save", lambda figure, path, _: kept.append(figure) or path)
    folder = StudyFolder(tmp_path / "study")
    folder.open(fake_plan(methods=("normal-limits", "deep-features", "segments-svm")).study)
    draw_table(study_table(folder.study(), rows_of(folder)), tmp_path / "table.png")
    axes = kept[0].axes[0]
    heads = [text for text in axes.texts if text.get_fontweight() == "bold"]
    assert [head.get_text() for head in heads] == ["mobilenetv2", "resnet50v2", "without a network"]
    ticks = dict(zip((label.get_text().split()[0] for label in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert ticks["normal-limits"] + 1 == ticks["segments-svm"]


def test_an_empty_study_has_a_table_too(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "study")
    folder.open(fake_plan().study)
    rows = rows_of(folder)
    assert "0 of 16 runs are done." in markdown(study_table(folder.study(), rows))
    assert csv_text(study_table(folder.study(), rows)).count("\n") == 9
    assert draw_table(study_table(folder.study(), rows), tmp_path / "table.png").is_file()
    assert draw_maps(folder, rows, {SIZE: fake_data()}) == ()


def test_plain_keras_time_is_epochs_times_what_was_measured(tmp_path: Path) -> None:
    folder = half_done(tmp_path / "study", time_plain=True)
    study = folder.study()
    tasks = {task.name: task for task in plain_tasks(study)}
    assert set(tasks) == {
        f"{network}-{kind}"
        for network in ("mobilenetv2", "resnet50v2")
        for kind in ("everything-normalising", "head", "top")
    }
    seconds = {"everything-normalising": 5.0, "head": 1.0, "top": 2.0}
    for name, task in tasks.items():
        if task.unit.settings.backbone == "mobilenetv2":
            folder.put_plain_time(name, task.took(seconds[kind_of(task.stage)], epochs=3, threads=1))
    told = {row.variant: row.plain_seconds for row in rows_of(folder) if row.backbone == "mobilenetv2"}
    assert told == {"scratch": 500.0, "warm-up": 100.0, "two-stage": 160.0, "two-stage, layer-wise": 160.0}
    assert {row.plain_seconds for row in rows_of(folder) if row.backbone == "resnet50v2"} == {None}
    unit = msgspec.structs.replace(study.units[0], inner_folds=5)
    assert plain_seconds_of(unit, folder.plain_time) == 2500.0
    assert "| 500 (" in markdown(study_table(study, rows_of(folder)))


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), None),
        (("cpu",), None),
        (("cuda:0",), "Runs were trained on cuda:0, NVIDIA Test."),
        (("cpu", "cuda:0"), "Runs were trained on cpu and on cuda:0, NVIDIA Test: sums are in another order on each"),
    ],
)
def test_the_table_says_which_devices_trained_unless_it_was_the_processor(
    names: tuple[str, ...], told: str | None, tmp_path: Path
) -> None:
    folder = half_done(tmp_path / "study")
    for number, unit in enumerate(folder.study().units[:-2] if names else ()):
        name = names[number % len(names)]
        record = folder.run_folder(unit) / "run.json"
        device = {"name": name, "gpu": "NVIDIA Test" if name != "cpu" else ""}
        record.write_text(json.dumps({**json.loads(record.read_text()), "device": device}))
    page = markdown(study_table(folder.study(), rows_of(folder)))
    assert ("trained on" in page) == (told is not None)
    assert told is None or f"- {told}" in page


def test_a_unit_plans_the_epochs_that_were_asked_for() -> None:
    unit = next(unit for unit in fake_plan().study.units if unit.settings.layerwise)
    assert [(stage.part, stage.epochs, stage.layerwise) for stage in unit.settings.plan.stages] == [
        ("head", 100, False),
        ("top", 30, True),
    ]


def _uptake(beyond: Any) -> Preparation:
    return Preparation(size=SIZE, input="uptake", drawing=Drawing(table="iron", beyond=beyond))


@pytest.mark.parametrize(
    ("preparation", "on_black", "seen"),
    [
        (Preparation(size=SIZE), True, "polar map"),
        (Preparation(size=SIZE, crop="none"), False, "polar map"),
        (_uptake("black"), True, "uptake, drawn in iron"),
        (_uptake("mirrored"), False, "uptake, drawn in iron"),
    ],
)
def test_evidence_outside_a_disc_is_told_where_the_disc_lies_on_black(
    preparation: Preparation, on_black: bool, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[bool, str]] = []
    monkeypatch.setattr(maps, "draw_strategies", lambda *words, seen, **more: told.append((more["disc"], seen)))
    spec = BackboneSpec(name="mobilenetv2", weights=Weights(name="none"), preparation=preparation)
    folder = half_done(tmp_path / "study", backbones=(spec,))
    draw_maps(folder, rows_of(folder), {SIZE: fake_data()})
    assert told == [(on_black, seen)]


def test_what_was_found_in_the_data_stands_below_the_table(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    found = DataFinding(code="near-duplicate-across-parts", text="seed 0: 2 pairs lie in two parts")
    assert "- Of the data: seed 0: 2 pairs lie in two parts.\n" in markdown(study_table(folder.study(), rows), [found])


def test_scans_whose_classes_take_turns_are_shown_first(folder: StudyFolder) -> None:
    from edgecad_train.study.results.maps import _by_turns

    order = _by_turns(["CAD", "CAD", "CAD", "nonCAD", "nonCAD"])
    assert order.tolist() == [0, 3, 1, 4, 2]
    assert np.array_equal(np.sort(order), np.arange(5))


def test_rows_that_grew_are_worked_out_again_and_the_others_taken_over(tmp_path: Path) -> None:
    folder = half_done(tmp_path / "study")
    before = rows_of(folder)
    plan = fake_plan()
    for unit in plan.study.units[-2:]:
        put_fake_run(folder, plan, unit)
    after = rows_of(folder, before)
    assert after == rows_of(folder)
    assert after[0].metrics is before[0].metrics
    assert (len(before[-1].runs), len(after[-1].runs)) == (0, 2)
    assert after[-1].against is not None


def test_runs_with_other_threads_are_told(folder: StudyFolder, rows: tuple[Row, ...]) -> None:
    first = rows[0].runs[0]
    record = msgspec.structs.replace(first.records.record, threads=4)
    second = replace(first, records=replace(first.records, record=record))
    other = replace(rows[0], runs=(first, second))
    assert "Runs had 1 and 4 threads" in markdown(study_table(folder.study(), (other,)))
    assert "threads:" not in markdown(study_table(folder.study(), rows))
