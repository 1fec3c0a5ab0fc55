"""Thousands of files at once: the first is answered soon, all in their order, and memory does not grow with them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgecad.watch import arrivals
from edgecad.watch.reservation import Reservation

from .conftest import records_in

FIRST_SECONDS = 3.0
"""Within which the first record is there, of files that come all at once to a watch that is at rest."""
GROWTH_MB = 20.0
"""By which memory may grow at most once a part of the files is answered."""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("files", "warm"), [(90, 45), pytest.param(5000, 500, marks=pytest.mark.soak)])
def test_files_that_come_at_once_are_answered_in_order(
    files: int, warm: int, tmp_path: Path, model_folder: Path, phantom_jpeg: Path
) -> None:
    incoming, out, number_of = tmp_path / "in", tmp_path / "out", drawn(tmp_path / "sent", files, phantom_jpeg)
    incoming.mkdir()
    with watching(incoming, out, model_folder) as process:
        begun = time.monotonic()
        (tmp_path / "sent").rename(incoming / "sent")  # all of them at one moment
        wait_for(1, out, process)
        first = time.monotonic() - begun
        wait_for(warm, out, process)
        before = most = memory(process)
        while len(done(out)) < files:
            most = max(most, memory(process))
            wait_for(min(files, len(done(out)) + files // 100 + 1), out, process)
        seconds = time.monotonic() - begun
    print(  # noqa: T201 - what a soak is run for
        f"{files} files at once: the first record after {first:.2f} s, {1000 * seconds / files:.0f} ms a file; "
        f"{before:.1f} MB after {warm}, {most:.1f} MB at most"
    )
    answered = sorted(records_in(out), key=lambda record: record.claim)
    assert [number_of[str(record.scan_sha256)] for record in answered] == list(range(files))
    assert most - before <= GROWTH_MB
    assert first <= FIRST_SECONDS
    shutil.rmtree(tmp_path)


@dataclass
class Slow:
    """A share on which it takes a tenth of a second to open a file."""

    now: float = 0.0
    opened: list[str] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def has_ended(self, path: Path) -> bool:
        self.now += 0.1
        self.opened.append(path.name)
        return not path.name.startswith("half")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    slow = Slow()
    monkeypatch.setattr(arrivals, "has_ended", slow.has_ended)
    return slow


@pytest.fixture
def source(tmp_path: Path, slow: Slow) -> arrivals.Arrivals:
    for number in range(40):
        (tmp_path / f"{'half' if number % 4 == 0 else 'scan'}-{number:02d}.jpg").touch()
        os.utime(tmp_path / f"{'half' if number % 4 == 0 else 'scan'}-{number:02d}.jpg", (1000 + number, 1000 + number))
    return arrivals.Arrivals(tmp_path, Reservation(tmp_path), settle=1, patience=1000, clock=slow.clock)


def test_the_first_of_many_does_not_wait_until_all_were_opened(source: arrivals.Arrivals, slow: Slow) -> None:
    given: list[str] = []
    looks = 0
    while source.waiting != 10 or not looks:  # the halves
        looks, begun = looks + 1, slow.now
        batch = [arrival.path for arrival in source.look()]
        assert slow.now - begun <= arrivals.FIRST_LOOK * 2 ** (looks - 1) + 0.3
        assert source.waiting == 40 - len(given) - len(batch)
        given += [path.name for path in batch]
        for path in batch:
            path.unlink()
    assert 2 < looks < 7
    assert given == sorted(given, key=lambda name: name[-6:])
    assert len(given) == 30


def test_those_that_nobody_takes_keep_no_other_waiting_and_are_opened_once(
    source: arrivals.Arrivals, slow: Slow
) -> None:
    while source.waiting != 10 or not slow.opened:
        given = [arrival.path.name for arrival in source.look()]
    assert len(given) == 30
    assert max(Counter(slow.opened).values()) == 1
    changed = source.look()[3].path
    changed.write_bytes(b"longer")
    os.utime(changed, (1000, 1000))
    source.look()
    assert slow.opened.count(changed.name) == 2


def drawn(folder: Path, files: int, scan: Path) -> dict[str, int]:
    """Write so many files, none like another, and give their numbers by their hashes."""
    folder.mkdir()
    content, numbers = scan.read_bytes(), {}
    for number in range(files):
        # A comment (COM, ITU-T T.81, B.2.4.5) of two bytes makes another file of the same picture.
        other = content[:2] + b"\xff\xfe\x00\x04" + number.to_bytes(2, "big") + content[2:]
        (folder / f"{number:05d}.jpg").write_bytes(other)
        numbers[hashlib.sha256(other).hexdigest()] = number
    return numbers


@contextmanager
def watching(incoming: Path, out: Path, model: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A watch as the program starts it, which is at rest."""
    command = [sys.executable, "-m", "edgecad", "watch", str(incoming), str(out), "--model", str(model), "--quiet"]
    process = subprocess.Popen([*command, "--device", "cpu"], stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 120
        while not (out / "heartbeat.json").exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(count: int, out: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until so many are answered; each must come within a minute of the one before."""
    seen, since = -1, time.monotonic()
    while (now := len(done(out))) < count:
        assert process.poll() is None
        seen, since = (now, time.monotonic()) if now > seen else (seen, since)
        assert time.monotonic() - since < 60, f"{now} of {count} are answered, and no more for a minute"
        time.sleep(0.02 if count == 1 else 0.2)


def done(out: Path) -> list[str]:
    """Names of records."""
    return [path.name for path in (out / "done").glob("*/[!.]*.json")]


def memory(process: subprocess.Popen[bytes]) -> float:
    """Resident memory, MB."""
    status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) * 1024 / 1e6
