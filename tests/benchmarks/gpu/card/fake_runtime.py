"""A stand-in for `cuda.bindings.runtime`: memory of the device is the host's; what is recorded runs once launched."""

# ruff: noqa: N802, N816 - names of CUDA's own

import ctypes
import os
import time
from types import SimpleNamespace
from typing import Any

cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)
cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)
memory: dict[int, Any] = {}
recording: dict[int, list[Any]] = {}
graphs: dict[int, list[Any]] = {}
events: dict[int, float] = {}


def cards() -> int:
    """How many cards a process may see."""
    return 0 if os.environ.get("CUDA_VISIBLE_DEVICES") == "" else 1


def hang() -> None:
    """As a driver does that waits for a card that fell off its bus."""
    time.sleep(300)


def ask(stream: int, work: Any) -> None:
    """Do it now, or when the graph that is recorded is launched."""
    if stream in recording:
        recording[stream].append(work)
    else:
        work()


def cudaGetErrorString(status: int) -> tuple[int, bytes]:
    return 0, b"invalid device ordinal"


def cudaGetLastError() -> tuple[int]:
    return (0,)


def cudaSetDevice(index: int) -> tuple[int]:
    return (0 if index < cards() else 101,)


def cudaMalloc(size: int) -> tuple[int, int]:
    block = (ctypes.c_ubyte * size)()
    memory[ctypes.addressof(block)] = block
    return 0, ctypes.addressof(block)


cudaMallocHost = cudaMalloc


def cudaFree(address: int) -> tuple[int]:
    del memory[address]
    return (0,)


cudaFreeHost = cudaFree


def cudaStreamCreateWithFlags(flags: int) -> tuple[int, int]:
    return 0, 7000 + len(memory)


def nothing(*handles: int) -> tuple[int]:
    return (0,)


cudaStreamDestroy = cudaStreamSynchronize = cudaGraphDestroy = cudaGraphExecDestroy = nothing
cudaEventSynchronize = cudaEventDestroy = nothing


def cudaMemcpyAsync(target: int, source: int, size: int, kind: int, stream: int) -> tuple[int]:
    ask(stream, lambda: ctypes.memmove(target, source, size))
    return (0,)


def cudaStreamBeginCapture(stream: int, mode: int) -> tuple[int]:
    recording[stream] = []
    return (0,)


def cudaStreamEndCapture(stream: int) -> tuple[int, int]:
    graphs[len(graphs) + 1] = recording.pop(stream)
    return 0, len(graphs)


def cudaGraphInstantiate(graph: int, flags: int) -> tuple[int, int]:
    return 0, graph


def cudaGraphLaunch(graph: int, stream: int) -> tuple[int]:
    for work in graphs[graph]:
        work()
    return (0,)


def cudaEventCreate() -> tuple[int, int]:
    events[len(events) + 1] = 0.0
    return 0, len(events)


def cudaEventRecord(event: int, stream: int) -> tuple[int]:
    events[event] = time.perf_counter()
    return (0,)


def cudaEventElapsedTime(begun: int, ended: int) -> tuple[int, float]:
    return 0, 1000 * (events[ended] - events[begun])
