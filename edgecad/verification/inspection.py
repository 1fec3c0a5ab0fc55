"""Look into a model: its contract, its graph as it runs here, its files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgecad.contract import Contract, RunPrecision
from edgecad.errors import UsageError
from edgecad.inference.loading import load_model
from edgecad.modelfiles.folder import model_folder
from edgecad.modelfiles.sums import SIGNATURE, SUMS, FileSum, measured
from edgecad.runners.base import RunnerFacts
from edgecad.runners.devices import DEVICES, chosen_device, parse_device
from edgecad.runners.profile import GraphAsRun, graph_as_run


@dataclass(frozen=True)
class Inspection:
    """What there is to know of one file of a model, and of the folder it lies in.

    Attributes:
        path: of the file.
        facts: of the engine that ran it here.
        files: of the folder, as they lie there and without sums and signature; none for a lone file.
        remarks: what was not checked of the file.
        has_sums: whether the folder lists them in `SHA256SUMS`, which `edgecad verify` checks.
    """

    path: Path
    size_bytes: int
    model_sha256: str
    contract_sha256: str
    contract: Contract
    facts: RunnerFacts
    graph: GraphAsRun
    files: tuple[FileSum, ...]
    has_sums: bool
    has_signature: bool
    remarks: tuple[str, ...] = ()


def inspect_model(
    model: str | os.PathLike[str] | None,
    device: str = "auto",
    precision: RunPrecision | None = None,
    key: Path | None = None,
) -> Inspection:
    """Open a model, run a zero image through it and gather what there is.

    Args:
        key: the public key that it must be signed with; default: `$EDGECAD_KEY`.

    Raises:
        UsageError: the engine of that device shows no nodes.
        ModelInvalid: there is none, or it cannot be used.
        NotAvailable: the device, or an onnxruntime, is not here.
    """
    request = parse_device(device)
    if not chosen_device(request).device.shows_nodes:
        others = " or ".join(row.word for row in DEVICES if row.shows_nodes)
        raise UsageError(f"inspect cannot show the nodes that {request.kind} runs; use --device {others}")
    loaded = load_model(model, device, precision, key=key)
    file, facts = loaded.file, loaded.facts
    folder = model_folder(model)
    return Inspection(
        path=file.path,
        size_bytes=len(file.content),
        model_sha256=file.sha256,
        contract_sha256=loaded.contract_sha256,
        contract=loaded.contract,
        facts=facts,
        graph=graph_as_run(file.content, facts),
        files=() if folder is None else measured(folder),
        has_sums=folder is not None and os.path.lexists(folder / SUMS),
        has_signature=folder is not None and os.path.lexists(folder / SIGNATURE),
        remarks=file.remarks,
    )
