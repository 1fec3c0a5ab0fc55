"""Prepared scans, kept in the study's cache so that all workers map one copy of them."""

from __future__ import annotations

from collections.abc import Sequence
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
    maps: tuple[str, ...] = ()
    """Names of further maps."""

    def with_pixels(self, images: NDArray[np.uint8]) -> PreparedData:
        """The data again.

        Args:
            images: from `all_pixels`.
        """
        count = len(self.cases)
        further = [images[start : start + count] for start in range(count, len(images), count)] if count else []
        return self.with_maps(images[:count] if further else images, further)

    def with_maps(self, images: NDArray[np.uint8], further: Sequence[NDArray[np.uint8]] = ()) -> PreparedData:
        """The data again.

        Args:
            images: `(n, size, size, 3)` uint8 RGB, in the order of the cases.
            further: the same of each further map.
        """
        own = {name: value for name, value in vars(self).items() if name != "maps"}
        return PreparedData(images=images, clashes=(), further=dict(zip(self.maps, further, strict=True)), **own)


def all_pixels(data: PreparedData) -> NDArray[np.uint8]:
    """The images in memory, further maps after them, `(n (1 + maps), size, size, 3)`."""
    return np.concatenate([data.images[:], *(rows[:] for rows in data.further.values())])


def without_pixels(data: PreparedData) -> StoredScans:
    """All of `data` but its pixels; clashes are none, or the study would not have begun."""
    own = {field.name: getattr(data, field.name) for field in fields(StoredScans) if field.name != "maps"}
    return StoredScans(**own, maps=tuple(data.further))


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
        for images in (data.images, *data.further.values()):
            for first in range(0, len(images), BLOCK):
                file.write(np.ascontiguousarray(images[first : first + BLOCK]).data)
    partial.replace(stem.with_suffix(".pixels"))
    write_whole(stem.with_suffix(".json"), scans_to_json(without_pixels(data)))


def stored_scans(folder: Path, size: int) -> PreparedData:
    """Open what `store_scans` wrote; the pixels stay on the disk until they are read."""
    scans = scans_from_json((folder / f"scans-{size}.json").read_bytes())
    shape = (len(scans.cases), size, size, 3)
    with (folder / f"scans-{size}.pixels").open("rb") as file:
        images, *further = (
            mapped_rows(file, shape, np.uint8, number * int(np.prod(shape))) for number in range(1 + len(scans.maps))
        )
    return scans.with_maps(images, further)
