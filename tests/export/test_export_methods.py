"""Runs of methods are exported as runs of networks; a row of a study is refused, and says why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.answer.heatmap import identity_error
from edgecad.errors import ModelInvalid
from edgecad.inference.classifier import Classifier
from edgecad_export.exported import Exported
from edgecad_export.exporter import export_run
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run
from edgecad_train.data import PreparedData, find_cases, parse_input, preparation_for, prepare_cases
from edgecad_train.options import InputOptions
from edgecad_train.phantoms import write_dataset
from edgecad_train.running.methods import make_method_run
from edgecad_train.runs.spec import RunSpec
from edgecad_train.splits.split import split_by_patient
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    """60 phantoms: enough for familiarity."""
    folder = tmp_path_factory.mktemp("phantoms") / "data"
    write_dataset(folder, 60, seed=3)
    cases = find_cases(folder).cases
    return prepare_cases(cases, preparation_for(parse_input(InputOptions()), 224, cases))


@pytest.fixture(scope="module")
def run_of(scans: PreparedData, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A run folder of a method."""

    def made(method: str) -> Path:
        folder = tmp_path_factory.mktemp(method) / "a-run"
        spec = RunSpec(
            name="a-run",
            data="/data",
            patient_rule="the file's stem",
            preparation=scans.preparation,
            settings=Settings("mobilenetv2", "none"),
            partition=split_by_patient(scans.cases, seed=0),
            data_sha256=scans.sha256,
            weights_sha256=None,
            versions=package_versions(),
            method=method,
        )
        make_method_run(folder, spec, scans)
        return folder

    return made


@pytest.fixture(scope="module", params=["normal-limits", "segments-logistic"])
def both(
    request: pytest.FixtureRequest, run_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Exported]:
    """A run, and what was exported of it."""
    run = run_of(request.param)
    wanted = ExportRequest(fp16=True, int8=True)
    return run, export_run(read_run(run), tmp_path_factory.mktemp("models") / "a-run", wanted)


def test_files_hold_as_a_networks_do(both: tuple[Path, Exported]) -> None:
    _, exported = both
    assert exported.files[0].name == "model.onnx"
    assert exported.files[0].candidate.verdict.validation.logits < 1e-6
    # A map of normal limits may be all but flat, and halves lose it: then fp16 is refused, for the map alone.
    held = {file.name: file for file in exported.files[1:]}
    if exported.files[0].contract.head == "segments-logistic":
        assert held["model.fp16.onnx"].size_bytes < 0.75 * exported.files[0].size_bytes
    else:
        said = [miss.text for candidate in exported.refused for miss in candidate.verdict.misses]
        assert all("heat map" in text for text in said)
    assert "leave --int8 out" in str(exported.failed["int8"])


def test_the_heat_map_adds_up_to_the_score_and_familiarity_is_measured(both: tuple[Path, Exported]) -> None:
    run, exported = both
    with np.load(run / "validation.npz") as kept, Classifier(exported.folder, device="cpu") as classifier:
        given = classifier.run(kept["images"], ("logits", "cam", "cam_bias", "familiarity"))
        limits = classifier.contract.familiarity
        assert np.abs(given["logits"] - kept["logits"]).max() < 1e-5
    assert identity_error(given["cam"], given["cam_bias"], given["logits"]) < 1e-5
    assert limits is not None
    assert (given["familiarity"] <= limits.limit).mean() > 0.8
    assert given["cam"].shape[1:] == (2, 28, 28)


def test_a_row_of_a_study_is_refused_with_its_reason(run_of: Callable[[str], Path]) -> None:
    with pytest.raises(ModelInvalid, match=r"run of segments-svm, a row of a study.*no sum over places.*--method"):
        read_run(run_of("segments-svm"))


def test_a_row_of_a_study_is_refused_whatever_model_lies_in_its_folder(
    small_classifier: Callable[..., Any], run_folder: Callable[..., Path], tmp_path: Path
) -> None:
    folder = run_folder(tmp_path / "a-run", small_classifier())
    (folder / "run.json").write_text('{"method": {"name": "vgg16-maps", "row_only": "it reads several maps"}}')
    with pytest.raises(ModelInvalid, match="vgg16-maps, a row of a study that is not exported: it reads several maps"):
        read_run(folder)
    (folder / "run.json").write_text('{"method": {"name": ')
    with pytest.raises(ModelInvalid, match=r"run\.json cannot be used"):
        read_run(folder)
