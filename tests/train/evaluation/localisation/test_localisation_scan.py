"""One scan's heat map against its defect and its uptake: small examples whose answers are counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgecad.contract import HeatmapScale
from edgecad.polarmap import disc_mask
from edgecad_train.data.truth import DefectTruth
from edgecad_train.data.truth.defect import SIDE
from edgecad_train.evaluation.localisation.cells import cell_of_pixels, cells_of_disc, means_by_cell
from edgecad_train.evaluation.localisation.defect import chance, coldest_on_defect, map_auc, peak_on_defect
from edgecad_train.evaluation.localisation.located import LocatedScan, Shown, located

DISC = disc_mask(SIDE)
SCALE = HeatmapScale(full_scale=1.0, region_threshold=0.5)


def rows_from(first: int, last: int, side: int = SIDE) -> np.ndarray:
    """Rows `first` to `last - 1` of a square."""
    mask = np.zeros((side, side), bool)
    mask[first:last] = True
    return mask


UPPER = rows_from(0, SIDE // 2)


def peak_at(row: int, column: int, cells: int = 4) -> np.ndarray:
    """A map of zeros with one cell above them."""
    shown = np.zeros((cells, cells))
    shown[row, column] = 1.0
    return shown


def uptake_of(mask: np.ndarray, within: float, elsewhere: float) -> np.ndarray:
    return np.where(disc_mask(len(mask)), np.where(mask, within, elsewhere), np.nan).astype(np.float32)


# --- cells -------------------------------------------------------------------------------------------------


def test_each_pixel_lies_in_the_cell_of_its_centre() -> None:
    assert cell_of_pixels(4, 2, 2).tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    assert cell_of_pixels(3, 2, 2).tolist() == [[0, 1, 1], [2, 3, 3], [2, 3, 3]]
    assert cell_of_pixels(2, 1, 2).tolist() == [[0, 1], [0, 1]]


def test_cells_of_the_disc_are_those_with_half_of_their_area_in_it() -> None:
    of_disc = cells_of_disc(7, 7)
    assert [int(row.sum()) for row in of_disc] == [3, 5, 7, 7, 7, 5, 3]
    assert cells_of_disc(2, 2).all()


def test_means_by_cell_leave_out_what_is_not_known() -> None:
    values = np.array([[1.0, 3.0, np.nan, np.nan], [5.0, np.nan, np.nan, np.nan]])
    means = means_by_cell(np.vstack([values, values]), 1, 2)
    assert means[0, 0] == 3.0
    assert np.isnan(means[0, 1])


# --- against the defect ------------------------------------------------------------------------------------


def test_a_peak_is_a_hit_where_half_of_its_cell_is_defect() -> None:
    for rows, hit in ((SIDE // 4, False), (SIDE // 4 + 15, False), (SIDE // 4 + 16, True), (SIDE // 2, True)):
        # The cell of rows 32 to 63, which lies wholly in the disc at columns 32 to 63.
        assert peak_on_defect(peak_at(1, 1), rows_from(0, rows)) == hit


def test_of_a_cell_at_the_rim_only_the_part_within_the_disc_counts() -> None:
    left = np.zeros((SIDE, SIDE), bool)
    left[:, : SIDE // 8] = True  # the outer half of the first column of cells, which the disc hardly reaches
    assert not peak_on_defect(peak_at(1, 0), left)
    assert peak_on_defect(peak_at(1, 0), ~left)


def test_a_peak_beyond_the_rim_is_no_peak_of_the_disc() -> None:
    shown = peak_at(1, 1, cells=8) + 5 * peak_at(0, 0, cells=8)
    assert peak_on_defect(shown, UPPER)
    assert not peak_on_defect(shown, ~UPPER)


def test_a_flat_map_hits_by_no_luck_and_two_peaks_hit_together() -> None:
    assert not peak_on_defect(np.full((4, 4), 2.0), UPPER)
    assert peak_on_defect(np.full((4, 4), 2.0), np.ones((SIDE, SIDE), bool))
    assert peak_on_defect(peak_at(1, 1) + peak_at(1, 2), UPPER)
    assert not peak_on_defect(peak_at(1, 1) + peak_at(2, 2), UPPER)


def test_a_map_of_negative_values_has_a_peak_too() -> None:
    assert peak_on_defect(peak_at(1, 1) - 9.0, UPPER)


def test_the_area_under_the_curve_is_1_0_and_a_half() -> None:
    lower_half = np.array([[1.0, 1.0], [0.0, 0.0]])
    assert map_auc(lower_half, UPPER) == 1.0
    assert map_auc(-lower_half, UPPER) == 0.0
    assert map_auc(np.zeros((2, 2)), UPPER) == 0.5
    # Left and right do not tell above from below.
    assert map_auc(lower_half.T, UPPER) == 0.5


def test_the_area_under_the_curve_is_that_of_all_pairs_of_pixels() -> None:
    rng = np.random.default_rng(0)
    shown = rng.integers(0, 4, (5, 3)).astype(float)
    defect = rng.random((16, 16)) < 0.3
    inside, value = disc_mask(16), shown.ravel()[cell_of_pixels(16, 5, 3)]
    hit, other = value[inside & defect], value[inside & ~defect]
    pairs = (hit[:, None] > other) + 0.5 * (hit[:, None] == other)
    assert map_auc(shown, defect) == pytest.approx(pairs.mean(), abs=1e-12)


def test_a_defect_of_nothing_or_of_everything_has_no_curve() -> None:
    assert np.isnan(map_auc(peak_at(0, 0), np.zeros((8, 8), bool)))
    assert np.isnan(map_auc(peak_at(0, 0), np.ones((8, 8), bool)))


def test_chance_is_the_defects_share_of_the_disc_alone() -> None:
    assert chance(UPPER) == 0.5
    assert chance(~DISC) == 0.0
    assert chance(UPPER | ~DISC) == 0.5


def test_the_coldest_place_is_one_of_several_pixels_and_not_one_noisy_pixel() -> None:
    cold = rows_from(20, 60) & np.roll(UPPER.T, 0, axis=0)
    uptake = uptake_of(cold, 30.0, 80.0)
    assert coldest_on_defect(uptake, cold)
    assert not coldest_on_defect(uptake, ~cold)
    uptake[100, 64] = 0.0
    assert coldest_on_defect(uptake, cold)


def test_the_rim_is_not_cold_because_nothing_lies_beyond_it() -> None:
    middle = np.hypot(*(np.indices((SIDE, SIDE)) - (SIDE - 1) / 2)) < 12
    assert coldest_on_defect(uptake_of(middle, 70.0, 75.0), middle)


def test_the_coldest_place_is_found_on_a_mask_of_another_size() -> None:
    cold = rows_from(0, 56, side=224)
    assert coldest_on_defect(uptake_of(cold, 20.0, 80.0), rows_from(0, 32))
    assert not coldest_on_defect(uptake_of(cold, 20.0, 80.0), rows_from(32, SIDE))


# --- a scan ------------------------------------------------------------------------------------------------


def measured(shown: np.ndarray, uptake: np.ndarray | None = None, **given: object) -> LocatedScan:
    truth = given.get("truth", DefectTruth.of_mask(UPPER))
    assert truth is None or isinstance(truth, DefectTruth)
    score = given.get("score", 0.7)
    assert isinstance(score, float)
    return located(3, "p", score, Shown(shown, uptake, SCALE), truth, above=True)


def test_a_scan_whose_map_marks_its_cold_defect() -> None:
    shown = np.array([[4.0, 4.0], [-4.0, -4.0]])
    found = measured(shown, uptake_of(UPPER, 40.0, 80.0))
    assert (found.scan, found.patient, found.score, found.truth, found.deficit) == (3, "p", 0.7, "mask", None)
    assert (found.peak_on_defect, found.map_auc, found.chance, found.coldest_on_defect) == (True, 1.0, 0.5, True)
    assert not found.region_empty
    assert found.region_uptake == pytest.approx(40 / 60, abs=0.01)
    assert found.map_and_uptake == pytest.approx(-1)


def test_a_scan_whose_map_marks_the_warm_wall() -> None:
    found = measured(np.array([[-4.0, -4.0], [4.0, 4.0]]), uptake_of(UPPER, 40.0, 80.0))
    assert (found.peak_on_defect, found.map_auc, found.coldest_on_defect) == (False, 0.0, True)
    assert found.region_uptake == pytest.approx(80 / 60, abs=0.01)
    assert found.map_and_uptake == pytest.approx(1)


def test_colours_and_an_unknown_defect_leave_out_what_they_cannot_give() -> None:
    colours = measured(peak_at(1, 1))
    assert colours.peak_on_defect
    assert (colours.coldest_on_defect, colours.region_uptake, colours.map_and_uptake) == (None, None, None)
    nobody = measured(peak_at(1, 1), uptake_of(UPPER, 40.0, 80.0), truth=None)
    assert (nobody.truth, nobody.peak_on_defect, nobody.map_auc, nobody.chance) == ("", None, None, None)
    assert nobody.region_uptake is not None
    assert nobody.region_uptake < 1


def test_an_empty_region_has_no_uptake_and_a_flat_map_no_correlation() -> None:
    found = measured(np.full((4, 4), 0.4), uptake_of(UPPER, 40.0, 80.0))
    assert found.region_empty
    assert (found.region_uptake, found.map_and_uptake, found.map_auc) == (None, None, 0.5)


def test_a_mask_beside_the_disc_is_no_truth() -> None:
    assert measured(peak_at(1, 1), truth=DefectTruth.of_mask(~DISC)).truth == ""


@pytest.mark.parametrize(
    ("deficit", "score", "judged"),
    [(3.5, 0.5, True), (None, 0.5, True), (3.49, 0.9, False), (9.0, 0.49, False), (None, 0.1, False)],
)
def test_a_scan_is_judged_where_its_defect_is_large_and_seen(deficit: float | None, score: float, judged: bool) -> None:
    truth = DefectTruth.of_mask(UPPER).with_deficit(deficit)
    assert measured(peak_at(1, 1), truth=truth, score=score).judged == judged


def test_a_scan_whose_defect_nobody_knows_is_not_judged() -> None:
    assert not measured(peak_at(1, 1), truth=None, score=0.9).judged
