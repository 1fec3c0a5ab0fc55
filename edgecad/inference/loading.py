"""From a model's file to what runs it: the file, its contract, and a runner that was checked after opening."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from edgecad.contract import Contract, RunPrecision
from edgecad.contract.graph import FAMILIARITY
from edgecad.errors import ModelInvalid, UsageError
from edgecad.modelfiles.file import FILES, ModelFile, read_model
from edgecad.runners.base import OpenRequest, Runner, RunnerFacts
from edgecad.runners.devices import DeviceRequest, chosen_device, parse_device, unit_words
from edgecad.runners.opening import open_runner

if TYPE_CHECKING:
    from edgecad.engines.record import Batches


NAMED = "named"
"""Why a device and precision were taken, in a record: somebody named both."""


@dataclass(frozen=True)
class LoadedModel:
    """A model's file, its contract, and what runs its graph; any runner will do.

    Attributes:
        file: that was opened.
        contract_text: as it stands in the file.
        remark: why another precision, or another device, than the fastest was taken, if it was.
        chosen: why this device and precision, for records.

    Raises:
        ModelInvalid: graph and contract are not of one model.
    """

    file: ModelFile
    contract_text: str
    contract: Contract
    runner: Runner
    remark: str = ""
    chosen: str = NAMED

    @cached_property
    def contract_sha256(self) -> str:
        """Of the contract's text, in hexadecimal."""
        return hashlib.sha256(self.contract_text.encode()).hexdigest()

    @property
    def facts(self) -> RunnerFacts:
        """Device, provider and precision, as checked after opening; where the runner cannot tell, the contract does."""
        facts = self.runner.facts
        return replace(facts, precision=facts.precision or self.contract.precision)

    def __post_init__(self) -> None:
        taken, said = self.runner.facts.size, self.contract.preparation.size
        if taken != said:
            raise ModelInvalid(
                f"the graph takes {taken} pixels and its contract says {said}; they are not of one model: "
                "export it again"
            )
        if self.contract.familiarity is not None and FAMILIARITY not in self.runner.facts.outputs:
            raise ModelInvalid(
                f"the contract has limits for the output {FAMILIARITY}, and the graph has no such output; they are not "
                "of one model: export it again"
            )


WITHOUT_GOLDEN = (
    "the model carries no golden answers, so nothing shows whether it answers here as at export; export it again"
)
Proof = Callable[[LoadedModel], None]
"""Given a model on a new engine before its first use; raises if it answers otherwise than at export."""


def proven(loaded: LoadedModel, proof: Proof) -> LoadedModel:
    """A model that passed a proof, or carries nothing that could be proven, and then `remark` says so.

    Raises:
        GateFailed: it answers otherwise than at export.
    """
    if not loaded.contract.golden:
        return remarked(loaded, WITHOUT_GOLDEN)
    proof(loaded)
    return loaded


def remarked(loaded: LoadedModel, remark: str) -> LoadedModel:
    """A model with another remark in front of its own."""
    return replace(loaded, remark="; ".join(filter(None, (remark, loaded.remark))))


def load_model(
    model: str | os.PathLike[str] | None,
    device: str,
    precision: RunPrecision | None = None,
    proof: Proof | None = None,
    threads: int | None = None,
    batches: Batches | None = None,
    key: Path | None = None,
) -> LoadedModel:
    """Read a model's file, check it (`edgecad.modelfiles.file.read_model`) and open it on a device.

    Args:
        model, device, threads, key: as `edgecad.inference.classifier.Classifier` takes them.
        precision: that shall run, which tells the file of a folder; fp32 unless it is named. A lone file has the one
            that it has, and one in fp32 runs in another that its contract has bounds for, on a device that can.
        proof: demanded of an engine that had to be built.
        batches: that an engine is built for; default: up to 8 images at once.

    Raises:
        UsageError: there is no such device, or it does not run that precision.
        ModelInvalid: no model, no contract, one newer than this runtime, or a file that changed.
        NotAvailable: the device, or a package for it, is not here.
        EngineBuildFailed: the device runs engines that are built, and none was.
    """
    # A word that is no device, or cannot do what is asked, is said before anything about the model.
    _check_executes(parse_device(device), precision)
    return open_file(read_model(model, precision, key), device, precision, proof, threads, batches)


def open_file(
    file: ModelFile,
    device: str,
    precision: RunPrecision | None = None,
    proof: Proof | None = None,
    threads: int | None = None,
    batches: Batches | None = None,
) -> LoadedModel:
    """Open a model's file that was read; the rest is as for `load_model`."""

    def contract() -> tuple[str, Contract]:
        return contract_in(file, precision)

    def prove(runner: Runner) -> None:
        if proof is not None:
            proof(LoadedModel(file, *contract(), runner))

    runner = open_runner(
        OpenRequest(
            device=chosen_device(parse_device(device)),
            model=file.content,
            name=file.path.name,
            contract=contract,
            threads=threads,
            prove=None if proof is None else prove,
            batches=batches,
            precision=precision,
        )
    )
    return LoadedModel(file, *contract(), runner)


def _check_executes(request: DeviceRequest, precision: RunPrecision | None) -> None:
    """Refuse a precision that no file has and a device does not run.

    Raises:
        UsageError: it does not.
    """
    if precision is None or precision in FILES or precision in chosen_device(request).device.executes:
        return
    able = [word for word in unit_words() if precision in parse_device(word).device.executes]
    named = f"{request.kind}:{request.unit}" if request.unit else request.kind
    raise UsageError(
        f"{named} does not run an fp32 file in {precision}; use --device {' or '.join(able)}, or a precision of "
        f"files: --precision {' or '.join(FILES)}"
    )


def contract_in(file: ModelFile, precision: RunPrecision | None = None) -> tuple[str, Contract]:
    """The contract that a model's file carries, as it stands there and read.

    Raises:
        ModelInvalid: it carries none, or one of another precision than was asked for, or one that cannot be used.
    """
    contract = file.contract
    if precision not in (None, contract.precision):
        _check_bounds_for(precision, file, contract)
    return file.contract_text, contract


def _check_bounds_for(precision: RunPrecision | None, file: ModelFile, contract: Contract) -> None:
    """Refuse to run a file in another precision than its own, unless it says what its answers may then differ by."""
    if precision in FILES or contract.precision != "fp32":
        raise ModelInvalid(f"{file.path.name} is {contract.precision}, and {precision} was asked for; name its own")
    if precision not in contract.executions or not contract.golden:
        raise ModelInvalid(
            f"{file.path.name} was not proven in {precision} at export, so nothing says how far its answers may then "
            "differ; export it again, or use --precision fp32"
        )


def runner_proof(file: ModelFile, text: str, contract: Contract, proof: Proof) -> Callable[[Runner], None]:
    """`proof` for a runner of a model: what a new engine must pass before its first use."""

    def prove(runner: Runner) -> None:
        proof(LoadedModel(file, text, contract, runner))

    return prove
