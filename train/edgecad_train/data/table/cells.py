"""One cell of a labelled table: classes, and shortened numbers; `edgecad.clinical.cells` has what all cells have."""

from __future__ import annotations

import re

from edgecad_train.classes import CLASSES

_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_LIKE_CAD = frozenset(("cad+", "cadpos", "cadpositive", "cadyes", "yescad", "withcad", "cadpatient", "cadpatients"))
_LIKE_OTHER = frozenset(
    ("noncad", "nocad", "notcad", "cadneg", "cadnegative", "cad-", "cadno", "withoutcad", "nonecad", "ncad", "noncad-")
)


def is_shortened(words: str) -> bool:
    """Whether a spreadsheet wrote a long number as `1.23E+12`, so that its other digits are lost."""
    return _SHORTENED.fullmatch(words) is not None


def class_of(words: str) -> str | None:
    """The class that a word names, in capital or small letters; None of any other word."""
    return next((name for name in CLASSES if name.casefold() == words.casefold()), None)


def class_meant(words: str) -> str | None:
    """The class that a word most likely means, for a message: `non-CAD`, `no CAD`, `CAD+`; nothing is read by it."""
    plain = re.sub(r"[\s_.,:;()\[\]/]+", "", words.casefold()).replace("\N{MINUS SIGN}", "-")
    bare = plain.replace("-", "").replace("+", "")
    if plain in _LIKE_OTHER or bare in _LIKE_OTHER:
        return CLASSES[1]
    if plain in _LIKE_CAD or bare in _LIKE_CAD:
        return CLASSES[0]
    return class_of(bare)
