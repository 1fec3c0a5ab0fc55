"""The gate of the export, and the runs that cannot be exported: exit code, one line, nothing published."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.contract import CONTRACT_VERSION
from edgecad.modelfiles.digest import with_digest
from edgecad_export import exporter
from edgecad_export.precision.narrowed import JudgedGraph, nearest
from edgecad_export.proof.gate import Verdict
from edgecad_export.proof.parity import Miss

from .conftest import LIMITS

Command = Callable[..., tuple[int, str]]
Write = Callable[..., Path]
Build = Callable[..., Any]
STEP = re.compile(r"\d\d:\d\d:\d\d \w")
"""Beginning of a line that says what is under way, where nobody watches a terminal."""


@pytest.fixture(scope="module")
def first(run_folder: Write, small_classifier: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, and its export as the command leaves it."""
    root = tmp_path_factory.mktemp("first")
    run_folder(root / "runs" / "first", small_classifier())
    answer = CliRunner().invoke(app, ["export", str(root / "runs" / "first"), "--out", str(root / "models")])
    assert answer.exit_code == 0, answer.output
    return root


@pytest.fixture
def exported(edgecad_here: Command, first: Path) -> Command:
    """A first export is in force; give the command to try others with."""
    shutil.copytree(first, Path.cwd(), dirs_exist_ok=True)
    return edgecad_here


def _refused(answer: tuple[int, str], code: int, *words: str) -> None:
    assert answer[0] == code, answer
    *before, last = answer[1].splitlines()
    assert all(STEP.match(line) for line in before), answer[1]
    assert last.startswith("edgecad: ")
    for word in words:
        assert word in last


def _only_the_first_is_there() -> None:
    names = sorted(path.name for path in Path("models").iterdir())
    assert names == [".latest.lock", "first", "latest", "latest-history.json"]
    assert Path("models/latest").read_text().strip() == "first"


def test_a_good_export_writes_the_model_its_proof_and_the_pointer(exported: Command) -> None:
    _only_the_first_is_there()
    assert {"model.onnx", "parity.json"} <= {path.name for path in Path("models/first").iterdir()}
    entry = json.loads(Path("models/first/parity.json").read_text())["files"]["model.onnx"]
    assert entry["tolerances"]["logits"] == 1e-4
    assert entry["golden"]["images"] == 3
    parity = entry["validation"]
    assert parity["images"] == 6
    assert parity["logits"] <= 1e-4
    assert parity["heatmap_correlation"] >= 0.9999
    assert parity["flips"] == 0


def test_a_log_says_when_each_step_began(edgecad_here: Command, run_folder: Write, small_classifier: Build) -> None:
    run_folder(Path("runs/first"), small_classifier(), familiarity=LIMITS)
    code, told = edgecad_here("export", "runs/first", "--fp16")
    assert code == 0, told
    lines = told.splitlines()
    assert all(STEP.match(line) for line in lines), told
    steps = [line[9:] for line in lines]
    assert steps[1:4] == ["Keras to ONNX", "fp32: making and judging the file", "fp16: making and judging the file"]
    assert steps[4] == "fp16, 0 nodes of the backbone in fp32"


def _largest_kernel_changed(proto: onnx.ModelProto) -> None:
    kernel = max(proto.graph.initializer, key=lambda tensor: int(np.prod(tensor.dims)))
    values = numpy_helper.to_array(kernel).copy()
    values.flat[0] += 1.0
    kernel.CopyFrom(numpy_helper.from_array(values, kernel.name))


def test_one_changed_weight_fails_the_gate_and_the_old_model_stays(
    exported: Command, run_folder: Write, small_classifier: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = exporter.onnx_from_keras

    def perturbed(model: Any, opset: int) -> onnx.ModelProto:
        proto = honest(model, opset)
        _largest_kernel_changed(proto)
        return proto

    monkeypatch.setattr(exporter, "onnx_from_keras", perturbed)
    run_folder(Path("runs/second"), small_classifier())
    _refused(exported("export", "runs/second"), 5, "logit difference", "bound 0.0001")
    _only_the_first_is_there()


def test_a_map_from_another_head_fails_the_gate_though_the_logits_are_right(
    exported: Command, run_folder: Write, small_classifier: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = exporter.explained_model

    def mismatched(classifier: Any, temperature: float, centres: Any) -> Any:
        """The logits of the model itself, and the maps of a head with other weights."""
        head = classifier.dense[0]
        other = keras.layers.Dense(head.units, activation="relu")
        other.build((None, classifier.features.shape[-1]))
        other.set_weights([head.get_weights()[0][::-1].copy(), head.get_weights()[1]])
        wrong = honest(replace(classifier, dense=(other, *classifier.dense[1:])), temperature, centres)
        outputs = dict(wrong.output)
        outputs["logits"] = keras.layers.Identity(name="logits")(classifier.model.output)
        return keras.Model(classifier.model.inputs[0], outputs)

    monkeypatch.setattr(exporter, "explained_model", mismatched)
    run_folder(Path("runs/second"), small_classifier())
    _refused(exported("export", "runs/second"), 5, "identity error", "heat map correlation")
    _only_the_first_is_there()


def test_weights_that_are_not_finite_are_never_published(
    exported: Command, run_folder: Write, small_classifier: Build
) -> None:
    model = small_classifier()
    kernel, bias = model.layers[-1].get_weights()
    kernel[0, 0] = np.nan
    model.layers[-1].set_weights([kernel, bias])
    run_folder(Path("runs/second"), model)
    _refused(exported("export", "runs/second"), 5, "not finite")
    _only_the_first_is_there()


def test_exporting_a_run_again_gets_a_folder_of_its_own_and_the_pointer(exported: Command) -> None:
    before = Path("models/first/model.onnx").read_bytes()
    code, told = exported("export", "runs/first", "--fp16")
    assert code == 0, told
    assert Path("models/first/model.onnx").read_bytes() == before
    assert Path("models/latest").read_text().strip() == "first-2"
    assert {"model.onnx", "model.fp16.onnx"} <= {path.name for path in Path("models/first-2").iterdir()}


def test_a_tolerance_of_ones_own_is_obeyed_and_recorded(exported: Command) -> None:
    _refused(exported("export", "runs/first", "--tolerance", "fp32.logits=0"), 5, "logit difference", "bound 0)")
    code, told = exported("export", "runs/first", "--tolerance", "fp32.logits=0.5")
    assert code == 0, told
    entry = json.loads(Path("models/first-2/parity.json").read_text())["files"]["model.onnx"]
    assert entry["tolerances"]["logits"] == 0.5


@pytest.mark.parametrize(
    "word", ["logits=1", "fp64.logits=1", "fp32.loss=1", "fp32.logits=-1", "fp32.logits=many", "fp32"]
)
def test_a_tolerance_that_is_none_is_a_usage_error(word: str, edgecad_here: Command) -> None:
    _refused(edgecad_here("export", "--tolerance", word), 2, "--tolerance", word)


@pytest.mark.parametrize(("words", "lacking"), [((), "int8"), (("--fp16",), "int8"), (("--int8",), "fp16")])
def test_a_tolerance_for_a_file_that_is_not_written_is_a_usage_error(
    words: tuple[str, ...], lacking: str, edgecad_here: Command
) -> None:
    told = edgecad_here("export", *words, "--tolerance", f"{lacking}.hidden=0.1")
    _refused(told, 2, "not written", f"add --{lacking}")


IMPOSSIBLE = ("--tolerance", "fp16.probabilities=0", "--tolerance", "fp16.heatmap_correlation=1")


def test_what_holds_is_kept_and_what_does_not_is_refused_with_its_reason(
    edgecad_here: Command, run_folder: Write, small_classifier: Build
) -> None:
    run_folder(Path("runs/first"), small_classifier())
    code, told = edgecad_here("export", "runs/first", "--fp16", *IMPOSSIBLE)
    assert code == 5
    last = told.splitlines()[-1]
    for word in ("edgecad: fp16 was refused after", "probability difference", "(bound 0)", "models/first: model.onnx",
                 "without --fp16", "--tolerance fp16.probabilities=VALUE"):  # fmt: skip
        assert word in last
    assert "model.fp16.onnx" not in {path.name for path in Path("models/first").iterdir()}
    assert Path("models/latest").read_text().strip() == "first"
    record = json.loads(Path("models/first/parity.json").read_text())
    assert list(record["files"]) == ["model.onnx"]
    ((name, refused),) = record["refused"].items()
    assert name == "model.fp16.onnx"
    assert "probability difference" in refused["reason"]
    assert refused["validation"]["images"] > 0
    assert refused["attempts"]
    assert "Refused: fp16" in Path("models/first/MODEL_CARD.md").read_text()
    assert edgecad_here("verify", "models/latest", "--precision", "all")[0] == 0


def test_the_others_are_kept_beside_one_that_is_refused(
    edgecad_here: Command, run_folder: Write, small_classifier: Build
) -> None:
    run_folder(Path("runs/first"), small_classifier())
    loose = [f"int8.{name}" for name in ("probabilities=1", "neighbourhood=1", "heatmap_correlation=-1", "auc_loss=1")]
    words = [word for bound in loose for word in ("--tolerance", bound)]
    code, told = edgecad_here("export", "runs/first", "--fp16", "--int8", *IMPOSSIBLE, *words)
    assert code == 5, told
    assert {"model.onnx", "model.int8.onnx"} <= {path.name for path in Path("models/first").iterdir()}
    assert "int8 was refused" not in told
    assert "model.onnx, model.int8.onnx" in told.splitlines()[-1]


def test_what_holds_is_kept_where_a_converter_breaks(
    edgecad_here: Command, run_folder: Write, small_classifier: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("an operator that nobody foresaw")

    monkeypatch.setattr("edgecad_export.precision.fp16.converting.fp16_from_fp32", broken)
    run_folder(Path("runs/first"), small_classifier())
    code, told = edgecad_here("export", "runs/first", "--fp16")
    assert code == 1
    last = told.splitlines()[-1]
    for word in ("fp16 was not made: ValueError: an operator that nobody foresaw", "models/first: model.onnx"):
        assert word in last
    assert Path("models/latest").read_text().strip() == "first"
    told = json.loads(Path("models/first/parity.json").read_text())
    reason = "ValueError: an operator that nobody foresaw"
    assert told["failed"] == {"model.fp16.onnx": {"precision": "fp16", "reason": reason}}
    assert list(told["files"]) == ["model.onnx"]


def test_a_refused_file_is_told_by_its_nearest_attempt() -> None:
    few, many = (Verdict(None, None, (Miss("x"),) * count) for count in (1, 2))  # type: ignore[arg-type]
    tried = [
        JudgedGraph(onnx.ModelProto(), verdict, (str(number),)) for number, verdict in enumerate((many, few, few, many))
    ]
    best = None
    for one in tried:
        best = nearest(best, one)
    assert best is tried[1]


def test_int8_without_training_images_is_said_before_anything_is_converted(
    edgecad_here: Command, run_folder: Write, small_classifier: Build
) -> None:
    folder = run_folder(Path("runs/first"), small_classifier())
    np.savez_compressed(folder / "calibration.npz", images=np.zeros((0, 64, 64, 3), np.uint8))
    code, told = edgecad_here("export", "runs/first", "--int8")
    assert code == 2
    assert "no training images" in told
    assert "Keras to ONNX" not in told
    assert not Path("models").exists()


def test_an_export_in_fp16_runs_and_replays_in_fp16(exported: Command) -> None:
    assert exported("export", "runs/first", "--fp16")[0] == 0
    assert exported("verify", "models/latest", "--precision", "fp16")[0] == 0
    _refused(exported("verify", "models/first", "--precision", "fp16"), 6, "no fp16 file", "only fp32")


def _flatten(x: Any) -> Any:
    return keras.layers.Dense(2)(keras.layers.Flatten()(x))


def _no_pooling(x: Any) -> Any:
    return keras.layers.Dense(2)(x)


def _softmax(x: Any) -> Any:
    return keras.layers.Dense(2, activation="softmax")(keras.layers.GlobalAveragePooling2D()(x))


def _softmax_layer(x: Any) -> Any:
    return keras.layers.Softmax()(keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))


def _tanh(x: Any) -> Any:
    x = keras.layers.Dense(8, activation="tanh")(keras.layers.GlobalAveragePooling2D()(x))
    return keras.layers.Dense(2)(x)


def _three_units(x: Any) -> Any:
    return keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(x))


def _max_pooling(x: Any) -> Any:
    return keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x))


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (_flatten, "Flatten"),
        (_no_pooling, "wanted: image"),
        (_softmax, "activation softmax"),
        (_softmax_layer, "Softmax"),
        (_tanh, "activation tanh"),
        (_three_units, "ends in 3 units"),
        (_max_pooling, "GlobalMaxPooling2D"),
    ],
)
def test_a_model_of_another_form_is_refused_with_the_form_that_is_wanted(
    head: Callable[[Any], Any], word: str, edgecad_here: Command, run_folder: Write, small_classifier: Build
) -> None:
    run_folder(Path("runs/external"), small_classifier(head=head))
    _refused(edgecad_here("export", "runs/external"), 6, word, "global average pooling")
    assert not Path("models").exists()


def test_a_model_with_a_lambda_layer_is_not_loaded(
    edgecad_here: Command, run_folder: Write, small_classifier: Build
) -> None:
    def head(x: Any) -> Any:
        x = keras.layers.Lambda(lambda value: value * 2.0)(x)
        return keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))

    run_folder(Path("runs/external"), small_classifier(head=head))
    _refused(edgecad_here("export", "runs/external"), 6, "model.keras cannot be loaded")


@pytest.fixture
def spoilt(run_folder: Write, small_classifier: Build, edgecad_here: Command) -> Path:
    """A run folder to be spoilt; `edgecad_here` has moved to its parent's parent."""
    return run_folder(Path("runs/spoilt"), small_classifier())


def _half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("name", ["model.keras", "validation.npz", "contract.json"])
def test_a_damaged_file_of_the_run_is_named(name: str, spoilt: Path, edgecad_here: Command) -> None:
    _half(spoilt / name)
    _refused(edgecad_here("export", spoilt), 6, name)
    assert not Path("models").exists()


@pytest.mark.parametrize("name", ["model.keras", "validation.npz", "contract.json"])
def test_a_run_without_one_of_its_files_is_not_finished(name: str, spoilt: Path, edgecad_here: Command) -> None:
    (spoilt / name).unlink()
    _refused(edgecad_here("export", spoilt), 6, f"has no {name}", "edgecad train")


def test_a_run_of_a_study_that_kept_no_networks_names_the_option(spoilt: Path, edgecad_here: Command) -> None:
    (spoilt / "model.keras").unlink()
    (spoilt / "run.json").write_text("{}")
    _refused(edgecad_here("export", spoilt), 6, "no model.keras", "--keep-models")


def test_an_unfinished_run_names_the_command_that_finishes_it(edgecad_here: Command) -> None:
    folder = Path("runs/begun.unfinished")
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("{}")
    _refused(edgecad_here("export", folder), 6, "unfinished run", "edgecad train --resume")


def test_a_newer_contract_says_what_this_version_reads(spoilt: Path, edgecad_here: Command) -> None:
    contract = json.loads((spoilt / "contract.json").read_text())
    (spoilt / "contract.json").write_text(json.dumps({**contract, "version": CONTRACT_VERSION + 1, "new_field": 1}))
    newer = (f"version {CONTRACT_VERSION + 1}", f"reads up to {CONTRACT_VERSION}", "update edgecad")
    _refused(edgecad_here("export", spoilt), 6, *newer)


def test_no_run_at_all_names_the_command_that_makes_one(edgecad_here: Command) -> None:
    _refused(edgecad_here("export"), 6, "no run at runs/latest", "edgecad train")
    _refused(edgecad_here("export", "absent.keras"), 6, "no model at absent.keras", "or a run folder")


def test_verify_fails_when_weights_change_and_the_contract_stays(exported: Command) -> None:
    assert exported("verify", "models/first")[0] == 0
    proto = onnx.load("models/first/model.onnx")
    _largest_kernel_changed(proto)
    onnx.save(proto, "changed.onnx")
    _refused(exported("verify", "changed.onnx"), 6, "changed.onnx changed since it was exported", "export it again")
    Path("changed.onnx").write_bytes(with_digest(proto.SerializeToString()))
    _refused(exported("verify", "changed.onnx"), 5, "phantom-1.jpg", "came out differently", "do not use")
