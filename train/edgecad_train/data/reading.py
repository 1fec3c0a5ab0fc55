"""Labelled scans read and prepared by the runtime's own function, several at a time and in order."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.answer.findings import object_to_series
from edgecad.contract import Origin, Preparation
from edgecad.errors import InputRefused
from edgecad.images import size_of
from edgecad.polarmap import Objections, TableCandidates, TableReading
from edgecad.preparing import prepare_screen, read_for
from edgecad.system.parallel import in_order
from edgecad_train.data.input.tables import AMBIGUOUS, first_candidates, tables_told
from edgecad_train.data.labelled import MIN_PATIENTS, Case, Refusal
from edgecad_train.data.prepared import DUPLICATE, Clash, PreparedData, ScreenFacts, check_usable
from edgecad_train.data.store import MEMORY_BUDGET, RowStore
from edgecad_train.data.table.further import as_further, further_maps, names_of_maps
from edgecad_train.phantoms.mark import is_named

Progress = Callable[[int, int], None]
MAX_WORKERS = 4
"""Half of the time goes to OpenCV and libjpeg, which other threads need not wait for."""


def prepare_cases(
    cases: Sequence[Case],
    preparation: Preparation,
    progress: Progress | None = None,
    *,
    candidates: TableCandidates | None = None,
    memory_budget: int = MEMORY_BUDGET,
    scratch: Path | None = None,
    least: int = MIN_PATIENTS,
    further: bool = False,
) -> PreparedData:
    """Read and prepare every scan, and see that training may start; see `read_cases`.

    Args:
        least: patients that each class must have.
        further: whether further maps are wanted, where any scan has some; a scan that lacks one is left out then.

    Raises:
        UsageError: more than 5 % are refused, too few patients of a class are left, or one scan is under
            two patients or labels; or a further map is a scan itself.
    """

    def read(some: Sequence[Case], any_series: bool = False) -> PreparedData:
        return read_cases(
            some,
            preparation,
            progress,
            candidates=candidates,
            memory_budget=memory_budget,
            scratch=scratch,
            any_series=any_series,
        )

    names = names_of_maps(cases) if further else ()
    if names:
        columns = {name: [as_further(case, name) for case in cases] for name in names}
        maps = further_maps(cases, {name: read([*filter(None, own)], True) for name, own in columns.items()})
        data = maps.beside(read(maps.cases))
    else:
        data = read(cases)
    check_usable(data, least)
    return data


def read_cases(
    cases: Sequence[Case],
    preparation: Preparation,
    progress: Progress | None = None,
    *,
    candidates: TableCandidates | None = None,
    memory_budget: int = MEMORY_BUDGET,
    scratch: Path | None = None,
    any_series: bool = False,
) -> PreparedData:
    """Read and prepare every scan with the runtime's own function; what cannot be used is listed, nothing is fatal.

    Args:
        progress: called with the number of scans done and of all; it begins again where the scans are read again.
        candidates: colour tables through which the scans may be read, as the runtime would. Default, for training:
            the preparation's tables, as the user's word; without any those that the scans tell, and the preparation
            that comes back names them.
        memory_budget: bytes of images past which they go to a file.
        scratch: folder for that file.
        any_series: whether maps at rest and such are taken as well.

    Raises:
        NotAvailable: a scan is DICOM and pydicom is not installed.
        OSError: the disk of `scratch` is full.
    """
    storage = (memory_budget, scratch, any_series)
    if candidates is not None or preparation.input == "rgb":
        return _read_through(cases, preparation, progress, candidates, *storage)
    first = first_candidates(preparation)
    data = _read_through(cases, preparation, progress, first, *storage)
    told, ambiguous = tables_told(first, data.readings), {e.path for e in data.refused if e.reason == AMBIGUOUS}
    if told and ambiguous and not first.user:
        del data  # its images may fill the memory budget
        data = _told_together(_read_through(cases, preparation, progress, TableCandidates(user=told), *storage))
        data = replace(data, ambiguous=tuple(case.path for case in data.cases if case.path in ambiguous))
    return replace(data, preparation=msgspec.structs.replace(preparation, tables=tables_told(first, data.readings)))


def _told_together(data: PreparedData) -> PreparedData:
    """The scans told their tables, and no user did."""
    told = (replace(one, chosen_by="contract") if one.chosen_by == "user" else one for one in data.readings)
    return replace(data, readings=tuple(told))


def _read_through(
    cases: Sequence[Case],
    preparation: Preparation,
    progress: Progress | None,
    candidates: TableCandidates | None,
    memory_budget: int,
    scratch: Path | None,
    any_series: bool,
) -> PreparedData:
    taken = _Taken()
    with RowStore(len(cases), (preparation.size, preparation.size, 3), np.uint8, memory_budget, scratch) as store:
        workers = min(MAX_WORKERS, os.cpu_count() or 1)
        read = in_order(lambda case: _read(case, preparation, candidates, any_series), cases, workers)
        for done, result in enumerate(read, start=1):
            if isinstance(result, Refusal):
                taken.refused.append(result)
            elif taken.takes(result):
                store.add(result.image)
            if progress:
                progress(done, len(cases))
        return taken.prepared(store.rows(), preparation)


@dataclass(frozen=True)
class _Read:
    """One scan that was read; `image` is prepared, `sha256` the file's."""

    case: Case
    image: NDArray[np.uint8]
    screen: ScreenFacts
    sha256: str
    phantom: bool
    reading: TableReading | None
    """Of the colour table; None where colours are the input."""


def _read(
    case: Case, preparation: Preparation, candidates: TableCandidates | None, any_series: bool
) -> _Read | Refusal:
    try:
        screen = read_for(preparation, case.path)
        if not any_series:
            object_to_series(screen.says, preparation.crop, Objections())
        found = prepare_screen(screen, preparation, candidates=candidates)
    except InputRefused as refusal:
        return Refusal(case.path, refusal.reason, str(refusal), case.where)
    facts = ScreenFacts(screen.kind, *size_of(screen))
    return _Read(case, found.image, facts, screen.sha256, says_phantom(case.path), found.reading)


def says_phantom(path: Path) -> bool:
    """Phantoms carry the word in their metadata; re-encoded ones still are named by the PHANTOMS.json above them."""
    with path.open("rb") as file:
        return b"PHANTOM" in file.read(65536) or is_named(path)


@dataclass
class _Taken:
    """What was kept so far, and by whom each file and each picture was seen first."""

    kept: list[_Read] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)
    first: dict[str, Case] = field(default_factory=dict)

    def takes(self, scan: _Read) -> bool:
        """Whether a scan is new; if it is not, that is written down, and it is left out.

        The prepared pictures are compared as well: a map saved as PNG and as DICOM is one map in two files.
        """
        case, picture = scan.case, hashlib.sha256(scan.image.data).hexdigest()
        same_file = scan.sha256 in self.first
        earlier = self.first.get(scan.sha256) or self.first.get(picture)
        self.first.setdefault(scan.sha256, case)
        self.first.setdefault(picture, case)
        if earlier is None:
            # The image itself lies in the store.
            self.kept.append(replace(scan, image=np.empty(0, np.uint8)))
            return True
        if (earlier.patient, earlier.label) != (case.patient, case.label):
            self.clashes.append(Clash(earlier, case, same_file))
        else:
            what = "scan" if same_file else "picture"
            message = f"the same {what} as {earlier.path.name}, of the same patient; once is enough"
            self.refused.append(Refusal(case.path, DUPLICATE, message, case.where))
        return False

    def prepared(self, images: NDArray[np.uint8], preparation: Preparation) -> PreparedData:
        """All of it as data for training."""
        lines = (f"{scan.sha256} {scan.case.label} {scan.case.patient}\n" for scan in self.kept)
        return PreparedData(
            cases=tuple(scan.case for scan in self.kept),
            images=images,
            screens=tuple(scan.screen for scan in self.kept),
            origin=_origin(sum(scan.phantom for scan in self.kept), len(self.kept)),
            sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
            refused=tuple(self.refused),
            clashes=tuple(self.clashes),
            preparation=preparation,
            files=tuple(scan.sha256 for scan in self.kept),
            readings=tuple(scan.reading for scan in self.kept if scan.reading is not None),
        )


def _origin(phantoms: int, scans: int) -> Origin:
    if phantoms == 0:
        return "patients"
    return "phantom" if phantoms == scans else "mixed"
