"""What a watch looks at before it opens a model: two folders that can be written."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from edgecad.errors import UsageError
from edgecad.watch.folders import check_folders


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
