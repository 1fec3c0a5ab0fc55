"""Further maps of a patient, which a CSV names in columns `map:NAME`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgecad.contract import Preparation
from edgecad.errors import UsageError
from edgecad_train.data import PreparedData, find_cases, prepare_cases, read_cases
from edgecad_train.data.input.request import InputRequest, preparation_for
from edgecad_train.data.table.further import as_further
from edgecad_train.phantoms import dicom_bytes, draw_patient, jpeg_bytes, render_screen
from edgecad_train.study.scans import all_pixels, store_scans, stored_scans, without_pixels

PATIENTS = 10
Write = Callable[..., Path]


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms' screens, two of each patient: `stress-0.jpg`, `rest-0.jpg`."""
    folder = tmp_path_factory.mktemp("maps")
    for number in range(PATIENTS):
        (folder / f"stress-{number}.jpg").write_bytes(jpeg_bytes(render_screen(draw_patient(21, number))))
        (folder / f"rest-{number}.jpg").write_bytes(jpeg_bytes(render_screen(draw_patient(22, number))))
    return folder


@pytest.fixture
def table(screens: Path, request: pytest.FixtureRequest) -> Write:
    """Write a CSV: `table(header=..., rest=lambda number: ...)`."""

    def write(header: str = "map:rest", rest: Callable[[int], str] = lambda number: f"rest-{number}.jpg") -> Path:
        path = screens / f"{request.node.name[:40].replace('[', '-')}.csv"
        lines = [
            f"stress-{number}.jpg,{('CAD', 'nonCAD')[number % 2]},p{number},{rest(number)}"
            for number in range(PATIENTS)
        ]
        path.write_text("\n".join([f"path,label,patient,{header}", *lines]))
        return path

    return write


def _prepared(table: Path, further: bool = True) -> PreparedData:
    cases = find_cases(table).cases
    return prepare_cases(cases, preparation_for(InputRequest(), 64, cases), further=further, least=1)


@pytest.mark.parametrize("header", ["map:rest", " Map : rest"])
def test_a_column_names_further_maps_and_says_who_reads_them(table: Write, screens: Path, header: str) -> None:
    found = find_cases(table(header))
    assert [(one.name, one.path) for one in found.cases[3].further] == [("rest", screens / "rest-3.jpg")]
    assert next(one.text for one in found.findings if one.code == "further-maps").startswith("further maps (map:rest)")


def test_without_being_asked_for_they_change_nothing(table: Write) -> None:
    data, plain = _prepared(table(), further=False), _prepared(table("note"), further=False)
    assert not data.further
    assert data.sha256 == plain.sha256


def test_maps_stand_beside_the_scans_of_their_patients(table: Write) -> None:
    data = _prepared(table())
    rest = [as_further(case, "rest") for case in data.cases]
    alone = read_cases([case for case in rest if case], preparation_for(InputRequest(), 64, data.cases))
    assert len(data.cases) == PATIENTS
    assert np.array_equal(data.further["rest"], alone.images)
    assert not np.array_equal(data.further["rest"], data.images)
    assert data.sha256 != _prepared(table(), further=False).sha256


def test_a_scan_that_lacks_a_map_is_left_out(table: Write) -> None:
    cases = find_cases(table(rest=lambda n: "" if n == 4 else f"rest-{n}.jpg")).cases
    with pytest.raises(UsageError, match=r"1 of 10 scans were refused.*its line names no map:rest"):
        prepare_cases(cases, preparation_for(InputRequest(), 64, cases), further=True, least=1)


def test_a_map_that_is_refused_is_named(table: Write, screens: Path) -> None:
    (screens / "flat.jpg").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"its map:rest, flat.jpg: "):
        _prepared(table(rest=lambda n: "flat.jpg" if n == 4 else f"rest-{n}.jpg"))


def test_a_file_is_in_one_column_alone(table: Write) -> None:
    with pytest.raises(UsageError, match=r"line 8, column map:rest\) is the same file as .*line 3, column path"):
        _prepared(table(rest=lambda n: "stress-1.jpg" if n == 6 else f"rest-{n}.jpg"))


def test_one_map_of_two_patients_stops_training(table: Write) -> None:
    with pytest.raises(UsageError, match="the same file under two"):
        _prepared(table(rest=lambda n: "rest-3.jpg" if n == 6 else f"rest-{n}.jpg"))


def test_scans_without_further_maps_have_none(table: Write) -> None:
    assert not _prepared(table("note")).further


def test_a_column_names_its_map(table: Write) -> None:
    with pytest.raises(UsageError, match="names no map; wanted: map:NAME"):
        find_cases(table("map:"))


def test_a_map_at_rest_is_taken_where_the_column_says_so(table: Write, screens: Path) -> None:
    import io

    import pydicom

    dataset = pydicom.dcmread(io.BytesIO(dicom_bytes(render_screen(draw_patient(22, 5)))))
    dataset.SeriesDescription = "REST AC"
    dataset.save_as(screens / "rest.dcm")
    path = table(rest=lambda n: "rest.dcm" if n == 5 else f"rest-{n}.jpg")
    assert len(_prepared(path).cases) == PATIENTS
    cases = [case for case in (as_further(one, "rest") for one in find_cases(path).cases) if case]
    assert [one.reason for one in read_cases(cases, Preparation(size=64)).refused] == ["series"]


def test_workers_of_a_study_are_given_all_maps(table: Write, tmp_path: Path) -> None:
    data = _prepared(table())
    store_scans(data, tmp_path)
    for again in (stored_scans(tmp_path, 64), without_pixels(data).with_pixels(all_pixels(data))):
        assert np.array_equal(again.images[:], data.images)
        assert np.array_equal(again.further["rest"][:], data.further["rest"])
        assert again.sha256 == data.sha256
        assert again.cases[2].further == data.cases[2].further
