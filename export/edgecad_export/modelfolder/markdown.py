"""Pieces of Markdown, safe for whatever text a contract holds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")


def plain(text: str) -> str:
    """Text on one line in which no sign is taken for Markdown or HTML."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """A name or hash as it is; for text without backticks or bars, others are shown as plain text."""
    return plain(text) if set(text) & set("`|\n") or not text else f"`{text}`"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> str:
    """A table; cells are Markdown already. Columns named in `right` are set to the right."""
    marks = ("---:" if column in right else "---" for column in columns)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, tuple(marks), *rows))


def bullets(lines: Iterable[str]) -> str:
    """A list; lines are Markdown already."""
    return "\n".join(f"- {line}" for line in lines)


def section(title: str, *parts: str) -> str:
    """A heading and what stands below it; empty parts are left out."""
    return "\n\n".join((f"## {title}", *(part for part in parts if part)))
