"""OpenVINO: the processor, Intel's graphics or its NPU, each where it is asked for and really there.

A model is compiled for one image, which is what a scanner sends, and several images are run one after another: then an
answer does not depend on its neighbours, and no size of a batch is compiled or kept beside another.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgecad.engines.compiled import CompiledIdentity, forget_compiled, found_compiled, keep_compiled
from edgecad.engines.openvino import (
    Hint,
    OpenVinoSettings,
    asked,
    demand_capability,
    demand_unit,
    library,
    machine_of,
    reason_of,
    short_version,
    version_of,
)
from edgecad.engines.record import sha256_of
from edgecad.errors import DeviceFailed, EdgecadError, ModelInvalid, NotAvailable, UsageError
from edgecad.runners.base import OpenRequest, RunnerFacts
from edgecad.runners.demands import demand_one_file, demand_outputs
from edgecad.runners.lanes import Lane
from edgecad.runners.stages import (
    CompiledGraph,
    CompiledStage,
    bytes_of,
    checked_side,
    compiled_graph,
    graph_from_bytes,
)
from edgecad.system.cores import is_arm, usable_threads
from edgecad.system.memory import lacks_memory, says_no_memory
from edgecad.system.parallel import workers_beside

if TYPE_CHECKING:
    from edgecad.contract import Contract, RunPrecision

_USED_BY = set[int]()
"""Processes that opened a model; one that forks from them inherits this, and none of OpenVINO's threads."""


class OpenVinoRunner:
    """A compiled model that was opened strictly and then checked."""

    def __init__(
        self,
        graph: CompiledGraph,
        module: Any,
        precision: RunPrecision,
        whole: Callable[[], CompiledGraph] | None = None,
    ) -> None:
        """Take a compiled model.

        Args:
            graph: that answers take.
            module: `openvino`.
            precision: that it computes in.
            whole: compiles it with all known outputs, once one is asked for that no answer takes.

        Raises:
            NotAvailable: it runs elsewhere, or in another precision.
            ModelInvalid: it has not our input and outputs.
        """
        stages = graph.stages
        for stage in stages:
            with asked(stage.settings.unit):
                stage.settings.check(stage.compiled)
        self._stages, self._module, self._process = stages, module, os.getpid()
        size, self._shapes = checked_side(stages[0].compiled.inputs), _checked_shapes(stages)
        settings = stages[0].settings
        self._facts = RunnerFacts(
            device=f"openvino:{settings.unit.lower()}",
            provider=f"openvino {short_version(version_of(module))} {settings.unit}",
            precision=precision,
            threads=settings.threads if settings.unit == "CPU" else 0,
            size=size,
            outputs=graph.known,
        )
        self._whole, self._of_whole, self._compiling = whole, list[OpenVinoRunner](), threading.Lock()
        # As many as run at a time: who comes later waits for one, and holds no memory meanwhile.
        self._turn, self._free = threading.BoundedSemaphore(settings.streams), list[Lane]()

    @property
    def facts(self) -> RunnerFacts:
        """What this runner is, as checked after opening."""
        return self._facts

    def run(self, images: NDArray[np.uint8], outputs: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Compute `outputs` for `images` `(n, size, size, 3)` uint8 RGB. Safe to call from many threads.

        Raises:
            UsageError: the process was forked after opening.
            ModelInvalid: the graph opened and cannot be computed.
            DeviceFailed: the device gave up, memory did not suffice, or an image took longer than `RUN_SECONDS`.
        """
        if os.getpid() != self._process:
            raise _forked("this model was opened")
        if self._whole is not None and not self._shapes.keys() >= set(outputs):
            return self._runner_of_whole(self._whole).run(images, outputs)
        with self._lane() as lane:
            if len(images) == 1:
                return lane.run(images, outputs)
            found = [lane.run(images[row : row + 1], outputs) for row in range(len(images))]
        nothing = {name: np.empty((0, *self._shapes[name][1:]), np.float32) for name in outputs}
        return {name: np.concatenate([nothing[name], *(own[name] for own in found)]) for name in outputs}

    def _runner_of_whole(self, whole: Callable[[], CompiledGraph]) -> OpenVinoRunner:
        with self._compiling:
            if not self._of_whole:
                self._of_whole.append(OpenVinoRunner(whole(), self._module, self._facts.precision or "fp32"))
        return self._of_whole[0]

    @contextmanager
    def _lane(self) -> Iterator[Lane]:
        """One that nobody uses; after an error it is let go, because what it was doing may still go on."""
        with self._turn:
            try:
                lane = self._free.pop() if self._free else Lane(self._stages, self._module, self._shapes)
                yield lane
            except EdgecadError:
                raise
            except Exception as error:  # OpenVINO raises RuntimeError alone, and what counts is in the text
                raise self._failure(error) from error
            self._free.append(lane)

    def _failure(self, error: Exception) -> EdgecadError:
        device, reason = self._facts.device, reason_of(error)
        if lacks_memory(error) or says_no_memory(str(error)):
            return DeviceFailed(f"{device} has not the memory for an image: {reason}; end other programs")
        if device != "openvino:cpu":
            return DeviceFailed(f"{device} failed: {reason}; use --device cpu")
        return ModelInvalid(f"OpenVINO opened the model and cannot compute it: {reason}; export it again")


def open_openvino(request: OpenRequest) -> OpenVinoRunner:
    """A model on `openvino:cpu`, `openvino:gpu` or `openvino:npu`: as it was compiled before, or compiled now.

    Raises:
        NotAvailable: no OpenVINO, no such device, or none that computes in that precision.
        ModelInvalid: not an ONNX model, not one of ours, or one that would read other files.
        GateFailed: it answers the golden samples otherwise than at export.
        UsageError: the process was forked after OpenVINO opened a model in it.
    """
    if _USED_BY - {os.getpid()}:
        raise _forked("OpenVINO opened a model")
    module = library()
    version, unit = version_of(module), request.device.name.partition(":")[2].upper()
    with asked(unit):
        core = module.Core()
        demand_unit(core, unit, version)
    _, contract = request.contract()
    precision: RunPrecision = request.precision or contract.precision
    settings = _settings(unit, precision, request.threads)
    with asked(unit):
        demand_capability(core, unit, settings.hint)
        machine = machine_of(core, unit)
    _USED_BY.add(os.getpid())
    identity = CompiledIdentity(
        model_sha256=sha256_of(request.model),
        library_version=version,
        unit=unit,
        machine=machine,
        precision=settings.hint,
        threads=settings.threads,
        streams=settings.streams,
    )
    opening = _Opening(module, core, settings, precision, request)
    kept = found_compiled(identity)
    if kept is not None:
        with suppress(RuntimeError, ValueError, EdgecadError):
            return opening.from_kept(kept)
        forget_compiled(identity)
    return opening.compiled_now(identity, contract)


def _forked(what: str) -> UsageError:
    """It would wait for threads that its process has not, and not end."""
    return UsageError(
        f"{what} before the process forked, and OpenVINO does not run there; open models in the new processes alone, "
        "or start them without a fork (multiprocessing: spawn)"
    )


def _settings(unit: str, precision: RunPrecision, threads: int | None) -> OpenVinoSettings:
    hint: Hint = "bf16" if precision == "bf16" else "f16" if precision == "fp16" and unit != "CPU" else "f32"
    if unit != "CPU":
        return OpenVinoSettings(unit, hint)
    each = threads or usable_threads()
    return OpenVinoSettings(unit, hint, each, workers_beside(each))


class _Opening:
    """One model on its way to a runner."""

    def __init__(
        self, module: Any, core: Any, settings: OpenVinoSettings, precision: RunPrecision, request: OpenRequest
    ) -> None:
        self._module, self._core, self._settings, self._precision = module, core, settings, precision
        self._request = request

    def from_kept(self, content: bytes) -> OpenVinoRunner:
        """Open what was compiled before."""
        return self._runner(graph_from_bytes(self._core, content, self._settings))

    def compiled_now(self, identity: CompiledIdentity, contract: Contract) -> OpenVinoRunner:
        """Compile the model; what is proven is kept.

        The proof is of what was read again, because that is what opens from then on.
        """
        graph = self._compiled()
        runner = self._runner(graph)
        if self._request.prove is None or not contract.golden:
            return runner
        try:
            content = bytes_of(graph)
            runner = self.from_kept(content)
        except (RuntimeError, ValueError, EdgecadError):  # this device keeps nothing, or nothing that opens as it was
            return runner
        self._request.prove(runner)
        keep_compiled(
            identity, f"{contract.name} ({contract.system}, {self._precision}, {contract.origin} data)", content
        )
        return runner

    def _runner(self, graph: CompiledGraph) -> OpenVinoRunner:
        return OpenVinoRunner(graph, self._module, self._precision, partial(self._compiled, whole=True))

    def _compiled(self, whole: bool = False) -> CompiledGraph:
        demand_one_file(self._request.model)
        name, unit = self._request.name, self._settings.unit
        try:
            return compiled_graph(self._module, self._core, self._request.model, self._settings, name, whole)
        except EdgecadError:
            raise
        except Exception as error:  # OpenVINO raises RuntimeError alone, and what counts is in the text
            reason = reason_of(error)
            if lacks_memory(error) or says_no_memory(str(error)):
                raise DeviceFailed(
                    f"openvino has not the memory to open {name}: {reason}; end other programs"
                ) from error
            if unit != "CPU":
                raise NotAvailable(
                    f"openvino:{unit.lower()} cannot run {name}: {reason}; use --device openvino:cpu"
                ) from error
            if self._precision == "int8" and is_arm():
                raise NotAvailable(
                    f"OpenVINO cannot compile int8 for Arm: {reason}; use --precision fp32, or --device cpu"
                ) from error
            raise ModelInvalid(
                f"OpenVINO cannot open {name}: {reason}; use --device cpu, or export it again"
            ) from error


def _checked_shapes(stages: Sequence[CompiledStage]) -> dict[str, tuple[int, ...]]:
    """Shapes of all that stages give, by name, once the outputs that every model has are among it.

    Raises:
        ModelInvalid: they are not, or a stage has other inputs or outputs than it should.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for stage in stages:
        compiled = stage.compiled
        if (len(compiled.inputs), len(compiled.outputs)) != (len(stage.takes), len(stage.gives)):
            raise ModelInvalid("what OpenVINO compiled has other inputs or outputs than the model; use --device cpu")
        shapes |= {name: tuple(output.shape) for name, output in zip(stage.gives, compiled.outputs, strict=True)}
    demand_outputs(shapes)
    return shapes
