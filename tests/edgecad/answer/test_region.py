"""The outlined region: what it is, how warm the map is there, and what is said where that speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract
from edgecad.answer.region import findings_about_region, raised_region, relative_uptake
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


def test_the_region_is_the_enlarged_map_beyond_the_threshold_within_the_disc() -> None:
    shown = np.zeros((4, 4))
    shown[1, 2] = 3.0
    region = raised_region(shown, 1.5, INSIDE)
    # The cell's middle, at row 24 and column 40, and as far as half of its value: half a cell to each side.
    assert region[24, 40]
    rows, columns = np.nonzero(region)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (16, 31, 32, 47)
    assert not raised_region(shown, 3.0, INSIDE).any()
    corner = np.zeros((8, 8))
    corner[0, 0] = 9.0
    assert not raised_region(corner, 4.0, INSIDE).any()


def test_relative_uptake_is_the_regions_mean_by_the_discs() -> None:
    uptake = np.where(INSIDE, np.float32(80), np.float32(np.nan))
    left = np.zeros((SIZE, SIZE), bool)
    left[:, : SIZE // 2] = True
    uptake[left & INSIDE] = 40
    assert relative_uptake(left, uptake) == pytest.approx(40 / 60)
    assert relative_uptake(~left, uptake) == pytest.approx(80 / 60)
    assert relative_uptake(np.ones_like(left), uptake) == pytest.approx(1)
    assert relative_uptake(~INSIDE, uptake) is None


def test_a_region_on_the_warm_wall_is_said_and_one_on_the_cold_wall_is_not(prepared: PreparedMap) -> None:
    cold = -cells_of(prepared.uptake)
    for above in (True, False):
        assert not findings_about_region(prepared, "polar-map", cold, 5.0, above=above)
        (finding,) = findings_about_region(prepared, "polar-map", -cold, 2.0, above=above)
        assert finding.code == "region-not-colder"
        assert 1 < finding.value < 1.5
        assert finding.text.startswith(
            "THE OUTLINED REGION IS NOT COLDER THAN THE REST OF THE MAP: its mean uptake is 1"
        )


def test_an_empty_region_is_said_where_the_score_is_above_the_threshold(prepared: PreparedMap) -> None:
    weak = cells_of(prepared.uptake) / 1000
    (finding,) = findings_about_region(prepared, "polar-map", weak, 2.0, above=True)
    assert (finding.code, finding.text[:21]) == ("region-empty", "NO REGION IS OUTLINED")
    assert 0 < finding.value < 0.1
    assert not findings_about_region(prepared, "polar-map", weak, 2.0, above=False)


def test_colours_say_nothing_of_what_is_cold(prepared: PreparedMap) -> None:
    colours = PreparedMap(prepared.image, prepared.disc, prepared.view, 0.0)
    assert not findings_about_region(colours, "polar-map", cells_of(prepared.uptake), 2.0, above=True)


def test_an_answer_says_that_its_region_is_empty(
    tiny_model: Callable[..., bytes], tiny_contract: Contract, phantom_jpeg: Path, tmp_path: Path
) -> None:
    def codes(threshold: float, region_threshold: float) -> set[str]:
        scale = HeatmapScale(full_scale=2 * region_threshold, region_threshold=region_threshold)
        path = tmp_path / "model.onnx"
        path.write_bytes(tiny_model(replace(tiny_contract, heatmap=scale)))
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
    scale = HeatmapScale(full_scale=8.0, region_threshold=4.0)
    path.write_bytes(tiny_model(replace(tiny_contract, preparation=UPTAKE, heatmap=scale)))
    with Classifier(path, device="cpu") as classifier:
        outputs = classifier.run(classifier(phantom_jpeg).image[None])
        uptake = classifier(phantom_jpeg).uptake
        assert uptake is not None
        marks = cells_of(uptake) if warm else -cells_of(uptake)
        outputs["cam"] = np.stack([marks, 0 * marks])[None].astype(np.float32)
        monkeypatch.setattr(classifier, "run", lambda images, names: outputs)
        answer = classifier(phantom_jpeg)
    said = {finding.code: finding.value for finding in answer.findings}
    assert ("region-not-colder" in said) == warm
    if warm:
        region = raised_region(answer.heatmap, 4.0, disc_mask(SIZE, shrink=2.0))
        assert said["region-not-colder"] == relative_uptake(region, uptake)
        assert said["region-not-colder"] > 1
