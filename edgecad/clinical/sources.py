"""Where the clinical values of a scan come from: whoever asks, a table beside the scans, the DICOM object itself.

They come in this order, column by column. Where a DICOM object says another age or sex than the others do, the scan is
refused: the values may be another patient's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec

from edgecad.clinical.dicom import check_columns, values_in
from edgecad.clinical.table import ClinicalTable, keys_of_name, shared_keys
from edgecad.clinical.values import Given, Value, check_names, is_given, value_in
from edgecad.contract import ClinicalColumn, ClinicalModel, NumberColumn
from edgecad.errors import InputRefused, UsageError
from edgecad.frozen import Frozen
from edgecad.site import DicomClinical, Site

YEARS_APART = 1.0
"""A birthday may lie between two ages of one patient."""
SHARED = (
    "scans in several folders have this file's name, and the table of clinical values tells them apart by names alone; "
    "give the scans apart, or the table a column id"
)
UNREAD = "the table of clinical values has changed and cannot be read now; mend it, and send the scan again"


class ClinicalGiven(Frozen, frozen=True):
    """What is known of one scan's values.

    Attributes:
        values: by column.
        against: why they must not be used, without a value; None where nothing speaks against them.
    """

    values: dict[str, float | bool | str | None] = msgspec.field(default_factory=dict)
    against: str | None = None

    def demanded(self) -> Given:
        """The values.

        Raises:
            InputRefused: reason `clinical`: something speaks against them.
        """
        if self.against is not None:
            raise InputRefused("clinical", self.against)
        return self.values

    @property
    def digest(self) -> str:
        """What tells other values from these; empty where there are none."""
        told = sorted((name, repr(value)) for name, value in self.values.items())
        return hashlib.sha256(repr(told).encode()).hexdigest() if told or self.against else ""


NOTHING_GIVEN = ClinicalGiven()


@dataclass(frozen=True)
class ClinicalSources:
    """The sources of an open model.

    Attributes:
        model: None where it judges the image alone; then no scan has values.
        own: given for every scan.
        table: beside the scans.
        dicom: attribute of each column that DICOM objects may say.
        shared: keys of names that do not tell the scans of a command apart.
    """

    model: ClinicalModel | None = None
    own: Given = field(default_factory=dict)
    table: ClinicalTable | None = None
    dicom: Mapping[str, DicomClinical] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()

    def keys_of(self, path: str) -> tuple[str, ...]:
        """By what the row of a scan's file is found; nothing where no row is found by a name."""
        return keys_of_name(path) if self.table is not None and self.table.by_name else ()

    def values_with(self, own: Given | None, given: Any) -> Given | None:
        """What is known of one scan, where somebody gives `own` for it: for whoever has no table.

        Args:
            own: its values; None where nobody gave any.
            given: what was read of it: bytes, a pydicom dataset, or what says nothing of a patient.

        Raises:
            InputRefused: reason `clinical`: a DICOM object says another age or sex than was given.
            UsageError: as `check_names`.
        """
        if own:
            check_names(self.model, own)
        return replace(self, own=own or {}).values((), None, given).demanded() if self.dicom else own

    def values(self, keys: Iterable[str], identity: str | None, given: Any) -> ClinicalGiven:
        """What the sources say of one scan.

        Args:
            keys: of its file's name, as `keys_of` has them.
            identity: its id.
            given: what was read of it; None where nothing may be.
        """
        if self.model is None:
            return NOTHING_GIVEN
        try:
            row = {} if self.table is None else self._row(self.table, tuple(keys), identity)
        except ValueError as error:
            return ClinicalGiven({}, str(error))
        told = {**self._stated(row), **self._stated(self.own)}
        said = {} if given is None else values_in(given, self.model, self.dicom)
        differing = [name for name, value in said.items() if not self._agrees(name, told.get(name), value)]
        if differing:
            names = ", ".join(differing)
            why = f"{names}: the DICOM object says otherwise than what was given for it; see whose values these are"
            return ClinicalGiven({}, why)
        found = {**said, **told}
        lacking = self.model.missing == "refuse" and not found.keys() >= set(self.model.names)
        if lacking and not row and self.table is not None and self.table.unread:
            return ClinicalGiven({}, UNREAD)
        return ClinicalGiven(found)

    def _row(self, table: ClinicalTable, keys: Sequence[str], identity: str | None) -> Mapping[str, str]:
        """The scan's row; errors as of `ClinicalTable.row`, and where its name is that of other scans too."""
        row = table.row([key for key in keys if key not in self.shared], identity)
        if not row and table.row([key for key in keys if key in self.shared]):
            raise ValueError(SHARED)
        return row

    def _stated(self, given: Given) -> dict[str, Value | None]:
        """What says something: a cell of `NA` leaves the word to who comes after."""
        columns = {column.name: column for column in self.model.columns} if self.model is not None else {}
        return {name: value for name, value in given.items() if name not in columns or is_given(columns[name], value)}

    def _agrees(self, name: str, told: Value | None, said: Value) -> bool:
        """Whether what was given may be of the patient of whom the object speaks; what cannot be read is no word."""
        if self.model is None or told is None:
            return True
        column = next(column for column in self.model.columns if column.name == name)
        one, other = (_read(column, value) for value in (told, said))
        if one is None or other is None:
            return True
        if isinstance(column, NumberColumn):
            return abs(float(one) - float(other)) <= YEARS_APART
        return one == other


NO_VALUES = ClinicalSources()
"""Of a model that judges the image alone."""


def _read(column: ClinicalColumn, value: Value) -> Value | None:
    """One value as its column has it, in its range or not; None of what cannot be read."""
    try:
        return value_in(column, value)
    except InputRefused:
        return None


def clinical_sources(
    model: ClinicalModel | None,
    site: Site | None,
    own: Given | None = None,
    table: str | os.PathLike[str] | None = None,
    scans: Iterable[str] = (),
) -> ClinicalSources:
    """The sources of a model.

    Args:
        own: given for every scan.
        table: path of a CSV beside the scans.
        scans: paths of all that are asked for at once, as far as they are known.

    Raises:
        UsageError: there are values or a table for a model that takes none, or for columns that it has not; or the
            site's file names columns that the model has not, or means one otherwise than the model has it.
        NotAvailable: pydicom, which reads attributes, is not installed.
    """
    if own:
        check_names(model, own)
    dicom = {} if site is None else site.choices.clinical.dicom
    if site is not None and dicom:
        check_columns(model, dicom, site.path)
    if model is None:
        if table is not None:
            raise UsageError(
                f"{table} has clinical values, and this model judges the image alone; leave it out, or train a model "
                "with edgecad train --clinical"
            )
        return NO_VALUES
    read = None if table is None else ClinicalTable(Path(table), model.names)
    return ClinicalSources(model, own or {}, read, dicom, frozenset() if read is None else shared_keys(scans))
