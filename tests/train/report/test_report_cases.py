"""Heat map pages: right and wrong cases, the most confident first, by number only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import image as mpimg

from edgecad.answer.heatmap import DOUBTED_FROM, share_outside_disc
from edgecad.contract import HeatmapScale
from edgecad.picture.cells import CellStyle, draw_cells
from edgecad_train.report.pictures.cases import TILE, HeatStyle, ShownCase, draw_cases
from edgecad_train.report.pictures.illustrate import shown_cases
from edgecad_train.report.pictures.sheet import pixels
from edgecad_train.runs.reading import read_run

SCALE = HeatmapScale(full_scale=3.0, region_threshold=1.5)
STYLE = HeatStyle(threshold=0.35, scale=SCALE)


@pytest.fixture
def case(discs: Callable[[int], np.ndarray], score_maps: Callable[..., np.ndarray]) -> Callable[..., ShownCase]:
    """A case by number, label and score of a patient with one scan."""
    image, shown = discs(1)[0], score_maps(1)[0]

    def make(number: int, label: str, score: float, part: str = "test", scans: int = 1) -> ShownCase:
        return ShownCase(number, 1, scans, part, label, score >= STYLE.threshold, score, score, image, shown)

    return make


def _numbers(texts: list[str]) -> list[int]:
    return [int(text.split()[1]) for text in texts if text.startswith("no. ")]


def test_right_and_wrong_go_to_their_pages_the_most_confident_first(
    watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path
) -> None:
    cases = [case(1, "CAD", 0.5), case(2, "CAD", 0.99), case(3, "CAD", 0.2), case(4, "nonCAD", 0.1)]
    cases += [case(5, "nonCAD", 0.01), case(6, "CAD", 0.02), case(7, "nonCAD", 0.4)]
    right, wrong = draw_cases(cases, STYLE, "phantom", tmp_path)
    assert (right.name, wrong.name) == ("cases-right.png", "cases-wrong.png")
    assert _numbers(watched_sheets[0].texts) == [2, 1, 5, 4]
    assert _numbers(watched_sheets[1].texts) == [6, 3, 7]


def test_confidence_is_the_distance_from_the_threshold_and_not_from_a_half(
    watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path
) -> None:
    style = HeatStyle(threshold=0.05, scale=SCALE)
    draw_cases([case(1, "CAD", 0.4), case(2, "CAD", 0.6)], style, "phantom", tmp_path)
    assert _numbers(watched_sheets[0].texts) == [2, 1]


def test_the_test_part_comes_first_and_each_group_says_how_many_it_shows(
    watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path
) -> None:
    many = [case(number, "CAD", 0.5 + number / 100, "out-of-fold") for number in range(1, 21)]
    draw_cases([*many, case(50, "CAD", 0.5)], STYLE, "phantom", tmp_path)
    titles = [text for text in watched_sheets[0].texts if "labelled CAD" in text]
    assert [title.split(":")[0] for title in titles] == ["test part", "out-of-fold scores"]
    assert "8 of 20 maps, the most confident first" in watched_sheets[0].texts
    assert _numbers(watched_sheets[0].texts) == [50, *range(20, 12, -1)]


@pytest.mark.parametrize("score", [0.5, 1.0, 0.500001])
def test_among_equal_scores_none_is_called_the_most_confident(
    watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path, score: float
) -> None:
    draw_cases(
        [case(4, "CAD", score), case(2, "CAD", score), case(7, "nonCAD", 0.1), case(9, "nonCAD", 0.2)],
        STYLE,
        "phantom",
        tmp_path,
    )
    assert _numbers(watched_sheets[0].texts) == [4, 2, 7, 9]
    assert "2 of 2 maps, in order of their lines" in watched_sheets[0].texts
    assert "2 of 2 maps, the most confident first" in watched_sheets[0].texts


def test_a_case_shows_its_disc_its_map_at_the_models_scale_and_the_share_outside(
    watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path
) -> None:
    one = case(3, "CAD", 0.875)
    draw_cases([one], STYLE, "phantom", tmp_path)
    image, heat = watched_sheets[0].pictures
    assert (image == one.image).all()
    striped = share_outside_disc(one.shown) >= DOUBTED_FROM
    assert (heat == draw_cells(one.image, one.shown, CellStyle(SCALE, striped=striped), heat.shape[0])).all()
    assert f"no. 3\nscore 0.875; {share_outside_disc(one.shown):.0%} outside the disc" in watched_sheets[0].texts


def test_a_map_is_on_the_page_pixel_by_pixel(case: Callable[..., ShownCase], tmp_path: Path) -> None:
    """Signs and lines of one pixel would be lost if the page scaled a drawn map."""
    one = case(3, "CAD", 0.875)
    right, _ = draw_cases([one], STYLE, "phantom", tmp_path)
    page = np.rint(mpimg.imread(right)[..., :3] * 255).astype(np.uint8)
    heat = draw_cells(one.image, one.shown, STYLE.cells(one.shown), pixels(TILE))
    found = np.lib.stride_tricks.sliding_window_view(page[..., 0], (8, 8))
    middle = heat.shape[0] // 2
    places = np.argwhere((found == heat[middle : middle + 8, middle : middle + 8, 0]).all(axis=(2, 3)))
    whole = [page[y - middle :, x - middle :][: heat.shape[0], : heat.shape[0]] for y, x in places]
    assert any(np.array_equal(part, heat) for part in whole)


def test_a_map_with_much_evidence_outside_the_disc_is_striped_there(case: Callable[..., ShownCase]) -> None:
    one = case(3, "CAD", 0.875)
    corners, middle = np.zeros_like(one.shown), np.zeros_like(one.shown)
    corners[::6, ::6], middle[3, 3] = 3.0, 3.0
    assert STYLE.cells(corners).striped
    assert not STYLE.cells(middle).striped
    assert not HeatStyle(0.35, SCALE, disc=False).cells(corners).striped, "where nothing outside counts"


def test_an_empty_page_says_so(watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path) -> None:
    _, wrong = draw_cases([case(1, "CAD", 0.9)], STYLE, "phantom", tmp_path)
    assert watched_sheets[1].texts == ["no wrong cases"]
    assert mpimg.imread(wrong)[..., :3].std() > 0.01


def test_without_a_disc_nothing_lies_outside_it(
    watched_sheets: list[Any], case: Callable[..., ShownCase], tmp_path: Path
) -> None:
    draw_cases([case(1, "CAD", 0.9)], HeatStyle(0.35, SCALE, "none", disc=False), "phantom", tmp_path)
    assert not any("outside" in text for text in watched_sheets[0].texts)


def test_numbers_are_lines_of_predictions_and_no_name_is_passed_on(plain_run: Path) -> None:
    run = read_run(plain_run)
    assert run.heatmaps is not None
    cases = list(shown_cases(run, run.heatmaps))
    assert len(cases) == len(run.heatmaps.images)
    for shown, name in zip(cases, run.heatmaps.patient.tolist(), strict=True):
        line = run.predictions[shown.number - 1]
        assert (line.patient, line.part, line.label, line.scans) == (name, shown.part, shown.label, shown.scans)
        assert shown.score == pytest.approx(line.score, abs=1e-6)
        assert not any(name in str(value) for value in (shown.label, shown.part))
    twice = [shown for shown in cases if shown.scans == 2]
    assert {shown.scan for shown in twice} == {1, 2}
