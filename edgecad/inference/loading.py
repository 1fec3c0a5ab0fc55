"""From a model's file to what runs it: the file, its contract, and a runner that was checked after opening."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgecad.contract import METADATA_KEY, Contract, Precision, contract_from_json
from edgecad.engines.gpu import gpu_here
from edgecad.errors import GateFailed, ModelInvalid, NotAvailable
from edgecad.modelfiles.file import FILES, ModelFile, read_model
from edgecad.modelfiles.folder import model_folder
from edgecad.modelfiles.metadata import metadata_of
from edgecad.runners.base import Runner, RunnerFacts
from edgecad.runners.devices import DeviceRequest, parse_device
from edgecad.runners.onnx import OnnxRunner, kind_here

if TYPE_CHECKING:
    from edgecad.engines.record import Batches, EngineRecord


@dataclass(frozen=True)
class LoadedModel:
    """A model's file, its contract, and what runs its graph; any runner will do.

    Attributes:
        file: that was opened.
        contract_text: as it stands in the file.
        remark: why another precision than the fastest was taken, if it was.

    Raises:
        ModelInvalid: graph and contract are not of one model.
    """

    file: ModelFile
    contract_text: str
    contract: Contract
    runner: Runner
    remark: str = ""

    @property
    def contract_sha256(self) -> str:
        """Of the contract's text, in hexadecimal."""
        return hashlib.sha256(self.contract_text.encode()).hexdigest()

    @property
    def facts(self) -> RunnerFacts:
        """Device, provider and precision, as checked after opening; only the contract knows the precision."""
        return replace(self.runner.facts, precision=self.contract.precision)

    def __post_init__(self) -> None:
        taken, said = self.runner.facts.size, self.contract.preparation.size
        if taken != said:
            raise ModelInvalid(
                f"the graph takes {taken} pixels and its contract says {said}; they are not of one model: "
                "export it again"
            )


Proof = Callable[[LoadedModel], None]
"""Given a model on a new engine before its first use; raises if it answers otherwise than at export."""


def best_model(
    model: str | os.PathLike[str] | None, device: str, proof: Proof, threads: int | None = None
) -> LoadedModel:
    """Open a folder's model in the precision that its device is fastest at: int8 on a CPU, fp16 on a GPU, else fp32.

    Args:
        model, device, threads: as `edgecad.inference.classifier.Classifier` takes them.
        proof: asked of any precision but fp32, each time; where it raises `GateFailed`, fp32 is asked as well and
            taken, and `remark` says so.

    Raises:
        GateFailed: fp32 answers otherwise than at export, too.
        ModelInvalid, NotAvailable, EngineBuildFailed: as for `load_model`.
    """
    folder = model_folder(model)
    fast: Precision = "int8" if kind_here(parse_device(device)) == "cpu" else "fp16"
    if folder is None or not (folder / FILES[fast]).is_file():
        return load_model(model, device, None, proof, threads)
    try:
        loaded = load_model(model, device, fast, proof, threads)
        proof(loaded)
    except GateFailed as error:
        plain = load_model(model, device, "fp32", proof, threads)
        proof(plain)  # what is wrong may be this machine, and not the precision
        return replace(plain, remark=f"{fast} was not taken, fp32 runs instead: {error}")
    return loaded


def load_model(
    model: str | os.PathLike[str] | None,
    device: str,
    precision: Precision | None = None,
    proof: Proof | None = None,
    threads: int | None = None,
    batches: Batches | None = None,
) -> LoadedModel:
    """Read a model's file and open it on a device.

    Args:
        model, device, threads: as `edgecad.inference.classifier.Classifier` takes them.
        precision: which file of a folder; fp32 unless it is named. A lone file has the one that it has.
        proof: asked of a TensorRT engine that had to be built.
        batches: that a TensorRT engine takes; default: up to 8 images at once.

    Raises:
        ModelInvalid: no model, no contract, or one newer than this runtime.
        NotAvailable: the device, or an onnxruntime, is not here.
        EngineBuildFailed: TensorRT was asked for, and built no engine.
    """
    request = parse_device(device)
    file = read_model(model, precision)
    # Before the contract is asked for: what is no model at all is best said by who opens models.
    runner = None if request.kind == "tensorrt" else OnnxRunner(file.content, request, file.path.name, threads)
    text, contract = _contract(file, precision)
    if runner is not None:
        return LoadedModel(file, text, contract, runner)
    return _on_tensorrt(file, text, contract, request, proof, batches)


def _contract(file: ModelFile, precision: Precision | None) -> tuple[str, Contract]:
    text = metadata_of(file.content).get(METADATA_KEY)
    if text is None:
        raise ModelInvalid(
            f"{file.path.name} carries no EdgeCAD contract, so nothing says how to prepare its input or read "
            "its output; export it with `edgecad export`"
        )
    contract = contract_from_json(text)
    if precision not in (None, contract.precision):
        raise ModelInvalid(f"{file.path.name} is {contract.precision}, and {precision} was asked for; name its own")
    return text, contract


def _on_tensorrt(
    file: ModelFile,
    text: str,
    contract: Contract,
    request: DeviceRequest,
    proof: Proof | None,
    batches: Batches | None,
) -> LoadedModel:
    """The engine of the user's cache, or one that is built now, which takes minutes."""
    from edgecad.engines.builder import recipe_here
    from edgecad.engines.cache import cache_folder, engine_for
    from edgecad.engines.record import Batches, EnginePrecision
    from edgecad.runners.tensorrt import TensorRtRunner

    if gpu_here(index=request.index) is None:
        raise NotAvailable(
            f"no NVIDIA GPU answers as tensorrt:{request.index}; look at nvidia-smi, or use --device cpu"
        )
    precision: EnginePrecision = "fp16" if contract.precision == "fp16" else "fp32"
    recipe = recipe_here(file.content, text, precision, batches or Batches(), gpu_index=request.index)
    prove = None if proof is None else engine_proof(file, text, contract, proof, request.index)
    engine = engine_for(recipe, cache_folder(), prove=prove)
    return LoadedModel(file, text, contract, TensorRtRunner(engine, request.index))


def engine_proof(
    file: ModelFile, text: str, contract: Contract, proof: Proof, index: int = 0
) -> Callable[[EngineRecord, bytes], None]:
    """What a new engine of a model must pass before it gets its name: `proof`, of the model on that engine."""
    from edgecad.engines.cache import CachedEngine
    from edgecad.runners.tensorrt import TensorRtRunner

    def prove(record: EngineRecord, plan: bytes) -> None:
        runner = TensorRtRunner(CachedEngine(Path(), record, plan, None), index)
        proof(LoadedModel(file, text, contract, runner))

    return prove
