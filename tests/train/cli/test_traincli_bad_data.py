"""Each kind of bad data, through every command that takes labelled scans: one sentence, one code, nothing written."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.contract import Contract
from edgecad.frozen import json_from_struct
from edgecad_train.data import find_cases

Run = Callable[..., Any]
COMMANDS = {
    "check": ("train", "{data}", "--check", "--weights", "none"),
    "train": ("train", "{data}", "--weights", "none", "--strategy", "warm-up"),
    "evaluate": ("evaluate", "no-run", "{data}"),
    "study": ("study", "{data}", "--strategies", "warm-up", "--weights", "none"),
}
ROWS = [(f"p{n}.png", "CAD" if n % 2 else "nonCAD", f"q{n}") for n in range(12)]


def _table(folder: Path, header: str, rows: Any = ROWS, separator: str = ",") -> Path:
    path = folder / "labels.csv"
    path.write_text("\n".join([header, *(separator.join(row) for row in rows)]) + "\n")
    return path


def _folders(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / "scans" / name).mkdir(parents=True)
    return folder / "scans"


BAD: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a needed column twice": (
        lambda at: _table(at, "path,label,patient,Patient", [(*row, "x") for row in ROWS]),
        "the column patient 2 times",
    ),
    "an empty patient": (lambda at: _table(at, "path,label,patient", [*ROWS, ("c.png", "CAD", " ")]), "no patient"),
    "too many cells": (
        lambda at: _table(at, "path,label,patient", [*ROWS, ("c.png", "CAD", "a", "b")]),
        "line 14: 4 cells",
    ),
    "a label that is none": (
        lambda at: _table(at, "path;label;patient", [*ROWS, ("c.png", "non-CAD", "a")], ";"),
        "write nonCAD if that is meant",
    ),
    "nobody in both classes": (
        lambda at: _table(at, "path,label,patient", [*ROWS, ("c.png", "CAD", "nan"), ("d.png", "nonCAD", "nan")]),
        "a patient named 'nan'",
    ),
    "a shortened number": (
        lambda at: _table(at, "path,label,patient", [*ROWS, ("c.png", "CAD", "1.2E+11")]),
        "a spreadsheet has shortened",
    ),
    "class folders of other names": (lambda at: _folders(at, "cad", "NON-CAD"), "you have NON-CAD/ and cad/"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_meant_is_one_line_and_code_2(
    command: str, kind: str, edgecad_here: Run, tmp_path: Path
) -> None:
    draw, told = BAD[kind]
    data = draw(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    answer = edgecad_here(*(word.format(data=data) for word in COMMANDS[command]))
    assert answer.code == 2, answer.stderr
    assert told in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def odd_table(phantom_folder: Path, tmp_path: Path) -> Path:
    """Twelve scans in a table of semicolons with blanks, other letters, backslashes, and two patients alike."""
    cases = find_cases(phantom_folder).cases
    own = [case for label in ("CAD", "nonCAD") for case in cases if case.label == label]
    chosen = own[:6] + own[-6:]
    names = ["P1", "p1", "na", *(f"q{n}" for n in range(3, 12))]
    (tmp_path / "scans").mkdir()
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow([" Path", "LABEL", "patient ", " Sex", "diary"])
        for number, (case, name) in enumerate(zip(chosen, names, strict=True)):
            shutil.copy(case.path, tmp_path / "scans")
            slash = "/" if os.path.sep == "\\" else "\\"
            rows.writerow(
                [f"scans{slash}{case.path.name}", case.label.lower(), f" {name}", "fm"[number % 2], f"secret {number}"]
            )
    return tmp_path / "labels.csv"


SAID = {"separator", "column-names", "labels-spelt", "blanks", "patients-alike", "patient-not-told"}


def _codes(findings: list[dict[str, Any]]) -> set[str]:
    codes = {finding["code"] for finding in findings}
    return codes & (SAID | {"backslashes"})


def test_a_check_reads_what_can_be_meant_and_says_it(edgecad_here: Run, odd_table: Path) -> None:
    answer = edgecad_here("train", odd_table, "--check", "--weights", "none")
    assert answer.code == 0, answer.stderr
    for words in ("finding: the CSV has semicolons", "' Path' as path", "patients 'P1' and 'p1'", "named 'na'"):
        assert answer.stdout.count(words) == 1
    written = json.loads((odd_table.parent / "labels-check" / "checkup.json").read_text())
    assert _codes(written["findings"]) >= SAID
    assert len(written["findings"]) == len({finding["text"] for finding in written["findings"]})


def test_a_run_says_it_once_and_keeps_it(edgecad_here: Run, odd_table: Path, tmp_path: Path) -> None:
    words = (
        "--strategy",
        "warm-up",
        "--warmup-epochs",
        "1",
        "--folds",
        "0",
        "--quiet",
        "--out",
        tmp_path / "runs",
        "--keep",
        "sex",
    )
    answer = edgecad_here("train", odd_table, "--weights", "none", *words)
    assert answer.code == 0, answer.stderr
    assert answer.stderr.count("finding: the CSV has semicolons") == 1
    folder = next(path for path in (tmp_path / "runs").iterdir() if path.is_dir())
    assert _codes(json.loads((folder / "run.json").read_text())["findings"]) >= SAID
    page = (folder / "report.html").read_text()
    assert "semicolons between its columns" in page
    assert "differ in capital letters, blanks or leading zeros" in page
    assert "'P1'" not in page
    told = json.loads((folder / "characteristics.json").read_text())
    assert told["parts"].keys() == {"development", "test"}
    (column,) = told["columns"]
    counts = {(one["part"], one["group"]): one["patients"] for one in column["counts"]}
    assert sum(count for (_, group), count in counts.items() if group == "f") == 6
    assert sum(counts.values()) == sum(told["parts"].values()) == 12
    assert [one["part"] for one in told["figures"]] == ["validation", "test"]
    assert "Who the patients are" in page
    assert "By sex" in page
    assert "--keep sex" in page
    assert not [path for path in folder.iterdir() if b"secret" in path.read_bytes()]
    assert json.loads((folder / "run.json").read_text())["kept"] == ["sex"]


def test_an_evaluation_says_it_and_keeps_it(edgecad_here: Run, odd_table: Path, tmp_path: Path, run_of: Run) -> None:
    answer = edgecad_here("evaluate", run_of(), odd_table, "--out", tmp_path / "judged")
    assert answer.code == 0, answer.stderr
    assert answer.stderr.count("finding: the CSV has semicolons") == 1
    assert _codes(json.loads((tmp_path / "judged" / "metrics.json").read_text())["findings"]) >= SAID


def test_a_study_plans_with_it(odd_table: Path) -> None:
    from edgecad_train.study.definition.planning import plan_study
    from edgecad_train.study.definition.request import StudyOptions, StudyRequest
    from edgecad_train.training.settings import Settings

    options = StudyOptions(strategies="warm-up", first_weights=["none"], seeds=1)
    plan = plan_study(StudyRequest(odd_table, options, Settings()), lambda done, of: None)
    assert {finding.code for finding in plan.findings} >= SAID


@pytest.fixture
def run_of(tmp_path: Path, tiny_contract: Contract) -> Run:
    """A run folder of a network that adds colours up."""
    import keras
    import numpy as np
    from msgspec.structs import replace

    def make() -> Path:
        folder = tmp_path / "a-run"
        folder.mkdir()
        contract = replace(tiny_contract, name="a-run", familiarity=None)
        image = keras.Input((contract.preparation.size, contract.preparation.size, 3), dtype="uint8")
        x = keras.layers.Rescaling(1 / 255)(image)
        x = keras.layers.GlobalAveragePooling2D(name="pooling")(x)
        model = keras.Model(image, keras.layers.Dense(2)(x))
        model.layers[-1].set_weights([np.array([[4.0, -4.0], [-3, 3], [-2, 2]]), np.array([0.0, 0.2])])
        model.save(folder / "model.keras")
        (folder / "contract.json").write_text(json_from_struct(contract))
        return folder

    return make
