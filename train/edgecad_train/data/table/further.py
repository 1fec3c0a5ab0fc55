"""Further maps of a scan's patient, which a CSV names in columns `map:NAME`: all of them or the scan is left out.

Only what reads several maps asks for them. A map at rest, or without attenuation correction, is welcome here: the
column says what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecad.errors import UsageError
from edgecad_train.data.labelled import Case, Refusal
from edgecad_train.data.prepared import Clash, PreparedData
from edgecad_train.data.table.headers import MAP

NO_MAPS = "it reads several maps of a patient, and the scans have one each"
GIVE_MAPS = f"name further maps in columns {MAP}NAME of a CSV, {MAP}rest say, or leave the method out"
"""Why a method is refused that needs further maps, and what helps."""
LACKING = "map-missing"
"""Reason of a scan that was left out because its line lacks a map that others have."""


@dataclass(frozen=True)
class FurtherMaps:
    """What was read of further maps.

    Attributes:
        read: by the name of the column, what was prepared of it; its cases are those of the scans with its path.
        cases: scans of which every map was read, in order.
        refused: the others.
    """

    read: Mapping[str, PreparedData]
    cases: tuple[Case, ...]
    refused: tuple[Refusal, ...]

    def beside(self, data: PreparedData) -> PreparedData:
        """The scans with their further maps.

        Args:
            data: prepared from `cases`; what was refused of them may lack.

        Raises:
            UsageError: a map is that of the column `path` as well.
        """
        self._check_others(data)
        digest = hashlib.sha256(data.sha256.encode())
        images = {}
        for name, own in self.read.items():
            rows = _rows(own, [as_further(case, name) for case in data.cases])
            images[name] = own.images[rows]
            digest.update("".join([name, *(own.files[row] for row in rows)]).encode())
        return replace(
            data,
            further=images,
            refused=(*data.refused, *self.refused),
            clashes=(*data.clashes, *self._clashes),
            sha256=digest.hexdigest(),
        )

    @property
    def _clashes(self) -> tuple[Clash, ...]:
        return tuple(clash for own in self.read.values() for clash in own.clashes)

    def _check_others(self, data: PreparedData) -> None:
        """No file is in two columns: of another patient it would tell a label, and of the same one nothing."""
        first: dict[str, tuple[Case, str]] = {}
        columns = (("path", data), *((f"{MAP}{name}", own) for name, own in self.read.items()))
        for column, own in columns:
            for case, file in zip(own.cases, own.files, strict=True):
                other, where = first.setdefault(file, (case, column))
                if where != column:
                    raise UsageError(
                        f"{case.path} ({case.where}, column {column}) is the same file as {other.path} ({other.where}, "
                        f"column {where}); name another map, or leave the cell empty"
                    )


def as_further(case: Case, name: str) -> Case | None:
    """The case of a scan's further map; None where its line names none."""
    path = next((each.path for each in case.further if each.name == name), None)
    return None if path is None else replace(case, path=path, further=())


def names_of_maps(cases: Sequence[Case]) -> tuple[str, ...]:
    """Names of the further maps that any scan has, in the order in which they come."""
    return tuple(dict.fromkeys(each.name for case in cases for each in case.further))


def further_maps(cases: Sequence[Case], read: Mapping[str, PreparedData]) -> FurtherMaps:
    """Put together what was read of each column.

    Args:
        cases: all scans.
        read: what was prepared of each column's maps.
    """
    why: dict[int, Refusal] = {}
    for name, own in read.items():
        known, told = set(own.cases), {one.path: one for one in own.refused}
        for number, case in enumerate(cases):
            further = as_further(case, name)
            if further not in known:
                why.setdefault(number, _refusal(case, name, None if further is None else told.get(further.path)))
    kept = tuple(case for number, case in enumerate(cases) if number not in why)
    return FurtherMaps(read, kept, tuple(why.values()))


def _refusal(case: Case, name: str, of_map: Refusal | None) -> Refusal:
    """Why a scan is left out: its further map was refused, or there is none."""
    if of_map is not None:
        message = f"its {MAP}{name}, {of_map.path.name}: {of_map.message}"
        return Refusal(case.path, of_map.reason, message, case.where)
    message = f"its line names no {MAP}{name}, which other lines do; all maps of a scan are wanted"
    return Refusal(case.path, LACKING, message, case.where)


def _rows(data: PreparedData, wanted: Sequence[Case | None]) -> NDArray[np.intp]:
    place = {case: row for row, case in reversed([*enumerate(data.cases)])}
    return np.array([place[case] for case in wanted if case is not None], np.intp)
