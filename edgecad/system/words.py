"""Names as a terminal can show them, and names that are nearly others."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.72
"""Least likeness, 0 to 1, of two names of which one may be meant by the other; `difflib` has the measure."""


def on_one_line(name: str) -> str:
    """A name on one line: line breaks and control characters are written out."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in name)


def nearest(word: str, known: Iterable[str], most: int = 2) -> tuple[str, ...]:
    """Known names that may be meant by a word, the likeliest first; capitals, hyphens and the like do not count."""
    from difflib import get_close_matches

    plain = {_plain(name): name for name in known}
    wanted = _plain(word)
    if wanted in plain:
        return (plain[wanted],)
    return tuple(plain[name] for name in get_close_matches(wanted, plain, most, _ALIKE))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """What stands behind a name that is not known: ` (did you mean resnet50?)`, or nothing."""
    names = nearest(word, known)
    return f" (did you mean {' or '.join(names)}?)" if names else ""


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum()) or name
