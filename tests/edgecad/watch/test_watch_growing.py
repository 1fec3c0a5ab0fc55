"""A scan that may still grow gets no verdict for its beginning, and one that grew gets a new one."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from edgecad.images.ending import has_ended
from edgecad.inference.identity import IdentityChoice
from edgecad.spool import processor as processor_module
from edgecad.spool.claims import Claims
from edgecad.spool.processor import Processor
from edgecad.watch.options import WatchOptions
from edgecad.watch.watcher import Watcher
from edgecad_train.phantoms import png_bytes

from .conftest import QUICK, Hot

Scan = Callable[[int], bytes]
OPEN = pytest.mark.skipif(os.name == "nt", reason="Windows moves no file that somebody has open")


def with_thumbnail(scan: bytes) -> tuple[bytes, int]:
    """A JPEG with a thumbnail in its first segment, and where that one's end mark ends."""
    thumbnail = b"JFXX\0\x10" + scan[:3000] + b"\xff\xd9"
    return scan[:2] + b"\xff\xe0" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail + scan[2:], 6 + len(thumbnail)


@contextmanager
def running(hot: Hot, options: WatchOptions = QUICK) -> Iterator[Callable[[], int]]:
    """A watch at work, whatever happens; gives how many scans it waits for, as its heartbeat has it."""
    stop, wake = threading.Event(), threading.Event()
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, options, wanted=IdentityChoice(scan="name"))
    thread = threading.Thread(target=watcher.run, args=(stop, wake))
    thread.start()
    try:
        yield lambda: int(json.loads((hot.out / "heartbeat.json").read_text())["waiting"])
    finally:
        stop.set()
        wake.set()
        thread.join()


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        with suppress(FileNotFoundError):
            if holds():
                return
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(params=["jpeg", "thumbnail", "png"])
def cut(request: pytest.FixtureRequest, scan_bytes: Scan, phantom_screen: Any) -> tuple[bytes, int]:
    """A whole scan, and where it is cut; a thumbnail's end mark is the last word there."""
    if request.param == "png":
        whole = png_bytes(phantom_screen(0))
        return whole, len(whole) // 2
    return (scan_bytes(0), 9000) if request.param == "jpeg" else with_thumbnail(scan_bytes(0))


def test_what_was_cut_has_not_ended_whatever_its_last_bytes_are(scan_bytes: Scan, tmp_path: Path) -> None:
    """Cut at drawn places, with an end mark of its own behind it: as where a thumbnail or a program ends it."""
    rng, path = np.random.default_rng(0), tmp_path / "scan"
    whole, mark = with_thumbnail(scan_bytes(0))
    path.write_bytes(whole)
    assert has_ended(path)
    for place in (mark, *rng.integers(20, mark, 30)):
        path.write_bytes(whole[: int(place) - 2] + b"\xff\xd9")
        assert not has_ended(path), place


@OPEN
@pytest.mark.parametrize("renamed", [True, False])
def test_a_cut_file_waits_in_in_for_as_long_as_patience_although_it_was_renamed(
    hot: Hot, cut: tuple[bytes, int], renamed: bool
) -> None:
    """Its writer pauses for longer than a second, and goes on."""
    whole, place = cut
    path = hot.incoming / "slow.scan"
    options = replace(QUICK, patience=3.0)

    def write() -> None:
        start = path.with_suffix(".part") if renamed else path
        with start.open("wb", buffering=0) as file:
            file.write(whole[:place])
            time.sleep(0.1)
            if renamed:
                start.rename(path)
            time.sleep(0.8)
            assert path.exists(), "it was taken, and a writer that opens it by name would begin another"
            file.write(whole[place:])

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.05)
    while writer.is_alive():
        hot.once(options)
    hot.once(options)
    writer.join()
    assert [record.status for record in hot.records()] == ["answered"]


@OPEN
@pytest.mark.parametrize("restarts", [False, True])
def test_a_scan_that_was_taken_too_early_is_no_refusal_while_its_writer_goes_on(
    hot: Hot, cut: tuple[bytes, int], scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch, restarts: bool
) -> None:
    """As from a source that calls it whole, whatever the reason; another start in between forgets nothing."""
    whole, place = cut
    writing = (hot.incoming / "slow.scan").open("wb", buffering=0)
    writing.write(whole[:place])
    options = replace(QUICK, patience=600.0)
    with monkeypatch.context() as early:
        early.setattr("edgecad.watch.arrivals.Arrivals._is_whole", lambda *_: True)
        for start in range(1 + restarts):
            with running(hot, options) as waiting:
                until(lambda: waiting() == 1)  # judged, and found to end early
                if start == 0:
                    (hot.incoming / "other.jpg").write_bytes(scan_bytes(1))
                until(lambda: len(hot.records()) == 1)  # nobody else waits for it
    assert [record.status for record in hot.records()] == ["answered"]
    with writing:
        writing.write(whole[place:])
    hot.once()
    assert [record.status for record in hot.records()] == ["answered", "answered"]


@OPEN
@pytest.mark.parametrize("restarts", [False, True])
def test_a_refused_beginning_does_not_stand_for_ever_where_its_writer_goes_on_later(
    hot: Hot, cut: tuple[bytes, int], restarts: bool
) -> None:
    """The writer was still for longer than patience, so its file was refused and put away; it is open all the same."""
    whole, place = cut
    writing = (hot.incoming / "slow.scan").open("wb", buffering=0)
    writing.write(whole[:place])
    watcher = hot.once()
    (refused,) = hot.records()
    assert (refused.status, refused.reason) == ("refused", "truncated")
    with writing:
        writing.write(whole[place:])
    again = hot.once() if restarts else watcher
    again.run(threading.Event(), threading.Event(), once=True)
    (record,) = hot.records()
    assert (record.status, record.scan) == ("answered", "slow.scan")
    assert (hot.out / record.file).read_bytes() == whole
    assert record.scan_sha256 == hashlib.sha256(whole).hexdigest()
    assert not (hot.out / refused.file).exists()
    assert not list((hot.out / "refused").rglob("*.png"))


def test_a_refused_beginning_that_is_left_alone_stays_as_it_is(hot: Hot, cut: tuple[bytes, int]) -> None:
    whole, place = cut
    (hot.incoming / "cut.scan").write_bytes(whole[:place])
    for _ in range(3):
        hot.once()
    (record,) = hot.records()
    assert (record.status, record.reason) == ("refused", "truncated")
    assert (hot.out / record.file).read_bytes() == whole[:place]


@pytest.mark.parametrize(("name", "key"), [("same.scan", "hash"), ("other.scan", "hash"), ("same.scan", "beginning")])
def test_what_comes_back_whole_is_a_new_scan_and_answered(
    hot: Hot, cut: tuple[bytes, int], name: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a source says by the beginning of a file what is the same scan, as by the header of a DICOM object."""
    if key == "beginning":
        keyed = Processor.__init__

        def made(self: Processor, *more: Any) -> None:
            keyed(self, *more)
            object.__setattr__(self, "key", lambda data: hashlib.sha256(data[:200]).hexdigest())

        monkeypatch.setattr(Processor, "__init__", made)
    whole, place = cut
    for part in (place, place + 500):
        (hot.incoming / "same.scan").write_bytes(whole[:part])
        hot.once()
    (hot.incoming / name).write_bytes(whole)
    hot.once()
    (hot.incoming / name).write_bytes(whole)
    hot.once()
    assert [record.status for record in hot.records()] == ["refused", "refused", "answered", "copy"]
    *_, answered, copy = hot.records()
    assert copy.first == str(Path(answered.file).with_suffix(".json"))


# --- changed while it is judged -----------------------------------------------------------------------------


def writer_at(step: str, write: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have somebody write into a scan that is taken, once, at a step of its judgement."""
    at = {"judged": (processor_module, "answer"), "drawn": (processor_module, "write_figure")}
    place, name = at[step]
    real, done = getattr(place, name), list[int]()

    def with_writer(*words: Any, **more: Any) -> Any:
        outcome = real(*words, **more)
        if not done:
            done.append(1)
            write(taken[0])
        return outcome

    taken: list[Path] = []
    content = processor_module.read_scan

    def seen(claims: Any, claim: Any) -> Any:
        taken[:] = [claims.scan_of(claim)]
        return content(claims, claim)

    monkeypatch.setattr(processor_module, "read_scan", seen)
    monkeypatch.setattr(place, name, with_writer)


@pytest.mark.parametrize("how", ["appended", "in place", "in place, dated back", "cut", "replaced"])
@pytest.mark.parametrize("step", ["judged", "drawn"])
def test_a_scan_that_changes_after_it_was_read_is_judged_anew_and_its_record_is_of_what_is_kept(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch, step: str, how: str
) -> None:
    other = scan_bytes(1)

    def write(path: Path) -> None:
        status = path.stat()
        if how == "appended":
            with path.open("ab") as file:
                file.write(bytes(5))
        elif how == "cut":
            os.truncate(path, 9000)
        elif how == "replaced":
            path.with_name("new.partial").write_bytes(other)
            path.with_name("new.partial").replace(path)
        else:
            with path.open("rb+") as file:  # one byte of the picture, which stays a picture
                file.seek(status.st_size - 200)
                file.write(bytes([scan_bytes(0)[-200] ^ 1]))
        if how.endswith("dated back"):
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    writer_at(step, write, monkeypatch)
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    hot.once()
    (record,) = hot.records()
    kept = (hot.out / record.file).read_bytes()
    assert kept != scan_bytes(0)
    assert record.scan_sha256 == hashlib.sha256(kept).hexdigest()
    figures = {path.relative_to(hot.out).as_posix() for path in hot.out.rglob("*.figure.png")}
    assert figures == {record.figure}


@OPEN
def test_a_writer_who_never_ends_keeps_nobody_else_waiting(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "endless.jpg").write_bytes(scan_bytes(0))
    ended = threading.Event()
    handles: list[BinaryIO] = []
    take = Claims.take

    def with_writer(claims: Claims, arrival: Any, *more: Any) -> Any:
        if arrival.name == "endless.jpg":
            handles.append(arrival.path.open("ab", buffering=0))
            handles[0].write(b"\0")
        return take(claims, arrival, *more)

    def write() -> None:
        while not ended.wait(0.05):
            for handle in handles:
                handle.write(b"\0")

    monkeypatch.setattr(Claims, "take", with_writer)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        with running(hot) as waiting:
            until(lambda: waiting() == 1)
            for index in (1, 2, 3):
                (hot.incoming / f"{index}.jpg").write_bytes(scan_bytes(index))
            until(lambda: len(hot.records()) == 3)
            assert sorted(record.scan for record in hot.records()) == ["1.jpg", "2.jpg", "3.jpg"]
    finally:
        ended.set()
        writer.join()
        handles[0].close()
    hot.once()
    assert [record.scan for record in hot.records()][3:] == ["endless.jpg"]
