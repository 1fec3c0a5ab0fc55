"""In which order a watch brings things to the disk, on a file system that promises nothing but what was synced.

The power cuts of `tests/edgecad/powercut` show what ext4 makes of it; that one brings more to the disk than it must.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgecad.spool import processor as processor_module
from edgecad.spool.claims import Claim, Claims
from edgecad.spool.index import SpoolRecord

from .conftest import Hot

pytestmark = pytest.mark.skipif(os.name == "nt", reason="folders are not synced there")
KINDS = ("answered", "copy", "refused", "empty", "below", "first of a day")


@dataclass
class Steps:
    """What was synced, by inode, and moved, by its new path; and the inode of each path that was moved to."""

    done: list[int | Path] = field(default_factory=list)
    inodes: dict[Path, int] = field(default_factory=dict)

    def moved(self, path: Path) -> int:
        """When a path came to be."""
        return self.done.index(path)

    def synced(self, inode: int, after: int = 0) -> int:
        """When an inode was synced first after a step; fails if it never was."""
        return self.done.index(inode, after)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    steps, honest = Steps(), os.fsync

    def fsync(handle: int) -> None:
        honest(handle)
        steps.done.append(os.fstat(handle).st_ino)

    def moving(move: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def moved(path: Path, target: Path) -> Path:
            inode = path.lstat().st_ino
            result = move(path, target)
            steps.done.append(Path(target))
            steps.inodes[Path(target)] = inode
            return result

        return moved

    def unlink(path: Path, missing_ok: bool = False) -> None:
        remove(path, missing_ok=missing_ok)
        steps.done.append(path.with_suffix(".gone"))

    remove = Path.unlink
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", moving(Path.rename))
    monkeypatch.setattr(Path, "replace", moving(Path.replace))
    monkeypatch.setattr(Path, "unlink", unlink)
    return steps


@pytest.mark.parametrize("kind", KINDS)
def test_each_step_is_on_the_disk_before_the_next_begins(
    kind: str, hot: Hot, scan_bytes: Callable[[int], bytes], steps: Steps
) -> None:
    if kind != "first of a day":
        (hot.incoming / "before.jpg").write_bytes(scan_bytes(1))
        hot.once()
    source = hot.incoming / ("below" if kind == "below" else ".")
    source.mkdir(exist_ok=True)
    content = {"copy": scan_bytes(1), "refused": b"a letter", "empty": b""}.get(kind, scan_bytes(2))
    steps.done.clear()
    (source / "scan.jpg").write_bytes(content)
    hot.once()
    record = hot.records()[-1]
    assert_in_order(record, hot.out, source, steps)
    if kind == "first of a day":
        day = (hot.out / record.file).parent
        for folder in (hot.out.parent, hot.out, day.parent):  # where OUT, its parts and the day were made
            assert steps.synced(folder.stat().st_ino) < steps.moved(day / Path(record.file).with_suffix(".json").name)


def test_what_is_written_between_the_sync_and_the_reading_is_synced_as_well(
    hot: Hot, scan_bytes: Callable[[int], bytes], steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, late = processor_module.read_scan, [b"\0"]

    def content(claims: Claims, claim: Claim) -> object:
        if late:
            with claims.scan_of(claim).open("ab") as file:
                file.write(late.pop())
        return read(claims, claim)

    monkeypatch.setattr(processor_module, "read_scan", content)
    (hot.incoming / "scan.jpg").write_bytes(scan_bytes(2))
    hot.once()
    (record,) = hot.records()
    assert record.scan_sha256 == hashlib.sha256(scan_bytes(2) + b"\0").hexdigest()
    scan, final = hot.out / "taken" / f"{record.claim}.scan", hot.out / record.file
    written = steps.moved(final.with_suffix(".json"))
    assert steps.done[steps.moved(scan) : written].count(steps.inodes[scan]) == 2


def assert_in_order(record: SpoolRecord, out: Path, source: Path, steps: Steps) -> None:
    """Follow one scan from IN to its last place."""
    scan, final = out / "taken" / f"{record.claim}.scan", out / record.file
    written, taken, day = final.with_suffix(".json"), out / "taken", final.parent.stat().st_ino
    claim = scan.with_suffix(".json")

    assert steps.synced(steps.inodes[claim]) < steps.moved(claim)
    assert steps.synced(taken.stat().st_ino, steps.moved(claim)) < steps.moved(scan)
    for what in (steps.inodes[scan], taken.stat().st_ino, source.stat().st_ino):
        assert steps.synced(what, steps.moved(scan)) < steps.moved(written)
    if record.figure is not None:
        figure = out / record.figure
        assert steps.synced(steps.inodes[figure]) < steps.moved(figure)
        assert steps.synced(day, steps.moved(figure)) < steps.moved(written)
    assert steps.synced(steps.inodes[written]) < steps.moved(written)
    assert steps.synced(day, steps.moved(written)) < steps.moved(final)
    for what in (day, taken.stat().st_ino):
        assert steps.synced(what, steps.moved(final)) < steps.moved(claim.with_suffix(".gone"))
