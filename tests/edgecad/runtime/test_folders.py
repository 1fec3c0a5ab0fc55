"""A folder appears whole or not at all, and `latest` names one that is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad.folders import followed, new_folder, point_latest, write_whole

PARENT = ".."


class Stop(BaseException):
    """Ends a block as an interrupt does: not an Exception."""


def test_a_new_folder_appears_with_all_its_files_when_the_block_ends(tmp_path: Path) -> None:
    final = tmp_path / "runs" / "one"
    with new_folder(final) as partial:
        (partial / "inner").mkdir()
        (partial / "inner" / "a.txt").write_text("a")
        assert not final.exists()
    assert (final / "inner" / "a.txt").read_text() == "a"
    assert [path.name for path in final.parent.iterdir()] == ["one"]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, Stop])
def test_a_block_that_ends_badly_leaves_nothing_behind(tmp_path: Path, kind: type[BaseException]) -> None:
    def interrupted() -> None:
        with new_folder(tmp_path / "one") as partial:
            (partial / "a.txt").write_text("half")
            raise kind

    with pytest.raises(kind):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_in_use_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists already"), new_folder(tmp_path / "one"):
        pytest.fail("the block must not run")
    assert (tmp_path / "one" / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["one"]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("a file")
    with pytest.raises(UsageError, match="exists already"), new_folder(tmp_path / "one"):
        pytest.fail("the block must not run")
    assert (tmp_path / "one").read_text() == "a file"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    with new_folder(tmp_path / "one") as partial:
        (partial / "a.txt").write_text("a")
    assert (tmp_path / "one" / "a.txt").read_text() == "a"


def test_a_finished_folder_can_be_read_by_others(tmp_path: Path) -> None:
    with new_folder(tmp_path / "one") as partial:
        (partial / "a.txt").write_text("a")
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o755


def test_latest_is_a_text_file_that_names_the_folder_last_pointed_to(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        point_latest(tmp_path / name)
        assert followed(tmp_path / "latest") == tmp_path / name
    assert (tmp_path / "latest").read_text() == "two\n"
    assert not (tmp_path / "latest").is_symlink()
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "latest"}


def test_any_path_that_is_no_pointer_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    for path in (tmp_path / "latest", tmp_path / "one", tmp_path / "absent" / "latest"):
        assert followed(path) == path


@pytest.mark.parametrize("content", ["../other", "/etc", "a/b", PARENT, "", "\n", ".", "one\ntwo/../.."])
def test_a_pointer_that_leaves_its_folder_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "latest").write_text(content)
    with pytest.raises(UsageError, match="give the folder itself"):
        followed(tmp_path / "latest")


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_a_file_that_cannot_take_its_place_leaves_no_part_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError):
        write_whole(tmp_path / "taken", b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["taken"]
