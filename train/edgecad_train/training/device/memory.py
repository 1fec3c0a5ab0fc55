"""How much memory a GPU has left, as its driver tells; no Python package is needed for that."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

LIBRARY = "libcuda.so.1"


def free_memory(index: int, load: Callable[[str], Any] = ctypes.CDLL) -> int | None:
    """Bytes that are free on a GPU, whoever took the others; None where its driver does not tell.

    Args:
        index: among the GPUs that this process may see.
        load: opens a shared library by its name.
    """
    device, context = ctypes.c_int(), ctypes.c_void_p()
    try:
        cuda = load(LIBRARY)
    except OSError:
        return None
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), index):
        return None
    # TensorFlow computes in this very context, so nothing new is made.
    if cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device):
        return None
    try:
        return _free(cuda, context)
    finally:
        cuda.cuDevicePrimaryCtxRelease_v2(device)


def _free(cuda: Any, context: ctypes.c_void_p) -> int | None:
    free, total, popped = ctypes.c_size_t(), ctypes.c_size_t(), ctypes.c_void_p()
    if cuda.cuCtxPushCurrent_v2(context):
        return None
    told = cuda.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)) == 0
    cuda.cuCtxPopCurrent_v2(ctypes.byref(popped))
    return free.value if told else None
