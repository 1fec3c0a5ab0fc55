"""Class folders that are named otherwise, and what programs leave beside scans."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad_train.data import find_cases

CAD = [f"a{number}.jpg" for number in range(5)]
OTHER = [f"b{number}.jpg" for number in range(5)]


@pytest.fixture
def named(tmp_path: Path) -> Callable[..., Path]:
    def make(*names: str) -> Path:
        for number, name in enumerate(names):
            (tmp_path / "data" / name).mkdir(parents=True)
            (tmp_path / "data" / name / f"s{number}.jpg").touch()
        return tmp_path / "data"

    return make


@pytest.mark.parametrize(
    ("cad", "other"),
    [("cad", "NONCAD"), ("Cad", "nonCAD"), ("CAD+", "CAD-"), ("CAD", "non-CAD"), ("CAD", "no CAD"), ("cad ", "non_cad"),
     ("CAD positive", "CAD negative")],
)  # fmt: skip
def test_class_folders_of_other_names_are_named_with_how_to_rename_them(
    cad: str, other: str, named: Callable[..., Path]
) -> None:
    data = named(cad, other)
    if (data / "CAD").is_dir() and (data / "nonCAD").is_dir():
        pytest.skip("this disk does not tell capital letters from small ones")
    with pytest.raises(UsageError) as caught:
        find_cases(data, least=1)
    for seen, wanted in ((cad, "CAD"), (other, "nonCAD")):
        assert seen == wanted or f"{seen}/" in str(caught.value)
        assert (f"rename {seen} to {wanted}" in str(caught.value)) == (seen != wanted)


def test_folders_of_no_known_meaning_are_listed_and_none_is_taken(named: Callable[..., Path]) -> None:
    with pytest.raises(UsageError, match=re.escape("you have abnormal/, normal/: rename those that hold one class")):
        find_cases(named("normal", "abnormal"))


def test_a_folder_too_far_up_and_a_folder_with_a_table_say_what_to_name(named: Callable[..., Path]) -> None:
    data = named("CAD", "nonCAD")
    with pytest.raises(UsageError, match=re.escape(f"the class folders are in {data}; name that one")):
        find_cases(data.parent)
    (data.parent / "other").mkdir()
    (data.parent / "other" / "labels.csv").touch()
    with pytest.raises(UsageError, match=r"name the table itself: .*labels\.csv"):
        find_cases(data.parent / "other")


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "__MACOSX", ".hidden"])
@pytest.mark.parametrize("place", ["CAD", "."])
def test_folders_that_programs_leave_are_passed_over_and_named_with_their_scans(
    name: str, place: str, class_folders: Callable[..., Path]
) -> None:
    data = class_folders(CAD, OTHER)
    (data / place / name).mkdir()
    (data / place / name / "a0-checkpoint.jpg").touch()
    found = find_cases(data)
    assert len(found.cases) == 10
    (told,) = (one for one in found.passed if one.told)
    assert Path(told.file).name == name
    assert "with 1 scan, which are not used" in told.why


def test_files_that_systems_leave_are_passed_over_and_counted(class_folders: Callable[..., Path]) -> None:
    data = class_folders([*CAD, ".DS_Store", "Thumbs.db", "desktop.ini", "._a0.jpg"], OTHER)
    (data / "CAD" / ".git").mkdir()
    found = find_cases(data)
    assert len(found.cases) == 10
    assert not [one for one in found.passed if one.told]
    assert {Path(one.file).name for one in found.passed} == {
        ".DS_Store",
        "Thumbs.db",
        "desktop.ini",
        "._a0.jpg",
        ".git",
    }


def test_stems_that_differ_in_next_to_nothing_are_found(class_folders: Callable[..., Path]) -> None:
    found = find_cases(class_folders([*CAD, "A0.png", "nan.jpg"], [*OTHER, "b01.jpg"]))
    told = {finding.code: finding.files for finding in found.findings}
    assert told["patient-not-told"] == ("nan.jpg",)
    assert [set(one.files) for one in found.findings if one.code == "patients-alike"] == [
        {"a0.jpg", "A0.png"},
        {"b1.jpg", "b01.jpg"},
    ]
