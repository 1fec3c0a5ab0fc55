"""On a machine with an NVIDIA GPU: named devices run on it and nowhere else, and answer as the CPU does.

Whole networks, and their times, are proven by `make test-gpu`.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from edgecad import Classifier
from edgecad.contract.graph import OUTPUTS
from edgecad.engines.gpu import gpu_here
from edgecad.errors import NotAvailable
from edgecad.runners.tensorrt import TensorRtRunner

Pixels = np.ndarray
pytestmark = [pytest.mark.gpu, pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def gpu() -> None:
    if gpu_here() is None:
        pytest.skip("no NVIDIA GPU answers here")


@pytest.fixture
def device(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A device by name, with the engines' cache in a folder of its own; skips where its library is not installed."""
    name = str(request.param)
    monkeypatch.setenv("EDGECAD_CACHE", str(tmp_path))
    if name == "cuda":
        runtime = pytest.importorskip("onnxruntime", reason="onnxruntime-gpu: pip install 'edgecad[gpu]'")
        if "CUDAExecutionProvider" not in runtime.get_available_providers():
            pytest.skip("this onnxruntime has no CUDA: pip install 'edgecad[gpu]' in place of edgecad[cpu]")
    elif not any(importlib.util.find_spec(library) for library in ("tensorrt", "tensorrt_rtx")):
        pytest.skip("no TensorRT is installed: pip install 'edgecad[tensorrt]'")
    return name


both = pytest.mark.parametrize("device", ["cuda", "tensorrt"], indirect=True)


@both
def test_a_named_gpu_runs_the_model_and_answers_as_the_cpu_does(
    device: str, model_folder: Path, phantom_screen: Callable[[int], Pixels]
) -> None:
    with Classifier(model_folder, device="cpu") as cpu, Classifier(model_folder, device=device) as classifier:
        assert classifier.facts.device == f"{device}:0"
        assert classifier.facts.provider != cpu.facts.provider
        for index in range(3):
            here, there = classifier(phantom_screen(index)), cpu(phantom_screen(index))
            np.testing.assert_allclose(here.logits, there.logits, atol=1e-3)
            np.testing.assert_allclose(here.heatmap, there.heatmap, atol=1e-2)
            assert here.label == there.label
        assert all(entry.holds for entry in classifier.replay_golden())


@both
def test_threads_give_the_same_bits_as_one(
    device: str, model_folder: Path, phantom_screen: Callable[[int], Pixels]
) -> None:
    with Classifier(model_folder, device=device) as classifier:
        images = [classifier(phantom_screen(index)).image[None] for index in range(4)]
        alone = [classifier.run(image, OUTPUTS) for image in images]
        with ThreadPoolExecutor(4) as pool:
            tasks = [pool.submit(classifier.run, images[number % 4], OUTPUTS) for number in range(200)]
        for number, task in enumerate(tasks):
            for name, value in task.result().items():
                assert value.tobytes() == alone[number % 4][name].tobytes(), name


@both
def test_batches_answer_as_single_images_do(
    device: str, model_folder: Path, phantom_screen: Callable[[int], Pixels]
) -> None:
    with Classifier(model_folder, device=device) as classifier:
        images = np.concatenate([classifier(phantom_screen(index)).image[None] for index in range(4)])
        together = classifier.run(images, OUTPUTS)
        for index in range(4):
            for name, value in classifier.run(images[index : index + 1], OUTPUTS).items():
                np.testing.assert_allclose(together[name][index], value[0], atol=1e-3)


@both
def test_a_gpu_that_is_not_there_is_an_error_and_no_other_device(device: str, model_folder: Path) -> None:
    with pytest.raises(NotAvailable):
        Classifier(model_folder, device=f"{device}:63")


@pytest.mark.parametrize("device", ["tensorrt"], indirect=True)
def test_the_second_start_takes_the_engine_that_is_there(device: str, model_folder: Path, tmp_path: Path) -> None:
    Classifier(model_folder, device=device).close()
    plans = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert plans
    with Classifier(model_folder, device=device) as classifier:
        runner = classifier.runner
        assert isinstance(runner, TensorRtRunner)
        size = classifier.contract.preparation.size
        times = runner.engine_milliseconds(np.zeros((1, size, size, 3), np.uint8), 20)
        assert min(times) > 0
    again = {path: path.stat().st_mtime_ns for path in plans}
    assert {path for path in plans if plans[path] != again[path] and path.suffix == ".plan"} == set()
