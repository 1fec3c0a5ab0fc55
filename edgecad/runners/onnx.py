"""ONNX Runtime: the reference on every machine, and CUDA where it is asked for and really there."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgecad.contract.graph import known_outputs
from edgecad.engines.gpu import gpu_here
from edgecad.errors import DeviceFailed, EdgecadError, ModelInvalid, NotAvailable
from edgecad.runners.base import OpenRequest, RunnerFacts
from edgecad.runners.demands import demand_one_file, demand_outputs
from edgecad.runners.devices import DeviceRequest
from edgecad.runners.sizes import check_sizes
from edgecad.runners.watchdog import RUN_SECONDS, WATCHDOG, run_stopped
from edgecad.system.cores import usable_threads
from edgecad.system.extras import require
from edgecad.system.installation import install_words, pip
from edgecad.system.memory import lacks_memory, says_no_memory

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


class OnnxRunner:
    """An onnxruntime session that was opened strictly and then checked."""

    def __init__(
        self, model: bytes, device: DeviceRequest, name: str = "the model", threads: int | None = None
    ) -> None:
        """Open `model`, the bytes of an ONNX file, which errors call `name`; on a CPU a run has `threads`, or all.

        Args:
            device: `cpu` or `cuda:N`.

        Raises:
            NotAvailable: no onnxruntime, or the named device is not here.
            ModelInvalid: not an ONNX model, not one of ours, or one that would read other files.
        """
        demand_one_file(model)
        runtime = require("onnxruntime", extra="cpu")
        # Below `fatal` the library writes to stderr by itself; what matters is raised as an error here.
        runtime.set_default_logger_severity(4)
        # On Windows, where events go to the system and the variable of `edgecad/__init__.py` does not count.
        runtime.disable_telemetry_events()
        kind = device.kind
        _check_provider(kind, runtime.get_available_providers())
        if kind == "cuda":
            load_cuda(runtime)
        threads = (threads or usable_threads()) if kind == "cpu" else 1
        known = check_sizes(runtime, model, name)
        self._runtime, self._session = runtime, _open(runtime, model, kind, device.index, threads, name)
        if not known:
            raise ModelInvalid(f"onnxruntime tells nothing of the sizes in {name}; export it again")
        size = _checked_size(self._session)
        outputs = _checked_outputs(self._session)
        provider = self._session.get_providers()[0]
        if provider != (CPU if kind == "cpu" else CUDA):
            raise NotAvailable(f"device {kind} was asked for and onnxruntime opened {provider}; use --device cpu")
        self._facts = RunnerFacts(device.name, provider, "", threads if kind == "cpu" else 0, size, outputs)

    @property
    def facts(self) -> RunnerFacts:
        """What this runner is, as checked after opening."""
        return self._facts

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Compute `outputs` for `images` `(n, size, size, 3)` uint8 RGB. Safe to call from many threads.

        Raises:
            ModelInvalid: the graph opened and cannot be computed.
            DeviceFailed: the device gave up, memory did not suffice, or it took longer than `RUN_SECONDS` an image.
        """
        options, seconds = self._runtime.RunOptions(), RUN_SECONDS * max(1, len(images))
        try:
            with WATCHDOG.limited(seconds, partial(setattr, options, "terminate", True)):
                values = self._session.run(list(outputs), {"image": images}, options)
        except Exception as error:  # As when opening: unrelated types, and what counts is in the text.
            if options.terminate:
                raise run_stopped(self._facts.device, f"{len(images)} images", seconds) from error
            raise self._failure(error, len(images)) from error
        return dict(zip(outputs, values, strict=True))

    def engine_milliseconds(self, images: NDArray[np.uint8], runs: int) -> list[float]:
        """What the session alone takes for images `(n, size, size, 3)` uint8, which lie on the device, as outputs do.

        What `run` takes beyond it is copies, and ours.

        Raises:
            DeviceFailed: the device gave up.
        """
        kind, _, index = self._facts.device.partition(":")
        binding = self._session.io_binding()
        times = []
        try:
            given = self._runtime.OrtValue.ortvalue_from_numpy(images, kind, int(index or 0))
            binding.bind_ortvalue_input("image", given)
            for name in self._facts.outputs:
                binding.bind_output(name, kind, int(index or 0))
            for _ in range(runs + 1):
                begun = time.perf_counter()
                self._session.run_with_iobinding(binding)
                binding.synchronize_outputs()
                times.append(1000 * (time.perf_counter() - begun))
        except Exception as error:
            raise self._failure(error, len(images)) from error
        return times[1:]  # the first one chooses kernels and takes memory

    def _failure(self, error: Exception, images: int) -> EdgecadError:
        device, reason = self._facts.device, _first_sentence(error)
        if lacks_memory(error) or says_no_memory(str(error)) or "alloc" in reason:
            return DeviceFailed(f"{device} has not the memory for {images} images at once: {reason}; run fewer at once")
        if device != "cpu":
            return DeviceFailed(f"{device} failed: {reason}; look at nvidia-smi, or use --device cpu")
        return ModelInvalid(f"onnxruntime opened the model and cannot compute it: {reason}; export it again")


def open_session(request: OpenRequest) -> OnnxRunner:
    """Open a model on `cpu` or `cuda:N`; see `OnnxRunner`."""
    # Before the contract is read: what is no model at all is best said by who opens models.
    return OnnxRunner(request.model, request.device, request.name, request.threads)


def cuda_here() -> bool:
    """Whether `auto` may take CUDA: this onnxruntime has it, and a GPU answers. It is still opened strictly.

    Raises:
        NotAvailable: no onnxruntime.
    """
    return CUDA in require("onnxruntime", extra="cpu").get_available_providers() and gpu_here() is not None


def cuda_provider(index: int) -> tuple[str, dict[str, str]]:
    """ONNX Runtime's CUDA on a GPU, with its settings."""
    # TF32 rounds what is fp32. An exhaustive search for kernels races them at every start: another one may win
    # tomorrow and round otherwise, and it takes seconds.
    return CUDA, {"device_id": str(index), "use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}


def load_cuda(runtime: Any) -> None:
    """Load CUDA and cuDNN where pip installed them: the system's loader does not look there.

    What cannot be loaded is said when the session is opened, which is strict. Before 1.21 onnxruntime cannot do this.
    """
    preload = getattr(runtime, "preload_dlls", None)
    if preload is not None:
        # It prints what it does not find, on standard output, where answers stand.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(OSError, RuntimeError):
            preload()


def _check_provider(kind: str, available: Sequence[str]) -> None:
    if kind == "cuda" and CUDA not in available:
        raise NotAvailable(
            f"device cuda was asked for, and this onnxruntime has {', '.join(available)}; use --device cpu, or "
            f"{install_words('gpu', before=pip('uninstall -y') + ' onnxruntime')}"
        )


def _open(runtime: Any, model: bytes, kind: str, index: int, threads: int, name: str) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads wait actively while a scan is under way; between scans the processor belongs to others.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    providers: list[Any] = [CPU]
    if kind == "cuda":
        # Without this, a session that cannot have CUDA runs on the CPU and only warns.
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
        providers = [cuda_provider(index)]
    try:
        # Its own fallback would print to stdout, take the CPU, and hide why.
        return runtime.InferenceSession(model, options, providers=providers, enable_fallback=0)
    except Exception as error:  # onnxruntime raises a dozen unrelated types here.
        reason = _first_sentence(error)
        if lacks_memory(error) or says_no_memory(str(error)):
            raise DeviceFailed(f"{kind} has not the memory to open {name}: {reason}; end other programs") from error
        if kind == "cuda":
            # Without a card the engine speaks of its graph.
            reason = reason if gpu_here(index=index) else f"no NVIDIA GPU answers as cuda:{index}"
            raise NotAvailable(
                f"device cuda:{index} cannot run this model strictly: {reason}; "
                "look at nvidia-smi and the CUDA version, or use --device cpu"
            ) from error
        raise ModelInvalid(
            f"onnxruntime cannot open {name}: {reason}; name a whole model, or export it again"
        ) from error


def _first_sentence(error: Exception) -> str:
    text = re.sub(r"\s+", " ", str(error)).strip()
    return re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)[:160].rstrip(" .")


def _checked_size(session: Any) -> int:
    """Side of the input, once it is found to be the one of our graph."""
    inputs = [(entry.name, entry.type) for entry in session.get_inputs()]
    if inputs != [("image", "tensor(uint8)")]:
        raise ModelInvalid(f"the model's inputs are {inputs}; one input `image`, uint8, is wanted")
    _, height, width, channels = session.get_inputs()[0].shape
    if not (isinstance(height, int) and height == width and channels == 3):
        raise ModelInvalid(
            f"the model takes images of {height} x {width} x {channels}; a square of 3 colours is wanted"
        )
    return height


def _checked_outputs(session: Any) -> tuple[str, ...]:
    """The outputs that are known; others are left alone."""
    present = [entry.name for entry in session.get_outputs()]
    demand_outputs(present)
    return known_outputs(present)
