"""From what a column of a CSV holds to groups of patients."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgecad.clinical.cells import number_of
from edgecad_train.data.table.columns import KeptValues

NOT_GIVEN = "not given"
"""The group of patients of whom a column says nothing."""
MOST_GROUPS = 12
"""More different words are no groups."""
MOST_CODES = 5
"""So few different numbers are codes, as 0 and 1; more are amounts, and are cut."""


@dataclass(frozen=True)
class Grouping:
    """Groups of one column.

    Attributes:
        groups: their names, in order; none where the column makes no groups.
        of: the group of each patient; nothing where there are none.
        note: how the groups came about, or why there are none.
    """

    column: str
    groups: tuple[str, ...]
    of: Mapping[str, str]
    note: str = ""


def grouped(values: KeptValues, patients: Sequence[str]) -> Grouping:
    """Put patients into groups by what a column says of them; those of whom it says nothing are a group of their own.

    Numbers are cut at the column's cuts, or else at the median of these patients. Words are groups as they are, unless
    there are so many of them that they tell patients apart.
    """
    given = {patient: values.of[patient] for patient in patients if patient in values.of}
    numbers = {patient: number for patient, words in given.items() if (number := number_of(words)) is not None}
    column, words = values.column.name, list(dict.fromkeys(given.values()))
    all_numbers = len(numbers) == len(given) > 0
    if all_numbers and (values.column.cuts or len(words) > MOST_CODES):
        return _cut(column, values.column.cuts, numbers, patients)
    if len(words) > MOST_GROUPS or (len(words) > 2 and 2 * len(words) > len(given)):
        return Grouping(column, (), {}, _no_groups(len(words), len(given), len(numbers)))
    names = sorted(words, key=float) if all_numbers else sorted(words, key=str.casefold)
    return _grouping(column, names, given, patients, "")


def _no_groups(words: int, given: int, numbers: int) -> str:
    mixed = "; some are numbers and some are not" if numbers else ""
    return (
        f"{words} different values of {given} patients are no groups (at most {MOST_GROUPS}, of two patients each or "
        f"more){mixed}"
    )


def _cut(column: str, cuts: tuple[float, ...], numbers: Mapping[str, float], patients: Sequence[str]) -> Grouping:
    note = "cut where --keep says"
    if not cuts:
        cuts = (_middle(np.array(sorted(numbers.values()))),)
        note = f"cut at the median of these patients, {cuts[0]:g}; cuts of one's own: --keep {column}:{cuts[0]:.0f}"
    names = _names(cuts)
    of = {patient: names[int(np.searchsorted(cuts, number, side="right"))] for patient, number in numbers.items()}
    return _grouping(column, [name for name in names if name in of.values()], of, patients, note)


def _middle(ordered: np.ndarray) -> float:
    """The median, or the least value above it where nothing lies below."""
    middle = float(np.median(ordered))
    above = ordered[ordered > ordered[0]]
    return middle if ordered[0] < middle else float(above[0])


def _names(cuts: Sequence[float]) -> list[str]:
    between = [f"{low:g} to below {high:g}" for low, high in itertools.pairwise(cuts)]
    return [f"below {cuts[0]:g}", *between, f"{cuts[-1]:g} and above"]


def _grouping(
    column: str, names: Sequence[str], given: Mapping[str, str], patients: Sequence[str], note: str
) -> Grouping:
    of = {patient: given.get(patient, NOT_GIVEN) for patient in patients}
    missing = [NOT_GIVEN] if NOT_GIVEN in of.values() and NOT_GIVEN not in names else []
    return Grouping(column, (*names, *missing), of, note)
