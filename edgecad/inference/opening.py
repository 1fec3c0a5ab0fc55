"""Opening a model for a classifier: by name or by `auto`, signed where that is demanded, and proven."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Literal

from edgecad.contract import RunPrecision
from edgecad.inference.choosing import OpeningRequest, chosen_model
from edgecad.inference.loading import LoadedModel, load_model, proven
from edgecad.inference.proofs import Replays, opening_proof
from edgecad.inference.replaying import prove_golden
from edgecad.modelfiles.file import AUTO
from edgecad.modelfiles.signature import check_signed_file


def opened_model(
    model: str | os.PathLike[str] | LoadedModel | None,
    device: str,
    precision: RunPrecision | Literal["auto"] | None,
    threads: int | None,
    replay: Replays,
    signer: Path | None,
) -> LoadedModel:
    """Open a model, or take one that was loaded already; arguments and errors as `Classifier` has them.

    Args:
        signer: public key with which the model must be signed; None: nobody names one here.
    """
    demanded = opening_proof(replay, prove_golden)
    if isinstance(model, LoadedModel):
        return proven(model if signer is None else _signed(model, signer), demanded)
    if precision == AUTO or device == AUTO:
        return chosen_model(OpeningRequest(model, device, precision, prove_golden, demanded, threads, signer))
    return proven(load_model(model, device, precision, prove_golden, threads, key=signer), demanded)


def _signed(loaded: LoadedModel, key: Path) -> LoadedModel:
    """A model that was loaded before, once its signature holds."""
    check_signed_file(loaded.file.path, loaded.file.sha256, key)
    return replace(loaded, file=replace(loaded.file, remarks=()))
