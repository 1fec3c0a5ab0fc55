"""The words of `--keep`: which columns of a CSV group the patients, and at which values numbers are cut."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from edgecad.clinical.cells import number_of
from edgecad.errors import UsageError
from edgecad_train.data.table.headers import OPTIONAL
from edgecad_train.data.table.text import COLUMNS

WANTED = "wanted: names of columns with commas between, and cuts after a colon, as in sex,age:50,65,centre"
_USED = frozenset((*COLUMNS, *OPTIONAL))
_IDENTIFYING = frozenset(
    (
        "name", "names", "surname", "firstname", "lastname", "forename", "fullname", "vorname", "nachname", "initials",
        "birth", "birthdate", "birthday", "dob", "geburtsdatum", "geburtstag", "born", "mrn", "ssn", "nhs", "id", "ids",
        "uid", "pid", "patientid", "patientname", "passport", "address", "adresse", "street", "phone", "telephone",
        "telefon", "mobile", "email", "mail", "insurance", "accession", "zip", "zipcode", "postcode", "postal", "file",
        "filename",
    )
)  # fmt: skip
"""Words in the name of a column that tells who a patient is."""
_IDENTIFYING_PARTS = (
    "birth", "geburt", "surname", "lastname", "firstname", "nachname", "vorname", "patientname", "patientid",
    "subjectid", "personid", "telefon", "phone", "passport", "insurance", "versicher", "accession", "address",
    "adresse",
)  # fmt: skip
"""Long enough to be told from others, wherever they stand in a name: `GeburtsDatum`, `homephone`."""
_PLACES = frozenset(
    ("centre", "center", "site", "hospital", "clinic", "ward", "scanner", "camera", "device", "station", "country")
)
"""Beside these, a name or a number is a place's."""


@dataclass(frozen=True)
class KeptColumn:
    """A column to group patients by; `cuts` are values at which its numbers are cut, rising."""

    name: str
    cuts: tuple[float, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}:{','.join(f'{cut:g}' for cut in self.cuts)}" if self.cuts else self.name


def parse_keep(words: Sequence[str] | None) -> tuple[KeptColumn, ...]:
    """Read the words of `--keep`, which may be given several times: `sex,age:50,65,centre`.

    Raises:
        UsageError: no name, a name twice, cuts that are no rising numbers, or a column that tells who a patient is.
    """
    columns: list[KeptColumn] = []
    for text in words or ():
        columns += _columns(text)
    names = [column.name.casefold() for column in columns]
    for column in columns:
        if names.count(column.name.casefold()) > 1:
            raise UsageError(f"--keep names {column.name} twice; name it once")
        check_column_name(column.name, "--keep", "keep what groups patients, such as sex, age or centre")
    return tuple(columns)


def _columns(text: str) -> list[KeptColumn]:
    found: list[tuple[str, list[str]]] = []
    for word in text.split(","):
        name, colon, cut = (part.strip() for part in word.rpartition(":"))
        if name.casefold() == "reader" or word.strip().casefold().startswith("reader:"):
            raise UsageError(f"--keep {word.strip()}: columns reader:NAME need no --keep; edgecad evaluate takes them")
        if colon and name:
            found.append((name, [cut]))
        elif found and found[-1][1] and number_of(word.strip()) is not None:
            found[-1][1].append(word.strip())
        elif not colon and word.strip():
            found.append((word.strip(), []))
        else:
            raise UsageError(f"--keep {text!r}; {WANTED}")
    return [KeptColumn(name, _cuts(cuts, text)) for name, cuts in found]


def _cuts(words: Sequence[str], text: str) -> tuple[float, ...]:
    numbers = [number_of(word) for word in words]
    cuts = tuple(number for number in numbers if number is not None)
    if len(cuts) < len(words) or any(one >= other for one, other in itertools.pairwise(cuts)):
        raise UsageError(f"--keep {text!r} has cuts that are no rising numbers; {WANTED}")
    return cuts


def check_column_name(name: str, option: str, wanted: str) -> None:
    """Refuse a column that is used already, or that tells by its name who a patient is.

    Args:
        option: that names it.
        wanted: which columns to name instead.

    Raises:
        UsageError: it is one of these.
    """
    if name.casefold() in _USED:
        raise UsageError(f"{option} {name}: that column is used already; leave it out")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    words = frozenset(re.split(r"[^a-z]+", spaced.casefold()))
    plain = re.sub(r"[^a-z]+", "", name.casefold())
    if (words & _IDENTIFYING or any(part in plain for part in _IDENTIFYING_PARTS)) and not words & _PLACES:
        raise UsageError(f"{option} {name}: that column tells who a patient is, by its name; {wanted}")
