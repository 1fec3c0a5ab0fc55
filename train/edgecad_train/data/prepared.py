"""Scans ready for training, and the grounds on which training would not take them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Colours, Origin, Preparation
from edgecad.errors import UsageError
from edgecad.images.screen import Kind
from edgecad.polarmap import TableReading
from edgecad.polarmap.colours import colours_of
from edgecad_train.classes import CLASSES
from edgecad_train.data.labelled import MIN_PATIENTS, Case, Refusal, check_patients

MAX_REFUSED_SHARE = 0.05
"""Above this share of refused scans the data folder is not what it is taken for."""
DUPLICATE = "duplicate"
"""Reason of a scan that was left out because the same patient's same scan is there already."""


@dataclass(frozen=True)
class ScreenFacts:
    """How a scan came: kind of file, and its size in pixels."""

    kind: Kind
    width: int
    height: int


@dataclass(frozen=True)
class Clash:
    """One scan under two patients or two labels: learnt from as the one and judged as the other."""

    first: Case
    second: Case
    same_file: bool
    """Byte for byte; otherwise pixel for pixel, in two files."""

    def __str__(self) -> str:
        what = "the same file" if self.same_file else "the same picture in two files"
        whose = "two labels" if self.first.label != self.second.label else "two patients"
        step = "remove one line" if self.first.where else "remove one, or tell patients by --patient-from or a CSV"
        return f"{_named(self.first)} and {_named(self.second)} are {what} under {whose}; {step}"


def _named(case: Case) -> str:
    line = f"{case.where}: " if case.where else ""
    return f"{line}{case.path} ({case.label})"


@dataclass(frozen=True)
class PreparedData:
    """Scans ready for training.

    Attributes:
        cases: those that were read, in order.
        images: `(n, size, size, 3)` uint8 RGB; past a budget they lie in a file, so take rows of it, never all.
        screens: how each came, `n` of them.
        files: SHA-256 of each scan's file, `n` of them; empty where it was not kept.
        origin: phantoms, patients or both.
        sha256: over the file hashes, labels and patients, in order.
        refused: those that were left out.
        clashes: those left out because they are somebody else's scan as well; training does not start with any.
        preparation: how a screen became an image; its colour tables are those that the scans were read through.
        readings: through which table each was read, `n` of them; none where colours are the input. Chosen by the
            contract is what the scans told, which the contract will hold.
        ambiguous: scans that several tables explain, and that were read through one that the others told.
        further: by name, further maps of the same patients, `(n, size, size, 3)` each, where they were asked for; the
            hash over the scans is over them as well.
    """

    cases: tuple[Case, ...]
    images: NDArray[np.uint8]
    screens: tuple[ScreenFacts, ...]
    origin: Origin
    sha256: str
    refused: tuple[Refusal, ...]
    clashes: tuple[Clash, ...]
    preparation: Preparation
    files: tuple[str, ...] = ()
    readings: tuple[TableReading, ...] = ()
    ambiguous: tuple[Path, ...] = ()
    further: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)

    @property
    def labels(self) -> NDArray[np.int64]:
        """Class index of each scan, `(n,)`."""
        return np.array([CLASSES.index(case.label) for case in self.cases], np.int64)

    @property
    def images_sha256(self) -> str:
        """Of the scans and of how they were prepared: the same scans, prepared otherwise, are other images."""
        how = msgspec.json.encode(self.preparation, order="sorted")
        return hashlib.sha256(self.sha256.encode() + how).hexdigest()

    def colours(self, rows: Iterable[int]) -> Colours:
        """Colours of some of the scans; image by image, because all of them may not fit into memory."""
        return colours_of((self.images[row] for row in rows), self.preparation.crop)


def check_usable(data: PreparedData, least: int = MIN_PATIENTS) -> None:
    """See that training, or with fewer patients a class an evaluation, may start.

    Raises:
        UsageError: a scan is under two patients or labels, more than 5 % were refused (duplicates left out
            of the count: they do no harm), or too few patients of a class are left.
    """
    if data.clashes:
        raise UsageError(f"{data.clashes[0]}{_and_more(len(data.clashes))}")
    _check_refusals(data)
    check_patients(data.cases, least)


def reason_to_stop(data: PreparedData) -> str | None:
    """Why training would not start with these data; None if it would."""
    try:
        check_usable(data)
    except UsageError as error:
        return str(error)
    return None


def _check_refusals(data: PreparedData) -> None:
    refused = [entry for entry in data.refused if entry.reason != DUPLICATE]
    total = len(data.cases) + len(refused)
    if len(refused) > MAX_REFUSED_SHARE * total:
        listed = "; ".join(map(str, refused[:3]))
        raise UsageError(
            f"{len(refused)} of {total} scans were refused, more than {MAX_REFUSED_SHARE:.0%}; "
            f"correct or remove them: {listed}{'; ... (edgecad train --check lists all)' if len(refused) > 3 else ''}"
        )


def _and_more(count: int) -> str:
    return f" (and {count - 1} more such pairs)" if count > 1 else ""
