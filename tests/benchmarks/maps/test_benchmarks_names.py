"""Names over the disc: what counts as legible, on pictures whose answer is known, and the measure itself, small."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import NAME_STYLES, WrittenName, cover_of, with_name

SIZE, HEIGHT = 224, 22.0
Pixels = NDArray[np.uint8]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[3] / "benchmarks")
    return lambda name: importlib.import_module(f"measures.uptake.{name}")


@pytest.fixture
def grey() -> Pixels:
    levels = percent_map(draw_patient(31, 11), SIZE)
    return np.repeat(np.rint(levels * 2.55).astype(np.uint8)[..., None], 3, axis=2)


NAME = WrittenName("NGUYEN", SIZE / 2, 120.0, HEIGHT)


@pytest.mark.parametrize("style", NAME_STYLES, ids=lambda style: style.name)
def test_a_name_that_nobody_touched_is_legible_and_one_that_is_gone_is_not(style, grey, room) -> None:
    read_name, cover = room("legible").read_name, cover_of((SIZE, SIZE), NAME, style.stroke)
    found = read_name(with_name(grey, NAME, style), grey, cover, HEIGHT)
    assert found.legible
    assert found.share > 0.4
    assert not read_name(grey, grey, cover, HEIGHT).legible


def test_what_is_no_letter_is_not_read(grey, room) -> None:
    """Blots where letters were, a name blurred beyond reading, another name, one too faint to be seen."""
    read_name, style = room("legible").read_name, NAME_STYLES[3]
    cover, named = cover_of((SIZE, SIZE), NAME, style.stroke), with_name(grey, NAME, style)
    blurred, bare = (cv2.GaussianBlur(picture, (0, 0), 5.25) for picture in (named, grey))
    assert np.abs(blurred.astype(int) - bare).max() > 8
    assert not read_name(blurred, bare, cover, HEIGHT).legible
    blot = np.clip(grey + 12.0 * (cv2.GaussianBlur(cover, (0, 0), 6.0) > 0.3)[..., None], 0, 255).astype(np.uint8)
    assert not read_name(blot, grey, cover, HEIGHT).legible
    other = cover_of((SIZE, SIZE), WrittenName("WIKTOR", SIZE / 2, 120.0, HEIGHT), style.stroke)
    assert read_name(named, grey, other, HEIGHT).share < 0.5 * read_name(named, grey, cover, HEIGHT).share
    faint = np.clip(grey + np.rint(0.6 * cover)[..., None], 0, 255).astype(np.uint8)
    assert not read_name(faint, grey, cover, HEIGHT).legible


def test_no_style_is_legible_in_input_or_picture(room) -> None:
    """Each style in two of the four tables; the benchmark draws more of each."""
    module = room("names")
    tables = module.OWN_TABLES
    rows = [
        module._row(style, tables[(place + more) % 4], 1) for place, style in enumerate(NAME_STYLES) for more in (0, 3)
    ]
    assert sum(row.screens for row in rows) >= 10
    assert sum(row.screens - row.refused for row in rows) >= 6
    assert sum(row.input + row.picture for row in rows) == 0
    assert all(0 <= row.most_read < 0.1 for row in rows)


def test_letters_cover_what_is_drawn_and_a_soft_name_is_wider() -> None:
    cover = cover_of((200, 400), WrittenName("HILL", 200.0, 100.0, 60.0), 0.1)
    rows, columns = np.nonzero(cover > 0.5)
    assert abs(np.ptp(rows) + 1 - 60) < 10
    assert abs(columns.mean() - 200) < 20
    for stroke in (0.08, 0.12, 0.22):
        row = cover_of((200, 400), WrittenName("HILL", 200.0, 100.0, 60.0), stroke)[88]
        assert row.sum() / 5 == pytest.approx(60 * stroke, abs=1.6), "five strokes"
    screen = np.full((200, 400, 3), 100, np.uint8)
    name = WrittenName("HILL", 200.0, 100.0, 60.0)
    sharp, soft = (with_name(screen, name, NAME_STYLES[place]) for place in (3, 4))
    assert sharp.max() == pytest.approx(100 + 0.5 * 155, abs=1)
    assert np.count_nonzero(soft > 102) > 1.2 * np.count_nonzero(sharp > 102)
    turned = cover_of((400, 400), WrittenName("HILL", 200.0, 200.0, 60.0, degrees=90.0), 0.1)
    assert np.ptp(np.nonzero(turned)[0]) > np.ptp(np.nonzero(turned)[1])
