"""A DICOM object's own age and sex, where the site's file says so; no other attribute is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgecad.clinical.sexes import alike
from edgecad.clinical.values import Value
from edgecad.contract import CategoryColumn, ClinicalModel, NumberColumn
from edgecad.errors import InputRefused, UsageError
from edgecad.images.dicom.attributes import NoText, attribute_of, dataset_with, text_in
from edgecad.images.kinds import kind_of
from edgecad.images.source import is_dataset
from edgecad.site import DicomClinical
from edgecad.system.words import did_you_mean

_AGE = re.compile(r"(\d{3})([DWMY])")
_IN_A_YEAR = {"D": 365.25, "W": 365.25 / 7, "M": 12.0, "Y": 1.0}


def check_columns(model: ClinicalModel | None, wanted: Mapping[str, DicomClinical], site: Path) -> None:
    """See that a model has the columns that a site's file takes from DICOM objects, and that they can hold it.

    Args:
        model: None: it judges the image alone.
        wanted: attribute of each column, at least one; site: the file.

    Raises:
        UsageError: it has no such column, age is no number there, or sex no category.
        NotAvailable: pydicom, which reads attributes, is not installed.
    """
    columns = {} if model is None else {column.name: column for column in model.columns}
    for name, keyword in wanted.items():
        takes = f"{site} takes {name} from {keyword} ([clinical])"
        if not columns:
            raise UsageError(f"{takes}, and this model judges the image alone; take it out, or name another file")
        if name not in columns:
            raise UsageError(
                f"{takes}, and the model has no clinical column {name}{did_you_mean(name, columns)}; it has "
                f"{', '.join(columns)}"
            )
        kind = NumberColumn if keyword == "PatientAge" else CategoryColumn
        if not isinstance(columns[name], kind):
            raise UsageError(
                f"{takes}, and in the model {name} is no {'number' if kind is NumberColumn else 'category'}; take it "
                "out of [clinical]"
            )
        attribute_of(keyword)  # pydicom is here


def values_in(given: Any, model: ClinicalModel, wanted: Mapping[str, DicomClinical]) -> dict[str, Value]:
    """Values of the model's columns in an object; of what it does not say, or is none, nothing.

    Args:
        given: what was read of a scan: bytes, an array or a pydicom dataset.
        wanted: attribute of each column, as the site's file has it.
    """
    asked = {column: wanted[column.name] for column in model.columns if column.name in wanted}
    if not asked or not (is_dataset(given) or (isinstance(given, bytes) and kind_of(given) == "dicom")):
        return {}
    found: dict[str, Value] = {}
    try:
        tags = {keyword: attribute_of(keyword) for keyword in asked.values()}
        dataset = dataset_with(given, [tag.tag for tag in tags.values()])
    except InputRefused:
        return {}  # reading its pixels will say why
    for column, keyword in asked.items():
        try:
            text = text_in(dataset, tags[keyword]).strip()
        except NoText:
            continue
        value = years_of(text) if keyword == "PatientAge" else sex_in(text, column)
        if value is not None:
            found[column.name] = value
    return found


def years_of(text: str) -> float | None:
    """An age string in years: `063Y`, `018M`; None of anything else (DICOM PS3.5, 6.2, AS)."""
    age = _AGE.fullmatch(text.upper())
    return int(age[1]) / _IN_A_YEAR[age[2]] if age else None


def sex_in(text: str, column: object) -> str:
    """The category that a code of PatientSex names; the code itself where the model has none for it."""
    words = alike(text)
    categories = column.categories if isinstance(column, CategoryColumn) else ()
    return next((each.name for each in categories if each.name.casefold() in words), text)
