"""The disc unrolled: where its cells lie, what they hold, and back again; the same in the graph."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import pytest

from edgecad.contract import Drawing
from edgecad.errors import UsageError
from edgecad.polarmap.segments import disc_coordinates, segment_at
from edgecad.polarmap.uptake.drawing import drawn, uptake_of
from edgecad_train.methods.networks.around import padded, pooled_over_disc, with_coordinates
from edgecad_train.methods.networks.grid import PolarGrid
from edgecad_train.methods.networks.levels import Levels
from edgecad_train.methods.networks.unrolled import grids_of, unrolled
from edgecad_train.methods.task import MethodScans

GRID = PolarGrid()


def test_cells_lie_where_the_segments_do() -> None:
    radius, angle = disc_coordinates(224)
    numbers = segment_at(radius, angle)
    fine = PolarGrid(60, 72)  # cells whose borders are those of the segments, or nearly
    found = fine.unrolled([np.where(numbers == 8, 1.0, 0.0)])[0]  # mid anteroseptal
    middles = (np.arange(60) + 0.5) / 60, (np.arange(72) + 0.5) * 5
    wanted = segment_at(middles[0][:, None], middles[1][None]) == 8
    assert np.mean(np.abs(found - wanted)) < 0.01


def test_areas_make_up_the_disc() -> None:
    assert GRID.areas().sum() == pytest.approx(1)
    assert GRID.areas()[-1].sum() == pytest.approx(1 - (11 / 12) ** 2)


def test_every_pixel_that_is_read_lies_on_the_disc() -> None:
    radius, _ = disc_coordinates(224)
    assert radius.ravel()[GRID.pixels(224)].max() < 1


def test_a_map_comes_back_from_its_cells() -> None:
    radius, angle = disc_coordinates(14)
    smooth: Callable[..., np.ndarray] = lambda r, a: r**2 * np.cos(np.radians(a)) + 0.5 * r  # noqa: E731
    big = smooth(*disc_coordinates(224))
    back = GRID.unrolled([big])[0].ravel() @ GRID.on_disc(14)
    inside = radius.ravel() < 0.95
    assert np.abs(back - smooth(radius, angle).ravel())[inside].max() < 0.05


@pytest.mark.parametrize("grid", [GRID, GRID.halved(), PolarGrid(3, 9)])
def test_what_is_even_stays_even_on_the_disc(grid: PolarGrid) -> None:
    assert np.allclose(grid.on_disc(14).sum(axis=0), 1)
    assert (grid.on_disc(14) >= 0).all()


def test_a_grid_is_of_cells() -> None:
    with pytest.raises(UsageError, match="at least 2 and 3"):
        PolarGrid(1, 36)
    with pytest.raises(UsageError, match="cannot be halved"):
        PolarGrid(3, 9).halved()


@pytest.mark.parametrize("table", ["hot-iron", "iron", "linear-grey"])
def test_uptake_is_read_as_the_drawing_reads_it(table: str) -> None:
    drawing = Drawing(table=table, blur=0.0)  # type: ignore[arg-type]
    image = drawn(np.linspace(0, 100, 64 * 64, dtype=np.float32).reshape(64, 64), 64, drawing)
    inside = disc_coordinates(64)[0] < 0.98
    assert np.abs(Levels.of(drawing).of_image(image) - uptake_of(image, drawing))[inside].max() < 0.35


def test_a_table_whose_sum_tells_no_uptake_is_refused() -> None:
    with pytest.raises(UsageError, match=r"rainbow.*do not rise"):
        Levels.of(Drawing(table="rainbow"))


def test_the_graph_unrolls_as_numpy_does(scans: MethodScans) -> None:
    drawing, size = scans.data.preparation.drawing, scans.data.preparation.size
    assert drawing is not None
    image = keras.Input((size, size, 3), dtype="uint8")
    model = keras.Model(image, unrolled(image, GRID, drawing))
    there = model(scans.data.images).numpy()[..., 0]
    assert np.abs(there - grids_of(scans.data.images, GRID, drawing)).max() < 1e-3


def test_a_grid_goes_on_around_and_across_the_apex() -> None:
    values = keras.Input((4, 6, 1))
    rows = np.arange(24, dtype=np.float32).reshape(1, 4, 6, 1)
    found = keras.Model(values, padded(values, "p"))(rows).numpy()[0, ..., 0]
    inner = rows[0, ..., 0]
    assert (found[1:5, 1:7] == inner).all()
    assert (found[1:5, 0] == inner[:, -1]).all()
    assert (found[1:5, -1] == inner[:, 0]).all()
    assert (found[0, 1:7] == np.roll(inner[0], 3)).all()
    assert (found[-1, 1:7] == inner[-1]).all()


def test_coordinates_stand_beside_the_values() -> None:
    values = keras.Input((12, 36, 1))
    rows = np.random.default_rng(0).normal(size=(2, 12, 36, 1)).astype(np.float32)
    found = keras.Model(values, with_coordinates(values, GRID))(rows).numpy()
    assert np.array_equal(found[..., :1], rows)
    assert np.allclose(found[..., 1:], GRID.coordinates())
    assert found[0, -1, 8, 1:] == pytest.approx([np.cos(np.radians(85)), np.sin(np.radians(85)), 11.5 / 12])


def test_features_are_pooled_over_the_disc() -> None:
    features = keras.Input((12, 36, 2))
    x, y, radius = np.moveaxis(GRID.coordinates().astype(np.float64), -1, 0)
    rows = np.stack([radius, radius * x + y], axis=-1)[None].astype(np.float32)
    pooled = keras.Model(features, pooled_over_disc(features, GRID))(rows).numpy()
    # The mean of the radius over a disc is two thirds, and not one half.
    assert np.abs(pooled - [[2 / 3, 0]]).max() < 0.01
    assert np.abs(pooled - np.einsum("nrac,ra->nc", rows, GRID.areas())).max() < 0.01
