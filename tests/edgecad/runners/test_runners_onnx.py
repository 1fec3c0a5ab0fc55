"""ONNX Runtime's CUDA where there is none: what is loaded before it, how it is asked for, and the session's time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgecad import Classifier
from edgecad.engines.gpu import Gpu
from edgecad.errors import DeviceFailed, NotAvailable
from edgecad.runners import onnx as runner_module
from edgecad.runners.devices import parse_device
from edgecad.runners.onnx import CPU, CUDA, OnnxRunner, load_cuda


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ONNX Runtime is asked for, in its order, by a runner on CUDA that it cannot open."""
    runtime = pytest.importorskip("onnxruntime")
    told: list[Any] = []

    def session(model: bytes, options: Any, providers: Any, enable_fallback: int) -> Any:
        told.append(providers)
        if providers == [CPU]:
            return opened(model, options, providers=providers)
        raise RuntimeError("CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version")

    opened = runtime.InferenceSession
    monkeypatch.setattr(runtime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(runtime, "preload_dlls", lambda: told.append("preload"), raising=False)
    monkeypatch.setattr(runtime, "InferenceSession", session)
    return told


@pytest.mark.parametrize("gpu", [None, Gpu("NVIDIA Test", "8.6", "535.1 (CUDA 12.2)")])
def test_cuda_is_loaded_first_and_asked_for_strictly(
    gpu: Gpu | None, asked: list[Any], tiny_model: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "gpu_here", lambda index: gpu)
    monkeypatch.setattr(runner_module, "check_sizes", lambda *_: True)
    words = "driver version is insufficient" if gpu else "no NVIDIA GPU answers as cuda:3"
    with pytest.raises(NotAvailable, match=words):
        OnnxRunner(tiny_model(), parse_device("cuda:3"))
    settings = {"device_id": "3", "use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
    assert asked == ["preload", [(CUDA, settings)]]


def test_the_cpu_needs_nothing_of_cuda(asked: list[Any], tiny_model: Callable[..., bytes]) -> None:
    OnnxRunner(tiny_model(), parse_device("cpu"))
    assert "preload" not in asked


def test_what_cuda_prints_while_it_is_loaded_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def loads() -> None:
        sys.stdout.write("Failed to load libcublasLt.so.13\n")
        raise RuntimeError("no such folder")

    load_cuda(SimpleNamespace(preload_dlls=loads))
    load_cuda(SimpleNamespace())  # before 1.21
    assert capsys.readouterr().out == ""


def test_the_session_alone_is_timed(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Classifier(model_folder, device="cpu") as classifier:
        runner, size = classifier.runner, classifier.contract.preparation.size
        assert isinstance(runner, OnnxRunner)
        images = np.zeros((4, size, size, 3), np.uint8)
        times = runner.engine_milliseconds(images, 5)
        assert len(times) == 5
        assert min(times) > 0

        def fails(*_: Any) -> None:
            raise RuntimeError("Failed to allocate memory for requested buffer")

        monkeypatch.setattr(runner._session, "run_with_iobinding", fails)
        with pytest.raises(DeviceFailed, match="run fewer at once"):
            runner.engine_milliseconds(images, 5)
