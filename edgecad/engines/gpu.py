"""The NVIDIA GPU of this machine, as its driver describes it. No Python package is needed for that."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAMES = ("nvcuda.dll",) if os.name == "nt" else ("libcuda.so.1",)
_CAPABILITY_MAJOR, _CAPABILITY_MINOR = 75, 76
"""Numbers of two attributes in `CUdevice_attribute` of the CUDA driver API."""
_VERSION_FILES = (Path("/sys/module/nvidia/version"), Path("/proc/driver/nvidia/version"))


@dataclass(frozen=True)
class Gpu:
    """One GPU.

    Attributes:
        name: as the driver calls it.
        capability: CUDA compute capability, such as `8.7`.
        driver: version of the kernel's driver where it can be read, and of CUDA that it offers.
    """

    name: str
    capability: str
    driver: str

    def __str__(self) -> str:
        return f"{self.name} (compute capability {self.capability})"


def gpu_here(load: Callable[[str], Any] = ctypes.CDLL, index: int = 0) -> Gpu | None:
    """A GPU that this process may see (`CUDA_VISIBLE_DEVICES` holds), the first unless told otherwise, or None.

    Args:
        load: opens a shared library by its name.
    """
    cuda = _driver_library(load)
    return None if cuda is None else _gpu(cuda, index)


def gpu_count(load: Callable[[str], Any] = ctypes.CDLL) -> int:
    """How many GPUs this process may see."""
    count = ctypes.c_int()
    cuda = _driver_library(load)
    if cuda is None or cuda.cuInit(0) != 0 or cuda.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def gpu_memory(load: Callable[[str], Any] = ctypes.CDLL, index: int = 0) -> int:
    """Memory of a GPU, bytes; 0 where none answers."""
    device, size = ctypes.c_int(), ctypes.c_size_t()
    cuda = _driver_library(load)
    if cuda is None or cuda.cuInit(0) != 0 or cuda.cuDeviceGet(ctypes.byref(device), index) != 0:
        return 0
    return size.value if cuda.cuDeviceTotalMem_v2(ctypes.byref(size), device) == 0 else 0


def _driver_library(load: Callable[[str], Any]) -> Any:
    """The driver's library, or None where no driver is installed."""
    for name in _NAMES:
        with suppress(OSError):
            return load(name)
    return None


def _gpu(cuda: Any, index: int) -> Gpu | None:
    device = ctypes.c_int()
    # A driver without a device, and a container without access to one, already fail here.
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGet(ctypes.byref(device), index) != 0:
        return None
    name = ctypes.create_string_buffer(256)
    cuda.cuDeviceGetName(name, len(name), device)
    major, minor = (_attribute(cuda, number, device) for number in (_CAPABILITY_MAJOR, _CAPABILITY_MINOR))
    return Gpu(name.value.decode("utf-8", "replace"), f"{major}.{minor}", _driver(cuda))


def _attribute(cuda: Any, number: int, device: ctypes.c_int) -> int:
    value = ctypes.c_int()
    cuda.cuDeviceGetAttribute(ctypes.byref(value), number, device)
    return value.value


def _driver(cuda: Any) -> str:
    """For example `550.54.15 (CUDA 12.4)`; a Jetson's integrated driver may have the second part alone."""
    version = ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(version))
    offers = f"CUDA {version.value // 1000}.{version.value % 1000 // 10}"
    for file in _VERSION_FILES:
        try:
            found = re.search(r"\b\d{3,}(?:\.\d+)+", file.read_text())
        except OSError:
            continue
        if found:
            return f"{found[0]} ({offers})"
    return offers
