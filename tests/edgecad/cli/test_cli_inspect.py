"""`edgecad inspect`: contract, graph as it runs, files; and the profile of a graph's nodes."""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Contract
from edgecad.cli.program import app
from edgecad.contract import Labelling, Metric, contract_from_json
from edgecad.modelfiles.sums import write_sums
from edgecad.runners.profile import node_groups

Build = Callable[..., bytes]


def inspected(*words: object) -> Any:
    return CliRunner().invoke(app, ["inspect", *map(str, words)])


@pytest.fixture
def record(model_folder: Path) -> dict[str, Any]:
    done = inspected(model_folder, "--device", "cpu", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_hashes_and_contract_are_those_of_the_file(record: dict[str, Any], model_folder: Path) -> None:
    content = (model_folder / "model.onnx").read_bytes()
    assert record["model"] == hashlib.sha256(content).hexdigest()
    assert record["size_bytes"] == len(content)
    contract = contract_from_json(json.dumps(record["contract"]))
    assert (contract.name, len(contract.golden)) == ("tiny", 3)
    (entry,) = record["files"]
    assert (entry["name"], entry["sha256"], entry["size_bytes"]) == ("model.onnx", record["model"], len(content))


def test_inputs_and_outputs_have_types_and_shapes(record: dict[str, Any]) -> None:
    assert record["inputs"] == [{"name": "image", "type": "uint8", "shape": ["N", 64, 64, 3]}]
    outputs = {entry["name"]: (entry["type"], entry["shape"]) for entry in record["outputs"]}
    assert outputs["cam"] == ("float32", ["N", 2, 4, 4])
    assert len(outputs) == 7


def test_nodes_are_counted_as_they_run(record: dict[str, Any]) -> None:
    counts: Counter[str] = Counter()
    for entry in record["nodes"]:
        counts[entry["operator"]] += entry["count"]
    assert (counts["AveragePool"], counts["Softmax"], counts["ReduceMean"]) == (1, 1, 1)
    assert {"operator": "Cast", "type": "uint8 -> float32", "count": 1} in [
        {key: entry[key] for key in ("operator", "type", "count")} for entry in record["nodes"]
    ]
    assert sum(entry["share"] for entry in record["nodes"]) == pytest.approx(1.0)
    assert {entry["provider"] for entry in record["nodes"]} == {"CPUExecutionProvider"}


def test_the_profile_is_removed(model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert inspected(model_folder).exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_the_text_fits_80_columns_and_ends_with_the_next_command(model_folder: Path, tiny_model: Build) -> None:
    text = inspected(model_folder).stdout
    *lines, following = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert following == f"next: edgecad verify {shlex.quote(str(model_folder))}"
    assert lines[0] == "PHANTOM MODEL - NOT FOR PATIENTS"
    for word in ("figures: none were recorded", "positive: CAD", "no SHA256SUMS; not signed", "3 samples"):
        assert word in text


def test_a_label_that_is_too_long_for_its_column_has_a_line_of_its_own(model_folder: Path) -> None:
    lines = inspected(model_folder).stdout.splitlines()
    place = lines.index("  uncertain zone")
    assert lines[place + 1].startswith(f"{' ' * 16}none: ")


def test_figures_have_intervals_methods_and_say_phantom(
    tiny_model: Build, tiny_contract: Contract, tmp_path: Path
) -> None:
    metrics = tuple(
        Metric(name=name, value=0.9, low=0.8123, high=0.95, n=44, part=part, method=method)
        for name, part, method in (
            ("auc", "validation", "DeLong"),
            ("macro_sensitivity", "test", "Clopper-Pearson of both classes, jointly"),
            ("auc", "test", "DeLong"),
        )
    )
    changed = replace(
        tiny_contract, metrics=metrics, labelling=Labelling(reference="two readers " * 12, prevalence=0.4)
    )
    (tmp_path / "m.onnx").write_bytes(tiny_model(changed))
    lines = inspected(tmp_path / "m.onnx").stdout.splitlines()[:-1]
    (head,) = [index for index, line in enumerate(lines) if line.startswith("figures")]
    assert "PHANTOM" in lines[head]
    parts = [line.split()[0] for line in lines[head + 2 : head + 5]]
    assert parts == ["test", "test", "validation"]
    assert "0.812 to 0.950  44  b" in lines[head + 2]
    assert "  b: Clopper-Pearson of both classes, jointly" in lines
    assert "folder: none; a lone file" in lines
    assert max(map(len, lines)) <= 80


def test_sums_and_signature_of_a_folder_are_said_to_be_there(model_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "signed"
    shutil.copytree(model_folder, folder)
    write_sums(folder)
    (folder / "SHA256SUMS.sig").write_bytes(b"not checked here")
    assert "SHA256SUMS is there; signed" in inspected(folder).stdout


def test_a_node_takes_the_median_of_its_runs_and_kinds_are_grouped() -> None:
    def event(name: str, operator: str, taken: str, given: str, microseconds: int) -> dict[str, Any]:
        types = {"input_type_shape": [{taken: [1]}], "output_type_shape": [{given: [1]}]}
        about = {"op_name": operator, "provider": "P", "node_index": "0", **types}
        return {"cat": "Node", "name": f"{name}_kernel_time", "dur": microseconds, "args": about}

    fence = {**event("a", "Conv", "float", "float", 1), "name": "a_fence_before"}
    events = [{"cat": "Session", "name": "model_run", "dur": 9}, fence]
    for first, second, third in ((1000, 900, 500), (30, 50, 20), (30, 50, 20)):  # the first run is cold
        events += [
            event("a", "Conv", "float", "float", first),
            event("b", "Conv", "float", "float", second),
            event("c", "QuantizeLinear", "float", "uint8", third),
        ]
    groups = [(group.operator, group.type, group.count, round(group.share, 6)) for group in node_groups(events)]
    assert groups == [("Conv", "float32", 2, 0.8), ("QuantizeLinear", "float32 -> uint8", 1, 0.2)]


def test_an_engine_is_not_shown_as_if_onnx_runtime_ran_it(model_folder: Path) -> None:
    done = inspected(model_folder, "--device", "tensorrt")
    assert done.exit_code == 2
    assert "the nodes that tensorrt runs; use --device cpu or cuda" in done.stderr
