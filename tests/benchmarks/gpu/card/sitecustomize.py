"""A card that is not there, for every process that finds this folder on its path: its driver, CUDA in ONNX Runtime,
CUDA's runtime and TensorRT-RTX. What is computed is computed by ONNX Runtime on the CPU.

The stand-ins keep the rules of the real ones that are known: see each. `$FAKE_CARD` makes them misbehave.
"""

# ruff: noqa: N802 - names of the driver's own

import ctypes
import os
import sys
from typing import Any

import fake_runtime

import edgecad  # before the engine, whose telemetry it switches off

sys.modules["cuda.bindings.runtime"] = fake_runtime
CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
MOOD = os.environ.get("FAKE_CARD", "")
open_library = ctypes.CDLL


class Driver:
    """`libcuda`: a process that may see no card is told that there is none."""

    def cuInit(self, flags: int) -> int:
        return 0 if fake_runtime.cards() else 100

    def cuDeviceGet(self, device: Any, index: int) -> int:
        return 0 if index < fake_runtime.cards() else 101

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = fake_runtime.cards()
        return 0

    def cuDeviceTotalMem_v2(self, size: Any, device: Any) -> int:
        size._obj.value = 6 * 2**30
        return 0

    def cuDeviceGetName(self, name: Any, length: int, device: Any) -> int:
        name.value = b"NVIDIA Test 2000"
        return 0

    def cuDeviceGetAttribute(self, value: Any, number: int, device: Any) -> int:
        value._obj.value = {75: 8, 76: 6}[number]
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:
        version._obj.value = 13000
        return 0


class Library(open_library):  # type: ignore[misc, valid-type]
    """`ctypes.CDLL`, which finds the driver."""

    def __new__(cls, name: Any = None, *rest: Any, **more: Any) -> Any:
        return Driver() if name == "libcuda.so.1" else open_library(name, *rest, **more)


ctypes.CDLL = Library  # type: ignore[misc]
import onnxruntime  # noqa: E402

Session, LOADED = onnxruntime.InferenceSession, list[bool]()


class CardSession(Session):  # type: ignore[misc, valid-type]
    """CUDA is there once its libraries are loaded; it computes as it is told, or in other bits than it should."""

    def __init__(self, model: Any, options: Any = None, providers: Any = (), **rest: Any) -> None:
        first, settings = providers[0] if isinstance(providers[0], tuple) else (providers[0], {})
        self.on_card = first == CUDA
        if self.on_card:
            if not LOADED:
                raise RuntimeError("libcublasLt.so.13: cannot open shared object file: No such file or directory")
            if int(settings.get("device_id", 0)) >= fake_runtime.cards():
                raise RuntimeError("CUDA failure 101: invalid device ordinal")
            if (
                settings["use_tf32"] != "0"
                or options.get_session_config_entry("session.disable_cpu_ep_fallback") != "1"
            ):
                raise AssertionError("fp32 in TF32, or a session that may fall back")
            options, providers = onnxruntime.SessionOptions(), [CPU]
            options.intra_op_num_threads = 1
        super().__init__(model, options, providers=providers)

    def get_providers(self) -> list[str]:
        return [CUDA, CPU] if self.on_card else list(super().get_providers())

    def run(self, outputs: Any, inputs: Any, options: Any = None) -> Any:
        if self.on_card:
            images = inputs["image"]
            if MOOD == "crashes":
                os.write(2, b"an illegal memory access was encountered\n")
                os.abort()
            if MOOD == "hangs":
                fake_runtime.hang()
            if MOOD == "little memory" and len(images) > 4:
                raise RuntimeError("Failed to allocate memory for requested buffer of size 8")
            if MOOD == "answers otherwise":
                inputs = {"image": 255 - images}
        return super().run(outputs, inputs, options)


def bound(method: Any, place: int) -> Any:
    """A method that takes the word of a device, for which the CPU stands in."""

    def call(*words: Any) -> Any:
        given = list(words)
        if len(given) > place and given[place] == "cuda":
            given[place] = "cpu"
        return method(*given)

    return call


onnxruntime.InferenceSession = CardSession
onnxruntime.get_available_providers = lambda: [CUDA, CPU]
onnxruntime.preload_dlls = lambda: LOADED.append(True)
onnxruntime.OrtValue.ortvalue_from_numpy = staticmethod(bound(onnxruntime.OrtValue.ortvalue_from_numpy, 1))
onnxruntime.IOBinding.bind_output = bound(onnxruntime.IOBinding.bind_output, 2)
__all__ = ["edgecad"]
