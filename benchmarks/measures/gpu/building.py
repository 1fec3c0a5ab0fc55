"""Engines of a model: built without a card, or found in the cache where opening built them."""

from __future__ import annotations

import tempfile
from pathlib import Path

from edgecad.doctor.proof.figures import EngineBuilt
from edgecad.doctor.proof.record import ProofTarget
from edgecad.engines.builder import build_engine
from edgecad.engines.record import Batches, EngineRecord
from edgecad.errors import EngineBuildFailed
from edgecad.modelfiles.file import read_model

BUILD_SECONDS = 300.0


def built_here(model: Path, target: ProofTarget) -> EngineBuilt:
    """Build an engine of a model, as far as that goes without a card.

    Raises:
        NotAvailable: the library is not here, or builds only beside a card.
        EngineBuildFailed: it built none.
    """
    if target.precision not in ("fp32", "fp16"):
        raise EngineBuildFailed(f"no engine computes in {target.precision}; fp32 or fp16 wanted")
    file = read_model(model, target.precision)
    with tempfile.TemporaryDirectory() as folder:
        record = build_engine(
            file.content,
            Path(folder) / "engine.plan",
            "fp16" if target.precision == "fp16" else "fp32",
            file.contract_text,
            Batches(),
            BUILD_SECONDS,
            target.library or None,
        )
    return built_of(record)


def built_of(record: EngineRecord) -> EngineBuilt:
    """What an engine's record says of its building."""
    identity = record.identity
    return EngineBuilt(f"{identity.library} {identity.library_version}", record.engine_bytes / 1e6, record.proven)
