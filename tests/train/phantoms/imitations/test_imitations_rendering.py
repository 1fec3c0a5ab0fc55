"""An imitated screen shows its map where it says, in its table, and draws over it only what its layout says."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import known_table
from edgecad.contract import MapPlace
from edgecad.polarmap.segments import RING_RADII, disc_coordinates
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import (
    DrawnBar,
    ImitatedLayout,
    Pointer,
    RimOutline,
    SegmentLines,
    Window,
    layout_suite,
    places_of,
    render_layout,
    screen_bytes,
    to_rim,
)

Pixels = npt.NDArray[np.uint8]
PERCENT = percent_map(draw_patient(3, 4), 256)
WARM = known_table("warm")
BARE = ImitatedLayout(name="bare", kind="bare", diameter=201)


def _disc(layout: ImitatedLayout, table: ColourTable = WARM, number: int | None = None) -> Pixels:
    """The square around one map of a layout, black outside the disc."""
    box = places_of(layout).discs[layout.meant if number is None else number]
    square = render_layout(PERCENT, table, layout)[box.slices]
    radius, _ = disc_coordinates(layout.diameter)
    return np.asarray(square * (radius < 1 - 4 / layout.diameter)[..., None])


@pytest.mark.parametrize("layout", layout_suite(), ids=lambda layout: layout.name)
def test_nothing_covers_a_map_but_what_its_layout_draws_over_it(layout: ImitatedLayout) -> None:
    small = replace(layout, diameter=201)
    changed = (_disc(small) != _disc(BARE)).any(axis=2).mean()
    if layout.lines or layout.pointer:
        assert 0 < changed < 0.35
    else:
        # A line of two pixels on the rim reaches in by half of its width, and by its smooth edge.
        assert changed < 0.02 if layout.outline else changed == 0


@pytest.mark.parametrize("table", [known_table("jet"), known_table("grey").in_steps(12)], ids=["jet", "steps"])
def test_a_map_is_drawn_through_its_table(table: ColourTable) -> None:
    flat = np.full((64, 64), 40, np.float32)
    screen = render_layout(flat, table, BARE)
    box = places_of(BARE).discs[0]
    wanted = np.rint(table.colours_at(np.array(40.0)))
    assert np.abs(screen[box.top + 100, box.left + 100] - wanted).max() <= 2
    assert not screen[box.top, box.left].any()


def test_a_maps_own_ground_draws_no_line_into_its_rim() -> None:
    radius, _ = disc_coordinates(300)
    cut = np.where(radius <= 1, 60.0, 0.0)
    assert to_rim(cut).min() == pytest.approx(60, abs=1e-4)


def test_lines_run_along_the_segments_and_nowhere_else() -> None:
    lined = replace(BARE, lines=SegmentLines(colour=(255, 255, 255), width=1, smooth=False))
    changed = (_disc(lined, known_table("rainbow")) != _disc(BARE, known_table("rainbow"))).any(axis=2)
    radius, angle = disc_coordinates(201)
    on_ring = np.min([np.abs(radius - ring) for ring in RING_RADII[:3]], axis=0) * 100 < 1.5
    near_ray = [np.abs((angle - ray + 180) % 360 - 180) for ray in (*range(0, 360, 60), *range(45, 360, 90))]
    on_ray = np.sin(np.radians(np.minimum(np.min(near_ray, axis=0), 90))) * radius * 100 < 1.5
    assert not changed[~(on_ring | on_ray)].any()
    assert changed[on_ring & (radius < 0.95)].mean() > 0.3
    assert not changed[radius < RING_RADII[0] - 0.02].any(), "nothing crosses the apex"


@pytest.mark.parametrize("side", ["left", "right", "above", "below"])
@pytest.mark.parametrize("upside_down", [False, True])
def test_a_bar_runs_from_the_low_to_the_high_end_beside_the_disc(side: str, upside_down: bool) -> None:
    bar = DrawnBar(side=side, gap=0, length=1.0, ticks=False, upside_down=upside_down)  # type: ignore[arg-type]
    layout = replace(BARE, bar=bar)
    places = places_of(layout)
    box, disc = places.bar, places.discs[0]
    assert box is not None
    apart = {
        "left": disc.left - box.left - box.width, "right": box.left - disc.left - disc.width,
        "above": disc.top - box.top - box.height, "below": box.top - disc.top - disc.height,
    }  # fmt: skip
    assert apart[side] == 0, "it touches"
    drawn = render_layout(PERCENT, WARM, layout)[box.slices]
    along = drawn[::-1, 5] if side in ("left", "right") else drawn[5]
    wanted = WARM.colours_at(np.linspace(0, 100, len(along)))
    assert np.abs((along[::-1] if upside_down else along) - wanted).max() < 6


@pytest.mark.parametrize("place", [(1, 2), (2, 2), (1, 3), (2, 3), (3, 3)])
@pytest.mark.parametrize("columns", [1, 3])
def test_the_meant_map_stands_in_its_place_and_the_others_are_others(place: tuple[int, int], columns: int) -> None:
    layout = replace(BARE, maps=MapPlace(number=place[0], count=place[1]), columns=columns)
    boxes = places_of(layout).discs
    assert [*boxes] == sorted(boxes, key=lambda box: (box.top, box.left))
    for number in range(place[1]):
        same = np.array_equal(_disc(layout, number=number), _disc(BARE))
        assert same == (number == layout.meant)


def test_outlines_stand_on_the_rim_or_outside() -> None:
    for outside in (0, 6):
        drawn = replace(BARE, outline=RimOutline((0, 255, 0), 1, outside, smooth=False))
        green = (render_layout(PERCENT, WARM, drawn) == (0, 255, 0)).all(axis=2)
        rows, columns = np.nonzero(green)
        box = places_of(drawn).discs[0]
        away = np.hypot(rows - box.top - 100, columns - box.left - 100) - 100.5
        assert len(away) > 200
        assert np.abs(away - outside).max() < 2


def test_a_pointer_covers_its_place() -> None:
    arrow = _disc(replace(BARE, pointer=Pointer("arrow", 0, 0, (255, 255, 255))))
    assert (arrow[104:110, 101] == 255).all()
    cross = _disc(replace(BARE, pointer=Pointer("crosshair", 0, 0.5, (0, 255, 0))))
    assert (cross[150, 40:160] == (0, 255, 0)).all()


def test_a_window_stands_around_the_ground() -> None:
    window = Window(border=5, title=20, taskbar=30, panel=120, panel_side="right", colour=(200, 201, 202))
    layout = replace(BARE, window=window, ground=(0, 0, 90))
    screen, places = render_layout(PERCENT, WARM, layout), places_of(layout)
    ground = places.ground
    assert (ground.left, ground.top) == (5, 25)
    assert screen.shape[:2] == (ground.height + 60, ground.width + 130)
    assert tuple(screen[ground.top + 2, ground.left + 2]) == (0, 0, 90)
    assert tuple(screen[ground.top + 5, 2]) == (200, 201, 202)
    assert tuple(screen[-2, 2]) == window.bars


def test_files_are_of_the_quality_that_a_layout_says() -> None:
    screen = render_layout(PERCENT, known_table("rainbow"), replace(BARE, lines=SegmentLines()))

    def read(quality: int | None) -> Pixels:
        data = screen_bytes(screen, replace(BARE, quality=quality))
        assert b"PHANTOM" in data
        return np.asarray(cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB))

    off = [float(np.abs(read(quality).astype(int) - screen).mean()) for quality in (None, 95, 75, 60)]
    assert off[0] == 0
    assert off == sorted(off)
    assert off[3] > off[1] > 0


def test_a_smooth_rim_mixes_disc_and_ground() -> None:
    flat = np.full((64, 64), 100, np.float32)
    for smooth in (True, False):
        layout = replace(BARE, smooth_rim=smooth, ground=(0, 0, 0))
        reds = render_layout(flat, known_table("grey"), layout)[..., 0]
        assert (len(np.unique(reds)) > 20) == smooth


def test_text_beside_the_map_stands_off_every_disc_and_on_the_screen() -> None:
    for layout in layout_suite():
        if not (layout.words or layout.walls):
            continue
        with_words, places = render_layout(PERCENT, WARM, layout), places_of(layout)
        without = render_layout(PERCENT, WARM, replace(layout, words=("",) * len(layout.words)))
        if layout.words:
            changed = (with_words != without).any(axis=2)
            assert changed.sum() > 200, layout.name
            assert not changed[:, [0, -1]].any(), layout.name
            for box in places.discs:
                assert not changed[box.slices].any(), layout.name
