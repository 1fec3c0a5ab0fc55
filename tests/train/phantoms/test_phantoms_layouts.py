"""What stands where on the screen: disc, text line and colour bar, over many layouts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from edgecad.colourtables.known import KNOWN_TABLES
from edgecad.errors import UsageError
from edgecad_train.phantoms import PALETTES, Layout, PhantomPatient, draw_patient, render_screen, with_text_over_disc
from edgecad_train.phantoms import screen as screen_module
from edgecad_train.phantoms.palettes import entries, palette_named
from edgecad_train.phantoms.screen import disc_mask

COUNT = 300
WIDTH, HEIGHT = 1640, 1068
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Box:
    """First and last row and column of what is lit, pixels."""

    top: int
    bottom: int
    left: int
    right: int


def _box(lit: Mask) -> Box:
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    return Box(int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1]))


def _lit(layout: Layout) -> Mask:
    return np.asarray(render_screen(replace(_someone(), layout=layout))[..., 0] > 0)


@cache
def _someone() -> PhantomPatient:
    """A patient in grey, whose screens are lit alike in all channels."""
    return replace(draw_patient(0, 0), palette="grey")


@pytest.fixture
def even_uptake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every disc is drawn at 80 percent, which is fast and leaves no dark pixel in it."""
    monkeypatch.setattr(screen_module, "percent_map", lambda patient, size: np.full((64, 64), 80.0, np.float32))
    monkeypatch.setattr(
        screen_module, "colours_from_percent", lambda percent, palette: np.full((*percent.shape, 3), 204, np.uint8)
    )


def _parts(layout: Layout) -> tuple[Box, Box, Box | None]:
    """Boxes of the disc, of the text line and of the colour bar with its numbers."""
    disc = disc_mask(layout)
    text = _lit(replace(layout, colour_bar=False)) & ~disc
    bar = _lit(replace(layout, text="")) & ~disc if layout.colour_bar else None
    return _box(disc), _box(text), None if bar is None else _box(bar)


@cache
def _layouts() -> tuple[Layout, ...]:
    return tuple(draw_patient(21, index).layout for index in range(COUNT))


@pytest.mark.usefixtures("even_uptake")
def test_disc_text_and_colour_bar_lie_on_the_screen_and_apart() -> None:
    for layout in _layouts():
        disc, text, bar = _parts(layout)
        for part in (disc, text, bar):
            if part is not None:
                # A part that the screen's edge cuts would be lit up to the edge.
                assert 4 <= part.top < part.bottom < HEIGHT - 4, layout
                assert 4 <= part.left < part.right < WIDTH - 4, layout
        assert text.bottom + 8 < disc.top or disc.bottom + 8 < text.top, layout
        if bar is not None:
            assert bar.right + 8 < disc.left or disc.right + 8 < bar.left, layout
            assert text.bottom + 8 < bar.top or bar.bottom + 8 < text.top, layout


@pytest.mark.usefixtures("even_uptake")
def test_the_text_stands_in_its_corner() -> None:
    for layout in _layouts()[:40]:
        _, text, _ = _parts(layout)
        up, left = text.top + text.bottom < HEIGHT, text.left + text.right < WIDTH
        corner = f"{'top' if up else 'bottom'}-{'left' if left else 'right'}"
        assert corner == layout.text_corner


@pytest.mark.usefixtures("even_uptake")
def test_the_disc_has_the_size_and_place_of_its_layout() -> None:
    for layout in _layouts()[:40]:
        lit = _lit(replace(layout, text="", colour_bar=False))
        np.testing.assert_array_equal(lit, disc_mask(layout))
        disc = _box(lit)
        assert abs((disc.bottom - disc.top + 1) - layout.diameter) <= 1
        assert abs((disc.right - disc.left + 1) - layout.diameter) <= 1
        assert (disc.top + disc.bottom, disc.left + disc.right) == (2 * layout.centre_y, 2 * layout.centre_x)
        assert lit.sum() / (np.pi / 4 * layout.diameter**2) == pytest.approx(1, abs=0.01)


def test_layouts_vary_in_all_they_may() -> None:
    layouts = _layouts()
    assert min(layout.diameter for layout in layouts) < 520 < 840 < max(layout.diameter for layout in layouts)
    assert {layout.text_corner for layout in layouts} == {"top-left", "top-right", "bottom-left", "bottom-right"}
    assert 0.4 < np.mean([layout.colour_bar for layout in layouts]) < 0.6
    assert len({layout.text for layout in layouts}) == COUNT


@pytest.mark.usefixtures("even_uptake")
def test_text_over_the_disc_is_an_option_that_moves_the_text_alone() -> None:
    for index in range(COUNT):
        patient = replace(draw_patient(21, index), palette="grey")
        over = with_text_over_disc(patient)
        assert replace(over, layout=patient.layout) == patient
        if index % 5:
            continue
        layout = replace(over.layout, colour_bar=False)
        inside = disc_mask(layout)
        blank, with_text = (
            render_screen(replace(over, layout=replace(layout, text=text))) for text in ("", layout.text)
        )
        changed = (blank != with_text)[..., 0]
        assert changed[inside].sum() > 500
        # On the smallest disc a long line sticks out on both sides.
        assert changed[inside].sum() > 0.4 * changed.sum()
        assert not changed[:, [0, -1]].any(), "the text runs off the screen"
        assert not patient.layout.text_over_disc


def test_the_colour_bar_runs_through_the_table_of_its_disc() -> None:
    patient = next(p for p in (draw_patient(3, i) for i in range(20)) if p.layout.colour_bar)
    for name in KNOWN_TABLES:
        patient = replace(patient, palette=name)
        screen = render_screen(patient)
        bare = render_screen(replace(patient, layout=replace(patient.layout, colour_bar=False)))
        columns = np.flatnonzero((screen != bare).any(axis=(0, 2)))
        column = screen[:, int(columns.mean())]
        colours = {tuple(int(c) for c in colour) for colour in column}
        wanted = {tuple(int(c) for c in colour) for colour in entries(palette_named(name))}
        assert len(colours & wanted) > 0.9 * len(wanted), name


@pytest.mark.parametrize("name", PALETTES)
def test_colour_tables_rise_from_black_to_nearly_white_without_jumps(name: str) -> None:
    colours = entries(palette_named(name)).astype(int)
    assert colours.shape == (256, 3)
    assert colours[0].tolist() == [0, 0, 0]
    assert colours[-1].min() > 220
    # Continuous: no step of a channel is far above what the steepest stretch of 4 percent needs.
    assert np.abs(np.diff(colours, axis=0)).max() <= 25
    assert len(np.unique(colours, axis=0)) > 240


def test_low_uptake_is_purple_in_the_warm_table() -> None:
    red, green, blue = entries(palette_named("warm"))[int(0.35 * 255)].astype(int)
    assert min(red, blue) > 3 * green


def test_an_unknown_table_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(UsageError, match="warm, iron, rainbow, grey"):
        palette_named("violet")
