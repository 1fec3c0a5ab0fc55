"""Lack of memory is code 4 and one line, whoever notices it; of the scan it says nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad import Classifier
from edgecad.errors import DeviceFailed
from edgecad.system.memory import lacks_memory

Run = Callable[..., Any]
LACKS = {
    "of Python": "raise MemoryError",
    "of NumPy": "__import__('numpy').empty(1 << 60, 'u1')",
    "of OpenCV": "__import__('cv2').resize(__import__('numpy').zeros((9, 9), 'u1'), (1 << 20, 1 << 20))",
    "of the system": "raise OSError(12, 'Cannot allocate memory')",
}
PLACES = {
    "reading": "edgecad.preparing.read_screen",
    "preparing": "edgecad.preparing.prepare",
    "running": "edgecad.inference.predicting.check_outputs",
    "drawing": "edgecad.inference.answering.answer_figure",
}
LIMIT = """
import pathlib, resource
status = pathlib.Path("/proc/self/status").read_text().splitlines()
size = next(int(line.split()[1]) for line in status if "VmSize" in line)
resource.setrlimit(resource.RLIMIT_AS, ((size + {more}) * 1024, resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_whatever_memory_there_is_a_scan_is_answered_or_the_lack_of_it_said(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path
) -> None:
    """The system's own limit, drawn: a library does not fit, a model, a scan's pixels, or the engine's room."""
    rng, codes = np.random.default_rng(0), []
    for more in (2_000_000, 34_219, *map(int, rng.integers(25_000, 250_000, 5))):
        limited = LIMIT.format(more=more)
        done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json", "--device", "cpu", before=limited)
        codes.append(done.code)
        assert done.code in (0, 4), (more, done.stderr)
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) <= 1, done.stderr
        if done.stdout:
            record = json.loads(done.stdout)
            assert record["reason"] == (None if done.code == 0 else "DeviceFailed")
    assert set(codes) == {0, 4}


@pytest.mark.parametrize(("lack", "place"), list(zip(LACKS, PLACES, strict=True)))
def test_who_notices_it_does_not_matter(
    lack: str, place: str, edgecad: Run, model_folder: Path, phantom_jpeg: Path
) -> None:
    """At each step of an answer, in each library's own words."""
    module, _, name = PLACES[place].rpartition(".")
    before = f"import {module} as step\ndef lacks(*_, **__):\n    {LACKS[lack]}\nstep.{name} = lacks\n"
    done = edgecad("infer", phantom_jpeg, "--model", model_folder, "--json", "--out", "out", before=before)
    record = json.loads(done.stdout)
    assert (done.code, record["status"], record["reason"]) == (4, "failed", "DeviceFailed")
    assert "memory" in record["message"]


def test_a_watch_that_lacks_memory_ends_with_its_code_and_keeps_the_scan(
    edgecad: Run, model_folder: Path, phantom_jpeg: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(phantom_jpeg.read_bytes())
    words = ("watch", tmp_path / "in", tmp_path / "out", "--model", model_folder, "--once")
    for place in (PLACES["drawing"], "edgecad.spool.reading.bytes_from_path", "edgecad.spool.processor.write_figure"):
        module, _, name = place.rpartition(".")
        before = f"import {module} as step\ndef lacks(*_, **__):\n    raise MemoryError\nstep.{name} = lacks\n"
        done = edgecad(*words, before=before)
        assert done.code == 4, done.stderr
        assert "memory" in done.stderr
        assert not list((tmp_path / "out").glob("*/????-*/*.json"))
    assert edgecad(*words).code == 0


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (MemoryError(), True),
        (OSError(12, "Cannot allocate memory"), True),
        (ImportError("libx.so: failed to map segment from shared object"), True),
        (ImportError("No module named 'x'"), False),
        (OSError(28, "No space left on device"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_what_is_lack_of_memory_and_what_is_not(error: Exception, lacks: bool) -> None:
    assert lacks_memory(error) is lacks


@pytest.mark.parametrize("words", ["std::bad_alloc", "CUDA failure 2: out of memory", "Failed to allocate memory"])
def test_an_engine_that_cannot_be_opened_for_lack_of_memory_is_no_invalid_model(
    words: str, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : {words}")

    onnxruntime = pytest.importorskip("onnxruntime")
    monkeypatch.setattr(onnxruntime, "InferenceSession", fails)
    with pytest.raises(DeviceFailed, match="memory"):
        Classifier(model_folder, device="cpu")
