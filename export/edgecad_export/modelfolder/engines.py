"""TensorRT engines of a model folder's files: proven on the GPU of this machine, or called unproven."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgecad.engines.builder import build_engine
from edgecad.engines.gpu import gpu_here
from edgecad.engines.libraries import chosen_library
from edgecad.engines.record import Batches, EnginePrecision, EngineRecord, named
from edgecad.errors import EngineBuildFailed, GateFailed
from edgecad.frozen import json_from_struct
from edgecad.inference.loading import runner_proof
from edgecad.inference.replaying import prove_golden
from edgecad.modelfiles.file import ModelFile
from edgecad.runners.cuda import Cuda
from edgecad.runners.tensorrt import engine_proof
from edgecad_export.modelfolder.exported_file import ExportedFile
from edgecad_export.modelfolder.markdown import bullets, code, plain, section

Say = Callable[[str], None]
Engine = tuple[str, EngineRecord]
"""File name of an engine, and what it was built from and for."""


def check_engine_tools() -> None:
    """Find out what building and proving engines lacks here, before minutes of work.

    Raises:
        NotAvailable: a library, or the way to run an engine on the GPU that is here.
    """
    gpu = gpu_here()
    chosen_library(None, gpu)
    if gpu is not None:
        Cuda(0)


@dataclass(frozen=True)
class Engines:
    """Engines that were built, and for those that were not, why."""

    built: tuple[Engine, ...] = ()
    failures: tuple[EngineBuildFailed | GateFailed, ...] = ()


def engines_of(files: Sequence[ExportedFile], folder: Path, time_limit: float, say: Say) -> Engines:
    """Build an engine of every file that TensorRT takes; int8 is for CPUs.

    Where there is a GPU each must answer the golden samples on it before it gets its name. Where there is none,
    `unproven` stands in its name.

    One that is not built, or answers otherwise than its file, takes nothing else along.

    Args:
        folder: where the files lie, and the engines will.
        time_limit: seconds for each.
    """
    built: list[Engine] = []
    failures: list[EngineBuildFailed | GateFailed] = []
    for entry in files:
        if entry.contract.precision == "int8":
            continue
        precision: EnginePrecision = "fp16" if entry.contract.precision == "fp16" else "fp32"
        try:
            built.append(_engine(entry, folder, precision, time_limit, say))
        except (EngineBuildFailed, GateFailed) as error:
            failures.append(type(error)(f"the engine of {entry.name}: {error}"))
    return Engines(tuple(built), tuple(failures))


def _engine(entry: ExportedFile, folder: Path, precision: EnginePrecision, time_limit: float, say: Say) -> Engine:
    file = ModelFile(folder / entry.name, (folder / entry.name).read_bytes(), entry.sha256)
    text = json_from_struct(entry.contract)
    out = file.path.with_suffix(".plan")
    record = build_engine(
        file.content,
        out,
        precision,
        text,
        Batches(1, 1, 8),
        time_limit,
        progress=_by_phase(f"engine of {entry.name}", say),
        prove=engine_proof(runner_proof(file, text, entry.contract, prove_golden)),
    )
    return named(out, proven=record.proven).name, record


def _by_phase(name: str, say: Say) -> Callable[[str, int, int], None]:
    """Say each phase of a build once: its steps come several a second, for minutes."""
    said: set[str] = set()

    def told(phase: str, done: int, total: int) -> None:
        if phase not in said:
            said.add(phase)
            say(f"{name}: {phase}")

    return told


def engines_section(engines: Sequence[Engine]) -> str:
    """The model card's part on engines: what each was built for, and whether anything ever ran it."""
    if not engines:
        return ""
    return section(
        "TensorRT engines",
        "For programs of yours: EdgeCAD builds and proves its own. An engine that no GPU has run is UNPROVEN, and "
        "`unproven` stands in its name: nothing is known of its answers.",
        bullets(_line(name, record) for name, record in engines),
    )


def _line(name: str, record: EngineRecord) -> str:
    identity = record.identity
    return (
        f"{code(name)}: {identity.precision}, batches of {identity.batches}, {plain(identity.library)} "
        f"{plain(identity.library_version)}. {plain(record.proof_words)}."
    )
