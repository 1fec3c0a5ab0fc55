"""Labelled scans as people have them: found, told apart by patient, read, or answered with what is wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecad.contract import Preparation
from edgecad.errors import UsageError
from edgecad.images import read_screen
from edgecad.polarmap import colour_cell, disc_mask, prepare
from edgecad_train.data.cases import Case, PreparedData, colours_of, find_cases, prepare_cases
from edgecad_train.phantoms import dicom_bytes, draw_patient, png_bytes, render_screen

PREPARATION = Preparation(size=64)
Rows = list[tuple[str, str, str]]


@pytest.fixture
def class_folders(tmp_path: Path) -> Callable[[list[str], list[str]], Path]:
    """Make data/CAD and data/nonCAD with empty files of these names: enough to be found."""

    def make(cad: list[str], other: list[str]) -> Path:
        for label, names in (("CAD", cad), ("nonCAD", other)):
            (tmp_path / "data" / label).mkdir(parents=True)
            for name in names:
                path = tmp_path / "data" / label / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        return tmp_path / "data"

    return make


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., Path]:
    def make(rows: Rows, header: str = "path,label,patient", encoding: str = "utf-8") -> Path:
        table = tmp_path / "labels.csv"
        table.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n", encoding=encoding)
        return table

    return make


FIVE = [f"a{number}.jpg" for number in range(5)]
OTHER_FIVE = [f"b{number}.png" for number in range(5)]
ROWS: Rows = [(name, label, name[:2]) for names, label in ((FIVE, "CAD"), (OTHER_FIVE, "nonCAD")) for name in names]


def test_class_folders_give_every_image_its_folders_label(class_folders: Callable[..., Path]) -> None:
    data = class_folders([*FIVE, "more/c.DCM", "notes.txt"], OTHER_FIVE)
    cases = find_cases(data).cases
    assert {case.path.name: case.label for case in cases} == {
        **dict.fromkeys([*FIVE, "c.DCM"], "CAD"),
        **dict.fromkeys(OTHER_FIVE, "nonCAD"),
    }


def test_the_patient_of_a_class_folder_is_the_files_stem(class_folders: Callable[..., Path]) -> None:
    found = find_cases(class_folders(FIVE, OTHER_FIVE))
    assert {case.patient for case in found.cases} == {*(name[:2] for name in FIVE + OTHER_FIVE)}
    assert "stem" in found.patient_rule


@pytest.mark.parametrize("expression", [r"^(p\d+)_", r"^p\d+"])
def test_patient_from_joins_the_scans_of_one_patient(expression: str, class_folders: Callable[..., Path]) -> None:
    cad = [f"p{number}_{view}.jpg" for number in range(5) for view in ("stress", "rest")]
    other = [f"p{number}_stress.jpg" for number in range(5, 10)]
    found = find_cases(class_folders(cad, other), expression)
    assert {case.patient for case in found.cases} == {f"p{number}" for number in range(10)}
    assert f"'{expression}'" in found.patient_rule


@pytest.mark.parametrize(
    ("expression", "message"), [("(p", "not a regular expression"), (r"x(\d+)", "finds no patient in a0.jpg")]
)
def test_a_patient_from_that_cannot_work_is_a_usage_error(
    expression: str, message: str, class_folders: Callable[..., Path]
) -> None:
    with pytest.raises(UsageError, match=message):
        find_cases(class_folders(FIVE, OTHER_FIVE), expression)


def test_a_patient_under_two_class_folders_is_named(class_folders: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="'a3' is under two labels") as caught:
        find_cases(class_folders(FIVE, [*OTHER_FIVE, "a3.png"]))
    assert "--patient-from" in str(caught.value)


def test_one_class_only_says_which_folder_is_missing(class_folders: Callable[..., Path]) -> None:
    data = class_folders(FIVE, [])
    (data / "nonCAD").rmdir()
    with pytest.raises(UsageError, match="has no folder nonCAD; wanted: class folders CAD/ and nonCAD/"):
        find_cases(data)


def test_an_empty_class_folder_is_too_few_patients(class_folders: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="class nonCAD has 0 patients; at least 5"):
        find_cases(class_folders(FIVE, []))


def test_three_images_are_too_few(class_folders: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="class CAD has 2 patients; at least 5"):
        find_cases(class_folders(FIVE[:2], OTHER_FIVE[:1]))


def test_five_scans_of_one_patient_are_one_patient(class_folders: Callable[..., Path]) -> None:
    cad = [f"p1_{number}.jpg" for number in range(5)]
    with pytest.raises(UsageError, match="class CAD has 1 patients"):
        find_cases(class_folders(cad, [f"q{number}_0.jpg" for number in range(5)]), r"^(\w\d)_")


def test_no_folder_says_how_to_try_without_patients(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no data at .*edgecad phantom data"):
        find_cases(tmp_path / "data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_csv_gives_paths_beside_it_labels_and_patients(encoding: str, csv_of: Callable[..., Path]) -> None:
    table = csv_of(ROWS, encoding=encoding)
    assert find_cases(table).cases == tuple(Case(table.parent / name, label, who) for name, label, who in ROWS)


def test_a_csv_may_have_more_columns_in_any_order(csv_of: Callable[..., Path]) -> None:
    table = csv_of([(who, "x", label, name) for name, label, who in ROWS], "patient,age,label,path")
    assert [case.patient for case in find_cases(table).cases] == [who for *_, who in ROWS]


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        (ROWS, "path,label,name", "no column patient"),
        ([*ROWS, ("c.jpg", "ischaemia", "c")], "path,label,patient", "line 12: label 'ischaemia'; wanted: CAD or"),
        ([*ROWS, ("c.jpg", "CAD", "")], "path,label,patient", "line 12: no patient"),
        ([*ROWS, ("", "CAD", "c")], "path,label,patient", "line 12: no path"),
        ([*ROWS, ("c.jpg", "nonCAD", "a0")], "path,label,patient", "'a0' is under two labels"),
        (ROWS[:5], "path,label,patient", "class nonCAD has 0 patients"),
        ([], "", "no column label, path, patient"),
    ],
)  # fmt: skip
def test_a_csv_that_cannot_be_meant_says_what_is_wrong(
    rows: Rows, header: str, message: str, csv_of: Callable[..., Path]
) -> None:
    with pytest.raises(UsageError, match=message):
        find_cases(csv_of(rows, header))


def test_a_file_that_is_no_csv_is_a_usage_error(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_bytes(b"path,label,patient\n\xff\xfe\xfa,CAD,1\n")
    with pytest.raises(UsageError, match="not a CSV file in UTF-8"):
        find_cases(table)


def test_patient_from_and_a_csv_exclude_one_another(csv_of: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match="names the patient in its own column"):
        find_cases(csv_of(ROWS), r"\d+")


def test_the_folder_and_the_csv_of_phantoms_agree(phantom_folder: Path) -> None:
    by_folder, by_csv = (find_cases(path).cases for path in (phantom_folder, phantom_folder / "labels.csv"))
    assert set(by_folder) == set(by_csv)


@pytest.fixture
def some(phantom_folder: Path, tmp_path: Path) -> Callable[[int], list[Case]]:
    """Copies of phantoms, five and more of each class, to be spoilt."""

    def copied(count: int) -> list[Case]:
        cases = find_cases(phantom_folder).cases
        chosen = [case for label in ("CAD", "nonCAD") for case in cases if case.label == label]
        chosen = chosen[: count // 2] + chosen[-(count - count // 2) :]
        return [Case(Path(shutil.copy(case.path, tmp_path)), case.label, case.patient) for case in chosen]

    return copied


def _without_metadata(path: Path) -> None:
    """Save the same pixels again, as a camera's workstation would: nothing says phantom any more."""
    cv2.imwrite(str(path), cv2.imread(str(path)))


def test_phantoms_are_known_by_their_metadata_wherever_they_lie(some: Callable[[int], list[Case]]) -> None:
    cases = some(12)
    renamed = [Case(case.path.rename(case.path.with_name(f"scan{i}.jpg")), case.label, case.patient)
               for i, case in enumerate(cases)]  # fmt: skip
    assert prepare_cases(renamed, PREPARATION).origin == "phantom"


def test_scans_that_do_not_say_phantom_are_patients(some: Callable[[int], list[Case]]) -> None:
    cases = some(12)
    for case in cases:
        _without_metadata(case.path)
    assert prepare_cases(cases, PREPARATION).origin == "patients"


def test_one_phantom_among_patients_makes_the_data_mixed(some: Callable[[int], list[Case]]) -> None:
    cases = some(12)
    for case in cases[1:]:
        _without_metadata(case.path)
    assert prepare_cases(cases, PREPARATION).origin == "mixed"


def test_phantoms_in_png_and_dicom_say_so_too(some: Callable[[int], list[Case]]) -> None:
    pytest.importorskip("pydicom", reason="DICOM needs edgecad[dicom]")
    cases = some(12)
    screen = render_screen(draw_patient(4, 0))
    for position, suffix, encode in ((0, ".png", png_bytes), (1, ".dcm", dicom_bytes)):
        path = cases[position].path.with_suffix(suffix)
        path.write_bytes(encode(screen))
        cases[position] = Case(path, cases[position].label, cases[position].patient)
    assert prepare_cases(cases, PREPARATION).origin == "phantom"


def test_more_than_one_scan_in_twenty_refused_is_an_error_that_names_them(some: Callable[[int], list[Case]]) -> None:
    cases = some(20)
    for case in cases[:2]:
        case.path.write_bytes(b"no picture")
    with pytest.raises(UsageError, match="2 of 20 scans were refused, more than 5%") as caught:
        prepare_cases(cases, PREPARATION)
    assert all(case.path.name in str(caught.value) for case in cases[:2])


def test_one_refused_scan_in_twenty_is_left_out_and_listed(some: Callable[[int], list[Case]]) -> None:
    cases = some(20)
    cases[3].path.write_bytes(b"no picture")
    prepared = prepare_cases(cases, PREPARATION)
    assert [entry.path for entry in prepared.refused] == [cases[3].path]
    assert prepared.refused[0].reason
    assert prepared.cases == (*cases[:3], *cases[4:])
    assert len(prepared.images) == len(prepared.labels) == 19


def test_a_refused_scan_may_not_leave_a_class_too_small(
    some: Callable[[int], list[Case]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgecad_train.data.MAX_REFUSED_SHARE", 0.2)
    cases = [*some(30)]
    cases = [case for case in cases if case.label == "CAD"] + [case for case in cases if case.label == "nonCAD"][:5]
    cases[[case.label for case in cases].index("nonCAD")].path.write_bytes(b"no picture")
    with pytest.raises(UsageError, match="class nonCAD has 4 patients"):
        prepare_cases(cases, PREPARATION)


def test_a_missing_file_counts_as_refused(some: Callable[[int], list[Case]]) -> None:
    cases = some(20)
    cases[0].path.unlink()
    assert [entry.path for entry in prepare_cases(cases, PREPARATION).refused] == [cases[0].path]


def test_labels_are_zero_for_cad(phantoms: PreparedData) -> None:
    assert {(case.label, int(label)) for case, label in zip(phantoms.cases, phantoms.labels, strict=True)} == {
        ("CAD", 0),
        ("nonCAD", 1),
    }


def test_the_hash_of_the_data_depends_on_content_and_labels(some: Callable[[int], list[Case]]) -> None:
    cases = some(14)
    turned = {"CAD": "nonCAD", "nonCAD": "CAD"}
    first = prepare_cases(cases, PREPARATION).sha256
    assert prepare_cases(cases, PREPARATION).sha256 == first
    assert prepare_cases([Case(c.path, turned[c.label], c.patient) for c in cases], PREPARATION).sha256 != first
    _without_metadata(cases[0].path)
    assert prepare_cases(cases, PREPARATION).sha256 != first


def test_training_sees_what_the_runtimes_own_function_prepares(phantoms: PreparedData) -> None:
    for case, image in list(zip(phantoms.cases, phantoms.images, strict=True))[:3]:
        np.testing.assert_array_equal(image, prepare(read_screen(case.path).pixels, Preparation(size=224)).image)


def test_colours_of_training_hold_every_common_colour_and_no_absent_one(phantoms: PreparedData) -> None:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(colours_of(phantoms.images).bins), np.uint8)).astype(bool)
    inside = disc_mask(224, shrink=2.0)
    counts = np.bincount(np.concatenate([colour_cell(image[inside]) for image in phantoms.images]), minlength=4096)
    assert bits[counts > counts.sum() * 0.001].all()
    assert not bits[counts == 0].any()
    assert 0 < bits.sum() < 4096


def test_one_file_under_two_patients_is_refused(some: Callable[[int], list[Case]]) -> None:
    cases = some(20)
    cases.append(Case(cases[0].path, cases[0].label, "somebody-else"))
    with pytest.raises(UsageError, match="same file under two"):
        prepare_cases(cases, PREPARATION)


def test_phantoms_that_lost_their_metadata_are_still_phantoms_beside_their_mark(
    some: Callable[[int], list[Case]],
) -> None:
    cases = some(20)
    for case in cases:
        case.path.write_bytes(case.path.read_bytes().replace(b"PHANTOM", b"nothing"))
    assert prepare_cases(cases, PREPARATION).origin == "patients"
    (cases[0].path.parent.parent / "PHANTOMS.json").write_text("{}")
    assert prepare_cases(cases, PREPARATION).origin == "phantom"
