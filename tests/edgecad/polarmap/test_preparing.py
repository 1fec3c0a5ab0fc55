"""JPEGs that are decoded at half their size: the same map, and the whole screen wherever that is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

import edgecad.preparing
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation, Region
from edgecad.errors import InputRefused
from edgecad.images import Screen, read_screen, size_of, whole
from edgecad.polarmap import Objections, prepare
from edgecad.preparing import prepare_screen, prepared_from, read_for
from edgecad_train.phantoms import PALETTES, draw_patient, jpeg_bytes, render_screen

from .bounds import near_bounds, round_glare

Pixels = np.ndarray
WHOLE = Preparation(size=224)
HALVED = replace(WHOLE, halve_jpeg=True)


def jpeg(screen: Pixels, quality: int = 95) -> bytes:
    done, content = cv2.imencode(".jpg", screen[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return content.tobytes()


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Shapes of the screens that were prepared."""
    shapes: list[tuple[int, ...]] = []

    def seen(screen: Pixels, *rest: object) -> object:
        shapes.append(screen.shape[:2])
        return prepare(screen, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(edgecad.preparing, "prepare", seen)
    return shapes


@pytest.mark.parametrize("shape", [(1068, 1640), (1067, 1639), (5, 4), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_is_halved_by_its_decoder(shape: tuple[int, int], channels: int) -> None:
    pixels = cv2.resize(np.arange(12, dtype=np.uint8).reshape(3, 4) * 20, shape[::-1], interpolation=cv2.INTER_CUBIC)
    done, content = cv2.imencode(".jpg", pixels if channels == 1 else cv2.merge([pixels] * 3))
    assert done
    screen = read_screen(content.tobytes(), halve_jpeg=True)
    assert screen.halved
    assert screen.pixels.shape == (-(-shape[0] // 2), -(-shape[1] // 2), 3)
    assert size_of(screen) == shape[::-1]
    again, at_once = whole(screen), read_screen(content.tobytes())
    np.testing.assert_array_equal(again.pixels, at_once.pixels)
    assert screen.sha256 == again.sha256 == at_once.sha256


def test_what_is_no_jpeg_keeps_its_size(phantom_screen: Callable[[int], Pixels]) -> None:
    done, content = cv2.imencode(".png", phantom_screen(0))
    assert done
    for source in (content.tobytes(), phantom_screen(0)):
        screen = read_for(HALVED, source)
        assert not screen.halved
        assert screen.pixels.shape == (1068, 1640, 3)
        assert whole(screen) is screen


def test_damage_is_seen_at_half_size_as_well(phantom_screen: Callable[[int], Pixels]) -> None:
    content = jpeg(phantom_screen(0))
    for spoiled in (content[:-2000], content[:40000] + bytes(600) + content[40600:]):
        with pytest.raises(InputRefused):
            read_screen(spoiled, halve_jpeg=True)


@pytest.mark.parametrize("index", range(6))
def test_the_map_of_half_a_screen_is_that_of_the_whole(index: int, looked_at: list[tuple[int, ...]]) -> None:
    content = jpeg_bytes(render_screen(draw_patient(21, index)))
    half, full = prepared_from(content, HALVED), prepared_from(content, WHOLE)
    assert looked_at == [(534, 820), (1068, 1640)]
    difference = np.abs(half.image.astype(int) - full.image)
    assert difference.mean() < 2.0
    assert np.quantile(difference, 0.99) < 20  # the steps of a colour table move by a part of a pixel
    assert half.disc is not None
    assert full.disc is not None
    assert (half.disc.x, half.disc.y, half.disc.radius) == pytest.approx(
        (full.disc.x, full.disc.y, full.disc.radius), abs=1.0
    )


def test_a_small_map_is_read_whole(looked_at: list[tuple[int, ...]], draw_map: Callable[..., Pixels]) -> None:
    content = jpeg(draw_map(820, 534, 150))
    found = prepared_from(content, HALVED)
    assert looked_at == [(534, 820), (1068, 1640)]
    np.testing.assert_array_equal(found.image, prepared_from(content, WHOLE).image)
    assert found.disc == prepared_from(content, WHOLE).disc


def test_what_half_a_screen_objects_to_the_whole_decides(looked_at: list[tuple[int, ...]]) -> None:
    page = jpeg(np.full((1068, 1640, 3), 250, np.uint8))
    with pytest.raises(InputRefused, match="even ground"):
        prepared_from(page, HALVED)
    assert looked_at == [(534, 820), (1068, 1640)]


def test_who_insists_gets_the_whole_screens_objections(
    looked_at: list[tuple[int, ...]], draw_map: Callable[..., Pixels]
) -> None:
    two = jpeg(np.maximum(draw_map(420, 540, 350, 0), draw_map(1220, 540, 350, 1)))
    objections = Objections(insisted=True)
    prepare_screen(read_for(HALVED, two), HALVED, objections)
    assert looked_at == [(534, 820), (1068, 1640)]
    assert len(objections.gathered) == len(set(objections.gathered)) > 0


def test_a_screen_that_was_read_is_taken_as_it_is(phantom_screen: Callable[[int], Pixels]) -> None:
    screen = read_screen(jpeg(phantom_screen(0)))
    assert isinstance(screen, Screen)
    assert read_for(HALVED, screen) is screen


def test_only_maps_that_are_sought_can_be_halved() -> None:
    region = Region(x=0, y=0, width=64, height=64, screen_width=640, screen_height=480)
    for wrong in ({"crop": "none"}, {"region": region}):
        with pytest.raises(ValueError, match="halve_jpeg"):
            Preparation(size=64, halve_jpeg=True, **wrong)  # type: ignore[arg-type]


UPTAKE = Preparation(
    size=224, halve_jpeg=True, input="uptake", tables=tuple(map(known_table, PALETTES)), drawing=Drawing()
)
PASSED_AT_HALF_ALONE = (115, 157, 189, 253, 306, 307, 367, 368, 545, 643)
"""Of 900 screens with something over the map, those that were refused whole and answered at half their size."""


@pytest.mark.parametrize("preparation", [HALVED, UPTAKE], ids=["rgb", "uptake"])
@pytest.mark.parametrize("seeds", [PASSED_AT_HALF_ALONE, range(28), pytest.param(range(1000), marks=pytest.mark.soak)])
def test_half_a_screen_is_never_answered_alone(preparation: Preparation, seeds: Sequence[int]) -> None:
    alone = []
    for seed in seeds:
        content = near_bounds(seed)
        try:
            prepared_from(content, preparation)
        except InputRefused:
            continue
        try:
            prepared_from(content, replace(preparation, halve_jpeg=False))
        except InputRefused as refusal:
            alone.append((seed, str(refusal)))
    assert not alone


@pytest.mark.parametrize("seeds", [(15, 72), range(100, 124), pytest.param(range(500), marks=pytest.mark.soak)])
def test_a_glare_on_the_table_does_not_pass_at_half_alone(seeds: Sequence[int]) -> None:
    refused = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        share, (x, y), size = rng.uniform(0.03, 0.6), rng.uniform(-0.5, 0.5, 2), rng.uniform(0.1, 0.4)
        content = round_glare(seed % 40, share, (x, y), size)
        try:
            prepared_from(content, replace(UPTAKE, halve_jpeg=False))
        except InputRefused:
            refused += 1
            with pytest.raises(InputRefused):
                prepared_from(content, UPTAKE)
    assert refused


@pytest.mark.parametrize("preparation", [HALVED, UPTAKE], ids=["rgb", "uptake"])
def test_bare_maps_are_still_answered_at_half_their_size(
    preparation: Preparation, looked_at: list[tuple[int, ...]]
) -> None:
    for index in range(8):
        prepared_from(jpeg_bytes(render_screen(draw_patient(21, index))), preparation)
    assert looked_at == [(534, 820)] * 8


@pytest.mark.parametrize("squeezed", [1.015, 1.02, 1.03])
def test_an_ellipse_is_no_disc_at_half_its_size_either(squeezed: float, draw_map: Callable[..., Pixels]) -> None:
    """A pixel of half the size is two."""
    round_map = draw_map(820, 534, 240)
    flat = cv2.resize(round_map, None, fx=1, fy=1 / squeezed, interpolation=cv2.INTER_AREA)
    for preparation in (WHOLE, HALVED):
        with pytest.raises(InputRefused, match=r"round rim|cut off"):
            prepared_from(jpeg(flat), preparation)
