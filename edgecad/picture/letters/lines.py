"""Lines of text that fit: broken between words, made smaller, or cut in the middle."""

from __future__ import annotations

from collections.abc import Iterator

from edgecad.picture.letters import CUT, composed, width_of


def lines_of(words: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Words in lines no wider than `width`; a word that is wider is broken. Only blanks at breaks are left out."""
    lines: list[str] = []
    line = ""
    for word in composed(words).split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, bold=bold) <= width:
            line = longer
            continue
        lines += [line] if line else []
        *whole, line = _broken(word, size, width, bold)
        lines += whole
    return [*lines, line] if line else lines


def _broken(word: str, size: float, width: float, bold: bool) -> Iterator[str]:
    """Parts of one word, each as long as fits, the last one maybe empty."""
    part = ""
    for letter in word:
        if part and width_of(part + letter, size, bold=bold) > width:
            yield part
            part = ""
        part += letter
    yield part


def cut_in_the_middle(words: str, size: float, width: float, *, bold: bool = False) -> str:
    """Words no wider than `width`: both ends of them with a sign of omission between, if they do not fit whole."""
    words = composed(words)
    if width_of(words, size, bold=bold) <= width:
        return words
    kept = len(words) - 1
    while kept and width_of(_ends(words, kept), size, bold=bold) > width:
        kept -= 1
    return _ends(words, kept)


def _ends(words: str, kept: int) -> str:
    first = (kept + 1) // 2
    return words[:first] + CUT + (words[len(words) - (kept - first) :] if kept > first else "")


def cut_at_the_end(lines: list[str], most: int, size: float, width: float, *, bold: bool = False) -> list[str]:
    """No more than `most` lines; where some are left out, the last one says so by a sign of omission."""
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and width_of(last + CUT, size, bold=bold) > width:
        last = last[:-1]
    return [*lines[: most - 1], last + CUT]


def size_that_fits(words: str, largest: float, least: float, width: float, *, bold: bool = False) -> float:
    """The size at which words are no wider than `width`, whole units from `least` to `largest`; `least` if none is."""
    wanted = width / max(width_of(words, 1.0, bold=bold), 1e-9)
    return max(least, min(largest, float(int(wanted))))
