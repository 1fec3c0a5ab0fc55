"""Data that cannot be meant: refused one by one, or as a whole, and never learnt from in silence."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.contract import Preparation
from edgecad.errors import InputRefused, UsageError
from edgecad.images import read_screen
from edgecad_train.data import Case, find_cases, prepare_cases, read_cases
from edgecad_train.phantoms import dicom_bytes, draw_patient, render_screen

WHOLE, MAP = Preparation(size=64, crop="none"), Preparation(size=64)
Some = Callable[[int], list[Case]]


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int16, np.uint16])
def test_numbers_that_could_be_nan_or_out_of_range_never_reach_training(kind: type) -> None:
    array = render_screen(draw_patient(1, 0)).astype(kind)
    with pytest.raises(InputRefused) as caught:
        read_screen(array)
    assert caught.value.reason == "wrong-kind"


def test_nan_is_named_where_it_is_seen() -> None:
    array = np.full((300, 300, 3), 0.5, np.float32)
    array[10, 10, 0] = np.nan
    with pytest.raises(InputRefused, match="float32 with NaN in it; wanted uint8"):
        read_screen(array)


@pytest.mark.parametrize("element", ["FloatPixelData", "DoubleFloatPixelData"])
def test_dicom_with_pixels_in_floating_point_is_left_out(element: str, some: Some) -> None:
    pydicom = pytest.importorskip("pydicom", reason="DICOM needs edgecad[dicom]")
    cases = some(20)
    kind = np.float32 if element == "FloatPixelData" else np.float64
    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes(render_screen(draw_patient(1, 0)))))
    del dataset.PixelData
    setattr(dataset, element, np.full(dataset.Rows * dataset.Columns, np.nan, kind).tobytes())
    path = cases[0].path.with_suffix(".dcm")
    dataset.save_as(path)
    cases[0] = Case(path, cases[0].label, cases[0].patient)
    prepared = prepare_cases(cases, WHOLE)
    assert [entry.path for entry in prepared.refused] == [path]
    assert prepared.refused[0].reason in ("wrong-kind", "damaged", "truncated")
    assert len(prepared.cases) == 19


@pytest.mark.parametrize("preparation", [WHOLE, MAP], ids=["whole", "map"])
@pytest.mark.parametrize("level", [0, 30, 255])
def test_a_constant_image_is_left_out(preparation: Preparation, level: int, some: Some) -> None:
    cases = some(20)
    path = cases[-1].path.with_suffix(".png")
    cv2.imwrite(str(path), np.full((400, 600, 3), level, np.uint8))
    cases[-1] = Case(path, cases[-1].label, cases[-1].patient)
    refused = read_cases(cases[-1:], preparation).refused
    assert [entry.path for entry in refused] == [path]
    assert refused[0].reason in ("blank", "no-disc")
    assert prepare_cases(cases, WHOLE).cases == tuple(cases[:-1])


def test_a_class_with_one_patient_is_an_error_that_counts(tmp_path: Path) -> None:
    for label, count in (("CAD", 9), ("nonCAD", 1)):
        (tmp_path / label).mkdir()
        for number in range(count):
            (tmp_path / label / f"{label}{number}.jpg").touch()
    with pytest.raises(UsageError, match="class nonCAD has 1 patients; at least 5 are wanted"):
        find_cases(tmp_path)


@pytest.fixture
def table_of(tmp_path: Path) -> Callable[[list[Case]], Path]:
    """A CSV about these cases, with a column more than is wanted."""

    def write(cases: list[Case]) -> Path:
        path = tmp_path / "labels.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["age", "path", "label", "patient", "remark"])
            for case in cases:
                rows.writerow([60, case.path.name, case.label, case.patient, 'says "so, so"'])
        return path

    return write


def test_a_csv_with_further_columns_is_taken_as_it_is(some: Some, table_of: Callable[..., Path]) -> None:
    cases = some(12)
    assert find_cases(table_of(cases)).cases == tuple(cases)


def test_a_csv_that_names_one_missing_file_in_twenty_leaves_it_out(some: Some, table_of: Callable[..., Path]) -> None:
    cases = some(20)
    cases[7].path.unlink()
    prepared = prepare_cases(find_cases(table_of(cases)).cases, WHOLE)
    assert [(entry.path, entry.reason) for entry in prepared.refused] == [(cases[7].path, "missing")]
    assert str(prepared.refused[0]).startswith(f"labels.csv, line 9: {cases[7].path}: there is no such file")


def test_a_csv_of_which_all_files_are_missing_says_which(some: Some, table_of: Callable[..., Path]) -> None:
    cases = some(20)
    for case in cases:
        case.path.unlink()
    with pytest.raises(UsageError, match="20 of 20 scans were refused") as caught:
        prepare_cases(find_cases(table_of(cases)).cases, WHOLE)
    assert f"labels.csv, line 2: {cases[0].path}: there is no such file" in str(caught.value)


def test_a_csv_that_names_a_folder_leaves_it_out(some: Some, table_of: Callable[..., Path]) -> None:
    cases = some(20)
    cases[2].path.unlink()
    cases[2].path.mkdir()
    prepared = prepare_cases(find_cases(table_of(cases)).cases, WHOLE)
    assert [(entry.path, entry.reason) for entry in prepared.refused] == [(cases[2].path, "unreadable")]


def test_one_image_under_two_labels_of_a_csv_names_both_lines(some: Some, table_of: Callable[..., Path]) -> None:
    cases = some(20)
    other = "nonCAD" if cases[0].label == "CAD" else "CAD"
    table = table_of([*cases, Case(cases[0].path, other, "somebody else")])
    with pytest.raises(UsageError, match="under two labels; remove one line") as caught:
        prepare_cases(find_cases(table).cases, WHOLE)
    assert f"labels.csv, line 2: {cases[0].path} ({cases[0].label})" in str(caught.value)
    assert f"labels.csv, line 22: {cases[0].path} ({other})" in str(caught.value)
    assert "--patient-from" not in str(caught.value)
