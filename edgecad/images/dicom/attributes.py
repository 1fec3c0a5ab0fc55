"""Attributes of a DICOM object that a site asked for: its id, and its UIDs. Nothing is read that nobody named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from edgecad.errors import InputRefused, UsageError
from edgecad.frozen import Frozen
from edgecad.images.dicom.reading import attributes_from_dicom, guarded
from edgecad.system.extras import require

if TYPE_CHECKING:
    from pydicom import Dataset

UIDS = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_UID = re.compile(r"[0-9.]{1,64}")
_ESCAPE = "\x1b"
_META_GROUP = 0x0002
_LAST_GROUP = 0x7FE0
"""That of the pixels, behind which nothing is read."""


class DicomUids(
    Frozen,
    frozen=True,
    kw_only=True,
    rename={"sop_instance": "SOPInstanceUID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID"},
):
    """By which a DICOM object is found again; None where the object has none, or what it has is no UID."""

    sop_instance: str | None = None
    study: str | None = None
    series: str | None = None


@dataclass(frozen=True)
class Attribute:
    """An attribute, by its tag and by the name that a site gave it."""

    tag: int
    name: str


class NoText(Exception):
    """An object that does not hold an attribute as one text; says why, with nothing of what it holds."""


@cache
def attribute_of(words: str) -> Attribute:
    """The attribute of a keyword, as `AccessionNumber`, or of a tag, as `0008,0050`.

    Raises:
        UsageError: there is none, or it can hold no text.
        NotAvailable: pydicom is not installed.
    """
    require("pydicom", extra="dicom")
    from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword

    digits = words.strip("()").replace(",", "")
    tag = int(digits, 16) if re.fullmatch(r"[0-9A-Fa-f]{8}", digits) else tag_for_keyword(words)
    if tag is None:
        raise UsageError(
            f"{words} is no DICOM keyword; give one as AccessionNumber, or a tag as 0008,0050{_near(words)}"
        )
    if not _META_GROUP < tag >> 16 < _LAST_GROUP:
        raise UsageError(f"{words} is no attribute of the object before its pixels; give one as AccessionNumber")
    kind = dictionary_VR(tag) if dictionary_has_tag(tag) else ""
    if kind == "SQ" or kind.startswith("O"):
        raise UsageError(f"{words} holds no text ({kind}), so it is no id; give one as AccessionNumber")
    return Attribute(tag, words)


def _near(words: str) -> str:
    from difflib import get_close_matches

    from pydicom.datadict import keyword_dict

    near = get_close_matches(words, keyword_dict, 1)
    return f"; did you mean {near[0]}?" if near else ""


def dataset_with(source: bytes | Dataset, tags: Sequence[int | str]) -> Dataset:
    """The asked attributes of a file's bytes; a dataset is given back as it is.

    Raises:
        InputRefused: they cannot be read.
        NotAvailable: pydicom is not installed.
    """
    return attributes_from_dicom(source, tags) if isinstance(source, bytes) else source


def text_in(dataset: Dataset, attribute: Attribute) -> str:
    """What an object holds as one text, not empty.

    Raises:
        NoText: it does not.
    """
    try:
        with guarded():
            element = dataset.get(attribute.tag)
            values = () if element is None else _values(element.value)
            texts = [value if isinstance(value, bytes) else str(value) for value in values]
            letters_known = all(isinstance(text, bytes) or _letters_known(text, dataset) for text in texts)
    except InputRefused as error:
        raise NoText(f"{attribute.name} cannot be read") from error
    if element is None:
        raise NoText(f"the object has no {attribute.name}")
    if not letters_known:
        raise _unreadable(attribute.name)
    return _one_text(texts, attribute.name)


def _values(value: Any) -> Sequence[Any]:
    # A person's name has a length of its own, and is one value.
    one = isinstance(value, str | bytes) or hasattr(value, "components") or not hasattr(value, "__len__")
    return (() if value is None else (value,)) if one else tuple(value)


def _letters_known(text: str, dataset: Dataset) -> bool:
    """Whether an object says in what letters a text is. pydicom reads it as Latin-1 otherwise, which is a guess."""
    from pydicom.charset import convert_encodings, default_encoding

    sets = convert_encodings(dataset.get("SpecificCharacterSet"))
    # An escape that is left of several sets was to one that the object does not name.
    if len(sets) > 1 and _ESCAPE in text:
        return False
    # The default set has no characters beyond ASCII.
    return text.isascii() or set(sets) != {default_encoding}


def _unreadable(name: str) -> NoText:
    return NoText(f"{name} is in letters that cannot be read")


def _one_text(texts: Sequence[str | bytes], name: str) -> str:
    if len(texts) > 1:
        raise NoText(f"{name} holds {len(texts)} values, and an id is one")
    text = texts[0] if texts else ""
    if isinstance(text, bytes):
        raise NoText(f"{name} holds no text")
    if "\N{REPLACEMENT CHARACTER}" in text:
        raise _unreadable(name)
    if not text.strip():
        raise NoText(f"{name} is empty")
    return text


def uids_in(dataset: Dataset) -> DicomUids:
    """The UIDs of an object, each None where it has none that can be one."""
    sop_instance, study, series = (_uid(dataset, name) for name in UIDS)
    return DicomUids(sop_instance=sop_instance, study=study, series=series)


def _uid(dataset: Dataset, name: str) -> str | None:
    try:
        text = text_in(dataset, attribute_of(name))
    except NoText:
        return None
    return text if _UID.fullmatch(text) else None
