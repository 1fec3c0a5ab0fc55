"""The same scans under each strategy: the shares, the scale and the panels are the runtime's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image as mpimg

from edgecad.answer.heatmap import scale_of_maps, share_outside_disc
from edgecad.contract import HeatmapScale
from edgecad.picture.cells import draw_cells
from edgecad_train.report.pictures.strategies import StrategyMaps, draw_strategies

SCALE = HeatmapScale(full_scale=2.5, region_threshold=1.25)
LABELS = ["CAD", "nonCAD", "CAD"]


@pytest.fixture
def two(score_maps: Callable[..., np.ndarray]) -> list[StrategyMaps]:
    scores = np.array([0.9, 0.2, 0.6])
    return [StrategyMaps("scratch", score_maps(3), scores), StrategyMaps("two-stage", score_maps(3, 9), scores, SCALE)]


def test_every_scan_is_shown_under_every_strategy_by_the_runtimes_renderer(
    watched_sheets: list[Any], two: list[StrategyMaps], discs: Callable[[int], np.ndarray], tmp_path: Path
) -> None:
    images = discs(3)
    draw_strategies(two, images, LABELS, "phantom", tmp_path / "strategies.png")
    pictures = watched_sheets[0].pictures
    assert len(pictures) == 9
    assert all((shown == image).all() for shown, image in zip(pictures[:3], images, strict=True))
    for one, row, picture, scale in ((two[0], 0, 3, scale_of_maps(two[0].maps)), (two[1], 2, 8, SCALE)):
        style = one.cells(row, "polar-map", True)
        assert style.scale == scale
        drawn = draw_cells(images[row], one.maps[row], style, pictures[picture].shape[0])
        assert (pictures[picture] == drawn).all()


def test_shares_outside_the_disc_are_said_for_each_scan_and_as_the_mean_of_all(
    watched_sheets: list[Any], two: list[StrategyMaps], discs: Callable[[int], np.ndarray], tmp_path: Path
) -> None:
    draw_strategies(two, discs(3), LABELS, "phantom", tmp_path / "strategies.png", rows=2)
    texts = watched_sheets[0].texts
    shares = [share_outside_disc(shown) for shown in two[0].maps]
    assert f"{np.mean(shares):.0%} outside the disc,\nmean of 3 scans" in texts
    assert f"score 0.90; {shares[0]:.0%} outside" in texts
    assert "2 of 3 scans" in texts
    assert texts.count("labelled CAD") == 1


def test_whole_images_have_no_disc_and_so_no_share(
    watched_sheets: list[Any], two: list[StrategyMaps], discs: Callable[[int], np.ndarray], tmp_path: Path
) -> None:
    draw_strategies(two, discs(3), LABELS, "phantom", tmp_path / "strategies.png", crop="none", disc=False)
    assert not any("outside" in text for text in watched_sheets[0].texts)


def test_the_file_is_a_picture(two: list[StrategyMaps], discs: Callable[[int], np.ndarray], tmp_path: Path) -> None:
    picture = mpimg.imread(draw_strategies(two, discs(3), LABELS, "phantom", tmp_path / "strategies.png"))
    assert picture.shape[1] > 700
    assert picture[..., :3].std() > 0.05


def test_strategies_about_other_scans_are_refused(two: list[StrategyMaps], discs: Callable[[int], np.ndarray]) -> None:
    with pytest.raises(ValueError, match="one map and one score for each image"):
        draw_strategies(two, discs(4), [*LABELS, "CAD"], "phantom", Path("never.png"))


def test_flat_maps_have_a_scale_and_no_share_outside() -> None:
    flat = StrategyMaps("flat", np.zeros((2, 7, 7), np.float32), np.array([0.5, 0.5]))
    assert flat.cells(0, "polar-map", True).scale.full_scale > 0
    assert flat.shares.tolist() == [0.0, 0.0]
