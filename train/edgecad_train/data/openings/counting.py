"""Open patients: count it, and tell who looked at them before. Nothing here may end a run: what fails is said."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from edgecad.contract import Openings
from edgecad.frozen import json_from_struct
from edgecad.system.clock import second_text
from edgecad.system.folders import write_whole
from edgecad_train.data.openings.file import (
    By,
    CannotCount,
    Opening,
    OpeningsFile,
    alone,
    others_near,
    read_openings,
    write_openings,
)
from edgecad_train.data.openings.place import openings_file, places_of_counts
from edgecad_train.data.prepared import PreparedData

Patient = frozenset[str]
"""SHA-256 of the files of a patient's scans."""
Opens = Callable[[Sequence[Patient]], Openings]
"""Opens patients; tells how often they were before."""
KEPT = "opening.json"
"""Of an unfinished run or of a study: which opening it is, so that it is one however often it is resumed."""


def new_opening(by: By) -> Opening:
    """An opening that was never before."""
    return Opening(id=secrets.token_hex(8), by=by, at=second_text())


def kept_opening(folder: Path, by: By) -> Opening:
    """The opening of a run or study that has this folder, begun now or before.

    Raises:
        OSError: the disk failed.
    """
    path = folder / KEPT
    with suppress(FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(path.read_bytes(), type=Opening)
    opening = new_opening(by)
    write_whole(path, json_from_struct(opening).encode())
    return opening


def patients_of(data: PreparedData, patients: Sequence[str]) -> tuple[Patient, ...]:
    """Scans of each patient, by the hashes of their files; empty where these were not kept."""
    if not data.files:
        return (frozenset[str](),) * len(patients)
    own: dict[str, set[str]] = {patient: set() for patient in patients}
    for case, digest in zip(data.cases, data.files, strict=True):
        if case.patient in own:
            own[case.patient].add(digest)
    return tuple(frozenset(digests) for digests in own.values())


def count_opening(data: Path, opening: Opening, patients: Sequence[Patient]) -> Openings:
    """Write down that patients are opened, and tell how often they were before.

    Args:
        data: folder or CSV of the scans; the file lies beside it.
        opening: whose it is; one that is known already is the same, with these patients added.
        patients: those who are opened.
    """
    try:
        path = _path(data, patients)
        with alone(path):
            before = read_openings(path)
            write_openings(before.with_opening(opening, frozenset[str]().union(*patients)), path)
            return _told(data, before, opening, patients)
    except CannotCount as error:
        return msgspec.structs.replace(known_openings(data, opening, patients), uncounted=str(error))


def known_openings(data: Path, opening: Opening, patients: Sequence[Patient]) -> Openings:
    """How often patients were opened by others, as far as it can be read; nothing is counted."""
    try:
        path = _path(data, patients)
    except CannotCount as error:
        return Openings(patients=len(patients), unread=str(error))
    try:
        return _told(data, read_openings(path), opening, patients)
    except CannotCount as error:
        return _told(data, OpeningsFile(), opening, patients, str(error))


def _path(data: Path, patients: Sequence[Patient]) -> Path:
    """Where to count.

    Raises:
        CannotCount: it is not known where the data are, or which scans they have.
    """
    if not all(patients):
        raise CannotCount("the hashes of the scans were not kept")
    if not data.exists():
        raise CannotCount(f"the data are not at {data.name} any more")
    return openings_file(data)


def _told(
    data: Path, own: OpeningsFile, opening: Opening, patients: Sequence[Patient], unread: str | None = None
) -> Openings:
    files, failures = [own], [unread] if unread else []
    for other in others_near(openings_file(data), places_of_counts(data)):
        try:
            files.append(read_openings(other))
        except CannotCount as error:
            failures.append(str(error))
    found = [
        {one.id: one for file in files for digest in scans for one in file.of_scan(digest) if one.id != opening.id}
        for scans in patients
    ]
    earlier = {identity: one for each in found for identity, one in each.items()}
    return Openings(
        patients=len(patients),
        before=sum(bool(each) for each in found),
        most=max(map(len, found), default=0),
        by=dict(sorted(Counter(one.by for one in earlier.values()).items())),
        last=max((one.at for one in earlier.values()), default=None),
        unread="; ".join(failures) or None,
    )
