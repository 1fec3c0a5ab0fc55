"""What people and programs call a patient's sex."""

from __future__ import annotations

from collections.abc import Sequence

WORDS = {
    "M": frozenset(("m", "male", "man", "men")),
    "F": frozenset(("f", "female", "woman", "women", "w")),
    "O": frozenset(("o", "other")),
}
"""Codes of PatientSex (DICOM PS3.3, C.7.1.1), and what a table may call them, in small letters."""


def alike(word: str) -> frozenset[str]:
    """All words for the sex that `word` names, in small letters; itself alone where it names none."""
    plain = word.casefold()
    return next((words for words in WORDS.values() if plain in words), frozenset((plain,)))


def tell_sex(categories: Sequence[str]) -> bool:
    """Whether they are a patient's sex: one of them is male, one female, and no other is either."""
    named = [next((code for code, words in WORDS.items() if each.casefold() in words), "") for each in categories]
    return named.count("M") == named.count("F") == 1
