"""Letters: which there are, that none is dropped, that lines fit, and that they are told apart when small."""

from __future__ import annotations

import string
import unicodedata

import numpy as np
import pytest

from edgecad.picture.letters import CUT, FOLDER, coverage, letter_facts, width_of
from edgecad.picture.letters.lines import cut_at_the_end, cut_in_the_middle, lines_of, size_that_fits

LATIN_1 = "".join(chr(code) for code in range(0xA1, 0x100) if code != 0xAD)
VIETNAMESE = "NGUYỄN THỊ HƯỜNG, Đỗ Văn Ấn"
SIGNS = "−×–—…‘’“”±≤≥"


@pytest.mark.parametrize("bold", [False, True])
def test_ascii_latin_1_and_signs_have_letters_of_their_own(bold: bool) -> None:
    known = string.ascii_letters + string.digits + string.punctuation + LATIN_1 + SIGNS + "ŁłŐőŞş"
    shapes = {letter: coverage(letter, 40.0, bold=bold).alpha for letter in known}
    box = coverage("\ufffd", 40.0, bold=bold).alpha
    assert all(alpha.any() for alpha in shapes.values())
    assert not [letter for letter, alpha in shapes.items() if alpha.shape == box.shape and (alpha == box).all()]
    assert set(VIETNAMESE) <= set(letter_facts().characters)


@pytest.mark.parametrize("letter", ["患", "🫀", "\n", "\x07", "\x00", "д", "\u200b", "\ud800", "\u0301"])
def test_any_other_character_is_a_box_and_never_dropped(letter: str) -> None:
    boxed, box = coverage(f"A{letter}B", 24.0), coverage("A\ufffdB", 24.0)
    if letter == "\u0301":  # an accent is part of the letter before it where there is such a letter
        assert np.array_equal(boxed.alpha, coverage("ÁB", 24.0).alpha)
        assert width_of("x\u0301", 24.0) > width_of("x", 24.0)
        return
    assert np.array_equal(boxed.alpha, box.alpha)
    assert width_of(f"A{letter}B", 24.0) == width_of("A\ufffdB", 24.0)


def test_letters_and_their_accents_are_one_however_they_are_written() -> None:
    words = "Größe Ångström Nguyễn"
    apart = unicodedata.normalize("NFD", words)
    assert apart != words
    assert np.array_equal(coverage(words, 30.0).alpha, coverage(apart, 30.0).alpha)


@pytest.mark.parametrize("size", [11.0, 22.0, 44.0])
@pytest.mark.parametrize("bold", [False, True])
def test_letters_that_are_often_confused_differ_at_the_smallest_sizes(size: float, bold: bool) -> None:
    for pair in ("0O", "1l", "1I", "Il", "5S", "8B", "6b", "nm", "-−"):
        one, other = (coverage(letter * 3, size, bold=bold).alpha.astype(int) for letter in pair)
        height, width = (max(a, b) for a, b in zip(one.shape, other.shape, strict=True))
        padded = [np.pad(each, ((height - each.shape[0], 0), (0, width - each.shape[1]))) for each in (one, other)]
        assert np.abs(padded[0] - padded[1]).sum() > 0.08 * max(one.sum(), other.sum()), pair


@pytest.mark.parametrize("size", [11.0, 22.0, 80.0, 160.0])
def test_a_letter_has_the_area_of_its_outline_at_every_size(size: float) -> None:
    """Of a signed distance little is lost: the ink of a letter grows with the square of its size."""
    for letter in "HOg8&":
        share = coverage(letter, size).alpha.sum(dtype=float) / 255 / size**2
        large = coverage(letter, 320.0).alpha.sum(dtype=float) / 255 / 320.0**2
        assert share == pytest.approx(large, rel=0.06)


def test_a_stroke_is_solid_and_its_edge_no_wider_than_two_pixels() -> None:
    row = coverage("I", 80.0, bold=True)
    middle = row.alpha[row.alpha.shape[0] // 2].astype(int)
    assert middle.max() == 255
    assert ((middle > 0) & (middle < 255)).sum() <= 4


@pytest.mark.parametrize("seed", range(20))
def test_lines_fit_and_leave_nothing_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    letters = list(string.ascii_letters + "äß患 " + "  ")
    words = "".join(rng.choice(letters, rng.integers(1, 200))).strip()
    bold, size, width = bool(rng.integers(2)), float(rng.integers(22, 60)), float(rng.integers(60, 500))
    lines = lines_of(words, size, width, bold=bold)
    assert all(width_of(line, size, bold=bold) <= width for line in lines if len(line) > 1)
    assert "".join(lines).replace(" ", "") == words.replace(" ", "")


@pytest.mark.parametrize("seed", range(20))
def test_what_is_cut_in_the_middle_fits_and_keeps_both_ends(seed: int) -> None:
    rng = np.random.default_rng(seed)
    words = "".join(rng.choice(list(string.printable[:94] + "ễ患"), rng.integers(1, 300)))
    width = float(rng.integers(60, 900))
    cut = cut_in_the_middle(words, 24, width, bold=True)
    assert width_of(cut, 24, bold=True) <= width
    if cut != words:
        first, _, last = cut.partition(CUT)
        assert words.startswith(first)
        assert words.endswith(last)
        assert 0 <= len(first) - len(last) <= 1
        longer = words[: len(first) + 1] + CUT + (words[-len(last) :] if last else "")
        assert width_of(longer, 24, bold=True) > width or len(first) > len(last)


def test_lines_that_are_left_out_are_told() -> None:
    lines = ["one", "two words of it", "three"]
    assert cut_at_the_end(lines, 3, 24, 100) == lines
    kept = cut_at_the_end(lines, 2, 24, 100)
    assert kept[0] == "one"
    assert kept[1].endswith(CUT)
    assert width_of(kept[1], 24) <= 100


def test_words_are_made_smaller_down_to_the_least_size() -> None:
    assert size_that_fits("short", 30, 22, 500) == 30
    assert size_that_fits("a longer line of words" * 3, 30, 22, 500) == 22
    words = "a line that almost fits the room"
    assert 22 <= size_that_fits(words, 40, 22, 500) < 40
    assert width_of(words, size_that_fits(words, 40, 22, 500)) <= 500


def test_the_licence_of_the_letters_lies_beside_them() -> None:
    words = (FOLDER / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in words
    assert "IBM Corp." in words
    assert {path.name for path in FOLDER.glob("letters*")} == {"letters-400.png", "letters-700.png", "letters.json"}
