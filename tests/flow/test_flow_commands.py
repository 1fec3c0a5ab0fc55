"""train, export, infer, verify, one after another on any machine: from random weights, no accuracy asserted."""

from __future__ import annotations

import csv
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgecad.contract import Drawing, Preparation
from edgecad.inference.classifier import Classifier
from edgecad.inference.loading import load_model
from edgecad_train.data import Case, prepare_cases
from edgecad_train.phantoms import dicom_bytes, draw_patient, jpeg_bytes, png_bytes, render_screen

Edgecad = Callable[..., "subprocess.CompletedProcess[str]"]
HEAVY = ("tensorflow", "keras", "onnx", "tf2onnx", "sklearn", "scipy", "matplotlib", "edgecad_train", "edgecad_export")


def _scan(folder: Path) -> Path:
    return sorted((folder / "data" / "CAD").glob("*.jpg"))[0]


def test_training_and_export_end_well_and_name_the_next_command(way_from_nothing: Any) -> None:
    trained, exported = way_from_nothing.trained, way_from_nothing.exported
    assert trained.returncode == 0, trained.stderr
    assert exported.returncode == 0, exported.stderr
    assert trained.stdout.splitlines()[-1] == "next: edgecad export"
    assert exported.stdout.splitlines()[-1] == "next: edgecad infer SCAN"
    assert "PHANTOM DATA: says nothing about patients" in trained.stdout
    assert way_from_nothing.run.name == way_from_nothing.model.parent.name


def test_progress_and_greetings_stay_off_stdout(way_from_nothing: Any) -> None:
    for done in (way_from_nothing.trained, way_from_nothing.exported):
        assert "epoch" not in done.stdout.lower()
        assert "tensorflow" not in done.stdout.lower()


def test_the_third_line_answers_with_a_picture_and_a_stamp(way_from_nothing: Any, edgecad: Edgecad) -> None:
    scan = shutil.copy(_scan(way_from_nothing.folder), way_from_nothing.folder / "scan.jpg")
    done = edgecad(way_from_nothing.folder, "infer", Path(scan).name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("scan.jpg: ")
    assert "threshold" in done.stdout
    assert "PHANTOM MODEL - NOT FOR PATIENTS" in done.stdout
    (picture,) = (way_from_nothing.folder / "answers").glob("*.png")
    assert cv2.imread(str(picture)).std() > 5


def test_records_of_a_folder_are_json_lines_in_order(way_from_nothing: Any, edgecad: Edgecad) -> None:
    done = edgecad(way_from_nothing.folder, "infer", "data/CAD", "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [Path(record["scan"]).name for record in records] == [
        path.name for path in sorted((way_from_nothing.folder / "data/CAD").glob("*.jpg"))
    ]
    for record in records:
        assert record["status"] == "answered"
        assert math.isfinite(record["probability"])
        assert (record["label"] == "CAD") == (record["probability"] >= record["threshold"])


def test_the_runtime_gives_the_scores_that_training_wrote(way_from_nothing: Any, edgecad: Edgecad) -> None:
    done = edgecad(way_from_nothing.folder, "infer", "data/CAD", "data/nonCAD", "--json")
    answered = {Path(r["scan"]).name: r["probability"] for r in map(json.loads, done.stdout.splitlines())}
    with (way_from_nothing.run / "predictions.csv").open(newline="") as file:
        # Scores of the others are out-of-fold: of networks that were not exported.
        tested = [line for line in csv.DictReader(file) if line["part"] == "test"]
    wanted = {f"{line['patient']}.jpg": float(line["score_cad"]) for line in tested}
    assert wanted
    assert {name: answered[name] for name in wanted} == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".dcm"])
@pytest.mark.parametrize("size", [(820, 534), (1640, 1068)], ids=str)
def test_training_and_runtime_feed_the_network_the_same_bytes(
    size: tuple[int, int], suffix: str, way_from_nothing: Any, tmp_path: Path
) -> None:
    """Also where a JPEG is looked at by halves, and where its map is too small for that."""
    encode = {".jpg": jpeg_bytes, ".png": png_bytes, ".dcm": dicom_bytes}[suffix]
    cases = []
    for number in range(10):
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(encode(cv2.resize(render_screen(draw_patient(9, number)), size)))
        cases.append(Case(path, ("CAD", "nonCAD")[number % 2], str(number)))
    loaded = load_model(way_from_nothing.model, "cpu")
    told = loaded.contract.preparation.tables
    assert {table.name for table in told} == {"warm", "iron", "rainbow", "grey"}
    assert loaded.contract.preparation == Preparation(
        size=224, input="uptake", tables=told, drawing=Drawing(), halve_jpeg=True
    )
    trained_on = prepare_cases(cases, loaded.contract.preparation)
    fed: list[np.ndarray] = []

    class Tapped:
        facts = loaded.runner.facts

        def run(self, images: Any, outputs: Any) -> Any:
            fed.append(images.copy())
            return loaded.runner.run(images, outputs)

    with Classifier(replace(loaded, runner=Tapped()), replay="never") as classifier:
        for case in cases:
            classifier(case.path)
    assert np.concatenate(fed).tobytes() == trained_on.images.tobytes()


def test_verify_passes_on_the_machine_that_exported(way_from_nothing: Any, edgecad: Edgecad) -> None:
    done = edgecad(way_from_nothing.folder, "verify")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("holds") == 3


@pytest.mark.parametrize("words", [("infer", "scan.jpg"), ("verify",)])
def test_the_runtime_loads_nothing_of_the_other_rooms(words: tuple[str, ...], way_from_nothing: Any) -> None:
    shutil.copy(_scan(way_from_nothing.folder), way_from_nothing.folder / "scan.jpg")
    code = (
        "import atexit, sys; from edgecad.cli import main\n"
        "atexit.register(lambda: print('LOADED', *{name.partition('.')[0] for name in sys.modules}))\n"
        f"sys.argv = ['edgecad', *{words!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=way_from_nothing.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split()[1:])
    assert {"edgecad", "onnxruntime", "numpy"} <= loaded
    assert not loaded & set(HEAVY)
