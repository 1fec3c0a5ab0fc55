"""The outlined region: what it is, how warm the map is there, and what is said where that speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract
from edgecad.answer.grid import on_pixels
from edgecad.answer.heatmap import as_recorded
from edgecad.answer.region import findings_about_region, region_of, relative_uptake
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, HeatmapScale, Preparation
from edgecad.polarmap import PreparedMap, disc_mask, prepare
from edgecad_train.phantoms import draw_patient
from edgecad_train.phantoms.screen import render_screen

SIZE = 64
INSIDE = disc_mask(SIZE)
TABLES = ("warm", "iron", "rainbow", "grey")
UPTAKE = Preparation(size=SIZE, input="uptake", tables=tuple(map(known_table, TABLES)), drawing=Drawing())


@pytest.fixture(scope="module")
def prepared() -> PreparedMap:
    """A map with a large deep defect."""
    found = next(p for p in (draw_patient(5, index) for index in range(200)) if p.deficit > 12)
    return prepare(render_screen(found), UPTAKE)


def cells_of(uptake: np.ndarray | None, cells: int = 8) -> np.ndarray:
    """Mean uptake of each cell, less the disc's; 0 where there is none."""
    assert uptake is not None
    blocks = (uptake - np.nanmean(uptake)).reshape(cells, SIZE // cells, cells, SIZE // cells)
    return np.asarray(np.nan_to_num(blocks).mean(axis=(1, 3)))


def scale(region_threshold: float) -> HeatmapScale:
    return HeatmapScale(full_scale=2 * region_threshold, region_threshold=region_threshold)


GRIDS = [(7, 7), (14, 14), (28, 28), (7, 10), (9, 5)]


@pytest.mark.parametrize("cells", GRIDS)
def test_the_region_is_the_cells_from_the_threshold_on(cells: tuple[int, int]) -> None:
    rng = np.random.default_rng(cells[0])
    shown = rng.normal(0, 3, cells)
    found = region_of(shown, scale(2.0), "none")
    np.testing.assert_array_equal(found.raised, shown.round(3) >= 2)
    np.testing.assert_array_equal(found.lowered, shown.round(3) <= -2)
    on_disc = region_of(shown, scale(2.0), "polar-map")
    y, x = ((np.arange(count + 1) / count * 2 - 1) for count in cells)
    nearest = np.hypot(
        *(
            np.where(a[1:] * a[:-1] <= 0, 0, np.minimum(abs(a[1:]), abs(a[:-1])))[s]
            for a, s in ((y, np.s_[:, None]), (x, np.s_[None]))
        )
    )
    # Cells whose nearest point is farther than the rim lie outside; those with a good part within are kept.
    assert not (on_disc.raised | on_disc.lowered)[nearest > 1].any()
    well_inside = nearest < 1 - 0.5 / max(cells)
    for name in ("raised", "lowered"):
        np.testing.assert_array_equal(getattr(on_disc, name)[well_inside], getattr(found, name)[well_inside])


@pytest.mark.parametrize("cells", GRIDS)
@pytest.mark.parametrize("side", [224, 476, 131])
def test_a_region_covers_as_much_as_its_cells(cells: tuple[int, int], side: int) -> None:
    """No cell beyond the threshold loses or gains area, however large the picture is: nothing is interpolated."""
    rng = np.random.default_rng(side)
    for _ in range(5):
        region = rng.random(cells) < rng.uniform(0.02, 0.5)
        drawn = on_pixels(region, side, side)
        assert drawn.mean() == pytest.approx(region.mean(), abs=max(cells) / side * region.mean() + 1e-9)
        row, column = (rng.integers(0, count) for count in cells)
        centre = drawn[int((row + 0.5) * side / cells[0]), int((column + 0.5) * side / cells[1])]
        assert centre == region[row, column]


def test_what_is_kept_in_a_record_outlines_the_same_cells() -> None:
    """A value a hair beside the threshold is on the same side of it as it was recorded."""
    shown = np.full((7, 7), 0.0)
    shown[3, 2:5] = 0.49996, 0.5, 0.50004
    recorded = as_recorded(shown, 1.0)
    one, other = (region_of(values, scale(0.5), "polar-map").raised for values in (shown, recorded))
    np.testing.assert_array_equal(one, other)
    assert one[3, 2:5].all()


def test_relative_uptake_is_the_regions_mean_by_the_discs() -> None:
    uptake = np.where(INSIDE, np.float32(80), np.float32(np.nan))
    uptake[:, : SIZE // 2][INSIDE[:, : SIZE // 2]] = 40
    left = np.zeros((4, 4), bool)
    left[:, :2] = True
    assert relative_uptake(left, uptake) == pytest.approx(40 / 60)
    assert relative_uptake(~left, uptake) == pytest.approx(80 / 60)
    assert relative_uptake(np.ones_like(left), uptake) == pytest.approx(1)
    corner = np.zeros((8, 8), bool)
    corner[0, 0] = True
    assert relative_uptake(corner, uptake) is None


def test_a_region_on_the_warm_wall_is_said_and_one_on_the_cold_wall_is_not(prepared: PreparedMap) -> None:
    cold = -cells_of(prepared.uptake)
    for above in (True, False):
        assert not findings_about_region(prepared, "polar-map", cold, scale(5.0), above=above)
        (finding,) = findings_about_region(prepared, "polar-map", -cold, scale(2.0), above=above)
        assert finding.code == "region-not-colder"
        assert 1 < finding.value < 1.5
        assert finding.text.startswith(
            "THE OUTLINED REGION IS NOT COLDER THAN THE REST OF THE MAP: its mean uptake is 1"
        )


def test_an_empty_region_is_said_where_the_score_is_above_the_threshold(prepared: PreparedMap) -> None:
    weak = cells_of(prepared.uptake) / 1000
    (finding,) = findings_about_region(prepared, "polar-map", weak, scale(2.0), above=True)
    assert (finding.code, finding.text[:21]) == ("region-empty", "NO REGION IS OUTLINED")
    assert 0 < finding.value < 0.1
    assert not findings_about_region(prepared, "polar-map", weak, scale(2.0), above=False)


def test_colours_say_nothing_of_what_is_cold(prepared: PreparedMap) -> None:
    colours = PreparedMap(prepared.image, prepared.disc, prepared.view, 0.0)
    assert not findings_about_region(colours, "polar-map", cells_of(prepared.uptake), scale(2.0), above=True)


def test_an_answer_says_that_its_region_is_empty(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, phantom_jpeg: Path, tmp_path: Path
) -> None:
    def codes(threshold: float, region_threshold: float) -> set[str]:
        path = tmp_path / "model.onnx"
        path.write_bytes(tiny_model(replace(tiny_contract, heatmap=scale(region_threshold))))
        with Classifier(path, device="cpu", threshold=threshold) as classifier:
            return {finding.code for finding in classifier(phantom_jpeg).findings}

    assert "region-empty" in codes(1e-6, 1e6)
    assert "region-empty" not in codes(1 - 1e-6, 1e6)
    assert "region-empty" not in codes(1e-6, 1e-6)


@pytest.mark.parametrize("warm", [False, True])
def test_an_answer_whose_region_is_not_colder_says_so(
    tiny_model: Callable[..., bytes],
    tiny_contract: Contract,
    phantom_jpeg: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    warm: bool,
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model(replace(tiny_contract, preparation=UPTAKE, heatmap=scale(4.0))))
    with Classifier(path, device="cpu") as classifier:
        outputs = classifier.run(classifier(phantom_jpeg).image[None])
        uptake = classifier(phantom_jpeg).uptake
        assert uptake is not None
        marks = cells_of(uptake) if warm else -cells_of(uptake)
        outputs["cam"] = np.stack([marks, 0 * marks])[None].astype(np.float32)
        outputs["cam_bias"] = outputs["logits"] - outputs["cam"].mean(axis=(2, 3))
        monkeypatch.setattr(classifier.runner, "run", lambda images, names: outputs)
        answer = classifier(phantom_jpeg)
    said = {finding.code: finding.value for finding in answer.findings}
    assert ("region-not-colder" in said) == warm
    if warm:
        region = region_of(answer.heatmap, scale(4.0), "polar-map").raised
        assert said["region-not-colder"] == relative_uptake(region, uptake)
        assert said["region-not-colder"] > 1
