"""Cells of a clinical column as they stand in the table: decimals of two signs, and answers that are read as none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from edgecad.clinical.cells import number_of
from edgecad.errors import UsageError
from edgecad_train.data.labelled import DataFinding
from edgecad_train.data.table.clinical import AskedClinical

_MAY_BE_ANSWERS = frozenset(("none", "nil", "unknown", "not known"))
"""Words for a value that nobody gave, which people write as an answer too: `smoking: none`."""
_LIKE_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_TIMES_LESS = 5.0
"""How much smaller than the others numbers of a comma and three digits come out, if the comma sets thousands apart."""


def about_cells(asked: AskedClinical, words: Sequence[str]) -> Iterator[DataFinding]:
    """Look at a column's cells before they are read.

    Raises:
        UsageError: which sign stands before decimals cannot be told.
    """
    if asked.kind != "category":
        _check_decimals(asked.name, [word for word in words if number_of(word) is not None])
    nothing = Counter(word.casefold() for word in words if word.casefold() in _MAY_BE_ANSWERS)
    if nothing:
        told = ", ".join(f"{word!r} in {count} lines" for word, count in nothing.items())
        text = (
            f"clinical column {asked.name} has {told}, which is read as a value that is missing; if it is an answer, "
            "write another word for it, such as 'never'"
        )
        yield DataFinding(code="clinical-nothing", text=text)


def _check_decimals(name: str, numbers: Sequence[str]) -> None:
    commas = [word for word in numbers if "," in word]
    others = [abs(float(word)) for word in numbers if "," not in word]
    if commas and any("." in word for word in numbers):
        raise UsageError(
            f"--clinical {name}: some numbers there have a comma and others a point; write all decimals with one sign, "
            "and thousands with none"
        )
    thousands = bool(commas and others) and all(map(_LIKE_THOUSANDS.fullmatch, commas))
    if thousands and median(others) > _TIMES_LESS * median(abs(number_of(word) or 0.0) for word in commas):
        raise UsageError(
            f"--clinical {name}: {len(commas)} numbers there have a comma before three digits, as thousands have, and "
            "are read as decimals; write thousands without a comma"
        )
