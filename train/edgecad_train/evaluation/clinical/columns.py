"""From cells to values of one kind; columns that cannot be meant, tell nothing, or tell who a patient is go."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgecad.clinical.cells import number_of
from edgecad.clinical.values import NO, YES, Value, yes_or_no
from edgecad.contract.clinical import LONGEST_NAME, MOST_CATEGORIES, MOST_COLUMNS, is_name
from edgecad.errors import UsageError
from edgecad_train.data.table.clinical import Kind
from edgecad_train.data.table.columns import ClinicalCells

LEAST_PATIENTS = 10
"""Of a category, of the rarer answer of yes and no, or of all numbers but the commonest; also of each class, with a
value in every column."""
IDENTIFYING_FROM, MANY, NEARLY_ALL = 10_000, 20, 0.9
"""Whole numbers of this size of which this share is different, of more than so many patients, are names of patients."""
RUNNING = 1.5
"""Whole numbers that are all different, within so many times as many places, were given one after another."""
_DATE = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True)
class ClinicalTraining:
    """One column as training uses it.

    Attributes:
        values: of each patient who has one.
    """

    name: str
    kind: Kind
    values: Mapping[str, Value]


def training_column(cells: ClinicalCells) -> ClinicalTraining:
    """Give a column its kind, and its values that kind.

    Raises:
        UsageError: it is empty, constant, of mixed kinds, has rare or too many categories, or tells who a patient is.
    """
    name, words = cells.asked.name, cells.cells
    if not words:
        raise UsageError(f"--clinical {name}: that column is empty; leave it out")
    if len(set(words.values())) == 1:
        raise UsageError(f"--clinical {name}: all patients have the same there, so it tells nothing; leave it out")
    kind = cells.asked.kind or _kind_of(name, words)
    values = {patient: _value(name, kind, word) for patient, word in words.items()}
    column = ClinicalTraining(name, kind, values)
    _check_identifying(column)
    check_groups(column)
    return column


def check_count(columns: Sequence[ClinicalCells]) -> None:
    """Refuse more columns than a contract holds, and names that it does not.

    Raises:
        UsageError: there are.
    """
    if len(columns) > MOST_COLUMNS:
        raise UsageError(f"--clinical names {len(columns)} columns, and a model takes {MOST_COLUMNS}; name fewer")
    for cells in columns:
        if not is_name(cells.asked.name):
            raise UsageError(
                f"--clinical {cells.asked.name[:20]!r}: that name is longer than {LONGEST_NAME} letters, or has a sign "
                "that cannot be printed; rename the column"
            )


def _kind_of(name: str, words: Mapping[str, str]) -> Kind:
    plain = {word.casefold() for word in words.values()}
    if plain <= YES | NO:
        return "yes-no"
    numbers = sum(number_of(word) is not None for word in words.values())
    if numbers == len(words):
        return "number"
    if numbers:
        raise UsageError(
            f"--clinical {name}: {numbers} patients have a number there and {len(words) - numbers} other words; mend "
            f"the column, or say --clinical {name}:category"
        )
    return "category"


def _value(name: str, kind: Kind, word: str) -> Value:
    found: Value | None = word
    if kind == "number":
        found = number_of(word)
    elif kind == "yes-no":
        found = yes_or_no(word)
    if found is None:
        raise UsageError(f"--clinical {name}:{kind}: a cell there is none; mend the column, or leave the kind out")
    return found


def _check_identifying(column: ClinicalTraining) -> None:
    """Refuse what is another one for nearly every patient, as names, dates of birth and numbers of files are."""
    values, different = list(column.values.values()), len(set(column.values.values()))
    if column.kind == "number":
        numbers = np.array([float(value) for value in values])
        whole = bool((numbers == np.round(numbers)).all())
        if whole and all(_DATE.fullmatch(f"{number:.0f}") for number in numbers):
            raise UsageError(
                f"--clinical {column.name}: the numbers there are dates, and a date is no number; give what it stands "
                "for, such as an age in years, or leave it out"
            )
        large = float(np.median(np.abs(numbers))) >= IDENTIFYING_FROM and different >= NEARLY_ALL * len(values)
        running = different == len(values) and float(np.ptp(numbers)) < RUNNING * len(values)
        telling = whole and len(values) > MANY and (large or running)
    else:
        telling = different > MANY and different > len(values) / 2
    if telling:
        raise UsageError(
            f"--clinical {column.name}: nearly every patient has a word or number of their own there, so it tells who "
            "a patient is; leave it out"
        )


def check_groups(column: ClinicalTraining) -> None:
    """Refuse a column of words with too many, too rare or unwritable ones, and numbers that are nearly all the same.

    Raises:
        UsageError: it has, or they are.
    """
    counts = Counter(column.values.values())
    if column.kind == "number":
        if len(column.values) - max(counts.values()) < LEAST_PATIENTS:
            raise UsageError(
                f"--clinical {column.name}: fewer than {LEAST_PATIENTS} patients have another number there than all "
                "others, so it tells nothing; leave it out"
            )
        return
    if len(counts) > MOST_CATEGORIES:
        raise UsageError(
            f"--clinical {column.name}: {len(counts)} categories, and a model takes {MOST_CATEGORIES}; join some"
        )
    rare = sorted(str(value) for value, count in counts.items() if count < LEAST_PATIENTS)
    bad = sorted(str(value) for value in counts if not is_name(str(value)))
    if bad:
        raise UsageError(
            f"--clinical {column.name}: the category {bad[0][:LONGEST_NAME]!r} has a comma, an equals sign or a sign "
            f"that cannot be printed, or is longer than {LONGEST_NAME} letters; give it another name"
        )
    if rare and column.kind == "yes-no":
        raise UsageError(
            f"--clinical {column.name}: fewer than {LEAST_PATIENTS} patients have one of the two answers; leave it out"
        )
    if rare:
        raise UsageError(
            f"--clinical {column.name}: {len(rare)} categories have fewer than {LEAST_PATIENTS} patients "
            f"({', '.join(rare[:5])}); join them with others, or leave the column out"
        )
