"""Prepared scans, kept in the study's cache so that all workers map one copy of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Frozen, Origin, Preparation
from edgecad.images.screen import Kind
from edgecad.system.folders import write_whole
from edgecad_train.data import Case, PreparedData
from edgecad_train.data.prepared import ScreenFacts
from edgecad_train.data.store import mapped_rows

BLOCK = 256
"""Images that are in memory at once while they are written."""


class StoredCase(Frozen, frozen=True, kw_only=True):
    """A case and its screen as they are written."""

    path: str
    label: str
    patient: str
    kind: Kind
    width: int
    height: int


class StoredScans(Frozen, frozen=True, kw_only=True):
    """What must be known of prepared scans beside their pixels."""

    preparation: Preparation
    origin: Origin
    sha256: str
    cases: tuple[StoredCase, ...]


def store_scans(data: PreparedData, folder: Path) -> None:
    """Write prepared scans into `folder`; other processes see them whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"scans-{data.preparation.size}"
    partial = stem.with_suffix(".partial")
    with partial.open("wb") as file:
        for first in range(0, len(data.images), BLOCK):
            file.write(np.ascontiguousarray(data.images[first : first + BLOCK]).data)
    partial.replace(stem.with_suffix(".pixels"))
    write_whole(stem.with_suffix(".json"), msgspec.json.encode(stored(data)))


def stored(data: PreparedData) -> StoredScans:
    """All of `data` but its pixels and what was left out."""
    cases = tuple(
        StoredCase(
            path=str(case.path),
            label=case.label,
            patient=case.patient,
            kind=screen.kind,
            width=screen.width,
            height=screen.height,
        )
        for case, screen in zip(data.cases, data.screens, strict=True)
    )
    return StoredScans(preparation=data.preparation, origin=data.origin, sha256=data.sha256, cases=cases)


def stored_scans(folder: Path, size: int) -> PreparedData:
    """Open what `store_scans` wrote; the pixels stay on the disk until they are read."""
    about = msgspec.json.decode((folder / f"scans-{size}.json").read_bytes(), type=StoredScans)
    with (folder / f"scans-{size}.pixels").open("rb") as file:
        return prepared_from(about, mapped_rows(file, (len(about.cases), size, size, 3), np.uint8))


def prepared_from(about: StoredScans, images: NDArray[np.uint8]) -> PreparedData:
    """Put pixels `(n, size, size, 3)` uint8 and what is known of them together again."""
    return PreparedData(
        cases=tuple(Case(Path(case.path), case.label, case.patient) for case in about.cases),
        images=images,
        screens=tuple(ScreenFacts(case.kind, case.width, case.height) for case in about.cases),
        origin=about.origin,
        sha256=about.sha256,
        refused=(),
        clashes=(),
        preparation=about.preparation,
    )
