"""Scans read and prepared: in order, by the runtime's own function, and every one accounted for."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from edgecad import Classifier, Contract
from edgecad.contract import Preparation, Region
from edgecad.errors import NotAvailable, UsageError
from edgecad.images import read_screen
from edgecad.polarmap import prepare
from edgecad.system.installation import install_command
from edgecad_train.data import Case, PreparedData, find_cases, prepare_cases, read_cases, reason_to_stop
from edgecad_train.phantoms import dicom_bytes, draw_patient, png_bytes, render_screen, write_dataset

MAP = Preparation(size=64)
PREPARATION = Preparation(size=64, crop="none")
"""Quicker, where it does not matter what the scans show."""
Some = Callable[[int], list[Case]]


def without_metadata(path: Path) -> None:
    """Save the same pixels again, as a camera's workstation would: nothing says phantom any more."""
    cv2.imwrite(str(path), cv2.imread(str(path)))


def copy_of(case: Case, suffix: str = ".png", **changes: str) -> Case:
    """The same pixels in another file, without loss."""
    path = case.path.with_name(f"{case.path.stem}-again{suffix}")
    screen = read_screen(case.path).pixels
    path.write_bytes(png_bytes(screen) if suffix == ".png" else dicom_bytes(screen))
    return Case(path, changes.get("label", case.label), changes.get("patient", case.patient))


# --- where they come from ----------------------------------------------------------------------------------


def test_phantoms_are_known_by_their_metadata_wherever_they_lie(some: Some) -> None:
    cases = some(12)
    renamed = [
        Case(case.path.rename(case.path.with_name(f"scan{i}.jpg")), case.label, case.patient)
        for i, case in enumerate(cases)
    ]
    assert prepare_cases(renamed, PREPARATION).origin == "phantom"


@pytest.mark.parametrize(("spoilt", "origin"), [(12, "patients"), (11, "mixed")])
def test_scans_that_do_not_say_phantom_are_patients(some: Some, spoilt: int, origin: str) -> None:
    cases = some(12)
    for case in cases[:spoilt]:
        without_metadata(case.path)
    assert prepare_cases(cases, PREPARATION).origin == origin


def test_phantoms_in_png_and_dicom_say_so_too(some: Some) -> None:
    pytest.importorskip("pydicom", reason="DICOM needs edgecad[dicom]")
    cases = some(12)
    screen = render_screen(draw_patient(4, 0)), render_screen(draw_patient(4, 1))
    for position, suffix, encode in ((0, ".png", png_bytes), (1, ".dcm", dicom_bytes)):
        path = cases[position].path.with_suffix(suffix)
        path.write_bytes(encode(screen[position]))
        cases[position] = Case(path, cases[position].label, cases[position].patient)
    data = prepare_cases(cases, PREPARATION)
    assert data.origin == "phantom"
    assert [facts.kind for facts in data.screens] == ["png", "dicom"] + ["jpeg"] * 10
    assert {(facts.width, facts.height) for facts in data.screens} == {(1640, 1068)}


@pytest.fixture
def saved_again(tmp_path: Path) -> list[Case]:
    """A folder of phantoms whose screens were saved as PNG, without a word of what they are."""
    write_dataset(tmp_path / "data", 24, seed=3)
    cases = []
    for case in find_cases(tmp_path / "data").cases:
        path = case.path.with_suffix(".png")
        cv2.imwrite(str(path), cv2.imread(str(case.path)))
        case.path.unlink()
        cases.append(Case(path, case.label, case.patient))
    return cases


def test_phantoms_that_lost_their_metadata_are_still_phantoms_beside_their_mark(saved_again: list[Case]) -> None:
    assert prepare_cases(saved_again, PREPARATION).origin == "phantom"
    data = saved_again[0].path.parent.parent
    (data / "PHANTOMS.json").rename(data / "mark.json")
    assert prepare_cases(saved_again, PREPARATION).origin == "patients"


def test_scans_that_the_mark_does_not_name_are_no_phantoms(saved_again: list[Case]) -> None:
    """Somebody put patients beside phantoms, or has phantoms in a folder above the patients'."""
    first = saved_again[0]
    patient = Case(first.path.rename(first.path.with_name("patient.png")), first.label, first.patient)
    assert prepare_cases([patient, *saved_again[1:]], PREPARATION).origin == "mixed"


def test_a_damaged_mark_stops_instead_of_guessing(saved_again: list[Case]) -> None:
    (saved_again[0].path.parent.parent / "PHANTOMS.json").write_text("{}")
    with pytest.raises(UsageError, match="cannot be read as a list of phantoms"):
        prepare_cases(saved_again, PREPARATION)


def test_dicom_without_pydicom_says_what_to_install(some: Some, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = some(12)
    cases[0] = copy_of(cases[0], ".dcm")
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    with pytest.raises(NotAvailable, match=re.escape(install_command("dicom"))):
        prepare_cases(cases, PREPARATION)


# --- what is refused ---------------------------------------------------------------------------------------


def test_more_than_one_scan_in_twenty_refused_is_an_error_that_names_them(some: Some) -> None:
    cases = some(20)
    cases[0].path.write_bytes(b"no picture")
    cases[1].path.unlink()
    with pytest.raises(UsageError, match="2 of 20 scans were refused, more than 5%") as caught:
        prepare_cases(cases, PREPARATION)
    assert all(case.path.name in str(caught.value) for case in cases[:2])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: path.write_bytes(b"no picture"), "not-an-image"),
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(path.read_bytes()[:9000]), "truncated"),
        (lambda path: cv2.imwrite(str(path), np.full((1068, 1640, 3), 20, np.uint8)), "blank"),
    ],
)
def test_one_refused_scan_in_twenty_is_left_out_and_listed(
    some: Some, spoil: Callable[[Path], Any], reason: str
) -> None:
    cases = some(20)
    spoil(cases[3].path)
    prepared = prepare_cases(cases, PREPARATION)
    assert [(entry.path, entry.reason) for entry in prepared.refused] == [(cases[3].path, reason)]
    assert prepared.refused[0].message
    assert prepared.cases == (*cases[:3], *cases[4:])
    assert len(prepared.images) == len(prepared.labels) == len(prepared.screens) == 19


def test_reading_alone_is_never_fatal_and_says_why_training_would_stop(some: Some) -> None:
    cases = some(20)
    assert reason_to_stop(read_cases(cases, PREPARATION)) is None
    for case in cases:
        case.path.unlink()
    prepared = read_cases(cases, PREPARATION)
    assert (len(prepared.cases), prepared.images.shape, len(prepared.refused)) == (0, (0, 64, 64, 3), 20)
    assert "20 of 20 scans were refused" in str(reason_to_stop(prepared))


def test_a_refused_scan_may_not_leave_a_class_too_small(some: Some, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgecad_train.data.prepared.MAX_REFUSED_SHARE", 0.2)
    cases = some(30)
    cases = [case for case in cases if case.label == "CAD"] + [case for case in cases if case.label == "nonCAD"][:5]
    cases[-1].path.write_bytes(b"no picture")
    with pytest.raises(UsageError, match="class nonCAD has 4 patients"):
        prepare_cases(cases, PREPARATION)


# --- duplicates --------------------------------------------------------------------------------------------


def test_the_same_file_twice_for_one_patient_is_left_out_and_listed(some: Some) -> None:
    cases = some(12)
    again = Case(
        Path(shutil.copy(cases[0].path, cases[0].path.with_name("again.jpg"))), cases[0].label, cases[0].patient
    )
    prepared = prepare_cases([*cases, again], PREPARATION)
    assert prepared.cases == tuple(cases)
    assert [(entry.path, entry.reason) for entry in prepared.refused] == [(again.path, "duplicate")]
    assert f"the same scan as {cases[0].path.name}" in prepared.refused[0].message


@pytest.mark.parametrize("suffix", [".png", ".dcm"])
def test_the_same_pixels_in_another_file_are_a_duplicate(some: Some, suffix: str) -> None:
    if suffix == ".dcm":
        pytest.importorskip("pydicom", reason="DICOM needs edgecad[dicom]")
    cases = some(12)
    again = copy_of(cases[0], suffix)
    prepared = prepare_cases([*cases, again], PREPARATION)
    assert prepared.cases == tuple(cases)
    assert [(entry.path, entry.reason) for entry in prepared.refused] == [(again.path, "duplicate")]
    assert "the same picture as" in prepared.refused[0].message


def test_duplicates_do_no_harm_and_do_not_count_as_refused(some: Some) -> None:
    cases = some(12)
    again = [copy_of(case) for case in cases[:6]]
    assert prepare_cases([*cases, *again], PREPARATION).cases == tuple(cases)


@pytest.mark.parametrize(
    ("changes", "whose"),
    [({"patient": "other"}, "two patients"), ({"patient": "other", "label": "nonCAD"}, "two labels")],
)
@pytest.mark.parametrize("same_file", [True, False])
def test_one_scan_under_two_patients_or_labels_is_an_error(
    some: Some, changes: dict[str, str], whose: str, same_file: bool
) -> None:
    cases = some(20)
    first = cases[0]
    assert first.label == "CAD"
    second = copy_of(first, **changes)
    if same_file:
        second.path.write_bytes(first.path.read_bytes())
    what = "the same file" if same_file else "the same picture in two files"
    with pytest.raises(UsageError, match=f"are {what} under {whose}") as caught:
        prepare_cases([*cases, second], PREPARATION)
    assert first.path.name in str(caught.value)
    assert second.path.name in str(caught.value)
    assert len(read_cases([*cases, second], PREPARATION).clashes) == 1


# --- what comes out ----------------------------------------------------------------------------------------


def test_labels_are_zero_for_cad(phantoms: PreparedData) -> None:
    assert {(case.label, int(label)) for case, label in zip(phantoms.cases, phantoms.labels, strict=True)} == {
        ("CAD", 0),
        ("nonCAD", 1),
    }


def test_the_hash_of_the_data_depends_on_content_labels_and_patients(some: Some) -> None:
    cases = some(14)
    turned = {"CAD": "nonCAD", "nonCAD": "CAD"}
    first = prepare_cases(cases, PREPARATION).sha256
    assert prepare_cases(cases, PREPARATION).sha256 == first
    assert prepare_cases([Case(c.path, turned[c.label], c.patient) for c in cases], PREPARATION).sha256 != first
    assert prepare_cases([Case(c.path, c.label, f"{c.patient}x") for c in cases], PREPARATION).sha256 != first
    without_metadata(cases[0].path)
    assert prepare_cases(cases, PREPARATION).sha256 != first


def test_threads_keep_the_order_and_every_progress_is_told(phantoms: PreparedData) -> None:
    told: list[tuple[int, int]] = []
    backwards = prepare_cases(phantoms.cases[::-1], phantoms.preparation, lambda done, of: told.append((done, of)))
    assert backwards.cases == phantoms.cases[::-1]
    np.testing.assert_array_equal(backwards.images, phantoms.images[::-1])
    assert told == [(done, 30) for done in range(1, 31)]


def test_images_past_the_budget_lie_in_a_file_and_are_the_same(phantoms: PreparedData, tmp_path: Path) -> None:
    mapped = prepare_cases(phantoms.cases, phantoms.preparation, memory_budget=10_000, scratch=tmp_path)
    assert mapped.sha256 == phantoms.sha256
    rows = np.array([4, 0, 29, 4])
    np.testing.assert_array_equal(mapped.images[rows], phantoms.images[rows])
    assert type(mapped.images[rows]) is np.ndarray
    assert mapped.images.shape == phantoms.images.shape
    assert mapped.colours(range(30)) == phantoms.colours(range(30))
    assert not list(tmp_path.iterdir())


LEFT = Region(x=0, y=0, width=1639, height=1068, screen_width=1640, screen_height=1068)
WAYS = {
    "polar map": MAP,
    "whole image": Preparation(size=64, crop="none"),
    "map in a region": Preparation(size=64, region=LEFT),
    "whole region": Preparation(size=64, crop="none", region=LEFT),
}


@pytest.mark.parametrize("way", WAYS)
def test_training_and_the_runtime_see_the_same_bytes(
    way: str, some: Some, tiny_model: Callable[..., bytes], tiny_contract: Contract, tmp_path: Path
) -> None:
    data = prepare_cases(some(10), WAYS[way])
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_model(replace(tiny_contract, preparation=WAYS[way], colours=data.colours(range(10)))))
    with Classifier(path, device="cpu") as classifier:
        for case, image in list(zip(data.cases, data.images, strict=True))[::4]:
            np.testing.assert_array_equal(classifier(case.path).image, image)
            np.testing.assert_array_equal(prepare(read_screen(case.path).pixels, WAYS[way]).image, image)
