"""TensorRT, full or for RTX: an engine of this machine, run without a framework in between.

Each thread has a lane of its own: an execution context, a stream, and pinned memory for the largest batch. One image at
a time, which is what a scanner sends, is recorded once as a CUDA graph and launched as a whole from then on.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecad.contract.graph import known_outputs, missing_outputs
from edgecad.engines.builder import Prove, recipe_here
from edgecad.engines.cache import CachedEngine, cache_folder, engine_for
from edgecad.engines.gpu import gpu_here
from edgecad.engines.libraries import LIBRARIES, errors_of, opened
from edgecad.engines.record import Batches, EnginePrecision, EngineRecord
from edgecad.errors import DeviceFailed, ModelInvalid, NotAvailable, UsageError
from edgecad.runners.base import OpenRequest, Runner, RunnerFacts
from edgecad.runners.cuda import NON_BLOCKING, Buffer, Cuda

INPUT = "image"


class TensorRtRunner:
    """An engine that was read whole, fits this machine, and was checked after opening."""

    def __init__(self, engine: CachedEngine, index: int = 0, cuda: Cuda | None = None) -> None:
        """Open an engine.

        Args:
            index: of the GPU.
            cuda: in place of the one of that GPU.

        Raises:
            NotAvailable: the library, cuda-python or the GPU is not here, or the engine is of another GPU.
            ModelInvalid: the engine has not our inputs and outputs.
        """
        identity = engine.record.identity
        library = opened(LIBRARIES[identity.library])
        self._cuda = cuda or Cuda(index)
        self._log, self._errors = errors_of(library)
        self._runtime = library.Runtime(self._log)
        self._engine = self._runtime.deserialize_cuda_engine(engine.plan)
        if self._engine is None:
            raise NotAvailable(
                f"{library.__name__} cannot load the engine: {self._last()}; run: edgecad cache clear, then again"
            )
        self._most = identity.batches.most
        self._shapes = _checked_shapes(self._engine, self._most, library)
        size = self._shapes[INPUT][1]
        provider = f"{library.__name__} {identity.library_version}"
        outputs = known_outputs(self._shapes)
        self._facts = RunnerFacts(f"tensorrt:{index}", provider, identity.precision, 0, size, outputs)
        self._lanes = threading.local()

    @property
    def facts(self) -> RunnerFacts:
        """What this runner is, as checked after opening."""
        return self._facts

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Compute `outputs` for `images` `(n, size, size, 3)` uint8 RGB. Safe to call from many threads.

        Raises:
            UsageError: more images than the engine was built for.
            DeviceFailed: the device gave up, or memory did not suffice.
        """
        if not 1 <= len(images) <= self._most:
            raise UsageError(
                f"{len(images)} images at once, and the engine was built for 1 to {self._most}; run fewer at once"
            )
        return self._lane().run(images, outputs)

    @property
    def records(self) -> bool:
        """Whether this thread launches one image as a recorded CUDA graph, once it has run one."""
        return self._lane().recorded

    def engine_milliseconds(self, images: NDArray[np.uint8], runs: int) -> list[float]:
        """What the engine alone takes for images `(n, size, size, 3)` uint8, by CUDA events, without copies.

        What `run` takes beyond it is ours.

        Raises:
            DeviceFailed: the device gave up.
        """
        return self._lane().engine_milliseconds(images, runs)

    def _lane(self) -> _Lane:
        self._cuda.use_device()  # of this thread, which another model may have on another GPU
        lane: _Lane | None = getattr(self._lanes, "own", None)
        if lane is None:
            lane = self._lanes.own = _Lane(self._cuda, self._engine, self._shapes, self._last)
        return lane

    def _last(self) -> str:
        return self._errors[-1] if self._errors else "it does not say why"


def open_engine(request: OpenRequest) -> TensorRtRunner:
    """The engine of the user's cache, or one that is built now, which takes minutes.

    Raises:
        NotAvailable: no such GPU, or no library.
        ModelInvalid: the model carries no contract.
        EngineBuildFailed: none was built.
    """
    index = request.device.index
    text, contract = request.contract()
    if gpu_here(index=index) is None:
        raise NotAvailable(f"no NVIDIA GPU answers as tensorrt:{index}; look at nvidia-smi, or use --device cpu")
    precision: EnginePrecision = "fp16" if contract.precision == "fp16" else "fp32"
    recipe = recipe_here(request.model, text, precision, request.batches or Batches(), gpu_index=index)
    prove = None if request.prove is None else engine_proof(request.prove, index)
    return TensorRtRunner(engine_for(recipe, cache_folder(), prove=prove), index)


def engine_proof(prove: Callable[[Runner], None], index: int = 0) -> Prove:
    """What a new engine must pass before it gets its name: `prove`, of a runner on that engine."""

    def prove_plan(record: EngineRecord, plan: bytes) -> None:
        prove(TensorRtRunner(CachedEngine(Path(), record, plan, None), index))

    return prove_plan


class _Lane:
    """What one thread needs to run an engine; given back when the thread ends."""

    def __init__(self, cuda: Cuda, engine: Any, shapes: dict[str, tuple[int, ...]], last: Any) -> None:
        self._cuda, self._last = cuda, last
        # First of all: what was taken is given back even if the next thing cannot be had.
        self._owned: list[Callable[[], None]] = []
        weakref.finalize(self, _give_back, self._owned)
        self._stream = cuda.call("cudaStreamCreateWithFlags", NON_BLOCKING)
        self._own("cudaStreamDestroy", self._stream)
        self._buffers: dict[str, Buffer] = {}
        for name, shape in shapes.items():
            self._buffers[name] = Buffer(cuda, shape, np.uint8 if name == INPUT else np.float32)
            self._owned.append(self._buffers[name].free)
        # A recorded graph belongs to the state of its context, so one image has a context to itself.
        self._single, self._several = engine.create_execution_context(), engine.create_execution_context()
        if self._single is None or self._several is None:
            raise DeviceFailed(f"no context for the engine: {last()}; other programs may hold the GPU's memory")
        for context in (self._single, self._several):
            for name, buffer in self._buffers.items():
                context.set_tensor_address(name, buffer.device)
        self._single.set_input_shape(INPUT, (1, *shapes[INPUT][1:]))
        self._graph: Any = None
        self._records = True

    @property
    def recorded(self) -> bool:
        return self._graph is not None

    def _own(self, giving_back: str, handle: Any) -> None:
        self._owned.append(partial(self._cuda.try_call, giving_back, handle))

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        count = len(images)
        np.copyto(self._buffers[INPUT].host[:count], images)
        if count == 1:
            self._launch_single()
        else:
            self._several.set_input_shape(INPUT, images.shape)
            self._enqueue(self._several, count)
        self._cuda.call("cudaStreamSynchronize", self._stream)
        return {name: self._buffers[name].host[:count].copy() for name in outputs}

    def engine_milliseconds(self, images: NDArray[np.uint8], runs: int) -> list[float]:
        self.run(images, ())
        context = self._single if len(images) == 1 else self._several
        begun, ended = (self._cuda.call("cudaEventCreate") for _ in range(2))
        times = []
        try:
            for _ in range(runs):
                self._cuda.call("cudaEventRecord", begun, self._stream)
                self._execute(context)
                self._cuda.call("cudaEventRecord", ended, self._stream)
                self._cuda.call("cudaEventSynchronize", ended)
                times.append(float(self._cuda.call("cudaEventElapsedTime", begun, ended)))
        finally:
            for event in (begun, ended):
                self._cuda.try_call("cudaEventDestroy", event)
        return times

    def _launch_single(self) -> None:
        """Launch the recorded graph; the first image is run as it is, because a first run may allocate."""
        if self._graph is not None:
            self._cuda.call("cudaGraphLaunch", self._graph, self._stream)
            return
        self._enqueue(self._single, 1)
        if self._records:
            self._cuda.call("cudaStreamSynchronize", self._stream)
            self._record()

    def _record(self) -> None:
        """Record one image's work as a graph. An engine that cannot be recorded runs piece by piece ever after.

        Some engines compile or take memory while they run, which CUDA forbids within a recording. The answer is
        computed already, so nothing is lost but time.
        """
        self._records = False
        self._cuda.begin_capture(self._stream)
        refused: DeviceFailed | None = None
        try:
            self._enqueue(self._single, 1)
        except DeviceFailed as error:
            refused = error
        try:  # in any case, or the stream goes on recording
            graph = self._cuda.call("cudaStreamEndCapture", self._stream)
        except DeviceFailed as error:
            refused = refused or error
        if refused is not None:
            self._cuda.try_call("cudaGetLastError")  # or the next call reports it once more
            return
        self._graph = self._cuda.call("cudaGraphInstantiate", graph, 0)
        self._own("cudaGraphExecDestroy", self._graph)
        self._cuda.try_call("cudaGraphDestroy", graph)

    def _enqueue(self, context: Any, count: int) -> None:
        """Copy in, compute, copy all outputs out: they are small, and one graph serves every caller."""
        self._buffers[INPUT].upload(count, self._stream)
        self._execute(context)
        for name, buffer in self._buffers.items():
            if name != INPUT:
                buffer.download(count, self._stream)

    def _execute(self, context: Any) -> None:
        if not context.execute_async_v3(int(self._stream)):
            raise DeviceFailed(f"the engine does not run: {self._last()}; look at nvidia-smi, or use --device cpu")


def _give_back(owned: list[Callable[[], None]]) -> None:
    """The last thing taken goes first."""
    while owned:
        owned.pop()()


def _checked_shapes(engine: Any, most: int, library: Any) -> dict[str, tuple[int, ...]]:
    """Shapes by name at the largest batch, once inputs and outputs are found to be those of our graph.

    Raises:
        ModelInvalid: they are others.
    """
    names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
    inputs = [name for name in names if engine.get_tensor_mode(name) == library.TensorIOMode.INPUT]
    missing, known = missing_outputs(names), (INPUT, *known_outputs(names))
    others = set(names) - {*known, *inputs}
    if inputs != [INPUT] or missing:
        lacks = f"; no output {', '.join(sorted(missing))}" if missing else ""
        raise ModelInvalid(f"the engine's inputs are {inputs}, `{INPUT}` wanted{lacks}: run edgecad cache clear")
    if others:  # building leaves them out, so this engine was built by somebody else
        raise ModelInvalid(f"the engine has unknown outputs, {', '.join(sorted(others))}: run edgecad cache clear")
    for name in known:
        dtype = library.DataType.UINT8 if name == INPUT else library.DataType.FLOAT
        if engine.get_tensor_dtype(name) != dtype:
            raise ModelInvalid(f"the engine's {name} is {engine.get_tensor_dtype(name)}, {dtype} wanted")
    shapes = {name: tuple(int(side) for side in engine.get_tensor_shape(name)) for name in known}
    return {name: (most, *shape[1:]) for name, shape in shapes.items()}
