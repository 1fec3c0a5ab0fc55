"""Openings are counted by scan, beside the data, by any number of processes; what fails is said and ends nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.contract import Openings, openings_sentence
from edgecad_train.data.openings import count_opening, kept_opening, known_openings, new_opening, openings_file
from edgecad_train.data.openings import file as openings_module

PATIENTS = tuple(frozenset({f"{number:064x}", f"{number + 100:064x}"}) for number in range(6))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for label in ("CAD", "nonCAD"):
        (tmp_path / "place" / "scans" / label).mkdir(parents=True)
    return tmp_path / "place" / "scans"


def test_the_first_opening_is_the_first_and_the_second_tells_who_was_before(data: Path) -> None:
    first = count_opening(data, new_opening("train"), PATIENTS)
    assert (first.patients, first.before, first.most, first.by, first.untouched) == (6, 0, 0, {}, True)
    assert first.words() == "first opening of these 6 test patients"
    again = count_opening(data, new_opening("evaluate"), PATIENTS[:4])
    assert (again.before, again.most, again.by) == (4, 1, {"train": 1})
    third = count_opening(data, new_opening("train"), PATIENTS)
    assert (third.before, third.most, third.by) == (6, 2, {"evaluate": 1, "train": 1})
    assert "these 6 test patients were looked at before, 2 times at most: 1 by evaluate, 1 by train" in third.words()
    assert "no longer of an untouched part" in third.words()


def test_another_split_is_counted_by_patient_and_each_of_their_scans(data: Path) -> None:
    count_opening(data, new_opening("train"), [frozenset(list(PATIENTS[0])[:1]), PATIENTS[1]])
    other = count_opening(data, new_opening("train"), [PATIENTS[0], PATIENTS[2], PATIENTS[3]])
    assert (other.before, other.most) == (1, 1)
    assert other.words().startswith("1 of these 3 test patients were looked at before, once")


def test_an_opening_that_is_resumed_is_one(data: Path, tmp_path: Path) -> None:
    for patients in (PATIENTS[:3], PATIENTS):
        told = count_opening(data, kept_opening(tmp_path, "study"), patients)
        assert told.untouched
    assert count_opening(data, new_opening("train"), PATIENTS).by == {"study": 1}


def test_the_file_lies_beside_the_data_and_names_nobody(data: Path) -> None:
    count_opening(data, new_opening("train"), PATIENTS)
    path = data.parent / "scans.openings.json"
    assert openings_file(data) == path
    held = json.loads(path.read_text())
    assert set(held) == {"schema", "about", "openings", "scans"}
    assert set(held["openings"][0]) == {"id", "by", "at"}
    assert set(held["scans"]) == set().union(*PATIENTS)
    assert sorted(one.name for one in data.rglob("*")) == ["CAD", "nonCAD"]


def test_whatever_way_leads_to_the_scans_they_are_counted_in_one_place(data: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(data)
    inside = data / "CAD" / "list.csv"
    assert openings_file(link) == openings_file(data)
    assert openings_file(inside) == data.parent / "list.openings.json"


@pytest.mark.parametrize("name", ["renamed", "list.csv"])
def test_data_renamed_or_listed_otherwise_in_the_same_folder_are_known_again(data: Path, name: str) -> None:
    count_opening(data, new_opening("train"), PATIENTS)
    other = data.parent / name
    data.rename(other) if name == "renamed" else other.write_text("path,label,patient\n")
    assert count_opening(other, new_opening("train"), PATIENTS).before == 6


@pytest.mark.parametrize("first", ["folder", "table"])
def test_a_table_within_the_class_folders_and_the_folder_itself_are_the_same_scans(data: Path, first: str) -> None:
    table = data / "labels.csv"
    table.write_text("path,label,patient\n")
    one, other = (data, table) if first == "folder" else (table, data)
    assert openings_file(one) != openings_file(other)
    assert count_opening(one, new_opening("train"), PATIENTS).untouched
    again = count_opening(other, new_opening("evaluate"), PATIENTS)
    assert (again.before, again.by) == (6, {"train": 1})
    assert count_opening(one, new_opening("train"), PATIENTS).by == {"evaluate": 1, "train": 1}


def test_counts_around_a_folder_that_has_no_classes_are_nobody_s(data: Path) -> None:
    (data.parent.parent / "far.openings.json").write_text("notes")
    assert count_opening(data, new_opening("train"), PATIENTS).untouched


def test_a_copy_that_brings_its_file_along_is_known_again(data: Path, tmp_path: Path) -> None:
    opening = new_opening("train")
    count_opening(data, opening, PATIENTS)
    shutil.copytree(data.parent, tmp_path / "elsewhere")
    assert known_openings(tmp_path / "elsewhere" / "scans", new_opening("train"), PATIENTS).by == {"train": 1}
    # The same opening in two files is one.
    shutil.copy(data.parent / "scans.openings.json", data.parent / "old.openings.json")
    assert known_openings(data, new_opening("train"), PATIENTS).by == {"train": 1}


def test_looking_counts_nothing(data: Path) -> None:
    assert known_openings(data, new_opening("train"), PATIENTS).untouched
    assert [one.name for one in data.parent.iterdir()] == ["scans"]


MANY = """
import sys
from pathlib import Path
from edgecad_train.data.openings import count_opening, new_opening
for number in range(10):
    patients = [frozenset({"a"}), frozenset({sys.argv[2] + str(number)})]
    told = count_opening(Path(sys.argv[1]), new_opening("train"), patients)
    assert told.uncounted is None and told.unread is None, told
"""


def test_processes_that_count_at_once_lose_nothing(data: Path) -> None:
    running = [subprocess.Popen([sys.executable, "-c", MANY, str(data), name]) for name in "xyz"]
    assert [one.wait(120) for one in running] == [0, 0, 0]
    held = json.loads((data.parent / "scans.openings.json").read_text())
    assert len(held["openings"]) == len(held["scans"]["a"]) == 30
    assert len(held["scans"]) == 31
    assert not list(data.parent.glob("*.partial"))


def _fail(*words: object) -> None:
    raise OSError(28, os.strerror(28))


def _full_disk(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(openings_module, "write_whole", _fail)


def _no_lock(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(openings_module, "taken_within", _fail)


def _held(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(openings_module, "taken_within", lambda file, seconds: False)


def _damaged(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _foreign(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.write_text('{"openings": "every day from 9 to 5"}')


def _newer(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.write_text('{"schema": 2}')


def _no_text(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.write_bytes(b"\xff\xfe\x00openings")


def _dangling(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.write_text('{"schema": 1, "openings": [], "scans": {"a": [0]}}')


def _folder(path: Path, patch: pytest.MonkeyPatch) -> None:
    path.unlink()
    path.mkdir()


def _no_place(path: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(openings_module, "LOCK", "missing/lock")


KEPT = (_full_disk, _no_lock, _held, _no_place)
"""What keeps a file from being written and lets it be read."""


@pytest.mark.parametrize("harm", [*KEPT, _damaged, _foreign, _newer, _no_text, _dangling, _folder])
def test_what_cannot_be_counted_is_said_and_left_as_it_is(
    harm: Callable[[Path, pytest.MonkeyPatch], None], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_opening(data, new_opening("train"), PATIENTS)
    path = data.parent / "scans.openings.json"
    harm(path, monkeypatch)
    before = path.read_bytes() if path.is_file() else None
    told = count_opening(data, new_opening("train"), PATIENTS)
    assert told.uncounted
    assert "this opening could not be counted: " in told.words()
    readable = harm in KEPT
    assert (told.before, told.unread is None) == ((6, True) if readable else (0, False))
    assert not told.untouched
    assert readable or "no earlier opening of these 6 test patients is known; earlier openings may be" in told.words()
    assert (path.read_bytes() if path.is_file() else None) == before
    assert "\n" not in told.words()


@pytest.mark.skipif(
    os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_that_may_only_be_read_is_said(data: Path) -> None:
    data.parent.chmod(0o500)
    try:
        told = count_opening(data, new_opening("train"), PATIENTS)
    finally:
        data.parent.chmod(0o700)
    assert told.uncounted == "scans.openings.json cannot be written (Permission denied)"


def test_a_neighbour_that_cannot_be_read_is_said_and_ends_no_count(data: Path) -> None:
    (data.parent / "other.openings.json").write_text("notes")
    told = count_opening(data, new_opening("train"), PATIENTS)
    assert told.uncounted is None
    assert told.unread is not None
    assert "other.openings.json" in told.unread
    assert not told.untouched
    assert count_opening(data, new_opening("train"), PATIENTS).before == 6


def test_data_that_are_gone_or_without_hashes_are_said(data: Path) -> None:
    gone = count_opening(data.parent / "gone", new_opening("train"), PATIENTS)
    assert gone.uncounted == gone.unread == "the data are not at gone any more"
    bare = count_opening(data, new_opening("train"), [frozenset[str]()] * 3)
    assert bare.uncounted == bare.unread == "the hashes of the scans were not kept"
    assert [one.name for one in data.parent.iterdir()] == ["scans"]


def test_a_contract_that_says_nothing_means_not_counted() -> None:
    assert openings_sentence(None).startswith("Openings of the test part were not counted")
    assert openings_sentence(Openings(patients=3)) == "First opening of these 3 test patients."
    with pytest.raises(ValueError, match="5 of 3 patients"):
        Openings(patients=3, before=5, most=1, by={"train": 1})
    with pytest.raises(ValueError, match="do not agree"):
        Openings(patients=3, before=2)
