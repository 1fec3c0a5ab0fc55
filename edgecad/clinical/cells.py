"""One cell of a CSV: without what a spreadsheet put around it; numbers, and what stands for nothing."""

from __future__ import annotations

import math
import re

UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
"""Signs without width, which come along when text is copied."""
_FORMULA = re.compile(r'="(.*)"')
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]\d{1,3})?")
_NOTHING = frozenset(
    (
        "", "nan", "na", "n/a", "n.a.", "n.a", "#n/a", "#na", "<na>", "none", "null", "(null)", "nil", "nat", "-", "--",
        "---", "?", "??", "???", ".", "..", "unknown", "missing", "undefined", "(blank)", "not known", "not available",
        "#ref!", "#value!", "#name?", "#null!", "#div/0!", "#num!", "\N{EN DASH}", "\N{EM DASH}",
    )
)  # fmt: skip
"""What programs and people write where nothing is known, in small letters."""


def plain_cell(cell: str | None) -> str:
    """A cell without blanks and signs of no width around it, and without a spreadsheet's `="..."`."""
    words = (cell or "").strip().strip(UNSEEN).strip()
    formula = _FORMULA.fullmatch(words)
    return formula[1].strip() if formula else words


def stands_for_nothing(words: str) -> bool:
    """Whether a cell is empty, or holds what is written where nothing is known: `nan`, `NA`, `none`, `-`."""
    return words.casefold() in _NOTHING


def number_of(words: str) -> float | None:
    """A number with a point or a comma before its decimals, or as programs write small ones: `5e-05`; None of others.

    Thousands are not set apart: `1,234` is 1.234.
    """
    number = float(words.replace(",", ".")) if _NUMBER.fullmatch(words) else math.inf
    return number if math.isfinite(number) else None
