"""As little of CUDA's runtime as a runner needs: a refused call is an error, and what was taken is given back."""

from __future__ import annotations

import ctypes
import importlib
import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edgecad.engines.libraries import TEGRA_RELEASE
from edgecad.errors import DeviceFailed, NotAvailable
from edgecad.system.extras import require

NON_BLOCKING = 1
"""`cudaStreamNonBlocking`: a stream that does not wait for the default one."""


class Cuda:
    """CUDA's runtime API on one device; every thread that uses it calls `use_device` first."""

    def __init__(self, index: int, runtime: Any = None) -> None:
        """Open the API.

        Args:
            index: of the GPU among those that this process may see.
            runtime: in place of cuda-python's module.

        Raises:
            NotAvailable: no cuda-python, no driver, or no such GPU.
        """
        self._runtime = _runtime() if runtime is None else runtime
        self._index = index
        try:
            self.use_device()
        except (DeviceFailed, RuntimeError, OSError) as error:
            raise NotAvailable(
                f"GPU {index} cannot be used: {error}; look at nvidia-smi, or use --device cpu"
            ) from error

    def use_device(self) -> None:
        """Make the device this thread's own."""
        self.call("cudaSetDevice", self._index)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of the API; what it returns beside its status, which is checked.

        Raises:
            DeviceFailed: it does not say success.
        """
        status, *values = getattr(self._runtime, name)(*arguments)
        if int(status) != 0:
            raise DeviceFailed(f"{name}: {self._words(status)}")
        return values[0] if len(values) == 1 else tuple(values)

    def try_call(self, name: str, *arguments: Any) -> None:
        """Call a function that gives something back; at the end of a process it may be refused."""
        getattr(self._runtime, name)(*arguments)

    def _words(self, status: Any) -> str:
        error, text = self._runtime.cudaGetErrorString(status)
        said = text.decode() if isinstance(text, bytes) else str(text)
        return said if int(error) == 0 else f"status {int(status)}"

    def to_device(self, target: int, source: int, size: int, stream: Any) -> None:
        """Copy `size` bytes from the host, in the order of a stream."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice
        self.call("cudaMemcpyAsync", target, source, size, kind, stream)

    def to_host(self, target: int, source: int, size: int, stream: Any) -> None:
        """Copy `size` bytes from the device, in the order of a stream."""
        kind = self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost
        self.call("cudaMemcpyAsync", target, source, size, kind, stream)

    def begin_capture(self, stream: Any) -> None:
        """Record what a stream gets to do from here on, of this thread alone."""
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self.call("cudaStreamBeginCapture", stream, mode)


class Buffer:
    """Memory for one tensor twice: on the device, and pinned on the host, as large as it will ever be."""

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        """Take the memory.

        Raises:
            DeviceFailed: there is not enough.
        """
        self._cuda = cuda
        self.row_bytes = math.prod(shape[1:]) * np.dtype(dtype).itemsize
        size = shape[0] * self.row_bytes
        self.device = int(cuda.call("cudaMalloc", size))
        self._pinned = int(cuda.call("cudaMallocHost", size))
        whole = (ctypes.c_ubyte * size).from_address(self._pinned)
        self.host: NDArray[Any] = np.frombuffer(memoryview(whole), dtype).reshape(shape)

    def upload(self, count: int, stream: Any) -> None:
        """Copy the first `count` rows to the device."""
        self._cuda.to_device(self.device, self._pinned, count * self.row_bytes, stream)

    def download(self, count: int, stream: Any) -> None:
        """Copy the first `count` rows from the device."""
        self._cuda.to_host(self._pinned, self.device, count * self.row_bytes, stream)

    def free(self) -> None:
        """Give the memory back; `host` must not be used any more."""
        self._cuda.try_call("cudaFree", self.device)
        self._cuda.try_call("cudaFreeHost", self._pinned)


def _runtime() -> Any:
    """cuda-python's runtime API, under its name of today or the one before 12.8."""
    try:
        return importlib.import_module("cuda.bindings.runtime")
    except ImportError:
        # A Jetson has TensorRT of its own, and pip has none for it.
        require("cuda", extra="tensorrt-system" if TEGRA_RELEASE.exists() else "tensorrt")
        return importlib.import_module("cuda.cudart")
