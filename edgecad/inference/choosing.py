"""What `auto` stands for: what `edgecad bench --save` recorded for this model, machine and versions, else the default.

Nothing is timed at a start, so scores do not depend on how busy a machine was then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from edgecad.contract import RunPrecision
from edgecad.errors import EdgecadError, GateFailed
from edgecad.inference.benches.lookup import BenchFound, bench_for
from edgecad.inference.loading import LoadedModel, Proof, load_model, proven, remarked
from edgecad.modelfiles.file import AUTO, FILES
from edgecad.modelfiles.folder import model_folder
from edgecad.runners.devices import chosen_device, parse_device

DEFAULT = "default"
"""Why a device and precision were taken, in a record: `auto` stood for its default."""


@dataclass(frozen=True)
class OpeningRequest:
    """How a model is to be opened.

    Attributes:
        model, device, precision, threads, key: as `edgecad.inference.classifier.Classifier` takes them.
        proof: demanded of an engine that had to be built.
        at_opening: demanded of what is opened.
    """

    model: str | os.PathLike[str] | None
    device: str
    precision: RunPrecision | Literal["auto"] | None
    proof: Proof
    at_opening: Proof
    threads: int | None = None
    key: Path | None = None

    def loaded(self, device: str, precision: RunPrecision | None) -> LoadedModel:
        """The model on a device, in a precision, not yet proven."""
        return load_model(self.model, device, precision, self.proof, self.threads, key=self.key)


def chosen_model(opening: OpeningRequest) -> LoadedModel:
    """Open a model where device or precision is `auto`.

    Of what `edgecad bench --save` recorded, the best row is taken that fits what was named, if it opens and answers the
    golden samples now. Otherwise the default: the device by its rank in the table, and the precision that it is fastest
    at (its row's `fast`), else fp32. `chosen` says which way, and `remark` why a recorded row was not taken.

    Raises:
        GateFailed: the default answers otherwise than at export, in fp32 too.
        ModelInvalid, NotAvailable, EngineBuildFailed: as for `load_model`.
    """
    parse_device(opening.device)
    found = bench_for(opening.model)
    loaded = _benched(opening, found)
    if isinstance(loaded, LoadedModel):
        return loaded
    plain = _default(opening)
    return replace(remarked(plain, loaded), chosen=f"{DEFAULT}; {loaded}" if loaded else DEFAULT)


def _benched(opening: OpeningRequest, found: BenchFound) -> LoadedModel | str:
    """What a saved bench recommends, open and proven; or why it is not, empty where nothing was saved."""
    if found.saved is None:
        return found.remark
    rows = found.saved.fitting(opening.device, opening.precision or found.precision or "fp32")
    if not rows:
        return ""
    best, *others = rows
    try:
        loaded = opening.loaded(best.device, best.precision)
        opening.at_opening(loaded)
    except EdgecadError as error:  # what is wrong with the model itself ends the default, too
        return f"{best.device} {best.precision}, best in the bench of {found.saved.time[:10]}, was not taken: {error}"
    return replace(loaded, chosen=found.saved.why(best, others))


def _default(opening: OpeningRequest) -> LoadedModel:
    """The device by its rank, and where the precision is open, the one that it is fastest at, else fp32."""
    if opening.precision != AUTO:
        return proven(opening.loaded(opening.device, opening.precision), opening.at_opening)
    folder = model_folder(opening.model)
    fast = chosen_device(parse_device(opening.device)).device.fast
    if folder is None or not (folder / FILES[fast]).is_file():
        return proven(opening.loaded(opening.device, None), opening.at_opening)
    try:
        loaded = opening.loaded(opening.device, fast)
        opening.at_opening(loaded)  # one without golden answers is not taken by choice
    except GateFailed as error:
        # What is wrong may be this machine, and not the precision.
        plain = proven(opening.loaded(opening.device, "fp32"), opening.at_opening)
        return remarked(plain, f"{fast} was not taken, fp32 runs instead: {error}")
    return loaded
