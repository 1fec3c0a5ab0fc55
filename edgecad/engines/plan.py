"""From an ONNX file to an engine's plan, inside the process that builds; see `child`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from edgecad.contract.graph import known_outputs
from edgecad.engines.libraries import errors_of
from edgecad.engines.messages import Step
from edgecad.engines.record import Batches, EnginePrecision
from edgecad.errors import EngineBuildFailed, NotAvailable

Report = Callable[[Step], None]

NEXT_STEP = "export the model again, or use it with --device cpu or cuda"
_INTERVAL = 0.1
"""Seconds between two reports."""


def plan_from_onnx(library: Any, model: bytes, precision: EnginePrecision, batches: Batches, report: Report) -> bytes:
    """Build a strongly typed engine: the precision is the one written in the ONNX graph, and nothing else.

    Args:
        library: the module `tensorrt` (10 or later) or `tensorrt_rtx`.
        model: bytes of an ONNX file; one input `image` `(N, size, size, 3)`.
        report: called now and then from any thread.

    Raises:
        NotAvailable: the library finds no GPU that it needs.
        EngineBuildFailed: the graph cannot be read or built, or is not what it is said to be.
    """
    log, errors = errors_of(library)
    builder = _builder(library, log, errors)
    network = builder.create_network(_creation_flags(library))
    parser = library.OnnxParser(network, log)
    if not parser.parse(model):
        reason = parser.get_error(0) if parser.num_errors else _last(errors)
        raise EngineBuildFailed(f"{library.__name__} cannot read the model: {_line(reason)}; {NEXT_STEP}")
    size = _checked_size(network)
    _check_precision(library, network, precision)
    _leave_out_unknown(network)
    # Parser and monitor own things that the build still uses: both must live until it is over.
    monitor = _monitor(library, Phases(report))
    plan = builder.build_serialized_network(network, _config(library, builder, size, batches, monitor))
    if plan is None:
        raise EngineBuildFailed(f"{library.__name__} built no engine: {_last(errors)}; {NEXT_STEP}")
    return bytes(plan)


def _builder(library: Any, log: Any, errors: list[str]) -> Any:
    try:
        builder = library.Builder(log)
    except (TypeError, RuntimeError):  # how the bindings say that they got a null pointer
        builder = None
    if builder is None:
        raise NotAvailable(f"{library.__name__} cannot start here: {_last(errors)}; look at nvidia-smi")
    return builder


def _creation_flags(library: Any) -> int:
    # From TensorRT 11 on every network is strongly typed, and the flag may go.
    flag = getattr(library.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _checked_size(network: Any) -> int:
    """Side of the input, once it is found to be the one of our graph. What runs them checks the outputs."""
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    shape = tuple(inputs[0].shape) if len(inputs) == 1 else ()
    if [entry.name for entry in inputs] != ["image"] or len(shape) != 4 or shape != (-1, shape[1], shape[1], 3):
        seen = ", ".join(f"{entry.name} {tuple(entry.shape)}" for entry in inputs)
        raise EngineBuildFailed(f"the graph's inputs are {seen}; `image` (N, size, size, 3) wanted; {NEXT_STEP}")
    return int(shape[1])


def _leave_out_unknown(network: Any) -> None:
    """Let the engine have the known outputs alone: a runner holds memory for each output of an engine."""
    outputs = [network.get_output(index) for index in range(network.num_outputs)]
    known = known_outputs([output.name for output in outputs])
    for output in outputs:
        if output.name not in known:
            network.unmark_output(output)


def _check_precision(library: Any, network: Any, precision: EnginePrecision) -> None:
    """A strongly typed engine computes as its graph is written, so the graph must be what it is called."""
    layers = (network.get_layer(index) for index in range(network.num_layers))
    half = sum(layer.num_outputs > 0 and layer.get_output(0).dtype == library.DataType.HALF for layer in layers)
    if bool(half) != (precision == "fp16"):
        raise EngineBuildFailed(
            f"the graph was called {precision}, and {half} of its {network.num_layers} layers compute in half "
            "precision; name the right file, or export it again"
        )


def _config(library: Any, builder: Any, size: int, batches: Batches, monitor: Any) -> Any:
    config = builder.create_builder_config()
    # TensorFloat-32 keeps 10 bits of a factor's mantissa; what is exported as fp32 shall be fp32.
    config.clear_flag(library.BuilderFlag.TF32)
    profile = builder.create_optimization_profile()
    profile.set_shape("image", *((count, size, size, 3) for count in (batches.least, batches.best, batches.most)))
    if config.add_optimization_profile(profile) < 0:
        raise EngineBuildFailed(f"{library.__name__} refused batches of {batches}; choose a smaller --batch")
    config.progress_monitor = monitor
    return config


class Phases:
    """Turns the nested phases of a build into one line of progress; safe to call from any thread."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._running: dict[str, list[int]] = {}
        self._lock = threading.Lock()
        self._said = 0.0

    def start(self, name: str, total: int) -> None:
        """A phase begins, of so many steps."""
        with self._lock:
            self._running[name] = [0, total]
            self._say()

    def step(self, name: str) -> bool:
        """A step is done. Returns whether anybody still listens; a build that nobody waits for ends."""
        with self._lock:
            if name in self._running:
                self._running[name][0] += 1
            return self._say()

    def finish(self, name: str) -> None:
        """A phase is over."""
        with self._lock:
            self._running.pop(name, None)

    def _say(self) -> bool:
        now = time.monotonic()
        if now - self._said < _INTERVAL:
            return True
        self._said = now
        done, total = next(iter(self._running.values()), (0, 0))
        try:
            self._report(Step(list(self._running)[-1] if self._running else "", done, total))
        except OSError:
            return False
        return True


def _monitor(library: Any, phases: Phases) -> Any:
    methods = {
        "phase_start": lambda _, name, parent, steps: phases.start(name, steps),
        "step_complete": lambda _, name, index: phases.step(name),
        "phase_finish": lambda _, name: phases.finish(name),
    }
    return type("Monitor", (library.IProgressMonitor,), methods)()


def _last(errors: list[str]) -> str:
    return _line(errors[-1]) if errors else "it does not say why"


def _line(reason: object) -> str:
    return " ".join(str(reason).split())[:240]
