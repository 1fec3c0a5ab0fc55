"""Links between pages lead somewhere, and every page can be reached."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from .pages import ROOT, anchors_of, inline_code_of, links_of, pages, text_of, written_pages

OUTSIDE = ("https://", "http://", "mailto:")


def targets(page: str) -> list[tuple[Path, str]]:
    """Files and anchors that a page leads to."""
    found = []
    for link in links_of(page):
        if not link.startswith(OUTSIDE):
            name, _, anchor = link.partition("#")
            found.append(((ROOT / page).parent / name if name else ROOT / page, anchor))
    return found


@pytest.mark.parametrize("page", written_pages())
def test_links_lead_to_files_and_headings_that_are_there(page: str) -> None:
    for path, anchor in targets(page):
        assert path.exists(), f"{page} leads to {path}, which is not there"
        if anchor:
            there = anchors_of(str(path.resolve().relative_to(ROOT)))
            assert anchor in there, f"{page} leads to {path.name}#{anchor}, which is not there"


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen, left = set(), ["README.md"]
    while left:
        page = left.pop()
        if page not in seen and page.endswith(".md"):
            seen.add(page)
            left += [str(path.resolve().relative_to(ROOT)) for path, _ in targets(page) if path.is_file()]
    assert set(pages()) <= seen


@cache
def files() -> tuple[str, ...]:
    """Files of the repository, with a slash in front."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    names = listed.stdout.decode().split("\n") if listed.returncode == 0 else []
    found = names or [str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()]
    return tuple(f"/{name}" for name in found if (ROOT / name).is_file())


PATH = re.compile(
    r"[\w./-]+\.(?:py|toml|md|txt)|(?:edgecad|edgecad_train|edgecad_export|benchmarks|tests|docs)/[\w/.-]*"
)
"""What in inline code is a path of the repository, whole or from its room on."""
OF_A_USER = {"MODEL_CARD.md", "table.md"}
"""Files that commands write, and not the repository's."""
OF_THE_SYSTEM = ("/etc/", "/opt/", "/srv/")
"""Where a site's machine has them."""


@pytest.mark.parametrize("page", [page for page in written_pages() if page != "CHANGELOG.md"])
def test_paths_that_a_page_names_are_there(page: str) -> None:
    for words in inline_code_of(page):
        for path in PATH.findall(words):
            if path in OF_A_USER or path.startswith(OF_THE_SYSTEM) or not re.fullmatch(PATH, words):
                continue
            wanted = f"/{path.rstrip('/')}"
            assert any(name.endswith(wanted) or f"{wanted}/" in name for name in files()), f"{page} names {path}"


def test_pages_name_targets_that_the_makefile_has() -> None:
    there = set(re.findall(r"(?m)^([a-z0-9-]+):", text_of("Makefile")))
    for page in written_pages():
        named = set(re.findall(r"(?m)^make ([a-z0-9-]+)", text_of(page)))
        for words in inline_code_of(page):
            named |= set(re.findall(r"^make ([a-z-]+)$", words))
        assert named <= there, page


HARD = re.compile(r"\b(nought|naught|lest|whilst|thereof|wherein|whereby|is none|are none|asked of|to be had)\b")
"""Words that a reader for whom English is a second language may not know, or reads twice."""


@pytest.mark.parametrize("page", [page for page in written_pages() if not page.startswith("benchmarks")])
def test_pages_are_in_plain_words(page: str) -> None:
    assert HARD.findall(text_of(page)) == []
