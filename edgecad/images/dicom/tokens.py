"""A description cut into words: marks dropped, run-together forms taken apart where every part is known."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_CHUNK = re.compile(r"[^\W_]+")
_CASES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NUMBER = re.compile(r"\d+(?:m|d|h|hr|day|min)?")
_ALONE = {"đ": "d", "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ı": "i"}
_LONGEST = 64
"""Letters of a chunk that is taken apart; a description (LO) has at most 64."""


@dataclass(frozen=True)
class Token:
    """One word of a description.

    `plain` is in lower-case letters of ASCII, `marked` the same with its marks, or `plain` where it has none.
    `joint` is the sign between it and the one before: `""` where they are run together, a blank where only blanks are.
    """

    plain: str
    marked: str
    joint: str


def plain_of(text: str) -> str:
    """A word in lower case without its marks, as `spat` for `Spät`; full-width letters become plain ones."""
    bare = "".join(_ALONE.get(letter, letter) for letter in unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter))


def tokens_of(text: str, known: Collection[str]) -> tuple[Token, ...]:
    """The words of a description, in their order.

    Args:
        text: a description as it stands in the file.
        known: words without marks; a chunk such as `SARSTAC` is taken apart where all its parts are among them.
    """
    text = unicodedata.normalize("NFC", _decoded(text))
    found: list[Token] = []
    end = 0
    for chunk in _CHUNK.finditer(text):
        sign = text[end : chunk.start()].strip()
        joint = (sign or " ") if chunk.start() > end or not found else ""
        end = chunk.end()
        for index, part in enumerate(_parts(chunk.group(), known)):
            found.append(Token(plain_of(part), _marked(part), joint if index == 0 else ""))
    return tuple(found)


def _decoded(text: str) -> str:
    """Letters in UTF-8 of a file that does not name its character set, and which were read one byte at a time."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _marked(part: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", part).casefold())


def _parts(chunk: str, known: Collection[str]) -> Iterator[str]:
    """`RSTAC` whole by the known words; else `SAStrAC` by its cases, and each of these by the known words."""
    whole = _taken_apart(chunk, known)
    if whole:
        yield from whole
        return
    cases = _CASES.findall(chunk) if len(plain_of(chunk)) == len(chunk) and chunk.isascii() else _marked_cases(chunk)
    for piece in cases:
        yield from _taken_apart(piece, known) or (piece,)


def _marked_cases(chunk: str) -> list[str]:
    """As `_CASES`, for letters beyond ASCII: cut where a capital follows a small letter, and at digits."""
    cut = [0]
    for index in range(1, len(chunk)):
        before, here = chunk[index - 1], chunk[index]
        if (here.isupper() and before.islower()) or here.isdigit() != before.isdigit():
            cut.append(index)
    return [chunk[start:stop] for start, stop in zip(cut, [*cut[1:], len(chunk)], strict=True)]


def _taken_apart(chunk: str, known: Collection[str]) -> tuple[str, ...]:
    """The fewest known words and numbers that make up a chunk; empty where there are none."""
    letters = plain_of(chunk)
    if len(letters) > _LONGEST or len(letters) != len(chunk):
        return (chunk,) if letters in known else ()
    best: list[tuple[str, ...] | None] = [(), *[None] * len(letters)]
    for stop in range(1, len(letters) + 1):
        for start in range(stop):
            before, piece = best[start], letters[start:stop]
            if before is None or not (piece in known or _is_number(letters, start, stop)):
                continue
            here = best[stop]
            if here is None or len(before) + 1 < len(here):
                best[stop] = (*before, chunk[start:stop])
    return best[-1] or ()


def _is_number(letters: str, start: int, stop: int) -> bool:
    """Digits, all that stand there, with or without their unit."""
    alone = start == 0 or not letters[start - 1].isdigit()
    return alone and bool(_NUMBER.fullmatch(letters[start:stop])) and not letters[stop : stop + 1].isdigit()
