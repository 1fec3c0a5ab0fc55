"""An id from the name of a file: which part of it, how it is shown, and how long that may take."""

from __future__ import annotations

import random
import re
import time
import unicodedata

import pytest

from edgecad.errors import UsageError
from edgecad.identity import MAX_LETTERS, cleaned, id_source_of
from edgecad.identity.pattern import MAX_NAME, is_quick
from edgecad.images import SUFFIXES


def id_of(words: str, name: str) -> str | None:
    return id_source_of(words).id_of_name(name, SUFFIXES)


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        ("PAT-0042.jpg", "PAT-0042"),
        ("PAT-0042.JPEG", "PAT-0042"),
        ("4711", "4711"),
        ("1.2.840.113619.2.55", "1.2.840.113619.2.55"),
        ("1.2.840.113619.2.55.dcm", "1.2.840.113619.2.55"),
        ("a.b.png", "a.b"),
        (".jpg", ".jpg"),
        ("Mu\u0308ller^Anna.dcm", "M\u00fcller^Anna"),
        ("two  blanks\tand\na line.png", "two blanks and a line"),
        ("left\u202eto\u200bright.png", "lefttoright"),
        ("\x1b[31mred.png", "[31mred"),
        ("\x07\n.png", None),
        ("山田^太郎.dcm", "山田^太郎"),
    ],
)
def test_a_name_gives_its_stem_where_its_ending_is_one_of_scans(name: str, identity: str | None) -> None:
    assert id_of("name", name) == identity


@pytest.mark.parametrize(
    ("pattern", "name", "identity"),
    [
        (r"^(\d+)_", "4711_stress.jpg", "4711"),
        (r"^(\d+)_", "stress_4711.jpg", None),
        (r"PAT-(\d{6})", "x PAT-004711 y.dcm", "004711"),
        (r"_(x?)\.", "a_.jpg", None),
        (r"a|(b)", "a.jpg", None),
        (r"^(?:SC|PET)_([A-Z]+)-?\d{4}(?:_\w+)?\.dcm$", "SC_KLM-2026_stress.dcm", "KLM"),
        (r"(?i)id=([^_]+)", "ID=Å7_z.png", "Å7"),
        (r"(.+)\.jpg", "\n\n.jpg", None),
    ],
)
def test_a_pattern_gives_what_its_group_finds(pattern: str, name: str, identity: str | None) -> None:
    assert id_of(f"regex:{pattern}", name) == identity


def test_an_id_that_is_too_long_is_none_and_is_not_cut() -> None:
    assert id_of("name", "x" * MAX_LETTERS) == "x" * MAX_LETTERS
    assert id_of("name", "x" * (MAX_LETTERS + 1)) is None
    assert id_of("regex:^(x*)", "x" * (MAX_NAME + 1)) is None


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("", "no place"), ("Name", "no place"), ("name:x", "no place"), ("dicom:", "no place"), ("dicom", "no place"),
        ("dicom:0008-0050", "no place"), ("dicom:has blank", "no place"), ("regex:", "no place"), ("uid:x", "no place"),
        ("regex:(", "no regular expression"), ("regex:*", "no regular expression"),
        ("regex:(?P<a>x)(?P=b)", "no regular expression"), (f"regex:(x{{{10**30}}})", "no regular expression"),
        ("regex:" + "()" * 99, "99 groups"), ("regex:abc", "0 groups"), ("regex:(a)(b)", "2 groups"),
        (f"regex:({'a' * 300})", "302 letters"),
    ],
)  # fmt: skip
def test_what_says_no_place_of_an_id_is_refused_with_what_would(words: str, seen: str) -> None:
    with pytest.raises(UsageError, match=re.escape(seen)):
        id_source_of(words)


@pytest.mark.parametrize(
    "pattern", [r"^((?:a+)+)$", r"^((?:a|a)*)$", r"^((?:a*)*b)", r"(a*a*a*a*a*a*a*a*)c", r"(?x)(a|aa) +c"]
)
def test_a_pattern_that_never_ends_finds_nothing_in_time(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecad.identity.pattern.SECONDS", 0.7)
    begun = time.monotonic()
    assert id_of(f"regex:{pattern}", "a" * 200 + "!.jpg") is None
    assert 0.7 <= time.monotonic() - begun < 5
    assert id_of(f"regex:{pattern}", "aaa") in (None, "aaa")


def test_quick_patterns_are_quick_on_the_names_that_are_worst_for_them() -> None:
    """All drawn patterns that count as quick end in time on runs of equal letters, which make `re` go back most."""
    draw = random.Random(7)  # noqa: S311 - no secret
    parts = ["a", "[ab]", "(?=a)", "a|a", ".", "b", "\\w", "(a)", "$", "^"]
    repeats = ["*", "+", "?", "{0,250}", "{2,}", "*?", ""]
    tried = 0
    while tried < 300:
        pattern = "".join(draw.choice(parts) + draw.choice(repeats) for _ in range(draw.randint(1, 5))) + "c"
        try:
            id_source_of(f"regex:{pattern}")
        except UsageError:
            continue
        if is_quick(pattern):
            tried += 1
            begun = time.process_time()
            id_of(f"regex:{pattern}", "a" * MAX_NAME)
            assert time.process_time() - begun < 1, pattern


def test_an_id_is_one_line_that_any_terminal_and_picture_can_show() -> None:
    """Of every sign that Unicode has: what is shown can be printed, and cleaning twice changes nothing."""
    shown = cleaned("".join(map(chr, range(0x110000))))
    assert shown.isprintable()
    assert cleaned(shown) == shown
    assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in shown)
    assert {"A", "é", "山", "ñ", "^", "="} <= set(shown)
