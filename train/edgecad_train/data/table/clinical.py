"""The words of `--clinical`: which columns of a CSV enter the score beside the image, and of what kind they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from edgecad.errors import UsageError
from edgecad_train.data.table.headers import READER
from edgecad_train.data.table.keep import check_column_name

Kind = Literal["number", "yes-no", "category"]
KINDS: tuple[Kind, ...] = get_args(Kind)
WANTED = "wanted: names of columns with commas between, and a kind after a colon where it is not plain, as in " + (
    "age,sex,risk:category"
)
INSTEAD = "name what is known of every patient before the scan, such as age or sex"


@dataclass(frozen=True)
class AskedClinical:
    """A column that enters the score; `kind` is None where its cells tell it."""

    name: str
    kind: Kind | None = None

    def __str__(self) -> str:
        return self.name if self.kind is None else f"{self.name}:{self.kind}"


def parse_clinical(words: Sequence[str] | None) -> tuple[AskedClinical, ...]:
    """Read the words of `--clinical`, which may be given several times: `age,sex,risk:category`.

    Raises:
        UsageError: no name, a name twice, a kind that is none, a column that is used already, that tells who a patient
            is, or that holds a reader's answers.
    """
    columns = [_column(word.strip(), text) for text in words or () for word in text.split(",")]
    names = [column.name.casefold() for column in columns]
    for column in columns:
        if names.count(column.name.casefold()) > 1:
            raise UsageError(f"--clinical names {column.name} twice; name it once")
        check_column_name(column.name, "--clinical", INSTEAD)
    return tuple(columns)


def _column(word: str, text: str) -> AskedClinical:
    if word.casefold().startswith(READER):
        raise UsageError(f"--clinical {word}: a reader's answer is not known before the scan; leave it out")
    name, _, kind = word.partition(":")
    found = next((each for each in KINDS if each == kind.strip()), None)
    if not name.strip() or "=" in name or (kind and found is None):
        kinds = f"; kinds are {', '.join(KINDS)}" if kind else ""
        raise UsageError(f"--clinical {text!r}; {WANTED}{kinds}")
    return AskedClinical(name.strip(), found)
