"""A worker with a source of its own: scans that are handed in one by one, and no folder that is looked into."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad import Classifier
from edgecad.errors import UsageError
from edgecad.inference.answering import ScanOutcome
from edgecad.inference.identity import IdentityChoice
from edgecad.spool import worker as worker_module
from edgecad.spool.index import SpoolRecord
from edgecad.spool.options import WorkerOptions
from edgecad.spool.processor import MOST_DEATHS
from edgecad.spool.reading import content_hash
from edgecad.spool.source import Arrival, Traits
from edgecad.spool.worker import Worker

Scan = Callable[[int], bytes]
QUICK = WorkerOptions(interval=0.01, patience=0.1, heartbeat=0.0)


@dataclass
class Handed:
    """Scans that come one with each look, as from a network; each gets a file only then."""

    place: Path
    coming: list[tuple[str, bytes]]
    lost: list[Exception] = field(default_factory=list)
    """What `confirm` raises, once each."""
    closed: int = 0
    problems: tuple[str, ...] = ()
    there: list[Arrival] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        return len(self.coming)

    def confirm(self) -> None:
        if self.lost:
            raise self.lost.pop()

    def look(self) -> list[Arrival]:
        if self.coming:
            name, content = self.coming.pop(0)
            path = self.place / f"{name}.bin"
            path.write_bytes(content)
            self.there.append(Arrival(path, name, Traits.of(os.lstat(path)), True))
        self.there = [arrival for arrival in self.there if arrival.path.exists()]
        return self.there


@dataclass(frozen=True)
class Station:
    """A source and its OUT."""

    source: Handed
    out: Path
    classifier: Classifier

    def once(self, **more: Any) -> Worker:
        more = {"wanted": IdentityChoice(scan="name"), **more}
        worker = Worker(self.classifier, self.source, self.out, QUICK, command="edgecad test", **more)
        worker.run(threading.Event(), threading.Event(), once=True)
        return worker

    def records(self) -> list[SpoolRecord]:
        found = [msgspec.json.decode(path.read_bytes(), type=SpoolRecord) for path in self.out.glob("*/????-*/*.json")]
        return sorted(found, key=lambda record: record.recorded)


@pytest.fixture(scope="module")
def classifier(model_folder: Path) -> Iterator[Classifier]:
    with Classifier(model_folder, device="cpu") as opened:
        yield opened


@pytest.fixture
def station(tmp_path: Path, classifier: Classifier) -> Station:
    (tmp_path / "place").mkdir()
    return Station(Handed(tmp_path / "place", []), tmp_path / "out", classifier)


@pytest.fixture(scope="session")
def scan(phantom_screen: Callable[[int], Any]) -> Scan:
    from functools import cache

    from edgecad_train.phantoms import jpeg_bytes

    return cache(lambda index: jpeg_bytes(phantom_screen(index)))


def test_every_scan_of_any_source_is_answered_once(station: Station, scan: Scan) -> None:
    station.source.coming += [("one", scan(0)), ("two", scan(1)), ("one again", scan(0)), ("letter", b"Dear colleague")]
    worker = station.once()
    assert [(record.scan, record.status) for record in station.records()] == [
        ("one", "answered"), ("two", "answered"), ("one again", "copy"), ("letter", "refused"),
    ]  # fmt: skip
    assert worker.worst == 3
    assert not list(station.source.place.iterdir())
    assert not list((station.out / "taken").iterdir())
    for record in station.records():
        assert (station.out / record.file).is_file()


def test_what_counts_as_the_same_scan_is_the_sources_to_say(station: Station, scan: Scan) -> None:
    """As the same pixels in another transfer syntax: other bytes, one scan."""
    padded = scan(0) + bytes(9)
    station.source.coming += [("first", scan(0)), ("padded", padded)]
    station.once(key=lambda data: hashlib.sha256(data.rstrip(b"\0")).hexdigest())
    first, copy = station.records()
    assert (first.status, copy.status, copy.first) == ("answered", "copy", str(Path(first.file).with_suffix(".json")))
    assert [first.scan_sha256, copy.scan_sha256] == [hashlib.sha256(data).hexdigest() for data in (scan(0), padded)]


def test_a_scan_whose_key_ends_the_program_again_and_again_is_judged_by_its_hash_and_stops_no_other(
    station: Station, scan: Scan
) -> None:
    class Crash(BaseException):
        pass

    def key(data: bytes) -> str:
        if data == scan(0):
            raise Crash
        return content_hash(data)

    station.source.coming.append(("poison", scan(0)))
    for _ in range(MOST_DEATHS):
        with pytest.raises(Crash):
            station.once(key=key)
    station.source.coming.append(("good", scan(1)))
    station.once(key=key)
    assert [(record.scan, record.reason or record.status) for record in station.records()] == [
        ("poison", "answered"), ("good", "answered"),
    ]  # fmt: skip
    assert station.records()[0].scan_sha256 == content_hash(scan(0))


def test_what_must_be_there_before_a_record_is_prepared_before_it(station: Station, scan: Scan) -> None:
    seen: list[tuple[str, bytes, str]] = []

    def prepare(name: str, data: bytes, outcome: ScanOutcome) -> None:
        assert not list(station.out.glob(f"*/*/{name}.json")), "the record is the last step"
        seen.append((name, data, outcome.record.status))

    station.source.coming += [("a", scan(0)), ("copy", scan(0)), ("letter", b"Dear colleague")]
    station.once(prepare=prepare)
    assert [entry[1:] for entry in seen] == [(scan(0), "answered"), (b"Dear colleague", "refused")]
    for name, _, status in seen:
        place = "done" if status == "answered" else "refused"
        assert list((station.out / place).glob(f"*/{name}.json"))


@pytest.mark.parametrize("kind", ["disk", "killed"])
def test_what_could_not_be_prepared_is_prepared_again_and_has_no_record_before(
    station: Station, scan: Scan, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(worker_module, "RETRY", 0.01)

    class Killed(BaseException):
        pass

    calls: list[tuple[str, bytes]] = []

    def prepare(name: str, data: bytes, outcome: ScanOutcome) -> None:
        calls.append((name, data))
        if len(calls) == 1:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) if kind == "disk" else Killed

    station.source.coming.append(("a", scan(0)))
    if kind == "killed":
        with pytest.raises(Killed):
            station.once(prepare=prepare)
        assert not station.records()
        assert list((station.out / "taken").glob("*.scan"))
    station.once(prepare=prepare)
    assert [record.status for record in station.records()] == ["answered"]
    assert len(calls) == 2
    assert calls[0] == calls[1], "under the same name"


def test_a_source_that_is_away_is_waited_for_and_loses_nothing(
    station: Station, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "RETRY", 0.01)
    said: list[str] = []
    station.source.lost.append(OSError(errno.ENODEV, "the line is down"))
    station.source.coming.append(("a", scan(0)))
    station.once(on_problem=said.append)
    assert said == ["the line is down"]
    assert [record.status for record in station.records()] == ["answered"]


def test_a_source_that_is_anothers_ends_the_worker(station: Station, scan: Scan) -> None:
    station.source.coming.append(("a", scan(0)))
    station.source.lost.append(UsageError("another has it"))
    with pytest.raises(UsageError, match="another has it"):
        station.once()
    assert not station.records()


def test_what_a_source_says_of_itself_is_told_and_is_in_the_exit_code(station: Station, scan: Scan) -> None:
    said: list[str] = []
    station.source.problems = ("2 senders are unknown",)
    station.source.coming.append(("a", scan(0)))
    assert station.once(on_problem=said.append).worst == 1
    assert said == ["2 senders are unknown"]


def test_two_workers_do_not_write_to_one_out(station: Station) -> None:
    station.once()
    with worker_module.attempted(station.out / ".lock") as ours:
        assert ours
        with pytest.raises(UsageError, match="another edgecad test writes to"):
            station.once()
