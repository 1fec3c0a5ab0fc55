"""Build one engine and its sidecar from an ONNX file's bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from edgecad.engines import TIME_LIMIT
from edgecad.engines.gpu import Gpu, gpu_here
from edgecad.engines.libraries import Library, chosen_library, version_of
from edgecad.engines.messages import BuildOrder
from edgecad.engines.process import Progress, run_build
from edgecad.engines.record import (
    WITHOUT_GPU,
    Batches,
    EngineIdentity,
    EnginePrecision,
    EngineRecord,
    sha256_of,
    write_engine,
)
from edgecad.errors import EngineBuildFailed
from edgecad.system.clock import second_text

Prove = Callable[[EngineRecord, bytes], None]
"""Given a new engine's record and plan before it gets its name; raises if the engine must not be used. Here a runner
replays the model's golden samples. It is called only where there is a GPU to run the engine."""

_QUANTISED = (b'"\x0eQuantizeLinear', b'"\x10DequantizeLinear')
"""Operators of an int8 file, as a protobuf writes them: field 4 (`op_type`) of a node, length, name."""


@dataclass(frozen=True)
class Recipe:
    """All that an engine is made of.

    Attributes:
        model: bytes of an fp32 or fp16 ONNX file.
        contract: the model's contract, as text.
    """

    model: bytes
    contract: str
    precision: EnginePrecision
    batches: Batches
    library: Library
    library_version: str
    gpu: Gpu | None

    @property
    def identity(self) -> EngineIdentity:
        """What an engine of this recipe is known by."""
        return EngineIdentity(
            model_sha256=sha256_of(self.model),
            contract_sha256=sha256_of(self.contract.encode()),
            library=self.library.module,
            library_version=self.library_version,
            gpu=WITHOUT_GPU if self.gpu is None else str(self.gpu),
            driver=None if self.gpu is None else self.gpu.driver,
            precision=self.precision,
            batches=self.batches,
        )


def recipe_here(
    model: bytes,
    contract: str,
    precision: EnginePrecision,
    batches: Batches,
    library: str | None = None,
    gpu_index: int = 0,
) -> Recipe:
    """What this machine would build from a model.

    Args:
        library: `tensorrt` or `tensorrt_rtx`; without it, what fits this machine.
        gpu_index: among those that this process may see.

    Raises:
        EngineBuildFailed: the model is an int8 file.
        NotAvailable: no library, or no GPU for it.
    """
    if any(operator in model for operator in _QUANTISED):
        raise EngineBuildFailed(
            "the model is an int8 file, and int8 is for CPUs (TensorRT reads its uint8 activations as int8); "
            "use the fp16 or fp32 file"
        )
    gpu = gpu_here(index=gpu_index)
    chosen = chosen_library(library, gpu)
    return Recipe(model, contract, precision, batches, chosen, version_of(chosen), gpu)


def build_engine(
    model: bytes,
    out: Path,
    precision: EnginePrecision,
    contract_text: str,
    batches: Batches,
    time_limit: float = TIME_LIMIT,
    library: str | None = None,
    progress: Progress | None = None,
    prove: Prove | None = None,
) -> EngineRecord:
    """Build an engine here: the plan becomes `out`, its sidecar `out` with `.json` after it.

    Without a GPU, or without `prove`, it is unproven, and `unproven` stands in both names: see `record.named`.

    Args:
        model: bytes of an fp32 or fp16 ONNX file, whose precision `precision` names.
        contract_text: the model's contract, which the sidecar carries.
        time_limit: seconds.
        library: `tensorrt` or `tensorrt_rtx`; without it, what fits this machine.

    Raises:
        NotAvailable: no library, or no GPU for it.
        EngineBuildFailed: the engine was not built; nothing is written.
    """
    return build(recipe_here(model, contract_text, precision, batches, library), out, time_limit, progress, prove)


def build(
    recipe: Recipe,
    out: Path,
    time_limit: float = TIME_LIMIT,
    progress: Progress | None = None,
    prove: Prove | None = None,
) -> EngineRecord:
    """Build an engine by its recipe; see `build_engine`."""
    begun = time.perf_counter()
    # Beside the engine, because there must be room for it there.
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as folder:
        plan = _plan(recipe, Path(folder), time_limit, progress)
    record = EngineRecord(
        identity=recipe.identity,
        engine_sha256=sha256_of(plan),
        engine_bytes=len(plan),
        built=second_text(),
        seconds=round(time.perf_counter() - begun, 1),
        contract=recipe.contract,
        proven=False,
    )
    if prove is not None and recipe.gpu is not None:
        record = proven(record, plan, prove)
    write_engine(out, plan, record)
    return record


def proven(record: EngineRecord, plan: bytes, prove: Prove) -> EngineRecord:
    """The record of an engine once it has passed its proof, which raises where it does not."""
    prove(record, plan)
    return replace(record, proven=True)


def _plan(recipe: Recipe, folder: Path, time_limit: float, progress: Progress | None) -> bytes:
    model, plan = folder / "model.onnx", folder / "engine.plan"
    model.write_bytes(recipe.model)
    order = BuildOrder(
        library=recipe.library.module,
        model=str(model.resolve()),
        plan=str(plan.resolve()),
        precision=recipe.precision,
        batches=recipe.batches,
    )
    built = run_build(order, time_limit, progress)
    if built.library_version != recipe.library_version:
        raise EngineBuildFailed(
            f"{recipe.library.module} {built.library_version} built the engine and {recipe.library_version} is "
            "here; leave one of the two installed"
        )
    return plan.read_bytes()
