"""What a watch looks at before it opens a model: two folders that can be written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad.spool.out import make_out
from edgecad.watch.folders import check_folders, check_free
from edgecad.watch.names import LOCK
from edgecad.watch.reservation import Reservation


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    check_folders(tmp_path / "in", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="file is not a folder"):
        check_folders(tmp_path / "in", tmp_path / "file")


def test_a_full_disk_is_an_error_for_a_new_watch_and_waited_for_by_an_old_one(mounted: Callable[[str], Path]) -> None:
    """A supervisor starts a watch again while the disk is still full."""
    disk = mounted("size=64k")
    (disk / "in").mkdir()
    (disk / "all").write_bytes(bytes(2**16))
    with pytest.raises(OSError) as caught:
        check_folders(disk / "in", disk / "out")
    assert caught.value.errno == errno.ENOSPC
    (disk / "out" / "taken").mkdir(parents=True)
    check_folders(disk / "in", disk / "out")


def test_a_closed_folder_is_an_error_for_any_watch(tmp_path: Path, closed_folder: Path) -> None:
    (tmp_path / "out" / "taken").mkdir(parents=True)
    with pytest.raises(OSError) as caught:
        check_folders(closed_folder, tmp_path / "out")
    assert caught.value.errno in (errno.EROFS, errno.EACCES)


@pytest.mark.parametrize("incoming", ["other", "other/done", "other/refused/2026-01-01", "", "around"])
def test_a_watch_does_not_take_what_another_one_has_answered(tmp_path: Path, incoming: str) -> None:
    """IN is another watch's OUT, lies in it, or lies around it, whether that watch is at work or not."""
    root = tmp_path / "root"
    for out in ("other", "around/Jane Doe/out"):
        (root / out).mkdir(parents=True)
        make_out(root / out)
    (root / incoming).mkdir(parents=True, exist_ok=True)
    with pytest.raises(UsageError, match=r"another edgecad watch puts scans that are answered; .*(give|IN)") as caught:
        check_folders(root / incoming, tmp_path / "out")
    assert "Doe" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_watch_goes_beside_the_out_of_another(tmp_path: Path) -> None:
    make_out(tmp_path / "out")
    for name in ("in", "done"):
        (tmp_path / name).mkdir()
        check_folders(tmp_path / name, tmp_path / "out")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize(("kind", "place"), [("link", "in"), ("folder", "in"), ("link", "in/DOE^JANE")])
def test_what_lies_in_place_of_a_lock_file_is_said_in_one_line(tmp_path: Path, kind: str, place: str) -> None:
    (tmp_path / place).mkdir(parents=True)
    lock = tmp_path / place / LOCK
    lock.symlink_to(tmp_path / "elsewhere") if kind == "link" else lock.mkdir()
    with pytest.raises(OSError) as caught, Reservation(tmp_path / "in"):
        pass
    assert f"a {kind} named {LOCK} lies in place of a watch's lock file; remove it" in str(caught.value.strerror)
    assert caught.value.filename == str(tmp_path / "in")
    assert "DOE" not in str(caught.value)
    assert lock.is_symlink() or lock.is_dir()


@pytest.mark.parametrize("beside", ["out", "deep/er/out"])
def test_an_out_on_another_file_system_is_left_as_it_is(
    beside: str, tmp_path: Path, mounted: Callable[[str], Path]
) -> None:
    (tmp_path / "in").mkdir()
    disk = mounted("size=1m")
    with pytest.raises(UsageError, match="two file systems"):
        check_free(tmp_path / "in", disk / beside)
    assert list(disk.iterdir()) == []
    assert list((tmp_path / "in").glob("*.jpg")) == []


@pytest.mark.parametrize("inside", ["done", "done/2026-01-01", "beside", "beside/deep"])
def test_an_out_inside_the_out_of_another_watch_is_left_as_it_is(inside: str, tmp_path: Path) -> None:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    make_out(tmp_path / "out")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="is the OUT of an edgecad watch"):
        check_free(tmp_path / "in", tmp_path / "out" / inside)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_out_of_before_may_be_given_again(tmp_path: Path) -> None:
    for folder in ("in", "out"):
        (tmp_path / folder).mkdir()
    make_out(tmp_path / "out")
    check_free(tmp_path / "in", tmp_path / "out")
