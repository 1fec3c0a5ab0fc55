"""A folder appears whole or not at all, and `latest` names one that is there."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad.system import folders
from edgecad.system.disk import words_of
from edgecad.system.folders import (
    check_new_folder,
    check_writable,
    followed,
    made_folder,
    new_folder,
    point_latest,
    sync_file,
    write_whole,
)

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


@pytest.mark.parametrize("content", ["\ufeffone\r\n", "\ufeffone", "one\r\n", " one\t\n\n"])
def test_a_pointer_that_an_editor_wrote_is_followed(tmp_path: Path, content: str) -> None:
    (tmp_path / "latest").write_bytes(content.encode())
    assert followed(tmp_path / "latest") == tmp_path / "one"


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


# --- whether a folder can be written, before any work ---


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_can_be_written_is_left_as_it_was(there: bool, tmp_path: Path) -> None:
    folder = tmp_path / "some" / "where"
    if there:
        folder.mkdir(parents=True)
    check_writable(folder)
    assert folder.exists() is there
    assert not there or list(folder.iterdir()) == []
    assert there or list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["a-file", "a-file/in/it", "nowhere"])
def test_what_is_no_folder_is_a_usage_error(folder: str, tmp_path: Path) -> None:
    (tmp_path / "a-file").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent")
    with pytest.raises(UsageError, match=r"is not a folder, and .* must be one; choose another place"):
        check_writable(tmp_path / folder)
    assert (tmp_path / "a-file").read_text() == "mine"


def test_a_closed_folder_is_an_error_with_its_name(closed_folder: Path) -> None:
    for folder in (closed_folder, closed_folder / "runs" / "deep"):
        with pytest.raises(OSError) as caught:
            check_writable(folder)
        assert caught.value.errno in (errno.EROFS, errno.EACCES)
        assert caught.value.filename == str(folder)


def test_a_name_that_no_disk_takes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        check_writable(tmp_path / ("n" * 300))
    assert "choose another place" in words_of(caught.value)


def test_a_full_disk_is_an_error_and_an_empty_one_is_none(mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=64k")
    check_writable(disk / "runs")
    (disk / "all").write_bytes(bytes(2**16))
    with pytest.raises(OSError) as caught:
        check_writable(disk / "runs")
    assert caught.value.errno == errno.ENOSPC
    assert [path.name for path in disk.iterdir()] == ["all"]


def test_a_disk_that_takes_a_part_only_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="limits of a process are of POSIX systems")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(folders, "PROBE_BYTES", 2**20)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, hard))
    try:
        with pytest.raises(OSError) as caught:
            check_writable(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno in (errno.ENOSPC, errno.EFBIG)


def test_whether_a_new_folder_could_be_made_is_known_before(tmp_path: Path, closed_folder: Path) -> None:
    check_new_folder(tmp_path / "evaluations" / "one")
    assert not (tmp_path / "evaluations").exists()
    (tmp_path / "mine").mkdir()
    check_new_folder(tmp_path / "mine")
    (tmp_path / "mine" / "a.txt").touch()
    with pytest.raises(UsageError, match="exists already"):
        check_new_folder(tmp_path / "mine")
    with pytest.raises(OSError):
        check_new_folder(closed_folder / "one")


@pytest.mark.parametrize("refused", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_a_file_that_may_not_be_written_is_synced_through_a_handle_for_reading(
    refused: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scan").write_bytes(b"a scan")
    honest, synced = os.open, []

    def opening(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise OSError(refused, os.strerror(refused))
        return honest(path, flags, mode)

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "fsync", synced.append)
    sync_file(tmp_path / "scan")
    assert len(synced) == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(synced[0])


def test_a_file_that_may_not_be_opened_is_left_and_one_that_is_gone_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError):
        sync_file(tmp_path / "gone")

    def closed(*_: object) -> int:
        raise PermissionError(errno.EACCES, "closed")

    monkeypatch.setattr(os, "open", closed)
    sync_file(tmp_path / "gone")


def test_a_write_that_failed_is_told_by_the_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "scan").write_bytes(b"a scan")
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        sync_file(tmp_path / "scan")


@pytest.mark.skipif(os.name == "nt", reason="no folder is synced there")
def test_every_folder_that_is_made_is_synced_into_the_one_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    assert made_folder(tmp_path / "a" / "b" / "c").is_dir()
    assert synced == [place.stat().st_ino for place in (tmp_path, tmp_path / "a", tmp_path / "a" / "b")]
    made_folder(tmp_path / "a")
    assert len(synced) == 3
