"""The GPU as its driver describes it; on a machine with one, a real engine."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgecad.engines import gpu as gpu_module
from edgecad.engines.builder import build_engine
from edgecad.engines.gpu import Gpu, gpu_count, gpu_here, gpu_memory
from edgecad.engines.record import Batches, named


class FakeDriver:
    """As much of the CUDA driver API as is asked."""

    def __init__(self, init: int = 0, devices: int = 1) -> None:
        self._init, self._devices = init, devices

    def cuInit(self, flags: int) -> int:  # noqa: N802 - the driver's names
        return self._init

    def cuDeviceGet(self, device: Any, index: int) -> int:  # noqa: N802
        return 0 if index < self._devices else 101

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self._devices
        return 0

    def cuDeviceTotalMem_v2(self, size: Any, device: Any) -> int:  # noqa: N802
        size._obj.value = 8 * 2**30
        return 0

    def cuDeviceGetName(self, name: Any, length: int, device: Any) -> int:  # noqa: N802
        name.value = b"Orin"
        return 0

    def cuDeviceGetAttribute(self, value: Any, number: int, device: Any) -> int:  # noqa: N802
        value._obj.value = {75: 8, 76: 7}[number]
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:  # noqa: N802
        version._obj.value = 12060
        return 0


@pytest.fixture
def version_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "version"
    monkeypatch.setattr(gpu_module, "_VERSION_FILES", (tmp_path / "absent", file))
    return file


@pytest.mark.parametrize(
    ("text", "driver"),
    [
        (None, "CUDA 12.6"),
        ("", "CUDA 12.6"),
        ("540.4.0\n", "540.4.0 (CUDA 12.6)"),
        (
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5\nGCC version: gcc 12.3.0",
            "550.54.15 (CUDA 12.6)",
        ),
    ],
)
def test_name_capability_and_driver_are_read(version_file: Path, text: str | None, driver: str) -> None:
    if text is not None:
        version_file.write_text(text)
    found = gpu_here(lambda name: FakeDriver())
    assert found == Gpu("Orin", "8.7", driver)
    assert str(found) == "Orin (compute capability 8.7)"


def test_without_driver_or_device_there_is_no_gpu() -> None:
    def absent(name: str) -> Any:
        raise OSError("cannot open shared object file")

    assert gpu_here(absent) is None
    assert gpu_here(lambda name: FakeDriver(init=100)) is None
    assert gpu_here(lambda name: FakeDriver(devices=0)) is None


def test_cards_are_counted_and_their_memory_is_told() -> None:
    def absent(name: str) -> Any:
        raise OSError("cannot open shared object file")

    assert gpu_count(lambda name: FakeDriver(devices=3)) == 3
    assert gpu_memory(lambda name: FakeDriver(devices=3), 2) == 8 * 2**30
    assert gpu_memory(lambda name: FakeDriver(devices=3), 3) == 0
    for load in (absent, lambda name: FakeDriver(init=100)):
        assert (gpu_count(load), gpu_memory(load)) == (0, 0)


def test_the_library_asked_for_is_the_drivers() -> None:
    asked: list[str] = []

    def load(name: str) -> Any:
        asked.append(name)
        return FakeDriver()

    gpu_here(load)
    assert asked in (["libcuda.so.1"], ["nvcuda.dll"])
    assert ctypes.sizeof(ctypes.c_int) == 4


@pytest.mark.gpu
@pytest.mark.parametrize("library", ["tensorrt", "tensorrt_rtx"])
def test_an_engine_built_here_is_one_that_the_library_loads_here(
    library: str, tiny_model: Callable[..., bytes], tmp_path: Path
) -> None:
    if gpu_here() is None:
        pytest.skip("no NVIDIA GPU answers here, and an engine is loaded by one")
    module = pytest.importorskip(library, reason=f"{library} is not installed: pip install 'edgecad[{library}]'")
    record = build_engine(tiny_model(), tmp_path / "a.plan", "fp32", "{}", Batches(), library=library)
    assert record.identity.gpu == str(gpu_here())
    runtime = module.Runtime(module.Logger(module.Logger.ERROR))
    engine = runtime.deserialize_cuda_engine(named(tmp_path / "a.plan", proven=record.proven).read_bytes())
    assert engine is not None
    names = {engine.get_tensor_name(index) for index in range(engine.num_io_tensors)}
    assert names == {"image", "logits", "probabilities", "features", "fc_weights", "cam", "cam_bias"}
