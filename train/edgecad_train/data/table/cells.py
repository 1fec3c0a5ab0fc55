"""One cell: what stands in it without what a spreadsheet put around it."""

from __future__ import annotations

import re

from edgecad_train.classes import CLASSES

UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
"""Signs without width, which come along when text is copied."""
_FORMULA = re.compile(r'="(.*)"')
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)")
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)
_NOTHING = frozenset(
    (
        "", "nan", "na", "n/a", "n.a.", "n.a", "#n/a", "#na", "<na>", "none", "null", "(null)", "nil", "nat", "-", "--",
        "---", "?", "??", "???", ".", "..", "unknown", "missing", "undefined", "(blank)", "not known", "not available",
        "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "\N{EN DASH}", "\N{EM DASH}",
    )
)  # fmt: skip
"""What programs and people write where nothing is known, in small letters."""
_LIKE_CAD = frozenset(("cad+", "cadpos", "cadpositive", "cadyes", "yescad", "withcad", "cadpatient", "cadpatients"))
_LIKE_OTHER = frozenset(
    ("noncad", "nocad", "notcad", "cadneg", "cadnegative", "cad-", "cadno", "withoutcad", "nonecad", "ncad", "noncad-")
)


def plain_cell(cell: str | None) -> str:
    """A cell without blanks and signs of no width around it, and without a spreadsheet's `="..."`."""
    words = (cell or "").strip().strip(UNSEEN).strip()
    formula = _FORMULA.fullmatch(words)
    return formula[1].strip() if formula else words


def stands_for_nothing(words: str) -> bool:
    """Whether a cell is empty, or holds what is written where nothing is known: `nan`, `NA`, `none`, `-`."""
    return words.casefold() in _NOTHING


def number_of(words: str) -> float | None:
    """A number with a point or a comma before its decimals; None of anything else.

    Thousands are not set apart: `1,234` is 1.234.
    """
    return float(words.replace(",", ".")) if _NUMBER.fullmatch(words) else None


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
