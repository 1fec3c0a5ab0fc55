"""Prepared scans, kept in the study's cache so that all workers map one copy of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Origin, Preparation
from edgecad.system.folders import write_whole
from edgecad_train.data import Case, PreparedData, Refusal
from edgecad_train.data.prepared import ScreenFacts
from edgecad_train.data.store import mapped_rows

BLOCK = 256
"""Images that are in memory at once while they are written."""


@dataclass(frozen=True)
class StoredScans:
    """All that is known of prepared scans beside their pixels; see `PreparedData`."""

    cases: tuple[Case, ...]
    screens: tuple[ScreenFacts, ...]
    origin: Origin
    sha256: str
    refused: tuple[Refusal, ...]
    preparation: Preparation
    files: tuple[str, ...]

    def with_pixels(self, images: NDArray[np.uint8]) -> PreparedData:
        """The data again.

        Args:
            images: `(n, size, size, 3)` uint8 RGB, in the order of the cases.
        """
        return PreparedData(images=images, clashes=(), **vars(self))


def without_pixels(data: PreparedData) -> StoredScans:
    """All of `data` but its pixels; clashes are none, or the study would not have begun."""
    return StoredScans(**{field.name: getattr(data, field.name) for field in fields(StoredScans)})


def scans_to_json(scans: StoredScans) -> bytes:
    """As JSON; paths are their words."""
    return msgspec.json.encode(scans, enc_hook=str)


def scans_from_json(text: bytes) -> StoredScans:
    """Decode what `scans_to_json` wrote."""
    return msgspec.json.decode(text, type=StoredScans, dec_hook=lambda kind, words: kind(words))


def store_scans(data: PreparedData, folder: Path) -> None:
    """Write prepared scans into `folder`; other processes see them whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"scans-{data.preparation.size}"
    partial = stem.with_suffix(".partial")
    with partial.open("wb") as file:
        for first in range(0, len(data.images), BLOCK):
            file.write(np.ascontiguousarray(data.images[first : first + BLOCK]).data)
    partial.replace(stem.with_suffix(".pixels"))
    write_whole(stem.with_suffix(".json"), scans_to_json(without_pixels(data)))


def stored_scans(folder: Path, size: int) -> PreparedData:
    """Open what `store_scans` wrote; the pixels stay on the disk until they are read."""
    scans = scans_from_json((folder / f"scans-{size}.json").read_bytes())
    with (folder / f"scans-{size}.pixels").open("rb") as file:
        return scans.with_pixels(mapped_rows(file, (len(scans.cases), size, size, 3), np.uint8))
