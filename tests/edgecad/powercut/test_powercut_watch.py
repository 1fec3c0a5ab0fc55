"""A watch whose power is cut: every scan with a record is whole, and what was told of is there."""

from __future__ import annotations

import hashlib
import itertools
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from edgecad import Classifier
from edgecad.errors import EdgecadError
from edgecad.spool.claims import Claim
from edgecad.spool.index import PLACES, SpoolRecord
from edgecad.system.folders import made_folder
from edgecad.watch.options import WatchOptions
from edgecad.watch.watcher import Watcher

from .cuts import Found, PowerCuts
from .disk import Disk, new_disk

EACH = 6
"""Files that arrive before a cut."""
EMPTY = hashlib.sha256(b"").hexdigest()
"""Of a scan without bytes, whose record has no hash: what a cut leaves of one that its sender did not sync."""
PNG = b"\x89PNG\r\n\x1a\n"
QUICK = WatchOptions(interval=0.02, settle=0.0, patience=0.2, heartbeat=0.5)
PROGRAM = "import sys; sys.argv[0] = 'edgecad'; {before}; from edgecad.cli import main; main()"
LEFT_OUT = {
    "nothing": "pass",
    "the scan's sync": "import edgecad.spool.claims as claims; claims.sync_file = lambda path: None",
    "every sync": "import os; os.fsync = lambda handle: None",
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with new_disk(tmp_path / "power", mebibytes=1024) as disk:
        yield disk


@pytest.fixture(scope="session")
def fresh(model_folder: Path) -> Iterator[Classifier]:
    with Classifier(model_folder, device="cpu") as classifier:
        yield classifier


@pytest.fixture
def cut(disk: Disk, model_folder: Path, phantom_jpeg: Path, fresh: Classifier) -> Callable[[int, str], list[Found]]:
    """Cut a watch so many times, with some sync left out of it."""
    scan, sent = phantom_jpeg.read_bytes(), itertools.count()

    def feed(folder: Path, number: int) -> None:
        before = len(records_of(folder / "out"))
        for _ in range(EACH):
            arrive(folder / "in", next(sent), scan)
        until = time.monotonic() + 60
        while len(records_of(folder / "out")) == before and time.monotonic() < until:
            time.sleep(0.005)

    def cuts(count: int, left_out: str) -> list[Found]:
        made_folder(disk.folder / "in")

        def command(folder: Path) -> list[str]:
            return [
                sys.executable, "-c", PROGRAM.format(before=LEFT_OUT[left_out]), "watch", str(folder / "in"),
                str(folder / "out"), "--model", str(model_folder), "--device", "cpu", "--interval", "0.05",
            ]  # fmt: skip

        checked = itertools.count(1)

        def check(folder: Path, promised: dict[str, bytes]) -> Found:
            found = look(folder / "out", promised)
            if not found.faults and next(checked) % max(3, count // 10) == 0:
                faults = [*go_on(folder, fresh), *look(folder / "out", promised).faults]
                return Found(found.kept, [f"after a new start: {fault}" for fault in faults])
            return found

        cutting = PowerCuts(disk, command, feed, told_of, check)
        return cutting.run(count, ready=lambda folder: (folder / "out" / "heartbeat.json").exists())

    return cuts


def arrive(folder: Path, number: int, scan: bytes) -> None:
    """A file as most programs write one: nothing is synced. Some are copies, some are refused."""
    kind = number % 6
    # A few bytes behind the end mark of a JPEG make another file of the same picture.
    content = {4: scan + b"\0", 5: b"a letter %d" % number}.get(kind, scan + b"\0" * (number + 2))
    partial = folder / f"{number:05d}.jpg.part"
    partial.write_bytes(content)
    partial.rename(partial.with_suffix(""))


def told_of(folder: Path) -> dict[str, bytes]:
    """Records whose scans were put away; a record whose claim is there is not told of yet."""
    out = folder / "out"
    records = {path.relative_to(out).as_posix(): path.read_bytes() for path in records_of(out)}
    left = {path.stem for path in (out / "taken").glob("*.json")}
    return {name: content for name, content in records.items() if msgspec.json.decode(content)["claim"] not in left}


def records_of(out: Path) -> list[Path]:
    return [path for place in PLACES for path in (out / place).glob("*/[!.]*.json")]


def look(out: Path, promised: dict[str, bytes]) -> Found:
    """All that is wrong with an OUT."""
    faults = [f"{name} is lost" for name, content in promised.items() if _content(out / name) != content]
    paths = records_of(out)
    faults += [fault for path in paths for fault in faults_of(out, path)]
    for path in (out / "taken").glob("[!.]*.json"):
        try:
            msgspec.json.decode(path.read_bytes(), type=Claim)
        except msgspec.DecodeError:
            faults.append(f"{path.name} is no whole claim")
    return Found(len(paths), faults)


def faults_of(out: Path, path: Path) -> Iterator[str]:
    """What is wrong with one record, with the scan that it stands for, and with its picture."""
    try:
        record = msgspec.json.decode(path.read_bytes(), type=SpoolRecord)
    except msgspec.DecodeError:
        yield f"{path.name} is no whole record"
        return
    places = [place for place in (out / record.file, out / "taken" / f"{record.claim}.scan") if place.exists()]
    if len(places) != 1:
        yield f"{path.name}: its scan lies in {len(places)} places"
    elif hashlib.sha256(places[0].read_bytes()).hexdigest() != (record.scan_sha256 or EMPTY):
        yield f"{path.name}: {places[0].name} has {places[0].stat().st_size} bytes, and not those that were judged"
    if record.figure is not None and not is_whole_png(_content(out / record.figure)):
        yield f"{path.name}: its picture is not whole"
    if record.first is not None and not (out / record.first).exists():
        yield f"{path.name}: the record of its first is lost"


def is_whole_png(content: bytes) -> bool:
    """Whether every chunk is there with its sum; PNG specification, section 5. To decode it takes far longer."""
    at = len(PNG)
    while content.startswith(PNG) and len(content) >= at + 12:
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if content[end : end + 4] != struct.pack(">I", zlib.crc32(content[at + 4 : end])):
            return False
        at = end + 4
        if kind == b"IEND":
            return at == len(content)
    return False


def go_on(folder: Path, classifier: Classifier) -> Iterator[str]:
    """Start a watch on what the cut left, and let it end."""
    out = folder / "out"
    try:
        Watcher(classifier, folder / "in", out, QUICK).run(threading.Event(), threading.Event(), once=True)
    except EdgecadError as error:
        yield str(error)
        return
    left = [path.name for place in (folder / "in", out / "taken") for path in place.iterdir()]
    if left:
        yield f"{len(left)} files are left"
    scans = [path for place in PLACES for path in (out / place).glob("*/*") if path.suffix not in (".json", ".png")]
    if len(scans) != len(records_of(out)):
        yield f"{len(scans)} scans and {len(records_of(out))} records"


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("count", [3, pytest.param(50, marks=pytest.mark.soak)])
def test_every_scan_with_a_record_outlives_a_power_cut(count: int, cut: Callable[[int, str], list[Found]]) -> None:
    found = cut(count, "nothing")
    assert [fault for one in found for fault in one.faults] == []
    assert len(found) == count
    assert found[-1].kept >= count, "too little was recorded for the cuts to show anything; the machine is too busy"
    print(f"{count} power cuts, {found[-1].kept} records at the last one: none lost, none of another scan's bytes")  # noqa: T201 - what a soak is run for


@pytest.mark.parametrize("left_out", [name for name in LEFT_OUT if name != "nothing"])
def test_a_sync_that_is_left_out_of_a_watch_is_noticed(left_out: str, cut: Callable[[int, str], list[Found]]) -> None:
    found = cut(3, left_out)
    assert any(one.faults for one in found), f"{left_out} was left out, and {found} shows nothing"
