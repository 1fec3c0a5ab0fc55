"""A model from real ImageNet weights on a real report screen. The screen has no label: no answer is right."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from msgspec.structs import replace
from onnx import numpy_helper

from edgecad.answer.heatmap import cell_coverage
from edgecad.answer.prediction import Prediction
from edgecad.errors import GateFailed
from edgecad.inference.classifier import Classifier
from edgecad.modelfiles.digest import with_digest

pytestmark = pytest.mark.shared
Edgecad = Callable[..., "subprocess.CompletedProcess[str]"]
SCANS = ("scan.jpg", "scan_sc.dcm")


@pytest.fixture(scope="module")
def answers(way_from_imagenet: Any, shared: Path) -> dict[str, Prediction]:
    with Classifier(way_from_imagenet.model, device="cpu") as classifier:
        return {name: classifier(shared / "real" / name) for name in SCANS}


def test_the_way_from_imagenet_weights_ends_well(way_from_imagenet: Any) -> None:
    assert way_from_imagenet.trained.returncode == 0, way_from_imagenet.trained.stderr
    assert way_from_imagenet.exported.returncode == 0, way_from_imagenet.exported.stderr
    contract = json.loads((way_from_imagenet.run / "contract.json").read_text())
    assert contract["weights"].startswith("file mobilenetv2_imagenet_notop.weights.h5 sha256:")
    assert contract["origin"] == "phantom"


def test_the_users_three_lines_leave_both_files_behind(way_from_imagenet: Any, shared: Path, edgecad: Edgecad) -> None:
    """train, export --fp16, infer: code 0 each, a map that does not jump, half the bytes."""
    assert (way_from_imagenet.trained.returncode, way_from_imagenet.exported.returncode) == (0, 0)
    record = json.loads((way_from_imagenet.model.parent / "parity.json").read_text())
    assert sorted(record["files"]) == ["model.fp16.onnx", "model.onnx"]
    assert record["refused"] == {}
    half = record["files"]["model.fp16.onnx"]
    assert min(half[part]["heatmap_correlation"] for part in ("validation", "golden")) >= 0.999
    assert half["validation"]["switched"] == 0
    assert half["backbone_share_of_fp32"] <= 0.52
    done = edgecad(way_from_imagenet.folder, "infer", shared / "real" / "scan.jpg")
    assert done.returncode == 0, done.stderr
    assert "CAD: score" in done.stdout


def test_two_stages_learn_something_on_phantoms(way_from_imagenet: Any) -> None:
    trainings = json.loads((way_from_imagenet.run / "history.json").read_text())["trainings"]
    folds = [training["stages"][0]["epochs"] for training in trainings if training["name"].startswith("fold")]
    # Six or seven patients validate a fold, so one fold's loss alone says nothing.
    held_out = [sum(epoch["val_loss"] for epoch in epochs) / len(folds) for epochs in zip(*folds, strict=True)]
    assert min(held_out) < held_out[0]
    assert all(epochs[-1]["loss"] < 0.9 * epochs[0]["loss"] for epochs in folds)


@pytest.mark.parametrize("name", SCANS)
def test_a_real_screen_is_answered_with_a_picture(
    name: str, way_from_imagenet: Any, shared: Path, edgecad: Edgecad, tmp_path: Path
) -> None:
    done = edgecad(way_from_imagenet.folder, "infer", shared / "real" / name, "--json", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    (record,) = map(json.loads, done.stdout.splitlines())
    assert record["status"] == "answered"
    assert 0 < record["probability"] < 1
    assert record["stamp"].startswith("PHANTOM MODEL")
    picture = Path(record["figure"])
    assert picture.suffix == ".png"
    assert cv2.imread(str(picture)).std() > 5
    assert "scan" not in picture.name


@pytest.mark.parametrize("name", SCANS)
def test_the_heat_map_lies_on_the_polar_map_and_is_not_flat(name: str, answers: dict[str, Prediction]) -> None:
    shown = answers[name].heatmap
    assert shown.shape == (14, 14)
    assert np.isfinite(shown).all()
    assert np.ptp(shown) > 0.05
    assert not shown[cell_coverage(14, 14) == 0].any(), "nothing outside the disc counts"


def test_the_same_screen_as_jpeg_and_dicom_scores_alike_but_not_equal(answers: dict[str, Prediction]) -> None:
    jpeg, dicom = (answers[name] for name in SCANS)
    assert jpeg.probability == pytest.approx(dicom.probability, abs=0.1)
    assert not np.array_equal(jpeg.logits, dicom.logits)
    assert np.corrcoef(jpeg.heatmap.ravel(), dicom.heatmap.ravel())[0, 1] > 0.9


def test_raw_projections_are_refused_and_say_so_in_a_record_and_a_picture(
    way_from_imagenet: Any, shared: Path, edgecad: Edgecad, tmp_path: Path
) -> None:
    scan = shared / "real" / "nm_projections.dcm"
    done = edgecad(way_from_imagenet.folder, "infer", scan, "--json", "--out", tmp_path)
    assert done.returncode == 3, done.stdout
    (record,) = map(json.loads, done.stdout.splitlines())
    assert record["status"] == "refused"
    assert record["reason"]
    assert record["probability"] is None
    assert Path(record["figure"]).is_file()


def test_one_refusal_among_scans_sets_the_code_and_the_others_are_answered(
    way_from_imagenet: Any, shared: Path, edgecad: Edgecad
) -> None:
    scans = [shared / "real" / name for name in ("scan.jpg", "nm_projections.dcm", "scan_sc.dcm")]
    done = edgecad(way_from_imagenet.folder, "infer", *scans, "--json")
    assert done.returncode == 3
    states = [json.loads(line)["status"] for line in done.stdout.splitlines()]
    assert states == ["answered", "refused", "answered"]


def test_the_golden_samples_hold(way_from_imagenet: Any, edgecad: Edgecad) -> None:
    done = edgecad(way_from_imagenet.folder, "verify")
    assert done.returncode == 0, done.stderr + done.stdout


def test_verify_fails_when_weights_change_and_the_contract_stays(
    way_from_imagenet: Any, edgecad: Edgecad, tmp_path: Path
) -> None:
    proto = onnx.load(way_from_imagenet.model)
    for tensor in proto.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim >= 2:
            tensor.CopyFrom(numpy_helper.from_array((values * np.float32(1.3)).astype(values.dtype), tensor.name))
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(with_digest(proto.SerializeToString()))
    with (
        Classifier(changed, device="cpu", replay="never") as classifier,
        Classifier(way_from_imagenet.model, device="cpu") as honest,
    ):
        assert replace(classifier.contract, digest=honest.contract.digest) == honest.contract
    with pytest.raises(GateFailed):
        Classifier(changed, device="cpu")
    done = edgecad(way_from_imagenet.folder, "verify", changed)
    assert done.returncode == 5, done.stdout
    assert "DIFFERS" in done.stdout
    assert "phantom-1.jpg" in done.stderr
