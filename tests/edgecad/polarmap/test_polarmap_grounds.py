"""A map is found on screens as hospitals have them, where it is and as large as it is; what is no single map is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.errors import InputRefused
from edgecad.images import read_screen
from edgecad.polarmap import Disc, Objections, find_disc
from edgecad.polarmap.search.dark import disc_on_dark_ground
from edgecad.polarmap.search.outline import map_alone
from edgecad.polarmap.search.ring import within_ring
from edgecad_train.phantoms import PALETTES

from . import hospital
from .hospital import GROUNDS, Look, drawn, drawn_look, replace, uptake_of
from .nonmaps import KINDS

Pixels = np.ndarray
SIDES = (140, 420, 880)


def off(found: Disc, truth: Disc) -> float:
    """Pixels by which centre or radius is off, the larger."""
    return max(float(np.hypot(found.x - truth.x, found.y - truth.y)), abs(found.radius - truth.radius))


def allowed(truth: Disc) -> float:
    return max(1.3, 0.006 * truth.radius)


def found_on(look: Look) -> tuple[Disc, Disc]:
    screen, (truth,) = drawn(look)
    return map_alone(screen, find_disc(screen)), truth


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("side", SIDES)
def test_a_ground_may_have_any_even_colour(ground: tuple[int, int, int], side: int) -> None:
    quality = (0, 60, 85)[(SIDES.index(side) + sum(ground)) % 3]
    look = Look(width=1640, height=1068, diameter=side, ground=ground, palette="warm", quality=quality, text=True)
    found, truth = found_on(look)
    assert off(found, truth) <= allowed(truth)


@pytest.mark.parametrize("quality", [60, 85])
@pytest.mark.parametrize("patient", [1, 2])
def test_letters_beside_a_small_map_draw_its_circle_nowhere(patient: int, quality: int) -> None:
    wide = [
        Look(width=1640, height=1068, diameter=side, ground=ground, palette=palette, patient=patient, text=True)
        for ground in GROUNDS[6:]
        for palette in ("warm", "iron")
        for side in (160, 186, 195, 204)
    ]
    beyond = {}
    for look in wide:
        found, truth = found_on(replace(look, quality=quality))
        if off(found, truth) > allowed(truth):
            beyond[look] = off(found, truth)
    assert not beyond


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("ground", [(96, 96, 96), (170, 60, 40), (254, 190, 6)])
def test_a_ground_may_be_like_some_of_the_maps_colours(ground: tuple[int, int, int], palette: str) -> None:
    found, truth = found_on(Look(ground=ground, palette=palette, patient=3))
    assert off(found, truth) <= allowed(truth)


@pytest.mark.parametrize("frame", [0, 1, 4])
@pytest.mark.parametrize("room", [0.08, 0.5])
@pytest.mark.parametrize(("ground", "desktop"), [(0, 1), (0, 9), (4, 9), (7, 6), (2, 0)])
def test_a_panel_may_stand_on_another_colour(ground: int, desktop: int, room: float, frame: int) -> None:
    look = Look(ground=GROUNDS[ground], desktop=GROUNDS[desktop], frame=frame, room=room, title=True, tasks=True)
    found, truth = found_on(replace(look, quality=75))
    assert off(found, truth) <= allowed(truth)


@pytest.mark.parametrize("desktop", [((120, 20, 190), (40, 190, 150)), ((28, 165, 205), (135, 184, 198))])
@pytest.mark.parametrize("side", [240, 420])
def test_a_gradient_around_a_panel_hides_no_ground(desktop: tuple[tuple[int, ...], tuple[int, ...]], side: int) -> None:
    key = (255, 0, 255)
    ground = (240, 240, 240) if desktop[0][0] == 28 else (0, 0, 0)
    screen, (truth,) = drawn(Look(width=1640, diameter=side, ground=ground, desktop=key, room=0.15))
    left, right = np.array(desktop, np.float64)
    share = np.linspace(0, 1, screen.shape[1])[:, None]
    gradient = np.broadcast_to(np.rint(left * (1 - share) + right * share).astype(np.uint8), screen.shape)
    found = find_disc(np.where((screen == key).all(axis=2, keepdims=True), gradient, screen))
    assert off(found, truth) <= allowed(truth)


@pytest.mark.parametrize(
    ("ground", "desktop"), [((12,) * 3, (0,) * 3), ((0,) * 3, (12,) * 3), ((236,) * 3, (249,) * 3)]
)
def test_a_ground_may_be_a_shade_of_the_desktop(ground: tuple[int, int, int], desktop: tuple[int, int, int]) -> None:
    screen, (truth,) = drawn(Look(ground=ground, desktop=desktop, frame=6, room=0.1))
    found = find_disc(screen)
    assert off(found, truth) <= allowed(truth)


@pytest.mark.parametrize("colour", [(255, 255, 255), (128, 128, 128), (0, 255, 255)])
@pytest.mark.parametrize(("width", "outside"), [(1, True), (2, True), (3, True), (3, False)])
@pytest.mark.parametrize("ground", [(0, 0, 0), (64, 64, 64), (240, 240, 240)])
def test_an_outline_is_no_part_of_the_disc(
    colour: tuple[int, int, int], width: int, outside: bool, ground: tuple[int, int, int]
) -> None:
    look = Look(outline=colour, outline_width=width, outside=outside, ground=ground, diameter=520)
    found, truth = found_on(look)
    assert off(found, truth) <= allowed(truth)


def ringed(seed: int) -> Look:
    """A map on ground, within a ring of any colour."""
    draw = np.random.default_rng(seed)
    diameter, grey = int(draw.integers(140, 700)), (int(draw.integers(256)),) * 3
    red, green, blue = (int(level) for level in draw.integers(0, 256, 3))
    return Look(
        diameter=diameter,
        ground=grey if draw.random() < 0.5 else GROUNDS[draw.integers(len(GROUNDS))],
        outline=(red, green, blue),
        outline_width=int(draw.integers(1, 5)),
        apart=float(draw.uniform(3, 0.08 * diameter)),
        palette=("warm", "iron", "rainbow")[draw.integers(3)],
        patient=int(draw.integers(8)),
        quality=int(draw.choice([0, 60, 85])),
    )


@pytest.mark.parametrize("first", [0, pytest.param(1000, marks=pytest.mark.soak)])
@pytest.mark.timeout(1200)
def test_a_map_ends_within_a_ring_that_stands_apart(first: int) -> None:
    refused, wrong = [], []
    looks = [ringed(seed) for seed in range(first, first + (120 if first == 0 else 1000))]
    for look in looks:
        try:
            found, truth = found_on(look)
        except InputRefused as refusal:
            refused.append((look, refusal.reason))
            continue
        if off(found, truth) > allowed(truth):
            wrong.append((look, off(found, truth)))
    # JPEG's noise around a ring may leave nothing even beside a map.
    assert len(refused) <= 0.08 * len(looks), f"{len(refused)} of {len(looks)}: {refused}"
    assert len(wrong) <= 0.01 * len(looks), f"{len(wrong)} of {len(looks)}: {wrong}"


@pytest.mark.parametrize("seed", range(40))
def test_a_base_that_fades_within_an_outline_is_no_gap(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(seed)
    away = np.hypot(*(np.mgrid[:512, :512] - 255.5)) / 255.5
    base = draw.uniform(0, 0.15)
    kept = base + (1 - base) * ((1 - away) / draw.uniform(0.05, 0.4)).clip(0, 1) ** draw.uniform(0.5, 3)
    monkeypatch.setattr(hospital, "uptake_of", lambda patient: (uptake_of(patient) * kept).astype(np.float32))
    look = Look(
        diameter=int(draw.integers(140, 700)),
        ground=[(0, 0, 0), (24, 24, 24), (0, 0, 48)][draw.integers(3)],
        outline=(255, 255, 255),
        outline_width=int(draw.integers(1, 4)),
        outside=bool(draw.random() < 0.5),
        palette=PALETTES[draw.integers(len(PALETTES))],
        patient=int(draw.integers(8)),
        quality=int(draw.choice([0, 60, 85])),
    )
    screen, _ = drawn(look)
    try:
        found = find_disc(screen)
    except InputRefused:
        return
    assert within_ring(screen, found) is None


@pytest.mark.parametrize("quality", [0, 60, 75, 92])
@pytest.mark.parametrize("palette", PALETTES)
def test_a_bare_disc_has_no_outline(quality: int, palette: str) -> None:
    for side in SIDES:
        screen, _ = drawn(Look(width=1640, height=1068, diameter=side, palette=palette, quality=quality, patient=1))
        disc = find_disc(screen)
        assert map_alone(screen, disc) == disc


@pytest.mark.parametrize("bar", ["apart", "touching"])
@pytest.mark.parametrize("ink", [(255, 255, 255), (0, 0, 0), (128, 128, 128)])
def test_lines_pointers_words_and_bars_may_reach_over_the_rim(ink: tuple[int, int, int], bar: str) -> None:
    for ground in ((64, 64, 64), (212, 208, 200)):
        found, truth = found_on(Look(ground=ground, lines=ink, pointer=True, text=True, bar=bar, quality=85, room=0.5))
        assert off(found, truth) <= allowed(truth)


@pytest.mark.parametrize("first", [0, pytest.param(1000, marks=pytest.mark.soak)])
def test_of_screens_of_every_look_nearly_all_are_found(first: int) -> None:
    looks = [replace(drawn_look(seed), maps=1) for seed in range(first, first + (60 if first == 0 else 1000))]
    wrong = []
    for look in looks:
        try:
            found, truth = found_on(look)
        except InputRefused as refusal:
            wrong.append((look, refusal.reason))
            continue
        if off(found, truth) > 2 * allowed(truth):
            wrong.append((look, f"off by {off(found, truth):.1f}"))
    assert len(wrong) <= 0.03 * len(looks), f"{len(wrong)} of {len(looks)}: {wrong}"


def test_what_the_first_way_finds_stays_as_it_is(phantom_screen: Callable[[int], Pixels]) -> None:
    for index in range(4):
        assert find_disc(phantom_screen(index)) == disc_on_dark_ground(phantom_screen(index), Objections())


def on_another_ground(screen: Pixels, rng: np.random.Generator) -> Pixels:
    """What was black has another colour, in a window or not, as a JPEG or not."""
    moved = screen.copy()
    moved[(screen == 0).all(axis=2)] = GROUNDS[rng.integers(len(GROUNDS))]
    if rng.random() < 0.5:
        desktop = GROUNDS[rng.integers(len(GROUNDS))]
        moved = cv2.copyMakeBorder(moved, 40, 30, 20, 60, cv2.BORDER_CONSTANT, value=desktop)
        cv2.rectangle(
            moved, (19, 39), (moved.shape[1] - 60, moved.shape[0] - 30), (90, 90, 90), int(rng.integers(1, 3))
        )
    if rng.random() < 0.5:
        content = cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, int(rng.choice([60, 80, 95]))])[1]
        moved = cv2.imdecode(content, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(moved)


NO_DISCS = [
    kind
    for kind in KINDS
    if kind.__name__
    in {"blank", "noise", "page", "two_maps", "cut_off", "ellipse", "polygon", "projection", "slices", "chart"}
]


@pytest.mark.parametrize("kind", NO_DISCS)
def test_what_is_no_single_disc_is_none_on_any_ground(kind: Callable[[np.random.Generator], Pixels]) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        with pytest.raises(InputRefused):
            find_disc(on_another_ground(kind(rng), rng))


@pytest.mark.parametrize(
    "name",
    ["cut by the screen's edge", "cut a little by the screen's edge", "half a map", "cut by a small chord", "square",
     "nearly round ellipse", "touching maps", "two maps of unequal size"],
)  # fmt: skip
def test_spoiled_maps_are_refused_on_any_ground(name: str, wrong_screen: Callable[[str], Pixels]) -> None:
    for seed in range(4):
        with pytest.raises(InputRefused):
            find_disc(on_another_ground(wrong_screen(name), np.random.default_rng(seed)))


@pytest.mark.parametrize("squeezed", [1.02, 1.03])
@pytest.mark.parametrize("ground", [(64, 64, 64), (255, 255, 255)])
def test_an_ellipse_is_no_disc(squeezed: float, ground: tuple[int, int, int]) -> None:
    screen, _ = drawn(Look(ground=ground, diameter=600))
    flat = cv2.resize(screen, None, fx=1, fy=1 / squeezed, interpolation=cv2.INTER_AREA)
    with pytest.raises(InputRefused):
        find_disc(flat)


def test_slices_beside_the_map_are_refused_without_a_place() -> None:
    for ground in ((0, 0, 0), (64, 64, 64), (212, 208, 200)):
        screen, _ = drawn(Look(ground=ground, slices=6, height=1060))
        with pytest.raises(InputRefused, match="--map 1/1") as caught:
            find_disc(screen) if ground != (0, 0, 0) else find_disc(np.where(screen == 0, 64, screen).astype(np.uint8))
        assert caught.value.reason == "several-maps"


def test_who_insists_gets_a_disc_with_what_speaks_against_it() -> None:
    objections = Objections(insisted=True)
    screen, (truth, _) = drawn(Look(ground=(200, 200, 200), maps=2))
    found = find_disc(screen, objections)
    assert abs(found.radius - truth.radius) < 3
    assert any("2 maps" in words for words in objections.gathered)


@pytest.mark.parametrize("file", ["answer-window-frame.jpg", "answer-grey-ground.jpg", "answer-rgba-fully-opaque.png"])
def test_the_cases_hold_a_disc(shared: Path, file: str) -> None:
    screen = read_screen(shared / "cases" / file).pixels
    disc = find_disc(screen)
    # On all of them the background just beyond the rim is even, and the map just within is not.
    angles = np.radians(np.arange(360))
    for radius, even in ((disc.radius + 4, True), (disc.radius - 4, False)):
        rows = np.rint(disc.y + np.sin(angles) * radius).astype(int)
        columns = np.rint(disc.x + np.cos(angles) * radius).astype(int)
        assert (np.ptp(screen[rows, columns], axis=0).max() < 40) == even
