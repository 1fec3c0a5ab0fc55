"""What `--precision auto` takes: the fastest that answers the golden samples here, and no other in silence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgecad import Classifier
from edgecad.cli.program import app
from edgecad.errors import GateFailed, ModelInvalid, UsageError
from edgecad.modelfiles.file import parse_choice
from edgecad.runners import devices

Build = Callable[..., bytes]


@pytest.mark.parametrize(
    ("there", "taken"),
    [(("fp32",), "fp32"), (("fp32", "fp16"), "fp32"), (("fp32", "int8"), "int8"), (("fp32", "fp16", "int8"), "int8")],
)
def test_a_cpu_takes_int8_and_never_fp16(there: tuple[str, ...], taken: str, folder_of: Callable[..., Path]) -> None:
    with Classifier(folder_of(*there), device="cpu") as classifier:
        assert classifier.facts.precision == taken
        assert classifier.remark == ""


@pytest.mark.parametrize(("there", "taken"), [(("fp32", "int8"), "fp32"), (("fp32", "fp16", "int8"), "fp16")])
def test_a_gpu_takes_fp16_and_never_int8(
    there: tuple[str, ...], taken: str, folder_of: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = next(row for row in devices.DEVICES if row.word == "cuda")
    rows = tuple(replace(row, fast=gpu.fast) for row in devices.DEVICES)  # the CPU opens what the GPU would take
    monkeypatch.setattr(devices, "DEVICES", rows)
    with Classifier(folder_of(*there), device="cpu") as classifier:
        assert classifier.facts.precision == taken


def test_what_fails_the_golden_samples_is_not_taken_and_that_is_said(folder_of: Callable[..., Path]) -> None:
    folder = folder_of("fp32", "int8", wrong="int8")
    with Classifier(folder, device="cpu") as classifier:
        assert classifier.facts.precision == "fp32"
        assert "int8 was not taken, fp32 runs instead" in classifier.remark
        assert "golden" in classifier.remark or "otherwise than at export" in classifier.remark


def test_where_fp32_fails_the_golden_samples_too_nothing_is_taken(folder_of: Callable[..., Path]) -> None:
    """It is the machine then, not the precision."""
    with pytest.raises(GateFailed, match="otherwise than at export"):
        Classifier(folder_of("fp32", "int8", wrong=("fp32", "int8")), device="cpu")


@pytest.mark.parametrize("named", ["fp32", "int8", None])
def test_a_named_precision_is_taken_or_nothing_is(named: Any, folder_of: Callable[..., Path]) -> None:
    with Classifier(folder_of("fp32", "int8"), device="cpu", precision=named) as classifier:
        assert classifier.facts.precision == (named or "fp32")
        assert classifier.remark == ""


@pytest.mark.parametrize("named", ["fp32", "int8", "fp16"])
def test_a_named_precision_that_fails_the_golden_samples_is_not_replaced(
    named: Any, folder_of: Callable[..., Path]
) -> None:
    with pytest.raises(GateFailed, match="otherwise than at export"):
        Classifier(folder_of("fp32", "int8", "fp16", wrong=named), device="cpu", precision=named)


def test_damage_is_no_reason_to_take_another(folder_of: Callable[..., Path]) -> None:
    folder = folder_of("fp32", "int8")
    content = (folder / "model.int8.onnx").read_bytes()
    (folder / "model.int8.onnx").write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelInvalid):
        Classifier(folder, device="cpu")


def test_a_lone_file_is_what_it_is(folder_of: Callable[..., Path]) -> None:
    with Classifier(folder_of("fp32", "fp16") / "model.fp16.onnx", device="cpu") as classifier:
        assert classifier.facts.precision == "fp16"


@pytest.mark.parametrize("command", ["infer", "watch"])
def test_the_commands_say_what_was_not_taken(
    command: str, folder_of: Callable[..., Path], phantom_jpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    folder = folder_of("fp32", "int8", wrong="int8")
    words: dict[str, list[Any]] = {
        "infer": ["infer", phantom_jpeg, "--model", folder, "--device", "cpu"],
        "watch": ["watch", "in", "out", "--once", "--model", folder, "--device", "cpu"],
    }
    done = CliRunner().invoke(app, [str(word) for word in words[command]])
    assert done.exit_code == 0, done.output
    assert "warning: int8 was not taken, fp32 runs instead" in done.stderr


def test_a_precision_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="bf16, or auto"):
        parse_choice("fp8")
