"""Runs of methods are exported and used as runs of networks; a row of a study is refused, and says why."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from edgecad.answer.heatmap import identity_error
from edgecad.errors import GateFailed, ModelInvalid
from edgecad.inference.classifier import Classifier
from edgecad_export.exported import Exported, failure_of
from edgecad_export.exporter import export_run
from edgecad_export.graph.parts import parts_of
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run
from edgecad_train.data import PreparedData, find_cases, parse_input, preparation_for, prepare_cases
from edgecad_train.methods.table import EXPORTABLE, METHODS
from edgecad_train.options import InputOptions
from edgecad_train.phantoms import write_dataset
from edgecad_train.running.methods import make_method_run
from edgecad_train.runs.spec import RunSpec
from edgecad_train.splits.split import split_by_patient
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions

SUMMED = ("normal-limits", "segments-logistic")
"""Those that add uptake up cell by cell."""
Here = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 phantoms: enough for familiarity."""
    folder = tmp_path_factory.mktemp("phantoms") / "data"
    write_dataset(folder, 60, seed=3)
    return folder


@pytest.fixture(scope="module")
def scans(folder: Path) -> PreparedData:
    cases = find_cases(folder).cases
    return prepare_cases(cases, preparation_for(parse_input(InputOptions()), 224, cases))


@pytest.fixture(scope="module")
def run_of(
    scans: PreparedData, small: Callable[[], AbstractContextManager[None]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
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
        with small():
            make_method_run(folder, spec, scans)
        return folder

    return made


@pytest.fixture(scope="module", params=EXPORTABLE)
def both(
    request: pytest.FixtureRequest, run_of: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Exported]:
    """A run, and what was exported of it."""
    run = run_of(request.param)
    wanted = ExportRequest(fp16=True, int8=request.param in SUMMED)
    return run, export_run(read_run(run), tmp_path_factory.mktemp("models") / "a-run", wanted)


def test_files_hold_as_a_networks_do(both: tuple[Path, Exported]) -> None:
    _, exported = both
    assert [file.name for file in exported.files] == ["model.onnx", "model.fp16.onnx"]
    assert exported.files[0].candidate.verdict.validation.logits < 1e-5
    assert exported.files[0].candidate.verdict.validation.heatmap_correlation > 0.9999
    assert not exported.refused
    assert exported.files[1].size_bytes < exported.files[0].size_bytes


def test_what_follows_a_difference_is_fp32_in_the_fp16_file(both: tuple[Path, Exported]) -> None:
    _, exported = both
    proto = onnx.load(exported.folder / "model.fp16.onnx")
    graph = onnx.shape_inference.infer_shapes(proto).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in graph.value_info}
    quotients = [node.output[0] for node in parts_of(proto).backbone.graph.node if node.op_type == "Div"]
    assert bool(quotients) == (exported.files[0].contract.head in SUMMED)
    assert all(kinds[name] == onnx.TensorProto.FLOAT for name in quotients)
    assert any(tensor.data_type == onnx.TensorProto.FLOAT16 for tensor in graph.initializer)


def test_int8_of_sums_of_uptake_is_refused_in_whole_words(both: tuple[Path, Exported]) -> None:
    _, exported = both
    if exported.files[0].contract.head not in SUMMED:
        assert failure_of(exported) is None
        return
    failure = failure_of(exported)
    assert isinstance(failure, GateFailed)
    assert "a method which reads uptake cell by cell, of which there are fp32 and fp16; what holds" in str(failure)
    assert "report it" not in str(failure)
    reason = json.loads((exported.folder / "parity.json").read_text())["failed"]["model.int8.onnx"]["reason"]
    assert reason.endswith("fp32 and fp16")


def test_the_heat_map_adds_up_to_the_score_and_familiarity_is_measured(both: tuple[Path, Exported]) -> None:
    run, exported = both
    with np.load(run / "validation.npz") as kept, Classifier(exported.folder, device="cpu") as classifier:
        given = classifier.run(kept["images"], ("logits", "cam", "cam_bias", "familiarity"))
        limits = classifier.contract.familiarity
        assert np.abs(given["logits"] - kept["logits"]).max() < 1e-4 * np.abs(kept["logits"]).max()
    assert identity_error(given["cam"], given["cam_bias"], given["logits"]) < 1e-5
    assert limits is not None
    assert (given["familiarity"] <= limits.limit).mean() > 0.8
    side = 28 if exported.files[0].contract.head in SUMMED else 14
    assert given["cam"].shape[1:] == (2, side, side)


def test_its_card_tells_the_method_and_no_epochs(both: tuple[Path, Exported]) -> None:
    _, exported = both
    method, card = METHODS[exported.files[0].contract.head], (exported.folder / "MODEL_CARD.md").read_text("utf-8")
    assert f"Method: {method.name}" in card
    assert ("a baseline" in card) == (method.name == "normal-limits")
    assert ("not fine-tuned" in card) == method.takes_network
    assert "They chose epochs" not in card
    assert "neither epochs" not in card
    assert ("sees far beyond its own borders" in card) == method.takes_network


def test_its_model_is_verified_measured_and_answers_scans_and_a_hot_folder(
    both: tuple[Path, Exported], folder: Path, edgecad_here: Here, tmp_path: Path
) -> None:
    _, exported = both
    scans = sorted((folder / "CAD").glob("*.jpg"))[:3]
    code, said = edgecad_here("verify", exported.folder, "--device", "cpu", "--precision", "all")
    assert code == 0, said
    code, said = edgecad_here("infer", *scans, "--model", exported.folder, "--device", "cpu", "--out", "answers")
    assert code == 0, said
    assert len(list((tmp_path / "answers").glob("*.png"))) == 3
    (tmp_path / "in").mkdir()
    for scan in scans:
        shutil.copy(scan, tmp_path / "in")
    code, said = edgecad_here("watch", "in", "out", "--model", exported.folder, "--device", "cpu", "--once", "--quiet")
    assert code == 0, said
    records = [json.loads(path.read_text()) for path in (tmp_path / "out" / "done").rglob("*.json")]
    assert [record["status"] for record in records] == ["answered"] * 3
    bench = ("bench", exported.folder, "--device", "cpu", "--precision", "fp32", "--scenario", "single-stream")
    code, said = edgecad_here(*bench, "--runs", 20)
    assert code == 0, said


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
