"""Outputs of the graph: required ones must be there, optional ones may be, unknown ones do not matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.cli.program import app
from edgecad.contract import METADATA_KEY, Contract, contract_from_json, graph
from edgecad.contract.graph import OUTPUT_TABLE, OUTPUTS, GraphOutput, known_outputs, missing_outputs
from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import json_from_struct
from edgecad.modelfiles.digest import with_digest
from edgecad.modelfiles.metadata import metadata_of

OPTIONAL = [output.name for output in OUTPUT_TABLE if not output.required]
REQUIRED = [output.name for output in OUTPUT_TABLE if output.required]


def set_contract(proto: Any, contract: Contract) -> None:
    entry = next(entry for entry in proto.metadata_props if entry.key == METADATA_KEY)
    entry.value = json_from_struct(contract)


@pytest.fixture
def with_outputs(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, model_folder: Path, tmp_path: Path
) -> Callable[..., Path]:
    """Write the tiny model without some outputs, and with one that nobody knows."""
    onnx = pytest.importorskip("onnx")

    def write(without: tuple[str, ...] = (), extra: str = "") -> Path:
        proto = onnx.load(model_folder / "model.onnx")
        kept = [output for output in proto.graph.output if output.name not in without]
        del proto.graph.output[:]
        proto.graph.output.extend(kept)
        if extra:
            proto.graph.node.append(onnx.helper.make_node("Identity", ["logits"], [extra]))
            info = onnx.helper.make_tensor_value_info(extra, onnx.TensorProto.FLOAT, ["N", 2])
            proto.graph.output.append(info)
        path = tmp_path / "changed.onnx"
        path.write_bytes(with_digest(proto.SerializeToString()))
        if "familiarity" in without:
            contract = contract_from_json(metadata_of(path.read_bytes())[METADATA_KEY])
            set_contract(proto, msgspec.structs.replace(contract, familiarity=None))
            path.write_bytes(with_digest(proto.SerializeToString()))
        return path

    return write


def test_what_an_answer_rests_on_is_required() -> None:
    from edgecad.inference.predicting import ANSWER_OUTPUTS

    assert set(ANSWER_OUTPUTS) <= set(REQUIRED)
    assert OPTIONAL


@pytest.mark.parametrize("name", REQUIRED)
def test_a_graph_without_a_required_output_is_refused(with_outputs: Callable[..., Path], name: str) -> None:
    with pytest.raises(ModelInvalid, match=f"the model has no output {name}; export it"):
        Classifier(with_outputs((name,)), device="cpu")


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_absent_optional_output_makes_only_what_reads_it_absent(
    with_outputs: Callable[..., Path], model_folder: Path, phantom_jpeg: Path, name: str
) -> None:
    with Classifier(model_folder, device="cpu") as whole, Classifier(with_outputs((name,)), device="cpu") as without:
        images = np.zeros((1, 64, 64, 3), np.uint8)
        np.testing.assert_array_equal(whole(phantom_jpeg).heatmap, without(phantom_jpeg).heatmap)
        assert all(entry.holds for entry in without.replay_golden())
        assert whole.run(images, (name,)).keys() == {name}
        with pytest.raises(UsageError, match=f"this model has no output {name}; export it"):
            without.run(images, ("logits", name))
        assert without.facts.outputs == tuple(each for each in OUTPUTS if each != name)


def test_limits_without_the_output_that_they_are_for_are_refused(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, model_folder: Path, tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    proto = onnx.load(model_folder / "model.onnx")
    kept = [output for output in proto.graph.output if output.name != "familiarity"]
    del proto.graph.output[:]
    proto.graph.output.extend(kept)
    path = tmp_path / "without.onnx"
    path.write_bytes(with_digest(proto.SerializeToString()))
    with pytest.raises(ModelInvalid, match="limits for the output familiarity, and the graph has no such output"):
        Classifier(path, device="cpu")


def test_a_new_output_leaves_the_models_in_use_valid(
    model_folder: Path, phantom_jpeg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graph, "OUTPUT_TABLE", (*OUTPUT_TABLE, GraphOutput("depth", "(N, 1)", "new", required=False)))
    with Classifier(model_folder, device="cpu") as classifier:
        classifier(phantom_jpeg)
        with pytest.raises(UsageError, match="no output depth"):
            classifier.run(np.zeros((1, 64, 64, 3), np.uint8), ("depth",))
    strict = tuple(replace(output, required=True) for output in graph.OUTPUT_TABLE)
    monkeypatch.setattr(graph, "OUTPUT_TABLE", strict)
    with pytest.raises(ModelInvalid, match="no output depth"):
        Classifier(model_folder, device="cpu")


def test_a_graph_with_an_unknown_output_is_opened_and_answers(
    with_outputs: Callable[..., Path], model_folder: Path, phantom_jpeg: Path
) -> None:
    path = with_outputs(extra="tomorrow")
    with Classifier(path, device="cpu") as classifier, Classifier(model_folder, device="cpu") as plain:
        assert classifier.facts.outputs == OUTPUTS
        assert classifier(phantom_jpeg).probability == plain(phantom_jpeg).probability
    for command in (["infer", str(phantom_jpeg), "--model"], ["verify"], ["inspect"]):
        done = CliRunner().invoke(app, [*command, str(path)])
        assert done.exit_code == 0, done.output
    assert "tomorrow" in done.output


def test_the_table_is_asked_in_its_order() -> None:
    assert missing_outputs(["cam", "logits"]) == ("probabilities", "cam_bias")
    assert missing_outputs(REQUIRED) == ()
    assert known_outputs(["tomorrow", "cam", "logits"]) == ("logits", "cam")
