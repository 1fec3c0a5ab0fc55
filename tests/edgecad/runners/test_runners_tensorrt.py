"""The TensorRT runner against made-up modules that keep the real ones' rules, and against the real names."""

# ruff: noqa: N802, N815 - names of CUDA's own

from __future__ import annotations

import ctypes
import importlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgecad.engines.cache import CachedEngine
from edgecad.engines.record import Batches, EngineIdentity, EngineRecord
from edgecad.errors import DeviceFailed, ModelInvalid, NotAvailable, UsageError
from edgecad.runners import tensorrt as runner_module
from edgecad.runners.cuda import Cuda
from edgecad.runners.tensorrt import TensorRtRunner

SHAPES = {
    "image": (-1, 8, 8, 3), "logits": (-1, 2), "probabilities": (-1, 2), "features": (-1, 4, 4, 3),
    "fc_weights": (-1, 2, 3), "cam": (-1, 2, 4, 4), "cam_bias": (-1, 2),
}  # fmt: skip
MODES = SimpleNamespace(INPUT="input", OUTPUT="output")
TYPES = SimpleNamespace(UINT8="uint8", FLOAT="float32", HALF="float16")


@dataclass
class FakeCuda:
    """Device memory is host memory; a stream is a number, and what is captured runs when its graph is launched."""

    memory: dict[int, Any] = field(default_factory=dict)
    freed: list[int] = field(default_factory=list)
    recording: dict[int, list[Any]] = field(default_factory=dict)
    graphs: dict[int, list[Any]] = field(default_factory=dict)
    launched: list[int] = field(default_factory=list)
    devices: list[int] = field(default_factory=list)
    destroyed: list[int] = field(default_factory=list)
    synchronised: int = 0
    forgotten: int = 0
    events: list[Any] = field(default_factory=list)
    clock: float = 0.0
    failing: str = ""
    cudaMemcpyKind = SimpleNamespace(cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2)
    cudaStreamCaptureMode = SimpleNamespace(cudaStreamCaptureModeThreadLocal=1)

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "failing"):
            return lambda *_: (2,)
        return object.__getattribute__(self, name)

    def cudaGetErrorString(self, status: int) -> tuple[int, bytes]:
        return 0, b"out of memory"

    def cudaGetLastError(self) -> tuple[int]:
        self.forgotten += 1
        return (0,)

    def cudaSetDevice(self, index: int) -> tuple[int]:
        self.devices.append(index)
        return (0 if index == 0 else 101,)

    def _take(self, size: int) -> tuple[int, int]:
        block = (ctypes.c_ubyte * size)()
        address = ctypes.addressof(block)
        self.memory[address] = block
        return 0, address

    cudaMalloc = cudaMallocHost = _take

    def _free(self, address: int) -> tuple[int]:
        self.freed.append(address)
        return (0,)

    cudaFree = cudaFreeHost = _free

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[int, int]:
        assert flags == 1
        return 0, 7000 + len(self.memory)

    def cudaStreamDestroy(self, stream: int) -> tuple[int]:
        return (0,)

    def ask(self, stream: int, work: Any) -> None:
        """Do it now, or when the graph that is recorded is launched."""
        if stream in self.recording:
            self.recording[stream].append(work)
        else:
            work()

    def cudaMemcpyAsync(self, target: int, source: int, size: int, kind: int, stream: int) -> tuple[int]:
        self.ask(stream, lambda: ctypes.memmove(target, source, size))
        return (0,)

    def cudaStreamSynchronize(self, stream: int) -> tuple[int]:
        assert stream not in self.recording
        self.synchronised += 1
        return (0,)

    def cudaStreamBeginCapture(self, stream: int, mode: int) -> tuple[int]:
        assert mode == 1
        self.recording[stream] = []
        return (0,)

    def cudaStreamEndCapture(self, stream: int) -> tuple[int, int]:
        number = len(self.graphs) + 1
        self.graphs[number] = self.recording.pop(stream)
        return 0, number

    def cudaGraphInstantiate(self, graph: int, flags: int) -> tuple[int, int]:
        assert flags == 0
        return 0, graph

    def cudaGraphDestroy(self, graph: int) -> tuple[int]:
        return (0,)

    def cudaGraphExecDestroy(self, graph: int) -> tuple[int]:
        self.destroyed.append(graph)
        return (0,)

    def cudaEventCreate(self) -> tuple[int, int]:
        self.events.append(None)
        return 0, len(self.events)

    def cudaEventRecord(self, event: int, stream: int) -> tuple[int]:
        assert stream not in self.recording
        self.clock += 1.5
        self.events[event - 1] = self.clock
        return (0,)

    def cudaEventSynchronize(self, event: int) -> tuple[int]:
        return (0,)

    def cudaEventElapsedTime(self, begun: int, ended: int) -> tuple[int, float]:
        return 0, self.events[ended - 1] - self.events[begun - 1]

    def cudaEventDestroy(self, event: int) -> tuple[int]:
        self.destroyed.append(-event)
        return (0,)

    def cudaGraphLaunch(self, graph: int, stream: int) -> tuple[int]:
        self.launched.append(graph)
        for work in self.graphs[graph]:
            work()
        return (0,)


class FakeContext:
    """Logits are sums of the image's colours; every other output is filled with the image's first value."""

    def __init__(self, cuda: FakeCuda, works: bool) -> None:
        self._cuda, self._works = cuda, works
        self.addresses: dict[str, int] = {}
        self.shape: tuple[int, ...] = ()

    def set_tensor_address(self, name: str, address: int) -> bool:
        self.addresses[name] = address
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        assert name == "image"
        self.shape = tuple(shape)
        return True

    def execute_async_v3(self, stream: int) -> bool:
        if not self._works:
            return False
        shape = self.shape
        self._cuda.ask(stream, lambda: self._compute(shape))
        return True

    def _compute(self, shape: tuple[int, ...]) -> None:
        def at(name: str, sides: tuple[int, ...], kind: Any) -> Any:
            size = int(np.prod(sides)) * np.dtype(kind).itemsize
            return np.frombuffer((ctypes.c_ubyte * size).from_address(self.addresses[name]), kind).reshape(sides)

        count = shape[0]
        image = at("image", shape, np.uint8).astype(np.float32)
        for name, sides in SHAPES.items():
            if name != "image":
                out = at(name, (count, *sides[1:]), np.float32)
                out[...] = image.reshape(count, -1)[:, :1].reshape(count, *[1] * (len(sides) - 1))
        at("logits", (count, 2), np.float32)[...] = image.sum(axis=(1, 2))[:, :2]


class FakeEngine:
    def __init__(self, cuda: FakeCuda, **changes: Any) -> None:
        self._cuda = cuda
        self._shapes = {**SHAPES, **changes.get("shapes", {})}
        self._names = [name for name in self._shapes if name not in changes.get("without", ())]
        self._types = {"image": TYPES.UINT8, **changes.get("types", {})}
        self._works = changes.get("works", True)
        self.contexts: list[FakeContext] = []
        self.num_io_tensors = len(self._names)

    def get_tensor_name(self, index: int) -> str:
        return self._names[index]

    def get_tensor_mode(self, name: str) -> str:
        return MODES.INPUT if name == "image" else MODES.OUTPUT

    def get_tensor_dtype(self, name: str) -> str:
        return str(self._types.get(name, TYPES.FLOAT))

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._shapes[name]

    def create_execution_context(self) -> FakeContext:
        self.contexts.append(FakeContext(self._cuda, self._works))
        return self.contexts[-1]


@pytest.fixture
def cuda() -> FakeCuda:
    return FakeCuda()


@pytest.fixture
def opened(cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Open a runner on a made-up engine."""

    def open_(engine: Any = None, most: int = 4) -> TensorRtRunner:
        made = FakeEngine(cuda) if engine is None else engine
        library = SimpleNamespace(
            __name__="tensorrt_rtx",
            ILogger=type("ILogger", (), {"Severity": SimpleNamespace(ERROR=1, INTERNAL_ERROR=0)}),
            Runtime=lambda log: SimpleNamespace(
                deserialize_cuda_engine=lambda plan: None if engine == "none" else made
            ),
            TensorIOMode=MODES,
            DataType=TYPES,
        )
        monkeypatch.setattr(runner_module, "opened", lambda _: library)
        identity = EngineIdentity(
            model_sha256="0" * 64, contract_sha256="0" * 64, library="tensorrt_rtx", library_version="1.4",
            gpu="NVIDIA Test", driver=None, precision="fp16", batches=Batches(most=most),
        )  # fmt: skip
        record = EngineRecord(
            identity=identity,
            engine_sha256="0" * 64,
            engine_bytes=1,
            built="now",
            seconds=1,
            contract="{}",
            proven=False,
        )
        return TensorRtRunner(CachedEngine(tmp_path / "a.plan", record, b"x", None), 0, Cuda(0, cuda))

    return open_


def images(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)


def test_what_runs_is_said(opened: Any) -> None:
    facts = opened().facts
    assert (facts.device, facts.provider, facts.precision, facts.size) == ("tensorrt:0", "tensorrt_rtx 1.4", "fp16", 8)


@pytest.mark.parametrize("count", [1, 3, 4])
def test_outputs_are_those_of_these_images(opened: Any, count: int) -> None:
    runner = opened()
    for seed in range(3):
        given = images(count, seed)
        answer = runner.run(given, ("logits", "cam"))
        assert set(answer) == {"logits", "cam"}
        np.testing.assert_array_equal(answer["logits"], given.astype(np.float32).sum(axis=(1, 2))[:, :2])
        assert answer["cam"].shape == (count, 2, 4, 4)
        assert (answer["cam"][:, 0, 0, 0] == given[:, 0, 0, 0]).all()


def test_answers_are_copies_that_the_next_run_leaves_alone(opened: Any) -> None:
    runner = opened()
    first = runner.run(images(1, 0), ("logits",))["logits"]
    before = first.copy()
    runner.run(images(1, 1), ("logits",))
    np.testing.assert_array_equal(first, before)


def test_one_image_is_recorded_once_and_then_launched(opened: Any, cuda: FakeCuda) -> None:
    runner = opened()
    for seed in range(5):
        runner.run(images(1, seed), ("logits",))
    assert len(cuda.graphs) == 1
    assert len(cuda.launched) == 4
    runner.run(images(2), ("logits",))
    assert len(cuda.launched) == 4
    runner.run(images(1, 9), ("logits",))
    assert len(cuda.launched) == 5


def test_each_thread_has_buffers_of_its_own_and_gives_them_back(opened: Any, cuda: FakeCuda) -> None:
    runner = opened()
    runner.run(images(1), ("logits",))
    mine = set(cuda.memory)
    answers = {}

    def work(number: int) -> None:
        for seed in range(20):
            given = images(1, 100 * number + seed)
            answers[number, seed] = bool(
                (runner.run(given, ("logits",))["logits"] == given.astype(np.float32).sum(axis=(1, 2))[:, :2]).all()
            )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 60
    assert all(answers.values())
    assert set(cuda.freed) >= set(cuda.memory) - mine
    assert not set(cuda.freed) & mine
    assert len(cuda.destroyed) == 3


def test_more_images_than_the_engine_takes_are_a_usage_error(opened: Any) -> None:
    runner = opened(most=4)
    for count in (0, 5):
        with pytest.raises(UsageError, match="built for 1 to 4"):
            runner.run(images(count), ("logits",))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"without": ("cam",)}, "no output cam"),
        ({"types": {"logits": TYPES.HALF}}, "logits is float16, float32 wanted"),
        ({"types": {"image": TYPES.FLOAT}}, "image is float32, uint8 wanted"),
    ],
)
def test_an_engine_of_something_else_is_refused(opened: Any, cuda: FakeCuda, change: Any, words: str) -> None:
    with pytest.raises(ModelInvalid, match=words):
        opened(FakeEngine(cuda, **change))


def test_an_engine_that_the_library_does_not_load_says_what_to_do(opened: Any) -> None:
    with pytest.raises(NotAvailable, match="edgecad cache clear"):
        opened("none")


def test_a_run_that_fails_is_the_devices_fault(opened: Any, cuda: FakeCuda) -> None:
    with pytest.raises(DeviceFailed, match="does not run"):
        opened(FakeEngine(cuda, works=False)).run(images(1), ("logits",))
    runner = opened()
    cuda.failing = "cudaMemcpyAsync"
    with pytest.raises(DeviceFailed, match="cudaMemcpyAsync: out of memory"):
        runner.run(images(1), ("logits",))


def test_the_engine_alone_is_timed_between_two_events(cuda: FakeCuda, opened: Any) -> None:
    runner = opened()
    times = runner.engine_milliseconds(images(1), 5)
    assert times == [1.5] * 5
    assert {-1, -2} <= set(cuda.destroyed), "events are given back"
    assert len(runner.engine_milliseconds(images(1), 3)) == 3
    assert runner.engine_milliseconds(images(4), 2) == [1.5] * 2


def test_a_gpu_that_is_not_here_is_not_available(cuda: FakeCuda) -> None:
    with pytest.raises(NotAvailable, match="GPU 3 cannot be used"):
        Cuda(3, cuda)


@pytest.mark.parametrize("name", ["tensorrt_rtx", "tensorrt"])
def test_the_real_library_has_every_name_that_is_used(name: str) -> None:
    library = pytest.importorskip(name, reason=f"{name} is not installed: pip install 'edgecad[{name}]'")
    for owner, names in {
        library: ("Runtime", "ILogger", "TensorIOMode", "DataType"),
        library.Runtime: ("deserialize_cuda_engine",),
        library.ICudaEngine: (
            "num_io_tensors", "get_tensor_name", "get_tensor_mode", "get_tensor_dtype", "get_tensor_shape",
            "create_execution_context",
        ),
        library.IExecutionContext: ("set_tensor_address", "set_input_shape", "execute_async_v3"),
        library.DataType: ("UINT8", "FLOAT"),
        library.TensorIOMode: ("INPUT",),
    }.items():  # fmt: skip
        assert not [attribute for attribute in names if not hasattr(owner, attribute)], owner


def test_the_real_cuda_python_has_every_name_that_is_used() -> None:
    runtime = pytest.importorskip("cuda.bindings.runtime", reason="cuda-python: pip install 'edgecad[tensorrt-rtx]'")
    used = [name for name in vars(FakeCuda) if name.startswith("cuda")]
    assert len(used) > 12
    assert not [name for name in used if not hasattr(runtime, name)]
    assert hasattr(runtime.cudaStreamCaptureMode, "cudaStreamCaptureModeThreadLocal")
    assert importlib.import_module("cuda.bindings.runtime").cudaMemcpyKind.cudaMemcpyHostToDevice == 1


@pytest.mark.parametrize("refused", ["cudaStreamEndCapture", "execution"])
def test_an_engine_that_cannot_be_recorded_runs_piece_by_piece(
    cuda: FakeCuda, opened: Any, refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = opened()
    if refused == "execution":
        compute = FakeContext.execute_async_v3
        monkeypatch.setattr(
            FakeContext,
            "execute_async_v3",
            lambda self, stream: stream not in cuda.recording and compute(self, stream),
        )
    else:
        monkeypatch.setattr(FakeCuda, refused, lambda self, stream: (self.recording.pop(stream), (900, None))[1])
    for seed in range(4):
        given = images(1, seed)
        answer = runner.run(given, ("logits",))["logits"]
        np.testing.assert_array_equal(answer, given.astype(np.float32).sum(axis=(1, 2))[:, :2])
    assert not runner.records
    assert not cuda.launched
    assert cuda.forgotten == 1, "an error of the recording that is left standing is reported by the next call"
    assert not cuda.recording, "the stream does not go on recording"


def test_whether_a_graph_is_launched_is_told(opened: Any) -> None:
    runner = opened()
    assert not runner.records
    runner.run(images(1), ("logits",))
    assert runner.records
