"""The pages of the documentation, taken apart: code blocks with what is said about running them, links, headings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUN_LANGUAGES = ("bash", "python")
LANGUAGES = (*RUN_LANGUAGES, "json", "text")
SOAK = "make soak"
_FENCE = re.compile(r"^```(\w*)$")
_COMMENT = re.compile(r"^<!-- (not run|run by|exit codes): (.+) -->$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_INLINE = re.compile(r"`([^`\n]+)`")
_SEPARATORS = {"|", "||", "&&", ";", "&"}


@dataclass(frozen=True)
class Block:
    """A fenced code block.

    Attributes:
        page: path of the page, relative to the repository.
        line: of its fence, from 1.
        language: what the fence names; empty if nothing.
        text: its content.
        not_run: why nobody runs it here; None where it is run.
        soak: whether it is run by `make soak` alone.
        codes: exit codes with which it may end.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str | None = None
    soak: bool = False
    codes: tuple[int, ...] = (0,)

    @property
    def runs(self) -> bool:
        """Whether a test runs it."""
        return self.language in RUN_LANGUAGES and self.not_run is None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> tuple[str, ...]:
    """README and all pages of docs/, relative to the repository."""
    return ("README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")))


def written_pages() -> tuple[str, ...]:
    """All pages that people read: those of `pages`, and what is written for those who change EdgeCAD."""
    return (*pages(), "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")


def text_of(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def blocks_of(page: str, text: str | None = None) -> Iterator[Block]:
    """Code blocks of a page.

    Raises:
        ValueError: a comment above a block says nothing that is known.
    """
    said: list[str] = []
    fence: tuple[int, str] | None = None
    inside: list[str] = []
    for number, line in enumerate((text_of(page) if text is None else text).splitlines(), 1):
        opened = _FENCE.match(line)
        if fence is None and opened:
            fence, inside = (number, opened[1]), []
        elif fence is not None and line == "```":
            yield _block(page, *fence, "\n".join(inside), said)
            fence, said = None, []
        elif fence is not None:
            inside.append(line)
        elif line.startswith("<!--"):
            said.append(line)
        else:
            said = []
    if fence is not None:
        raise ValueError(f"{page}:{fence[0]}: a code block without an end")


def _block(page: str, line: int, language: str, text: str, said: list[str]) -> Block:
    not_run, soak, codes = None, False, (0,)
    for comment in said:
        match = _COMMENT.match(comment)
        if match is None or (match[1] == "run by" and match[2] != SOAK):
            raise ValueError(f"{page}:{line}: the comment {comment} says nothing that is known here")
        if match[1] == "not run":
            not_run = match[2]
        elif match[1] == "run by":
            soak = True
        else:
            codes = tuple(int(word) for word in match[2].split())
    return Block(page, line, language, text, not_run, soak, codes)


def prose_of(page: str) -> str:
    """A page without its code blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", text_of(page))


def links_of(page: str) -> Iterator[str]:
    """Targets of links and pictures, as they are written."""
    return (match[1] for match in _LINK.finditer(prose_of(page)))


def inline_code_of(page: str) -> Iterator[str]:
    return (match[1] for match in _INLINE.finditer(prose_of(page)))


def anchors_of(page: str) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#+ (.+)$", prose_of(page)):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(words)
    return found


def commands_in(block: Block) -> Iterator[list[str]]:
    """Words of each `edgecad` command in a bash block, its variables and `$(...)` left as they are."""
    for line in block.text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words: list[str] = []
        for word in (*lexer, ";"):
            if word not in _SEPARATORS:
                words.append(word)
                continue
            if words[:1] == ["edgecad"]:
                yield _without_redirections(words[1:])
            words = []


def _without_redirections(words: list[str]) -> list[str]:
    ends = [index for index, word in enumerate(words) if word.startswith((">", "<", "2>"))]
    return words[: ends[0]] if ends else words
