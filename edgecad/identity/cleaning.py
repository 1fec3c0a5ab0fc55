"""An id as a record, a picture and a terminal can show it."""

from __future__ import annotations

import unicodedata

MAX_LETTERS = 256
"""Of an id; a file's name has no more. A longer one is none: two that were cut might be equal."""

NO_ID = "no id"
"""How a remark begins that says why a scan has none."""


def cleaned(text: str) -> str:
    """A text as an id: in Unicode's form NFC, on one line, one blank where there were several or control characters.

    Invisible signs, such as those that turn the direction of writing, are left out. May be empty.
    """
    # Composed last: a sign that is left out may have stood between a letter and its mark.
    shown = unicodedata.normalize("NFC", "".join(map(_shown, text)))
    return " ".join(shown.split())


def _shown(sign: str) -> str:
    if unicodedata.category(sign) == "Cf":
        return ""
    return sign if sign.isprintable() else " "
