"""The table of devices: what stands in it is what is taken, and a new engine is one file and one row."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from edgecad.cli.bench.command import app as bench
from edgecad.cli.program import app
from edgecad.errors import ModelInvalid, NotAvailable, UsageError
from edgecad.inference.loading import load_model
from edgecad.runners import devices
from edgecad.runners.devices import DEVICES, NUMBERED, Device, DeviceRequest, Package, chosen_device, parse_device

ENGINE = '''
"""An engine for one test: it has a file, and computes as the CPU does."""

from dataclasses import replace

from edgecad.runners.base import OpenRequest
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.onnx import OnnxRunner

opened = []


class AbacusRunner:
    def __init__(self, request: OpenRequest) -> None:
        opened.append(request)
        self._cpu = OnnxRunner(request.model, DeviceRequest("cpu"), request.name, request.threads)
        self.facts = replace(self._cpu.facts, device=request.device.name, provider="beads")

    def run(self, images, outputs):
        return self._cpu.run(images, outputs)


def open_abacus(request: OpenRequest) -> AbacusRunner:
    return AbacusRunner(request)


def open_another(request: OpenRequest) -> OnnxRunner:
    return OnnxRunner(request.model, DeviceRequest("cpu"), request.name, request.threads)


def is_here() -> bool:
    return True
'''
ROW = Device(
    "abacus",
    opener="abacus_engine:open_abacus",
    packages=(Package("msgspec", "msgspec", "cpu"),),
    fast="fp32",
    units=NUMBERED,
    about="An abacus is oiled first.",
)


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """One file on Python's path, and one row in the table; the engine's module."""

    def register(row: Device = ROW) -> Any:
        (tmp_path / "abacus_engine.py").write_text(ENGINE)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "abacus_engine", raising=False)
        monkeypatch.setattr(devices, "DEVICES", (*DEVICES, row))
        importlib.invalidate_caches()
        return importlib.import_module("abacus_engine")

    return register


def test_a_new_engine_is_one_file_and_one_row(
    registered: Callable[..., Any], model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    engine = registered()
    common = ["infer", str(phantom_jpeg), "--model", str(model_folder), "--json"]
    done = CliRunner().invoke(app, [*common, "--device", "abacus:3"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["device"], found["provider"]) == ("abacus:3", "beads")
    reference = json.loads(CliRunner().invoke(app, [*common, "--device", "cpu"]).stdout)
    assert found["probability"] == reference["probability"]
    assert [request.device for request in engine.opened] == [DeviceRequest("abacus", "3")]


def test_help_completion_bench_doctor_and_inspect_know_a_row(edgecad: Callable[..., Any], tmp_path: Path) -> None:
    """In a fresh interpreter, where the row is there before the commands are."""
    (tmp_path / "abacus_engine.py").write_text(ENGINE)
    before = f"""
sys.path.insert(0, {str(tmp_path)!r})
from edgecad.runners import devices
devices.DEVICES += (devices.Device("abacus", "abacus_engine:open_abacus",
    (devices.Package("msgspec", "msgspec", "cpu"),), "fp32", units=devices.NUMBERED,
    about="An abacus is oiled first."),)
"""
    for command in ("infer", "watch", "bench"):
        shown = " ".join(edgecad(command, "--help", before=before).stdout.split())
        assert "openvino[:cpu|gpu|npu] or abacus[:N]" in shown
        assert ("An abacus is oiled first." in shown) == (command == "bench")
    asked = {"_EDGECAD_COMPLETE": "complete_bash", "COMP_WORDS": "edgecad infer --device a", "COMP_CWORD": "3"}
    offered = edgecad(before=f"{before}\nos.environ.update({asked!r})").stdout
    assert offered.split() == ["auto", "abacus"]
    assert "cannot show the nodes that abacus runs" in edgecad("inspect", "--device", "abacus:1", before=before).stderr
    assert ": --device abacus" in edgecad("doctor", before=before).stdout


def test_a_row_is_measured_by_bench_with_the_others(
    registered: Callable[..., Any], model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgecad.bench import process
    from edgecad.bench.results import BenchOrder, NotMeasured, Result

    measured = []

    def result_of(order: BenchOrder) -> Result:
        measured.append(order.device)
        return NotMeasured(device=order.device, precision=order.precision, reason="not today", code=4)

    registered()
    monkeypatch.setattr(process, "result_of", result_of)
    CliRunner().invoke(bench, [str(model_folder)])
    assert measured == [*devices.unit_words()]
    assert measured[-1] == "abacus"


def test_an_engine_that_cannot_take_a_model_does_not_end_a_bench(
    registered: Callable[..., Any], model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only where the reference engine finds a model invalid it is so everywhere."""
    from edgecad.bench import process
    from edgecad.bench.results import BenchOrder, NotMeasured, Result

    measured: list[str] = []
    codes = {"cpu": 4}

    def result_of(order: BenchOrder) -> Result:
        measured.append(order.device)
        reason = f"not by {order.device}"
        return NotMeasured(
            device=order.device, precision=order.precision, reason=reason, code=codes.get(order.device, 6)
        )

    registered()
    monkeypatch.setattr(process, "result_of", result_of)
    done = CliRunner().invoke(app, ["bench", str(model_folder)])
    assert measured == [*devices.unit_words()]
    assert (done.exit_code, done.stdout) == (6, "")
    codes["cpu"] = 6
    measured.clear()
    done = CliRunner().invoke(app, ["bench", str(model_folder)])
    assert (measured, done.exit_code) == (["cpu"], 6)
    assert "not by cpu" in done.stderr


def test_auto_takes_the_first_that_is_here_by_rank(registered: Callable[..., Any]) -> None:
    engine = registered(
        Device("abacus", "abacus_engine:open_abacus", (), "fp32", auto=-1, here="abacus_engine:is_here")
    )
    assert chosen_device(parse_device("auto")) == DeviceRequest("abacus")
    engine.is_here = lambda: False
    assert chosen_device(parse_device("auto")).kind in ("cuda", "cpu")
    registered(Device("abacus", "abacus_engine:open_abacus", (), "fp32", here="abacus_engine:is_here"))
    assert chosen_device(parse_device("auto")).kind in ("cuda", "cpu")


def test_a_named_device_never_falls_back(registered: Callable[..., Any], model_folder: Path) -> None:
    """Whatever an opener gives: another device than the named one is refused."""
    registered(Device("abacus", "abacus_engine:open_another", (), "fp32"))
    with pytest.raises(NotAvailable, match="device abacus was requested and cpu was opened; use --device cpu"):
        load_model(model_folder, "abacus")


def test_an_engine_is_given_the_contract_and_the_proof(
    registered: Callable[..., Any], model_folder: Path, tiny_model: Callable[..., bytes], tmp_path: Path
) -> None:
    engine = registered()
    proven = []
    loaded = load_model(model_folder, "abacus:0", proof=proven.append, threads=1)
    request = engine.opened[0]
    assert request.contract() == (loaded.contract_text, loaded.contract)
    assert (request.name, request.threads, request.batches) == ("model.onnx", 1, None)
    request.prove(loaded.runner)
    assert [each.runner for each in proven] == [loaded.runner]
    assert load_model(model_folder, "abacus:0").contract == loaded.contract
    assert engine.opened[1].prove is None
    (tmp_path / "bare.onnx").write_bytes(tiny_model(None))
    with pytest.raises(ModelInvalid, match="no EdgeCAD contract"):
        load_model(tmp_path / "bare.onnx", "abacus")


@pytest.mark.parametrize("row", DEVICES, ids=lambda row: row.word)
def test_every_row_names_functions_that_are_there(row: Device) -> None:
    for place in filter(None, (row.opener, row.here)):
        module, _, name = place.partition(":")
        assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.parametrize(
    ("text", "request_", "name"),
    [
        ("auto", DeviceRequest("auto"), None),
        ("cpu", DeviceRequest("cpu"), "cpu"),
        ("cuda", DeviceRequest("cuda"), "cuda:0"),
        ("cuda:12", DeviceRequest("cuda", "12"), "cuda:12"),
        ("tensorrt:1", DeviceRequest("tensorrt", "1"), "tensorrt:1"),
        ("openvino", DeviceRequest("openvino"), "openvino:cpu"),
        ("openvino:gpu", DeviceRequest("openvino", "gpu"), "openvino:gpu"),
    ],
)
def test_words_are_read(text: str, request_: DeviceRequest, name: str | None) -> None:
    assert parse_device(text) == request_
    if name is not None:
        assert request_.name == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gpu",
        "cpu:0",
        "auto:1",
        "cuda:",
        "cuda:x",
        "cuda:123",
        "cuda:-1",
        "cuda:1:2",
        "CPU",
        "openvino:0",
        "openvino:",
        "openvino:GPU",
        "cuda:\u0661",
    ],
)
def test_other_words_are_refused_with_those_of_the_table(text: str) -> None:
    with pytest.raises(
        UsageError,
        match=r"choose auto, cpu, cuda, cuda:N, tensorrt, tensorrt:N, "
        r"openvino, openvino:cpu, openvino:gpu or openvino:npu$",
    ):
        parse_device(text)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "openvino:gpu", "openvino:npu"])
def test_a_device_that_does_not_run_a_precision_is_called_as_it_was_named(device: str) -> None:
    with pytest.raises(UsageError, match=f"^{device} does not run an fp32 file in bf16; use --device openvino:cpu, or"):
        load_model(None, device, "bf16")
