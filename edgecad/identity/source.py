"""What a site writes of where ids come from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from edgecad.errors import UsageError
from edgecad.identity.cleaning import MAX_LETTERS, cleaned
from edgecad.identity.pattern import check_pattern, found_by

Kind = Literal["name", "dicom", "regex"]
FORMS: Final = "name, dicom:KEYWORD (as dicom:AccessionNumber, or a tag) or regex:PATTERN with one group"
_ATTRIBUTE = re.compile(r"[A-Z][A-Za-z0-9]{0,127}|\(?[0-9A-Fa-f]{4},?[0-9A-Fa-f]{4}\)?")


@dataclass(frozen=True)
class IdSource:
    """Where a scan's id comes from.

    Attributes:
        kind: the name of its file, a part of that name, or an attribute of a DICOM object.
        what: the attribute's keyword or tag, or the pattern; empty for `name`.
    """

    kind: Kind
    what: str = ""

    def __str__(self) -> str:
        """As a site writes it."""
        return f"{self.kind}:{self.what}" if self.what else self.kind

    def id_of_name(self, name: str, endings: frozenset[str]) -> str | None:
        """The id that a file's name holds; None if it holds none, or the id does not come from names.

        Args:
            name: the name with its ending, without folders.
            endings: those of scans, in lower case with their dot, which are no part of an id. Others are: many DICOM
                files are named by a UID.
        """
        if self.kind == "dicom":
            return None
        found = _without_ending(name, endings) if self.kind == "name" else found_by(self.what, name)
        identity = cleaned(found or "")
        return identity if 0 < len(identity) <= MAX_LETTERS else None


def id_source_of(words: str) -> IdSource:
    """Read what a site wrote.

    Raises:
        UsageError: it is none of the forms, or its pattern cannot be used.
    """
    kind, mark, what = words.partition(":")
    if kind == "name" and not mark:
        return IdSource("name")
    if kind == "dicom" and _ATTRIBUTE.fullmatch(what):
        return IdSource("dicom", what)
    if kind == "regex" and what:
        check_pattern(what)
        return IdSource("regex", what)
    raise UsageError(f"{words!r} says no place of an id; give {FORMS}")


def _without_ending(name: str, endings: frozenset[str]) -> str:
    stem, dot, ending = name.rpartition(".")
    return stem if stem and f"{dot}{ending}".lower() in endings else name
