"""A scan that was taken is on the disk, as it is, before anything is said of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgecad.spool.claims import Claim, Claims
from edgecad.spool.out import PARTS, make_out
from edgecad.spool.source import Arrival, Traits

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no folder is synced there, and an open file is not renamed")


@dataclass
class Syncs:
    """What was synced, by inode, in its order, with its size then; and what the next ones fail with."""

    seen: list[tuple[int, int]] = field(default_factory=list)
    fail: dict[int, int] = field(default_factory=dict)
    """Error numbers by inode; each is raised once, as the system does."""

    def of(self, path: Path) -> list[int]:
        """Sizes that a file had when it was synced."""
        return [size for inode, size in self.seen if inode == path.stat().st_ino]


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Syncs]:
    honest, syncs = os.fsync, Syncs()

    def fsync(handle: int) -> None:
        status = os.fstat(handle)
        if status.st_ino in syncs.fail:
            number = syncs.fail.pop(status.st_ino)
            raise OSError(number, os.strerror(number))
        honest(handle)
        syncs.seen.append((status.st_ino, status.st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    return syncs


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    for name in ("in", "taken", "done"):
        (tmp_path / name).mkdir()
    return Claims(tmp_path / "taken")


@pytest.fixture
def arrived(tmp_path: Path) -> Callable[[bytes], Arrival]:
    def arrive(content: bytes = b"a scan") -> Arrival:
        path = tmp_path / "in" / "scan.jpg"
        path.write_bytes(content)
        status = path.lstat()
        return Arrival(path, path.name, Traits.of(status), stat.S_ISREG(status.st_mode))

    return arrive


def take(claims: Claims, arrival: Arrival) -> Claim:
    claim = claims.take(arrival)
    assert claim is not None
    return claim


def test_what_is_taken_is_synced_before_its_folders(
    claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs, tmp_path: Path
) -> None:
    claim = take(claims, arrived())
    places = [claims.scan_of(claim), claims.folder, tmp_path / "in"]
    assert [inode for inode, _ in syncs.seen[-3:]] == [place.stat().st_ino for place in places]


def test_folders_that_a_killed_process_made_are_synced_at_the_next_start(syncs: Syncs, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for place in (out, *(out / name for name in PARTS)):
        place.mkdir()  # and killed before its sync
    make_out(out)
    assert {inode for inode, _ in syncs.seen} >= {place.stat().st_ino for place in (tmp_path, out, *out.iterdir())}


def test_a_scan_is_synced_once_and_again_if_it_changed(
    claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs
) -> None:
    claim = take(claims, arrived())
    scan = claims.scan_of(claim)
    claims.sync(claim)
    assert syncs.of(scan) == [6]
    with scan.open("ab") as late:
        late.write(b" longer")
    claims.sync(claim)
    claims.sync(claim)
    assert syncs.of(scan) == [6, 13]


def test_what_is_written_while_a_scan_is_synced_is_synced_by_the_next_call(
    claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = take(claims, arrived())
    scan, counting, late = claims.scan_of(claim), os.fsync, [b"1", b"2"]
    scan.write_bytes(b"as judged")

    def fsync(handle: int) -> None:
        counting(handle)
        if late and os.fstat(handle).st_ino == scan.stat().st_ino:
            with scan.open("ab") as file:
                file.write(late.pop())

    monkeypatch.setattr(os, "fsync", fsync)
    for _ in range(4):
        claims.sync(claim)
    assert syncs.of(scan) == [6, 9, 10, 11]


def test_who_comes_after_a_killed_process_syncs_what_it_left(
    claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs
) -> None:
    claim = take(claims, arrived())
    after = Claims(claims.folder)
    after.recover()
    (left,) = after.left()
    after.sync(left)
    assert syncs.of(claims.scan_of(claim)) == [6, 6]


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_a_scan_whose_sync_failed_is_written_anew_and_synced(
    number: int, claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs
) -> None:
    arrival = arrived()
    before = arrival.path.stat().st_ino
    syncs.fail[before] = number
    with pytest.raises(OSError, match=os.strerror(number)):
        claims.take(arrival)
    (claim,) = claims.left()
    claims.sync(claim)
    scan = claims.scan_of(claim)
    assert scan.read_bytes() == b"a scan"
    assert scan.stat().st_ino != before
    assert syncs.of(scan) == [6]
    claims.sync(claim)
    assert syncs.of(scan) == [6]
    assert not list(claims.folder.glob(".*"))


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_a_share_that_cannot_sync_keeps_nothing_waiting(
    number: int, claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs, tmp_path: Path
) -> None:
    arrival = arrived()
    syncs.fail[arrival.path.stat().st_ino] = number
    claim = take(claims, arrival)
    claims.put_away(claim, tmp_path / "done" / "scan.jpg")
    assert (tmp_path / "done" / "scan.jpg").read_bytes() == b"a scan"
    assert not list(claims.folder.iterdir())


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "to a pipe"])
def test_what_is_no_file_is_neither_opened_nor_synced(kind: str, claims: Claims, syncs: Syncs, tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "in" / "scan.jpg", tmp_path / "elsewhere"
    if kind == "link":
        elsewhere.write_bytes(b"not ours")
    elif kind == "to a pipe":
        os.mkfifo(elsewhere)
    os.mkfifo(path) if kind == "pipe" else path.symlink_to(elsewhere)
    claim = take(claims, Arrival(path, path.name, Traits.of(path.lstat()), regular=False))
    claims.sync(claim)
    assert {inode for inode, _ in syncs.seen}.isdisjoint(
        {claims.scan_of(claim).lstat().st_ino, *([elsewhere.stat().st_ino] if elsewhere.exists() else [])}
    )


def test_a_scan_that_may_only_be_read_is_taken_and_synced(
    claims: Claims, arrived: Callable[..., Arrival], syncs: Syncs
) -> None:
    arrival = arrived()
    arrival.path.chmod(0o444)
    claim = take(claims, arrival)
    assert syncs.of(claims.scan_of(claim)) == [6]
