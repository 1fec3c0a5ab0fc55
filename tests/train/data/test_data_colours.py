"""Colours of the training scans, the tables they were drawn in, and what tells the label although it should not."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.stats import chi2_contingency

from edgecad.contract import Preparation
from edgecad.images import read_screen
from edgecad.polarmap import disc_mask, prepare
from edgecad_train.data import Case, PreparedData, colours_of
from edgecad_train.data.colours import MAX_TABLES, ColourTables, colour_tables
from edgecad_train.data.leaks import association_with_label


def bits(data: PreparedData | np.ndarray, crop: str = "polar-map") -> np.ndarray:
    images = data.images if isinstance(data, PreparedData) else data
    return np.unpackbits(np.frombuffer(bytes.fromhex(colours_of(images, crop).bins), np.uint8)).astype(bool)


def cells(colours: np.ndarray) -> np.ndarray:
    """Index of each colour `(..., 3)` in a cube of 16 x 16 x 16, as the contract counts them."""
    return (colours >> 4) @ np.array([256, 16, 1])


def test_colours_hold_every_common_colour_of_the_discs_and_no_absent_one(coloured: PreparedData) -> None:
    inside = disc_mask(224, shrink=2.0)
    counts = np.bincount(np.concatenate([cells(image[inside]) for image in coloured.images]), minlength=4096)
    seen = bits(coloured)
    assert seen[counts > counts.sum() * 0.001].all()
    assert not seen[counts == 0].any()
    assert 0 < seen.sum() < 4096


def test_colours_of_whole_images_hold_those_of_the_corners() -> None:
    image = np.full((1, 64, 64, 3), 100, np.uint8)
    image[:, :8, :8] = (220, 10, 10)
    red = int(cells(image[0, 0, 0]))
    assert bits(image, "none")[red]
    assert not bits(image, "polar-map")[red]


def test_no_images_have_no_colours() -> None:
    assert not bits(np.empty((0, 64, 64, 3), np.uint8)).any()


def test_prepared_data_count_by_their_own_rule(coloured: PreparedData) -> None:
    rows = np.array([0, 5, 7])
    assert coloured.colours(rows) == colours_of(coloured.images[rows])


# --- colour tables -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def palettes(phantom_folder: Path, coloured: PreparedData) -> list[str]:
    """What each phantom was truly drawn in."""
    with (phantom_folder / "labels.csv").open(newline="") as file:
        truth = {row["patient"]: row["palette"] for row in csv.DictReader(file)}
    return [truth[case.patient] for case in coloured.cases]


def same_groups(found: ColourTables, truth: list[str]) -> bool:
    return len(set(zip(found.group.tolist(), truth, strict=True))) == len(set(truth)) == found.count


def test_the_tables_found_are_those_that_were_used(coloured: PreparedData, palettes: list[str]) -> None:
    assert len(set(palettes)) >= 3
    found = colour_tables(coloured.images)
    assert same_groups(found, palettes)
    sizes = [len(found.rows(table)) for table in range(found.count)]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == 30


def test_jpeg_makes_no_new_tables(coloured: PreparedData, palettes: list[str]) -> None:
    poor = []
    for image in coloured.images:
        _, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 60])
        poor.append(cv2.imdecode(content, cv2.IMREAD_COLOR))
    assert same_groups(colour_tables(np.stack([*coloured.images, *poor])), palettes * 2)


def test_the_order_of_scans_changes_nothing(coloured: PreparedData, palettes: list[str]) -> None:
    assert same_groups(colour_tables(coloured.images[::-1]), palettes[::-1])


def test_tables_are_told_on_whole_screens_although_most_of_them_is_black(
    coloured: PreparedData, palettes: list[str]
) -> None:
    whole = [
        prepare(read_screen(case.path).pixels, Preparation(size=224, crop="none")).image for case in coloured.cases
    ]
    assert np.mean(np.stack(whole).max(axis=3) < 24) > 0.7
    assert same_groups(colour_tables(whole, "none"), palettes)


def test_two_halves_of_a_table_are_one_once_a_scan_has_both() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    dark, bright = (ramp // 2, 127 + ramp // 2)
    assert colour_tables([dark, bright], "none").count == 2
    assert colour_tables([dark, ramp, bright], "none").count == 1


def test_pictures_that_share_no_table_are_said_not_to() -> None:
    levels = np.arange(0, 256, 51)
    colours = np.array(np.meshgrid(levels, levels, levels)).reshape(3, -1).T[: MAX_TABLES + 8]
    images = np.broadcast_to(colours[:, None, None, :], (len(colours), 32, 32, 3)).astype(np.uint8)
    found = colour_tables(images, "none")
    assert found.count == MAX_TABLES
    assert (found.group == -1).sum() == 8


def test_no_scans_have_no_tables() -> None:
    assert colour_tables(np.empty((0, 64, 64, 3), np.uint8)).count == 0


# --- what goes together with the label ---------------------------------------------------------------------


def cases_of(*groups: tuple[int, str]) -> list[Case]:
    labels = [label for count, label in groups for _ in range(count)]
    return [Case(Path(f"{number}.jpg"), label, str(number)) for number, label in enumerate(labels)]


def test_a_table_that_is_the_label_is_a_leak() -> None:
    found = association_with_label(["warm"] * 8 + ["grey"] * 12, cases_of((8, "CAD"), (12, "nonCAD")))
    assert found.strength == pytest.approx(1.0)
    assert found.leaks


def test_strength_and_chance_are_those_of_the_table_by_hand() -> None:
    values = ["a"] * 14 + ["b"] * 6 + ["a"] * 5 + ["b"] * 15
    found = association_with_label(values, cases_of((20, "CAD"), (20, "nonCAD")))
    # Pearson: sum (o - e)^2 / e with margins 20, 20 and 19, 21; V = sqrt(chi2 / n).
    chi2 = 2 * 4.5**2 / 9.5 + 2 * 4.5**2 / 10.5
    assert found.strength == pytest.approx(np.sqrt(chi2 / 40))
    assert found.chance == pytest.approx(chi2_contingency([[14, 5], [6, 15]], correction=False).pvalue)
    assert found.leaks


@pytest.mark.parametrize("values", [["a"] * 20, ["a", "b"] * 10, list(range(20)), ["a"] * 8 + ["b"] * 12])
def test_what_says_little_of_the_label_is_no_leak(values: list[str]) -> None:
    labels = ["CAD", "CAD", "nonCAD", "nonCAD"] * 5
    cases = [Case(Path(f"{number}.jpg"), label, str(number)) for number, label in enumerate(labels)]
    assert not association_with_label(values, cases).leaks


def test_many_scans_of_one_patient_are_one_witness() -> None:
    alone = [Case(Path(f"{n}.jpg"), "CAD", "one") for n in range(50)]
    others = cases_of((5, "CAD"), (6, "nonCAD"))
    found = association_with_label(["warm"] * 50 + ["grey"] * 11, [*alone, *others])
    assert not found.leaks
    assert found == association_with_label(["warm"] + ["grey"] * 11, [alone[0], *others])
