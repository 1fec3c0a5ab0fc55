"""`edgecad verify --against` and `--data`: two models or precisions on the same scans."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier, Contract
from edgecad.cli.program import app
from edgecad.contract import Decision, Preparation
from edgecad.errors import DeviceFailed, UsageError
from edgecad.frozen import json_from_struct
from edgecad.inference.replaying import golden_answers
from edgecad.modelfiles.digest import PLACEHOLDER, with_digest
from edgecad.verification.against import ask, check_comparable, golden_scans, opened_file

Build = Callable[..., bytes]


def verified(*words: object) -> Any:
    return CliRunner().invoke(app, ["verify", *map(str, words)])


@pytest.fixture
def write(tiny_model: Build, tiny_contract: Contract, tmp_path: Path) -> Callable[..., Path]:
    """Write the tiny model with a changed contract and golden answers of its own."""

    def build(name: str, **changes: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        contract = replace(tiny_contract, name=Path(name).parts[0], **changes)
        path.write_bytes(tiny_model(contract))
        path.write_bytes(tiny_model(replace(contract, golden=golden_answers(path))))
        return path

    return build


@pytest.fixture
def softer(write: Callable[..., Path]) -> Path:
    """The same graph with scores nearer to a half."""
    return write("softer.onnx", decision=Decision(threshold=0.5, rule="given", temperature=3.0))


@pytest.fixture
def scans(phantom_jpeg: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(phantom_jpeg.read_bytes())
    (folder / "no scan.jpg").write_bytes(b"no scan")
    return folder


def test_the_difference_on_given_scans_is_that_of_the_two_answers(
    model_folder: Path, softer: Path, scans: Path, phantom_jpeg: Path
) -> None:
    record = json.loads(verified(softer, "--against", model_folder, "--data", scans, "--json").stdout)["compared"]
    scores = [Classifier(model, device="cpu")(phantom_jpeg).probability for model in (model_folder, softer)]
    (row,) = record["rows"]
    assert abs(scores[0] - scores[1]) > 0.01
    assert row["figures"]["probabilities"] == pytest.approx(abs(scores[0] - scores[1]))
    assert row["figures"]["logits"] == 0.0
    assert row["figures"]["heatmap_correlation"] == pytest.approx(1.0)
    assert (record["scans"], row["figures"]["images"], record["golden"]) == (2, 1, False)


def test_a_refused_scan_is_listed_and_the_rest_is_compared(model_folder: Path, softer: Path, scans: Path) -> None:
    done = verified(softer, "--against", model_folder, "--data", scans)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "on 1 of 2 scans" in done.stdout
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("not compared: ")]
    assert "no scan.jpg: reference refused it (not-an-image)" in line


def test_without_scans_the_golden_screens_are_compared(model_folder: Path, softer: Path) -> None:
    done = verified(softer, "--against", model_folder)
    assert done.exit_code == 0
    assert "on 3 of 3 golden screens" in done.stdout
    *table, following = done.stdout.splitlines()
    assert following.startswith("next: edgecad bench ")
    assert max(map(len, table)) <= 80


def test_if_every_scan_is_refused_nothing_was_compared(model_folder: Path, softer: Path, scans: Path) -> None:
    (scans / "a.jpg").unlink()
    done = verified(softer, "--against", model_folder, "--data", scans)
    assert done.exit_code == 3
    assert "nothing was compared" in done.stderr
    assert "golden samples on" in done.stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--max-probability-difference", "0.9"], 0),
        (["--max-probability-difference", "0.001"], 5),
        (["--min-heatmap-correlation", "0.99"], 0),
    ],
)
def test_a_comparison_is_judged_only_by_the_bounds_given(
    model_folder: Path, softer: Path, options: list[str], code: int
) -> None:
    done = verified(softer, "--against", model_folder, *options)
    assert done.exit_code == code
    assert ("at most 0.001 wanted" in done.stderr) == (code == 5)


def test_another_heat_map_fails_its_bound_although_its_own_golden_samples_hold(
    write: Callable[..., Path], model_folder: Path, tiny_contract: Contract
) -> None:
    onnx = pytest.importorskip("onnx")
    path = write("other.onnx")
    proto = onnx.load(path)
    for tensor in proto.graph.initializer:
        if tensor.name in ("weights", "weights_t"):  # red and blue change places, in both forms of the weights
            values = onnx.numpy_helper.to_array(tensor)
            channels = values.shape.index(3)
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.flip(values, channels).copy(), tensor.name))
    onnx.save(proto, path)
    contract = replace(tiny_contract, golden=golden_answers(path), digest=PLACEHOLDER)
    proto.metadata_props[0].value = json_from_struct(contract)
    path.write_bytes(with_digest(proto.SerializeToString()))
    record = json.loads(verified(path, "--against", model_folder, "--json").stdout)
    assert record["compared"]["rows"][0]["figures"]["heatmap_correlation"] < 0.9
    done = verified(path, "--against", model_folder, "--min-heatmap-correlation", "0.95")
    assert done.exit_code == 5
    assert "at least 0.95 wanted" in done.stderr
    assert "DIFFERS" not in done.stdout


def test_precisions_of_one_folder_are_compared_with_its_fp32_file(write: Callable[..., Path], scans: Path) -> None:
    folder = write("folder/model.onnx").parent
    write("folder/model.fp16.onnx", precision="fp16", tolerances={"neighbourhood": 0.25})
    for words in (("--data", scans), ("--against-precision", "fp32")):
        record = json.loads(verified(folder, "--precision", "all", *words, "--json").stdout)["compared"]
        assert record["reference"]["precision"] == "fp32"
        (row,) = record["rows"]  # fp32 is not compared with itself
        assert (row["model"]["precision"], row["neighbourhood"]) == ("fp16", 0.25)


def test_models_of_different_input_sizes_answer_the_same_question(tiny_contract: Contract) -> None:
    larger = replace(tiny_contract, preparation=replace(tiny_contract.preparation, size=224))
    check_comparable(tiny_contract, larger)
    with pytest.raises(UsageError, match="max_overlay_share"):
        check_comparable(tiny_contract, replace(larger, preparation=replace(larger.preparation, max_overlay_share=0.1)))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"classes": ("nonCAD", "CAD")}, "classes"),
        ({"positive": "nonCAD"}, "the positive class (CAD and nonCAD)"),
        ({"preparation": Preparation(size=64, crop="none")}, "crop (polar-map and none)"),
    ],
)
def test_models_of_different_questions_are_not_compared(
    model_folder: Path, write: Callable[..., Path], changes: dict[str, Any], word: str
) -> None:
    done = verified(write("other.onnx", **changes), "--against", model_folder)
    assert (done.exit_code, done.stdout) == (2, "")
    assert word in done.stderr


def test_a_model_is_not_compared_with_itself(model_folder: Path, phantom_jpeg: Path) -> None:
    done = verified(model_folder, "--data", phantom_jpeg, "--device", "cpu")
    assert done.exit_code == 2
    assert "with itself" in done.stderr


def test_a_bound_without_anything_to_compare_with_is_a_wrong_command_line(model_folder: Path) -> None:
    done = verified(model_folder, "--max-probability-difference", "0.1")
    assert done.exit_code == 2
    assert "--against" in done.stderr


def test_a_device_that_fails_on_a_scan_is_no_refusal_of_it(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Classifier(model_folder, device="cpu") as classifier:

        def gone(*_: Any) -> None:
            raise DeviceFailed("cuda:0 failed: it fell off the bus")

        monkeypatch.setattr(classifier.runner, "run", gone)
        opened = opened_file(model_folder / "model.onnx", classifier)
        with pytest.raises(DeviceFailed):
            ask(classifier, opened, golden_scans(), "fp16", lambda *words: None)
