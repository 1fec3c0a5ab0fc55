"""`edgecad verify`: files against their sums, golden samples of every precision, wrong uses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from edgecad import Classifier, Contract
from edgecad.cli.program import app
from edgecad.contract import CONTRACT_VERSION
from edgecad.frozen import json_from_struct
from edgecad.modelfiles.digest import with_digest
from edgecad.modelfiles.file import FILES
from edgecad.modelfiles.sums import write_sums

Build = Callable[..., bytes]


def verified(*words: object) -> Any:
    return CliRunner().invoke(app, ["verify", *map(str, words)])


def refused(done: Any, code: int, *words: str) -> None:
    """Ended with that code and one line that has the words."""
    assert done.exit_code == code, done.output
    (line,) = done.stderr.splitlines()
    for word in words:
        assert word in line
    assert "Traceback" not in line


@pytest.fixture
def model(model_folder: Path, tiny_model: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all three precisions and sums, in the current folder; the tiny graph is the same in each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EDGECAD_MODEL", raising=False)
    folder = Path("model")
    folder.mkdir()
    with Classifier(model_folder, device="cpu") as classifier:
        contract = classifier.contract
    for precision, name in FILES.items():
        (folder / name).write_bytes(tiny_model(replace(contract, precision=precision)))
    (folder / "parity.json").write_text("{}")
    write_sums(folder)
    return folder


def test_the_files_are_held_against_their_sums(model: Path) -> None:
    done = verified(model)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "files: 4, all as SHA256SUMS says; not signed" in done.stdout
    assert done.stdout.startswith("PHANTOM MODEL - NOT FOR PATIENTS\n")
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_a_folder_without_sums_is_verified_and_says_so(model_folder: Path) -> None:
    done = verified(model_folder)
    assert done.exit_code == 0
    assert "no SHA256SUMS" in done.stdout


def test_a_lone_file_has_golden_samples_and_no_sums(model: Path) -> None:
    done = verified(model / "model.fp16.onnx")
    assert done.exit_code == 0
    assert "a lone file, without sums or signature; digest fits" in done.stdout
    assert done.stdout.count("\n  fp16 ") == 3


@pytest.mark.parametrize("name", ["model.onnx", "model.int8.onnx", "parity.json"])
def test_one_changed_byte_in_any_file_of_a_folder_ends_with_code_6(model: Path, name: str) -> None:
    content = bytearray((model / name).read_bytes())
    content[len(content) // 2] ^= 1
    (model / name).write_bytes(content)
    refused(verified(model), 6, name, "changed", "export it again")


def test_a_file_that_nobody_listed_ends_with_code_6(model: Path) -> None:
    (model / "model.extra.onnx").write_bytes(b"")
    refused(verified(model), 6, "model.extra.onnx", "without being listed")


def test_a_changed_weight_in_a_lone_file_is_told_by_its_golden_samples(model: Path) -> None:
    content = (model / "model.onnx").read_bytes()
    weight = np.float32(-3.0).tobytes()
    assert content.count(weight) >= 1
    changed = content.replace(weight, np.float32(-3.5).tobytes())
    Path("changed.onnx").write_bytes(changed)
    refused(verified("changed.onnx"), 6, "changed since it was exported", "digest")
    Path("changed.onnx").write_bytes(with_digest(changed))
    done = verified("changed.onnx")
    assert done.exit_code == 5
    assert "came out differently" in done.stderr or "belong together" in done.stderr


def test_all_replays_every_file_that_is_there(model: Path) -> None:
    record = json.loads(verified(model, "--precision", "all", "--json").stdout)
    assert [row["precision"] for row in record["replays"]] == ["fp32"] * 3 + ["fp16"] * 3 + ["int8"] * 3
    assert all(row["holds"] for row in record["replays"])
    assert record["integrity"]["sums"] == "holds"
    assert record["compared"] is None
    (model / "model.fp16.onnx").unlink()
    write_sums(model)
    record = json.loads(verified(model, "--precision", "all", "--json").stdout)
    assert [entry["precision"] for entry in record["files"]] == ["fp32", "int8"]


def test_the_file_whose_answers_differ_is_named_and_the_others_hold(
    model: Path, tiny_model: Build, model_folder: Path
) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        contract = classifier.contract
    moved = tuple(replace(golden, logits=(golden.logits[0] + 1, golden.logits[1])) for golden in contract.golden)
    (model / "model.int8.onnx").write_bytes(tiny_model(replace(contract, precision="int8", golden=moved)))
    write_sums(model)
    done = verified(model, "--precision", "all")
    assert done.exit_code == 5
    assert (done.stdout.count("holds"), done.stdout.count("DIFFERS")) == (6, 3)
    assert "phantom-1.jpg (model.int8.onnx)" in done.stderr
    assert "model.onnx)" not in done.stderr
    assert "next:" not in done.stdout


def run_folder(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "model.keras")


def truncated(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


WRONG: dict[str, Callable[[Path], object]] = {
    "no model at": shutil.rmtree,
    "is a training run": run_folder,
    "cannot open model.onnx": truncated,
}


@pytest.mark.parametrize("said", WRONG)
@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_what_is_no_model_ends_with_code_6(model: Path, said: str, command: str) -> None:
    (model / "SHA256SUMS").unlink()
    WRONG[said](model)
    done = CliRunner().invoke(app, [command, str(model)])
    refused(done, 6, said, "edgecad export" if said != "cannot open model.onnx" else "export it again")


@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_a_newer_contract_says_what_to_update(
    model: Path, tiny_model: Build, tiny_contract: Contract, command: str
) -> None:
    newer = json_from_struct(tiny_contract).replace(f'"version": {CONTRACT_VERSION},', '"version": 9,', 1)
    Path("newer.onnx").write_bytes(tiny_model(newer))
    refused(CliRunner().invoke(app, [command, "newer.onnx"]), 6, "version 9", "update edgecad")


def test_a_precision_that_is_not_there_names_those_that_are(model: Path) -> None:
    refused(verified(model, "--precision", "fp8"), 2, "fp32, fp16, int8", "all")
    (model / "model.int8.onnx").unlink()
    refused(verified(model, "--precision", "int8"), 6, "no int8 file", "--int8")


def test_a_pointer_that_leads_elsewhere_is_not_followed(model: Path) -> None:
    Path("latest").write_text("../elsewhere\n")
    refused(verified("latest"), 6, "give the folder itself")
