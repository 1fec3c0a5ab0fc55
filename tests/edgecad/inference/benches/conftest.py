"""Benches as `edgecad bench --save` writes them, in a cache of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace as replaced
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from edgecad.inference.benches.bench import SCHEMA, BenchedRow, SavedBench
from edgecad.inference.benches.lookup import subject_here
from edgecad.runners import devices, onnx
from edgecad.runners.base import OpenRequest
from edgecad.system import usercache

FolderOf = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv(usercache.VARIABLE, str(folder))
    return folder


@pytest.fixture
def abacus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second device of this machine, for as long as a test lasts: the CPU by another name."""

    def opened(request: OpenRequest) -> Any:
        runner = onnx.OnnxRunner(request.model, devices.DeviceRequest("cpu"), request.name, request.threads)
        runner._facts = replaced(runner.facts, device="abacus")
        return runner

    module = ModuleType("abacus_engine")
    module.opened = opened  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "abacus_engine", module)
    row = devices.Device("abacus", "abacus_engine:opened", (), "fp32")
    monkeypatch.setattr(devices, "DEVICES", (*devices.DEVICES, row))


def row(device: str, precision: Any, p50: float = 2.0, fit: bool = True) -> BenchedRow:
    return BenchedRow(device=device, precision=precision, p50=p50, p95=2 * p50, fit=fit)


def bench(model: Path, *rows: BenchedRow, noisy: tuple[str, ...] = ()) -> SavedBench:
    return SavedBench(
        schema=SCHEMA,
        time="2026-11-30T12:00:00+00:00",
        model="a-run",
        subject=subject_here(model),
        rows=rows,
        noisy=noisy,
        threads=2,
    )
