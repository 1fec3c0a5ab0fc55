"""Where defects are: masks and segments as people have them, and what cannot be meant."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from edgecad.cli.program import app
from edgecad.errors import UsageError
from edgecad.polarmap import disc_mask
from edgecad.polarmap.segments import segment_map
from edgecad_train.data import Case, find_cases
from edgecad_train.data.truth import DefectTruth
from edgecad_train.data.truth.defect import SIDE
from edgecad_train.data.truth.masks import truth_of_mask
from edgecad_train.phantoms import draw_patient
from edgecad_train.phantoms.uptake import defect_mask

LEFT = np.zeros((64, 64), bool)
LEFT[:, :32] = True
NAMES = [(f"a{number}.jpg", "CAD") for number in range(5)] + [(f"b{number}.jpg", "nonCAD") for number in range(5)]


def written(path: Path, mask: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), mask)
    return path


def white(mask: np.ndarray, value: int = 255) -> np.ndarray:
    return np.asarray(mask * value, np.uint8)


def defects(found: tuple[Case, ...]) -> dict[str, DefectTruth]:
    return {case.path.name: case.defect for case in found if case.defect is not None}


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[..., Path]:
    """A CSV of ten scans with further columns; `cells` are those of the first line."""

    def write(**cells: str) -> Path:
        table = tmp_path / "labels.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            rows = csv.DictWriter(file, ["path", "label", "patient", *cells])
            rows.writeheader()
            for number, (name, label) in enumerate(NAMES):
                rows.writerow({"path": name, "label": label, "patient": name[:2], **({} if number else cells)})
        return table

    return write


# --- a mask ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [16, 63, 128, 500])
def test_a_mask_of_any_side_is_the_same_place(tmp_path: Path, side: int) -> None:
    half = np.zeros((side, side), bool)
    half[:, : side // 2] = True
    mask = truth_of_mask(written(tmp_path / "m.png", white(half))).mask
    assert mask.shape == (SIDE, SIDE)
    wrong = np.flatnonzero(mask[SIDE // 2] != (np.arange(SIDE) < SIDE / 2))
    assert len(wrong) <= SIDE / side / 2 + 1


@pytest.mark.parametrize("value", [1, 128, 255])
def test_white_is_the_brightest_of_a_mask(tmp_path: Path, value: int) -> None:
    truth = truth_of_mask(written(tmp_path / "m.png", white(LEFT, value)))
    assert truth.mask.mean() == 0.5
    assert (truth.kind, truth.deficit) == ("mask", None)


def test_a_mask_with_soft_edges_in_three_channels_is_one(tmp_path: Path) -> None:
    soft = cv2.GaussianBlur(white(LEFT), (0, 0), 1.0)
    truth = truth_of_mask(written(tmp_path / "m.png", np.repeat(soft[..., None], 3, axis=2)))
    assert truth.mask.mean() == pytest.approx(0.5, abs=0.01)


def test_a_black_mask_says_that_there_is_no_defect(tmp_path: Path) -> None:
    assert not truth_of_mask(written(tmp_path / "m.png", white(LEFT, 0))).mask.any()


def test_a_phantoms_mask_comes_back(tmp_path: Path) -> None:
    mask = defect_mask(draw_patient(1, 2), 256)
    assert mask.any()
    found = truth_of_mask(written(tmp_path / "m.png", white(mask))).mask
    assert (found != defect_mask(draw_patient(1, 2), SIDE)).mean() < 0.01


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (white(LEFT)[:40], "has 64x40 pixels"),
        (white(LEFT)[:8, :8], "has 8x8 pixels"),
        (np.stack([white(LEFT), white(LEFT), white(~LEFT)], axis=2), "has colours"),
        (np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1)), "has 88% of its disc between black and white"),
    ],
)
def test_what_is_no_mask_is_refused_in_one_line(tmp_path: Path, picture: np.ndarray, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        truth_of_mask(written(tmp_path / "m.png", picture), "labels.csv, line 3")
    message = str(caught.value)
    assert message.startswith(f"labels.csv, line 3: the mask {tmp_path / 'm.png'} {said}")
    assert message.endswith("wanted: a square PNG, white on black, whose inscribed circle is the polar map")


def test_a_jpeg_and_a_file_that_is_not_there_are_no_masks(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is of the kind jpeg; wanted: a square PNG"):
        truth_of_mask(written(tmp_path / "m.jpg", white(LEFT)))
    with pytest.raises(
        UsageError, match=r"the mask .*nowhere.png cannot be used: there is no such file; wanted: a squa"
    ):
        truth_of_mask(tmp_path / "nowhere.png")


@pytest.mark.parametrize(
    ("shape", "said"),
    [(np.ones((64, 64), bool), "all over its disc"), (~disc_mask(64), "beyond its disc alone")],
)
def test_a_mask_that_tells_no_place_on_the_disc_is_refused(tmp_path: Path, shape: np.ndarray, said: str) -> None:
    with pytest.raises(
        UsageError, match=rf"m.png is white {said}; wanted: a square PNG, white on black, .* the defect"
    ):
        truth_of_mask(written(tmp_path / "m.png", white(shape)))


# --- columns of a CSV --------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["4;5;10", "10, 5 ,4", "4 5 10", " 4;5;;10;4 "])
def test_segments_are_told_by_their_numbers(table_of: Callable[..., Path], words: str) -> None:
    (found,) = defects(find_cases(table_of(segments=words)).cases).values()
    assert (found.kind, found.deficit) == ("segments", None)
    np.testing.assert_array_equal(found.mask, np.isin(segment_map(SIDE), [4, 5, 10]))


@pytest.mark.parametrize("words", ["18", "0", "4;x", "4-6", "none", "4.0", "-4", "１"])
def test_what_is_no_segment_is_refused_with_its_line(table_of: Callable[..., Path], words: str) -> None:
    table = table_of(segments=words)
    with pytest.raises(UsageError) as caught:
        find_cases(table)
    assert str(caught.value) == (
        f"{table}, line 2: segments {words!r}; wanted: numbers from 1 to 17 with semicolons between, as 4;5;10; leave "
        "the cell empty where nobody said, and rename the column if it means something else"
    )


def test_a_command_refuses_it_with_its_code_and_no_traceback(table_of: Callable[..., Path]) -> None:
    done = CliRunner().invoke(app, ["train", str(table_of(segments="4;18")), "--check"])
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "line 2: segments '4;18'" in done.stderr


def test_a_mask_goes_before_segments_and_is_looked_for_beside_the_csv(
    table_of: Callable[..., Path], tmp_path: Path
) -> None:
    written(tmp_path / "read" / "one.png", white(LEFT))
    found = defects(find_cases(table_of(segments="1", mask="read/one.png", deficit_percent="7.5")).cases)
    assert found.keys() == {"a0.jpg"}
    assert (found["a0.jpg"].kind, found["a0.jpg"].deficit) == ("mask", 7.5)
    np.testing.assert_array_equal(found["a0.jpg"].mask, np.repeat(np.repeat(LEFT, 2, axis=0), 2, axis=1))


def test_empty_cells_say_nothing(table_of: Callable[..., Path]) -> None:
    assert not defects(find_cases(table_of(segments="", mask=" ", deficit_percent="")).cases)
    assert not defects(find_cases(table_of(deficit_percent="9")).cases)


@pytest.mark.parametrize("words", ["much", "-1", "101", "nan", "inf"])
def test_a_deficit_that_is_no_percentage_is_refused(table_of: Callable[..., Path], words: str) -> None:
    with pytest.raises(UsageError, match=f"line 2: deficit_percent '{words}'; wanted: a number from 0 to 100"):
        find_cases(table_of(segments="1", deficit_percent=words))


def test_a_mask_that_is_missing_is_refused_before_anything_is_read(table_of: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match=r"line 2: the mask .*gone.png cannot be used"):
        find_cases(table_of(mask="gone.png"))


# --- folders of masks --------------------------------------------------------------------------------------


def test_masks_have_the_names_of_scans_in_class_folders_or_not(
    class_folders: Callable[..., Path], tmp_path: Path
) -> None:
    data = class_folders([f"a{n}.jpg" for n in range(5)], [f"b{n}.jpg" for n in range(5)])
    for name in ("CAD/a0.png", "a1.png", "b3.png", "nonCAD/a2.png"):
        written(tmp_path / "read" / name, white(LEFT))
    found = find_cases(data, masks=tmp_path / "read")
    assert defects(found.cases).keys() == {"a0.jpg", "a1.jpg", "b3.jpg"}
    assert [Path(one.file).name for one in found.passed if one.told] == ["a2.png"]


def test_a_mask_that_has_the_names_of_two_scans_is_refused(class_folders: Callable[..., Path], tmp_path: Path) -> None:
    cad = [f"p{number}/one.jpg" for number in range(5)]
    data = class_folders(cad, [f"p{number}/one.jpg" for number in range(5, 10)])
    written(tmp_path / "read" / "one.png", white(LEFT))
    with pytest.raises(UsageError, match=r"one\.png has the names of two scans, .*p0.one\.jpg and .*p1.one\.jpg"):
        find_cases(data, "^[^/]+", masks=tmp_path / "read")
    shutil.move(tmp_path / "read" / "one.png", written(tmp_path / "read" / "p3" / "one.png", white(LEFT)))
    (case,) = (case for case in find_cases(data, "^[^/]+", masks=tmp_path / "read").cases if case.defect)
    assert case.patient == "p3"


def test_masks_of_no_scan_are_said_and_a_folder_of_others_is_refused(
    class_folders: Callable[..., Path], tmp_path: Path
) -> None:
    data = class_folders([name for name, label in NAMES if label == "CAD"], [f"b{n}.jpg" for n in range(5)])
    written(tmp_path / "read" / "other.png", white(LEFT))
    with pytest.raises(UsageError, match=r"no mask in .*read has the name of a scan; wanted: a0\.png for a0\.jpg"):
        find_cases(data, masks=tmp_path / "read")
    written(tmp_path / "read" / "a0.png", white(LEFT))
    told = [one for one in find_cases(data, masks=tmp_path / "read").passed if one.told]
    assert [(Path(one.file).name, one.why) for one in told] == [
        ("other.png", "a mask without a scan of its name; it is not used")
    ]
    with pytest.raises(UsageError, match="no folder of masks at"):
        find_cases(data, masks=tmp_path / "nowhere")


def test_a_folder_of_masks_keeps_a_csvs_deficit_and_never_overrules_its_mask(
    table_of: Callable[..., Path], tmp_path: Path
) -> None:
    written(tmp_path / "read" / "a0.png", white(LEFT))
    found = defects(find_cases(table_of(segments="17", deficit_percent="4"), masks=tmp_path / "read").cases)["a0.jpg"]
    assert (found.kind, found.deficit, found.mask.mean()) == ("mask", 4.0, 0.5)
    with pytest.raises(UsageError, match=r"labels.csv, line 2 has a mask already, .* leave out --masks"):
        find_cases(table_of(mask="read/a0.png"), masks=tmp_path / "read")


# --- phantoms ----------------------------------------------------------------------------------------------


def test_phantoms_bring_their_defects_by_folder_and_by_csv(phantom_folder: Path) -> None:
    with (phantom_folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    found = find_cases(phantom_folder)
    assert not [one for one in found.passed if one.told]
    for cases in (found.cases, find_cases(phantom_folder / "labels.csv").cases):
        known = defects(cases)
        assert known.keys() == {name for name, row in rows.items() if row["mask"]}
        for name, truth in known.items():
            assert truth.kind == "mask"
            assert truth.deficit == pytest.approx(float(rows[name]["deficit_percent"]))
            assert float(truth.mask[disc_mask(SIDE)].mean()) > 0


def test_older_phantoms_without_masks_bring_their_segments(phantom_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_folder, tmp_path / "old", ignore=shutil.ignore_patterns("masks"))
    table = tmp_path / "old" / "labels.csv"
    with table.open(newline="", encoding="utf-8") as file:
        rows = [{key: value for key, value in row.items() if key != "mask"} for row in csv.DictReader(file)]
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    known = defects(find_cases(tmp_path / "old").cases)
    assert known.keys() == {Path(row["path"]).name for row in rows if row["segments"]}
    assert {truth.kind for truth in known.values()} == {"segments"}
    assert all(truth.deficit for truth in known.values())
