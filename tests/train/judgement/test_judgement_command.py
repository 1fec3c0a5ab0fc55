"""`edgecad evaluate` on phantoms: what it writes, says, warns of and refuses."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, roc_auc_score

from edgecad.contract import Colours, Decision, Preparation
from edgecad.frozen import struct_from_json
from edgecad_train.data import PreparedData, colours_of, find_cases, prepare_cases
from edgecad_train.judgement.record import EvaluationRecord
from edgecad_train.judgement.words import lines_of
from edgecad_train.runs.scans import write_scans

Run = Callable[..., Any]


@pytest.fixture
def judge(edgecad_here: Run, few_phantoms: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `edgecad evaluate MODEL DATA OPTIONS --json`, on the phantoms by default; give what it printed.

    Without pictures, which take longer than all the rest; one test draws them.
    """
    monkeypatch.setattr("edgecad_train.judgement.report.page.draw_judgement", lambda _: ())

    def run(model: Path, *options: object, data: Path = few_phantoms, code: int = 0) -> dict[str, Any]:
        answer = edgecad_here("evaluate", model, data, "--json", *options)
        assert answer.code == code, answer.stderr
        return {"stderr": answer.stderr, **json.loads(answer.stdout)}

    return run


def _words(folder: str) -> str:
    """What a person was told, from the record that was kept."""
    record = struct_from_json((Path(folder) / "metrics.json").read_bytes(), EvaluationRecord, "it", "")
    return "\n".join(lines_of(record))


def _metric(record: dict[str, Any], name: str) -> float:
    return next(m["value"] for m in record["evaluations"][0]["metrics"] if m["name"] == name)


def _rows(folder: str | Path, name: str = "predictions.csv") -> list[dict[str, str]]:
    with (Path(folder) / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_gives_files_a_line_a_patient_and_figures_that_follow_from_them(judge: Run, make_run: Run) -> None:
    told = judge(make_run())
    folder = Path(told["folder"])
    assert folder.parent == Path("evaluations")
    assert folder.name.endswith("-a-run")
    rows = _rows(folder)
    assert (
        len(rows)
        == told["patients"]
        == told["evaluations"][0]["confusion"]["true_positive"]
        + sum(told["evaluations"][0]["confusion"][key] for key in ("false_negative", "true_negative", "false_positive"))
    )
    truth = [row["label"] == "CAD" for row in rows]
    assert _metric(told, "accuracy") == pytest.approx(accuracy_score(truth, [row["above"] == "1" for row in rows]))
    assert _metric(told, "auc") == pytest.approx(roc_auc_score(truth, [float(row["log_odds"]) for row in rows]))
    written = json.loads((folder / "metrics.json").read_text())
    assert written == {key: value for key, value in told.items() if key not in ("folder", "stderr")}


def test_scores_are_those_of_the_prepared_scans(judge: Run, make_run: Run, few_phantoms: Path) -> None:
    folder = make_run(decision=Decision(threshold=0.3, rule="given", temperature=2.0))
    rows = {row["patient"]: row for row in _rows(judge(folder)["folder"])}
    prepared = prepare_cases(find_cases(few_phantoms).cases, Preparation(size=64))
    for case, image in zip(prepared.cases, prepared.images, strict=True):
        red, green, blue = image.reshape(-1, 3).mean(axis=0) / 255
        log_odds = 8 * red - 6 * green - 4 * blue - 0.2
        row = rows[case.patient]
        assert float(row["log_odds"]) == pytest.approx(log_odds, abs=1e-4)
        assert float(row["score_cad"]) == pytest.approx(1 / (1 + np.exp(-log_odds / 2)), abs=2e-5)
        assert (row["above"], row["label"]) == (str(int(log_odds / 2 >= np.log(0.3 / 0.7))), case.label)


def test_the_order_of_the_classes_is_the_contracts(judge: Run, make_run: Run) -> None:
    one, other = judge(make_run(), "--out", "one"), judge(make_run("b", classes=("nonCAD", "CAD")), "--out", "other")
    assert _metric(other, "auc") == pytest.approx(1 - _metric(one, "auc"))
    assert [float(row["log_odds"]) for row in _rows("other")] == [-float(row["log_odds"]) for row in _rows("one")]


def test_a_run_and_its_exported_model_get_the_same_figures(judge: Run, make_run: Run, model_folder: Path) -> None:
    run = make_run()
    one, other = judge(run, "--out", "one"), judge(model_folder, "--out", "other")
    assert (one["model"]["kind"], other["model"]["kind"]) == ("run", "model")
    for metric in one["evaluations"][0]["metrics"]:
        assert _metric(other, metric["name"]) == pytest.approx(metric["value"], abs=1e-5)
    assert judge(run / "model.keras", "--out", "file")["model"] == one["model"]
    lone = judge(model_folder / "model.onnx", "--out", "lone")
    assert lone["model"]["name"] == "tiny"
    assert lone["model"]["sha256"] == other["model"]["sha256"]
    assert judge(model_folder.parent / "latest", "--out", "latest")["model"] == other["model"]


def test_pictures_are_drawn_and_the_table_says_phantom_and_the_next_step(
    edgecad_here: Run, make_run: Run, few_phantoms: Path
) -> None:
    folder = make_run(origin="patients")
    answer = edgecad_here("evaluate", folder, few_phantoms)
    assert answer.code == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert lines[0].startswith("PHANTOM")
    wrote = {path.name for path in next(Path("evaluations").iterdir()).iterdir()}
    assert wrote == {
        "report.html", "reporting-checklist.html", "metrics.json", "contract.json", "predictions.csv",
        "localisation.csv", "heatmaps.npz",
        *(f"{name}-test.png" for name in ("roc", "calibration", "confusion", "decision-curve")),
        *(f"cases-{name}.png" for name in ("right", "wrong", "nearest")),
    }  # fmt: skip
    for word in ("sensitivity_cad", "labelled nonCAD", "calibration slope", "DeLong", "agreement with their labels"):
        assert word in answer.stdout
    assert lines[-1] == f"next: edgecad export {shlex.quote(str(folder))}"
    assert "warning: not shown to be better than chance" in answer.stderr
    for word in ("normal", "healthy", "diagnos"):
        assert word not in answer.stdout


@pytest.fixture
def paired_folder(phantom_folder: Path, tmp_path: Path) -> Path:
    """All phantoms again, two of a class taken for one patient: `CAD3-0.jpg` and `CAD3-1.jpg`."""
    folder = tmp_path / "paired"
    for label in ("CAD", "nonCAD"):
        (folder / label).mkdir(parents=True)
        for number, path in enumerate(sorted((phantom_folder / label).iterdir())):
            shutil.copy(path, folder / label / f"{label}{number // 2}-{number % 2}{path.suffix}")
    return folder


def test_several_scans_of_a_patient_are_one_vote(judge: Run, make_run: Run, paired_folder: Path) -> None:
    run = make_run()
    alone = _rows(judge(run, "--out", "alone", data=paired_folder)["folder"])
    told = judge(run, "--out", "votes", "--patient-from", "^[A-Za-z]+[0-9]+", data=paired_folder)
    assert (told["patients"], told["scans"]) == (15, 30)
    for row in _rows(told["folder"]):
        own = [float(other["log_odds"]) for other in alone if other["patient"].startswith(f"{row['patient']}-")]
        assert int(row["scans"]) == len(own) == 2
        assert float(row["log_odds"]) == pytest.approx(np.mean(own), abs=2e-6)


def test_a_gate_that_is_met_is_said_with_its_lower_bound(judge: Run, make_run: Run) -> None:
    run = make_run()
    value = _metric(judge(run, "--out", "one"), "auc")
    told = judge(run, "--out", "two", "--min-auc", value - 0.01, "--min-sensitivity", 0)
    assert [demand["metric"] for demand in told["demands"]] == ["auc", "sensitivity_cad"]
    assert told["demands"][0]["least"] == pytest.approx(value - 0.01)
    first, second = _words("two").splitlines()[-2:]
    assert "wanted: met, its lower bound" in first
    assert first.endswith("is below")
    assert second.endswith("too")


def test_a_missed_gate_is_code_5_after_everything_was_written(judge: Run, make_run: Run) -> None:
    told = judge(make_run(), "--min-auc", 1, "--min-specificity", 0, "--out", "judged", code=5)
    assert told["stderr"].splitlines()[-1].startswith("edgecad: auc 0.")
    assert "MISSED" in told["stderr"]
    assert "judged" in told["stderr"]
    assert "specificity_cad" not in told["stderr"].splitlines()[-1]
    assert len(_rows("judged")) == told["patients"]


def test_two_models_are_compared_on_the_same_patients(judge: Run, make_run: Run) -> None:
    run, other = make_run(), make_run("other", tilt=(-0.3, 1.0, 0.2))
    told = judge(run, "--against", other, "--out", "both")
    ours, theirs = _rows("both"), _rows("both", "predictions-against.csv")
    right = [[(row["above"] == "1") == (row["label"] == "CAD") for row in rows] for rows in (ours, theirs)]
    alone = [sum(a and not b for a, b in zip(*pair, strict=True)) for pair in (right, right[::-1])]
    test = told["comparison"]["accuracy"]
    assert [test["only_one_right"], test["only_other_right"]] == alone
    assert test["p_value"] == pytest.approx(binomtest(alone[0], max(sum(alone), 1)).pvalue if sum(alone) else 1.0)
    area = told["comparison"]["auc"]
    assert area["difference"] == pytest.approx(_metric(told, "auc") - area["other"])
    assert told["against"]["name"] == "other"
    words = _words("both")
    assert f"against other, on the same {told['patients']} patients" in words
    assert "right alone: " in words


def test_a_model_against_itself_differs_in_nothing(judge: Run, make_run: Run, model_folder: Path) -> None:
    test = judge(make_run(), "--against", model_folder)["comparison"]
    assert (test["accuracy"]["difference"], test["accuracy"]["p_value"]) == (0.0, 1.0)
    assert (test["auc"]["difference"], test["auc"]["p_value"]) == (0.0, 1.0)


@pytest.fixture
def prepared(few_phantoms: Path) -> PreparedData:
    return prepare_cases(find_cases(few_phantoms).cases, Preparation(size=64))


def test_the_data_of_the_models_own_training_are_found_by_their_hash(
    judge: Run, make_run: Run, prepared: PreparedData
) -> None:
    told = judge(make_run(data_sha256=prepared.sha256))
    assert any("same hash" in warning and "OPTIMISTIC" in warning for warning in told["warnings"])
    assert "warning: these are the data" in told["stderr"]
    assert not any("OPTIMISTIC" in warning for warning in judge(make_run("another"), "--out", "new")["warnings"])


@pytest.mark.parametrize("kind", ["split", "folds"])
def test_patients_of_the_training_are_found_by_name(
    kind: str, judge: Run, make_run: Run, prepared: PreparedData
) -> None:
    names = sorted({case.patient for case in prepared.cases})
    parts = {"train": names[:4], "validation": names[4:6]} if kind == "split" else {"folds": [names[:2], names[2:6]]}
    told = judge(make_run(split={"kind": kind, "seed": 0, **parts, "test": names[6:8]}))
    warning = next(text for text in told["warnings"] if "OPTIMISTIC" in text)
    assert warning.startswith(f"6 of {len(names)} patients are among those that a-run was made from")
    assert ("(train 4, validation 2; same names" if kind == "split" else "(train 6; same names") in warning
    listed = {row["patient"]: row["part"] for row in _rows(told["folder"])}
    assert (listed[names[0]], listed[names[6]], listed[names[-1]]) == ("train", "test", "new")


def test_scans_of_the_training_are_found_under_any_name(judge: Run, make_run: Run, prepared: PreparedData) -> None:
    """The run's own scans stand under other names there; of its names, those here have other scans."""
    run = make_run(split={"kind": "split", "seed": 0, "train": ["p1", "p2"], "validation": ["p3"], "test": ["p4"]})
    renamed = tuple(replace(case, patient=f"p{row}") for row, case in enumerate(prepared.cases))
    write_scans(replace(prepared, cases=renamed), run)
    told = judge(run)
    warning = next(text for text in told["warnings"] if "OPTIMISTIC" in text)
    assert warning.startswith(f"3 of {len(renamed)} patients are among those that a-run was made from (train 2, valid")
    assert "same scans" in warning
    listed = [row["part"] for row in _rows(told["folder"])]
    assert sorted(listed) == sorted(["train"] * 2 + ["validation", "test"] + ["new"] * (len(renamed) - 4))


def test_patients_of_the_test_part_alone_are_said_to_be_those(
    judge: Run, make_run: Run, prepared: PreparedData
) -> None:
    names = sorted({case.patient for case in prepared.cases})
    told = judge(make_run(split={"kind": "split", "seed": 0, "train": ["x"], "validation": ["y"], "test": names[:3]}))
    assert any(text.startswith("3 of") and "test part" in text for text in told["warnings"])
    assert not any("OPTIMISTIC" in text for text in told["warnings"])


def test_scans_in_colours_that_the_model_never_saw_are_left_out_as_it_would_refuse_them(
    judge: Run, make_run: Run, prepared: PreparedData
) -> None:
    known = colours_of(prepared.images[:3])
    told = judge(make_run(colours=known))
    assert 0 < len(told["refused"]) < len(prepared.cases)
    assert {entry["reason"] for entry in told["refused"]} == {"colours"}
    assert told["patients"] == len(prepared.cases) - len(told["refused"])
    assert any("left out" in warning for warning in told["warnings"])


def test_a_model_that_would_refuse_every_scan_is_a_usage_error(
    edgecad_here: Run, make_run: Run, few_phantoms: Path
) -> None:
    answer = edgecad_here("evaluate", make_run(colours=Colours()), few_phantoms)
    assert answer.code == 2
    assert "refuses all" in answer.stderr
    assert not Path("evaluations").exists()
