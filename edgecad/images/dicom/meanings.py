"""What the words of one description say together: rest, stress, attenuation correction or the lack of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Literal, TypeAlias

from edgecad.images.dicom import words
from edgecad.images.dicom.tokens import Token, plain_of, tokens_of

Meaning: TypeAlias = Literal[
    "rest",
    "late",
    "stress",
    "corrected",
    "uncorrected",
    "uncorrected for all",
    "other correction",
    "no",
    "link",
    "none",
]
_STATES = ("rest", "late", "stress")
_PAIRS = frozenset("-/&+–—\\") | {""}
"""Signs that make one name of two words, such as `Stress/Rest`."""
_AND = frozenset(("and", "und", "et", "y", "e", "và", "va"))
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


@dataclass(frozen=True)
class _Entry:
    """A phrase of the table: its words with their marks, the same without, and what it says."""

    marked: tuple[str, ...]
    plain: tuple[str, ...]
    meaning: Meaning


@dataclass(frozen=True)
class _Read:
    """A phrase of a description, what it says, and the sign before it."""

    meaning: Meaning
    joint: str
    first: str


def meanings_of(text: str) -> tuple[Meaning, ...]:
    """What the words of a description say, one for each phrase; `none` for what says nothing.

    A study's name is left out (`Stress/Rest`), and so is what is denied (`no rest`) or said of another correction
    (`uncorrected for motion`).
    """
    entries, known = _lexicon()
    read = list(_phrases(tokens_of(text, known), entries))
    said = [phrase.meaning for phrase in read]
    for index in _of_studies(read):
        said[index] = "none"
    return tuple(_undenied(said))


def _phrases(tokens: tuple[Token, ...], entries: Mapping[str, list[_Entry]]) -> Iterator[_Read]:
    """The longest phrase of the table at each place."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        entry = next((entry for entry in entries.get(token.plain, ()) if _stands(entry, tokens[at:])), None)
        yield _Read(entry.meaning if entry else "none", token.joint, token.plain)
        at += len(entry.plain) if entry else 1


def _stands(entry: _Entry, tokens: tuple[Token, ...]) -> bool:
    """Whether a phrase stands here, with its marks or without them; with others it is another word (`nghị`)."""
    here = tokens[: len(entry.plain)]
    return tuple(token.plain for token in here) == entry.plain and all(
        token.marked in (token.plain, marked) for token, marked in zip(here, entry.marked, strict=True)
    )


def _of_studies(read: list[_Read]) -> Iterator[int]:
    """Places of rest and stress that are joined to one name."""
    run: list[int] = []
    for index, phrase in enumerate(read):
        if phrase.meaning in _STATES:
            joined = bool(run) and (phrase.joint in _PAIRS or read[index - 1].first in _AND)
            yield from () if joined else _both(run, read)
            run = [*run, index] if joined else [index]
        elif phrase.first not in _AND:
            yield from _both(run, read)
            run = []
    yield from _both(run, read)


def _both(run: list[int], read: list[_Read]) -> list[int]:
    stress = {read[index].meaning == "stress" for index in run}
    return run if len(stress) > 1 else []


def _undenied(said: list[Meaning]) -> Iterator[Meaning]:
    for index, meaning in enumerate(said):
        denied = meaning in _STATES and said[index - 1 : index] == ["no"]
        other = meaning == "uncorrected for all" and "other correction" in (
            _next(said[:index][::-1]),
            _next(said[index + 1 :]),
        )
        yield "none" if denied or other else meaning


def _next(said: list[Meaning]) -> Meaning:
    return next((meaning for meaning in said if meaning != "link"), "none")


@cache
def _lexicon() -> tuple[dict[str, list[_Entry]], frozenset[str]]:
    """The table by the first word of each phrase, longest first; and all that may stand run together."""
    entries: dict[str, list[_Entry]] = {}
    for meaning, phrases in _meanings():
        for phrase in phrases:
            for spelt in {phrase, phrase.translate(_UMLAUTS)}:
                marked = tuple(spelt.split())
                for form in {marked, ("".join(marked),)}:
                    plain = tuple(_plain(word) for word in form)
                    entries.setdefault(plain[0], []).append(_Entry(form, plain, meaning))
    for found in entries.values():
        found.sort(key=lambda entry: -len(entry.plain))
    together = (entry for found in entries.values() for entry in found if entry.meaning not in ("no", "link"))
    return entries, frozenset(entry.plain[0] for entry in together if len(entry.plain) == 1)


def _meanings() -> Iterator[tuple[Meaning, list[str]]]:
    """What says it first wins where two lines have the same phrase."""
    no, corrections, corrected = (_all(rows) for rows in (words.NO, words.ATTENUATION_CORRECTION, words.CORRECTED))
    yield "none", _split(words.ELSE)
    yield "rest", _all(words.REST)
    yield "late", _all(words.LATE)
    yield "stress", _all(words.STRESS)
    yield "uncorrected", [*_all(words.UNCORRECTED), *_denied(no, corrections)]
    yield "uncorrected for all", [*_all(words.UNCORRECTED_FOR_ALL), *_denied(no, corrected)]
    yield "corrected", corrections
    yield "other correction", _split(words.OTHER_CORRECTIONS)
    yield "no", no
    yield "link", _split(words.LINKS)
    yield "none", _split(words.FRAGMENTS)


@cache
def _plain(word: str) -> str:
    """Kept for the table's words alone: a description's are not to stay in memory."""
    return plain_of(word)


def _denied(no: Iterable[str], what: Iterable[str]) -> list[str]:
    return [f"{word} {thing}" for word, thing in product(no, what)]


def _all(rows: Mapping[str, str]) -> list[str]:
    return [phrase for row in rows.values() for phrase in _split(row)]


def _split(row: str) -> list[str]:
    return row.split(", ")
