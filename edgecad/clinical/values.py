"""Clinical values as somebody gives them, checked against what a model knows. No message holds a value."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import TypeAlias, TypeVar

import numpy as np

from edgecad.clinical.cells import number_of, plain_cell, stands_for_nothing
from edgecad.clinical.sexes import alike, tell_sex
from edgecad.contract import CategoryColumn, ClinicalColumn, ClinicalModel, NumberColumn, YesNoColumn
from edgecad.errors import InputRefused, UsageError
from edgecad.system.words import did_you_mean

Value: TypeAlias = "float | bool | str"
Given: TypeAlias = "Mapping[str, Value | None]"
"""Name of a column -> its value. None, an empty text and NaN stand for nothing."""
YES, NO = frozenset(("yes", "y", "true", "1")), frozenset(("no", "n", "false", "0"))
WANTED = "wanted: age=63,sex=F"
Source = TypeVar("Source")
_LACKING = object()


@dataclass(frozen=True)
class ClinicalValues:
    """Values of one scan that were checked.

    Attributes:
        usable: by column, in the model's order; empty where one cannot be used.
        lacking: what is missing or out of range, and what is wanted, a sentence each.
    """

    usable: Mapping[str, Value]
    lacking: tuple[str, ...] = ()


def values_from_words(words: Sequence[str] | None) -> dict[str, str] | None:
    """Read `age=63,sex=F`, which may be given several times; None where nothing is given.

    Raises:
        UsageError: it cannot be meant, or names a column twice. The message holds no value.
    """
    if words is None:
        return None
    found: dict[str, str] = {}
    for part in (part for text in words for part in text.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name:
            raise UsageError(f"--clinical takes NAME=VALUE with commas between; decimals have a point; {WANTED}")
        if name in found:
            raise UsageError(f"--clinical gives {name} twice; give it once")
        found[name] = value
    return found


def check_names(model: ClinicalModel | None, given: Given) -> None:
    """See that a model has the columns of which somebody gives values.

    Raises:
        UsageError: it has none, or has no such column.
    """
    if model is None:
        raise UsageError(
            "clinical values were given, and this model judges the image alone; leave them out, or train a model with "
            "edgecad train --clinical"
        )
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise UsageError('clinical values are a mapping of names of columns; wanted: {"age": 63, "sex": "F"}')
    for name in given:
        if name not in model.names:
            raise UsageError(
                f"the model has no clinical column {name}{did_you_mean(name, model.names)}; it has "
                f"{', '.join(model.names)}"
            )


def checked_values(model: ClinicalModel, given: Given | None) -> ClinicalValues:
    """Check the values of one scan.

    Args:
        given: by column; None where nobody gave any.

    Raises:
        InputRefused: reason `clinical`: a value is of another kind, or an unknown category; or one is missing or out of
            range, and the model was not made to answer by the image alone.
        UsageError: as `check_names`.
    """
    given = given or {}
    check_names(model, given)
    usable: dict[str, Value] = {}
    lacking: list[str] = []
    for column in model.columns:
        value = value_in(column, given.get(column.name))
        said = _lack(column, value)
        if said:
            lacking.append(said)
        elif value is not None:
            usable[column.name] = value
    if lacking and model.missing == "refuse":
        raise InputRefused(
            "clinical",
            f"{'; '.join(lacking)}: give it with the scan or in the table of --clinical-from, or let the site's file "
            "take it from DICOM objects",
        )
    return ClinicalValues({} if lacking else usable, tuple(lacking))


def with_values(sources: Iterable[Source], clinical: Iterable[Given | None]) -> Iterator[tuple[Source, Given | None]]:
    """Scans with their values, in their order.

    Raises:
        UsageError: they are not as many, or the values are those of one scan.
    """
    if isinstance(clinical, Mapping):
        raise UsageError("clinical values of one scan were given for many; give a list, one mapping a scan")
    for source, values in zip_longest(sources, clinical, fillvalue=_LACKING):
        if source is _LACKING or values is _LACKING:
            raise UsageError("scans and their clinical values are not as many; give one mapping a scan, or None")
        yield source, values  # type: ignore[misc]


def wanted_of(column: ClinicalColumn) -> str:
    """What a column takes, for people."""
    if isinstance(column, NumberColumn):
        return f"{column.minimum:.6g} to {column.maximum:.6g}, as in training"
    if isinstance(column, YesNoColumn):
        return "yes or no"
    return "one of " + ", ".join(each.name for each in column.categories)


def _lack(column: ClinicalColumn, value: Value | None) -> str | None:
    if value is None:
        return f"{column.name} is missing ({wanted_of(column)})"
    if isinstance(column, NumberColumn) and not column.minimum <= float(value) <= column.maximum:
        return f"{column.name} is outside of {wanted_of(column)}"
    return None


def value_in(column: ClinicalColumn, given: Value | None) -> Value | None:
    """A value as its column has it, in its range or not; None where nothing is given.

    Raises:
        InputRefused: reason `clinical`: it is of another kind, or an unknown category.
    """
    if not is_given(column, given):
        return None
    plain = _plain(given)
    found = None
    if plain is not None:
        found = _number(plain) if isinstance(column, NumberColumn) else _other(column, plain)
    if found is None:
        raise InputRefused("clinical", f"the value of {column.name} cannot be meant; wanted: {wanted_of(column)}")
    return found


def is_given(column: ClinicalColumn, given: Value | None) -> bool:
    """Whether something is said: None, an empty text, NaN and what is written for nothing say none.

    A category may be called `unknown`, though.
    """
    if isinstance(given, str):
        word = plain_cell(given)
        return word != "" and (not stands_for_nothing(word) or _is_category(column, word))
    return given is not None and not (isinstance(given, (float, np.floating)) and math.isnan(given))


def _plain(given: object) -> Value | None:
    """A text, a number or True and False, of Python or of numpy, as Python has it; None of anything else."""
    if isinstance(given, str):
        return plain_cell(given)
    if isinstance(given, (bool, np.bool_)):
        return bool(given)
    try:
        return float(given) if isinstance(given, (numbers.Real, Decimal)) else None
    except OverflowError:  # a whole number that no column reaches
        return None


def _is_category(column: ClinicalColumn, word: str) -> bool:
    """A category may be called `unknown`."""
    return isinstance(column, CategoryColumn) and _category(column, word) is not None


def _number(given: Value) -> float | None:
    if isinstance(given, bool):
        return None
    number = number_of(given) if isinstance(given, str) else float(given)
    return number if number is not None and math.isfinite(number) else None


def _other(column: YesNoColumn | CategoryColumn, given: Value) -> Value | None:
    if isinstance(column, CategoryColumn):
        return _category(column, word_of(given))
    return yes_or_no(word_of(given))


def yes_or_no(word: str) -> bool | None:
    """What a word says; None of any other word."""
    plain = word.casefold()
    return True if plain in YES else False if plain in NO else None


def word_of(given: Value) -> str:
    """A value as a cell has it: `2` of 2.0, `yes` of True."""
    if isinstance(given, bool):
        return "yes" if given else "no"
    return given if isinstance(given, str) else f"{given:.10g}"


def _category(column: CategoryColumn, word: str) -> str | None:
    number = number_of(word)
    words = {word.casefold(), *([] if number is None else [f"{number:.10g}"])}
    names = [each.name for each in column.categories]
    if tell_sex(names):
        words |= alike(word)
    return next((name for name in names if name.casefold() in words), None)
