"""IN belongs to one watch: whatever path leads to it, whoever comes first, however the first one ends."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from edgecad import Classifier
from edgecad.errors import UsageError
from edgecad.inference.identity import IdentityChoice
from edgecad.spool import worker as worker_module
from edgecad.watch import reservation as reservation_module
from edgecad.watch.names import LOCK
from edgecad.watch.reservation import Reservation, is_watched
from edgecad.watch.watcher import Watcher

from .conftest import QUICK, Hot, files_in, records_in

Scan = Callable[[int], bytes]
Run = Callable[..., Any]


@contextmanager
def at_work(watcher: Watcher, incoming: Path) -> Iterator[threading.Thread]:
    """A watch that looks, in a thread; what it ends with is nobody's business."""
    stop, wake = threading.Event(), threading.Event()

    def work() -> None:
        with suppress(UsageError):
            watcher.run(stop, wake)

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: (incoming / LOCK).exists())
    try:
        yield thread
    finally:
        stop.set()
        wake.set()
        thread.join()


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def tree(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))


# --- which folders are one ---------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is tried for a tenth of the time: no other process looks here, so who holds one has it for long."""
    for name in ("OWN", "AROUND", "INSIDE"):
        monkeypatch.setattr(reservation_module, name, getattr(reservation_module, name) / 10)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("first", ["in", "in/room", "in/room/one"])
@pytest.mark.parametrize("second", ["in", "in/room", "in/room/one", "link", "link/room", "./in/../in"])
def test_a_second_watch_is_refused_on_the_folder_around_it_and_inside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, second: str
) -> None:
    (tmp_path / "in" / "room" / "one").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "in", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    for one, other in ((Path(first), tmp_path / second), (tmp_path / first, Path(second))):
        with Reservation(one):
            before = tree(tmp_path)
            with pytest.raises(UsageError, match=r"another edgecad watch takes scans from .*; end it, or give a"):
                Reservation(other).__enter__()
            assert tree(tmp_path) == before, "a refusal leaves nothing"
        with Reservation(other):
            pass
    assert not list(tmp_path.rglob(LOCK))


@pytest.mark.parametrize(
    ("first", "second"),
    [("in/a", "in/b"), ("in", "in-2"), ("in", "in/.hidden"), ("in", "in/.hidden/room"), ("in", "in/sent.part")],
)
def test_watches_that_never_look_into_one_another_go_together(tmp_path: Path, first: str, second: str) -> None:
    for folder in (first, second):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for one, other in ((first, second), (second, first)):
        with Reservation(tmp_path / one), Reservation(tmp_path / other):
            assert is_watched(tmp_path / one)


def test_a_folder_inside_that_another_watch_has_is_never_named(tmp_path: Path) -> None:
    (tmp_path / "in" / "DOE^JANE").mkdir(parents=True)
    with Reservation(tmp_path / "in" / "DOE^JANE"), pytest.raises(UsageError, match="inside") as caught:
        Reservation(tmp_path / "in").__enter__()
    assert "DOE" not in str(caught.value)


def test_a_folder_of_another_watch_that_comes_in_later_is_left_to_it(hot: Hot, scan_bytes: Scan) -> None:
    """As through a bind, which hides from the second watch that it lies inside another's IN."""
    elsewhere = hot.incoming.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "theirs.jpg").write_bytes(scan_bytes(0))
    (hot.incoming / "ours.jpg").write_bytes(scan_bytes(1))
    said: list[str] = []
    with Reservation(elsewhere) as theirs:
        watcher = Watcher(
            hot.classifier, hot.incoming, hot.out, QUICK, on_problem=said.append, wanted=IdentityChoice(scan="name")
        )
        confirm = watcher._arrivals.confirm

        def moved_in() -> None:
            confirm()
            if elsewhere.exists():
                elsewhere.rename(hot.incoming / "elsewhere")

        watcher._arrivals.confirm = moved_in  # type: ignore[method-assign]
        watcher.run(threading.Event(), threading.Event(), once=True)
        assert [record.scan for record in hot.records()] == ["ours.jpg"]
        assert said == [
            "1 folders inside IN belong to another edgecad watch and are left to it; end it, or move them out of IN"
        ]
        assert watcher.worst == 1
    assert theirs is not None
    hot.once()
    assert [record.scan for record in hot.records()] == ["ours.jpg", "elsewhere/theirs.jpg"]


# --- watches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("once", [True, False])
def test_two_watches_in_one_process_do_not_take_from_one_folder(hot: Hot, scan_bytes: Scan, once: bool) -> None:
    other = Watcher(hot.classifier, hot.incoming, hot.out.with_name("other"), QUICK)
    with at_work(Watcher(hot.classifier, hot.incoming, hot.out, QUICK), hot.incoming):
        (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
        with pytest.raises(UsageError, match="takes scans from"):
            other.run(threading.Event(), threading.Event(), once=once)
        with pytest.raises(UsageError, match="takes scans from"):
            Watcher(hot.classifier, hot.incoming, hot.out.with_name("third"), QUICK)
        assert not hot.out.with_name("third").exists()
        until(lambda: bool(hot.records()))
    assert not files_in(hot.out.with_name("other"))
    assert not list(hot.incoming.iterdir())


def test_what_watches_write_into_in_is_no_scan(hot: Hot, scan_bytes: Scan) -> None:
    """Of killed ones too, and of those that were started on a folder inside."""
    (hot.incoming / "room").mkdir()
    left = [hot.incoming / "room" / LOCK, hot.incoming / "room" / ".edgecad-probe-0a1b", hot.incoming / LOCK]
    for path in left:
        path.touch()
    (hot.incoming / "room" / "a.jpg").write_bytes(scan_bytes(0))
    hot.once()
    assert [record.scan for record in hot.records()] == ["room/a.jpg"]
    assert left[0].exists()
    assert not left[2].exists()


@pytest.mark.parametrize("pair", [("in", "in"), ("in", "in/room"), ("in/room", "in")])
def test_of_two_that_come_at_the_same_moment_one_is_left(
    tmp_path: Path, pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where both hold their own folder already, and look for others only then, it is the outer one."""
    (tmp_path / "in" / "room").mkdir(parents=True)
    both, done = threading.Barrier(2), threading.Barrier(2)
    look, held = Reservation._look_around, []
    if pair[0] != pair[1]:
        monkeypatch.setattr(Reservation, "_look_around", lambda own: (both.wait(), look(own)))

    def come(folder: str) -> None:
        with suppress(UsageError), Reservation(tmp_path / folder):
            held.append(folder)
            done.wait()
            return
        done.wait()

    for _ in range(3):
        threads = [threading.Thread(target=come, args=(folder,)) for folder in pair]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert held == ["in"] * 3
    assert not list(tmp_path.rglob(LOCK))


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
def test_who_waited_for_a_file_that_its_last_holder_took_away_locks_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, tries = reservation_module.taken_within, []

    def late(file: Any, seconds: float) -> bool:
        tries.append(file)
        if len(tries) == 1:
            (tmp_path / LOCK).unlink()
        return whole(file, seconds)

    monkeypatch.setattr(reservation_module, "taken_within", late)
    with Reservation(tmp_path):
        assert len(tries) == 2
        assert is_watched(tmp_path)


# --- how the first one ends, and what happens to its file --------------------------------------------------


@pytest.fixture
def started(tmp_path: Path, model_folder: Path) -> Iterator[Callable[[Path, Path], subprocess.Popen[str]]]:
    processes = []

    def start(incoming: Path, out: Path) -> subprocess.Popen[str]:
        words = ["watch", str(incoming), str(out), "--model", str(model_folder), "--device", "cpu", "-q"]
        process = subprocess.Popen([sys.executable, "-m", "edgecad", *words], stderr=subprocess.PIPE, text=True)
        processes.append(process)
        until(lambda: (out / "heartbeat.json").exists(), 60)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_a_second_process_ends_with_code_2_and_one_line_before_its_model_is_opened(
    started: Callable[..., subprocess.Popen[str]], edgecad: Run, tmp_path: Path, scan_bytes: Scan
) -> None:
    incoming, out = tmp_path / "in", tmp_path / "other"
    (incoming / "room").mkdir(parents=True)
    first = started(incoming, tmp_path / "out")
    for folder in (incoming, incoming / "room"):
        for more in ((), ("--once",)):
            ended = edgecad("watch", folder, out, "--model", tmp_path / "no model", *more)
            assert ended.code == 2
            assert len(ended.stderr.splitlines()) == 1
            assert f"another edgecad watch takes scans from {incoming}" in ended.stderr
            assert not out.exists()
    (incoming / "a.jpg").write_bytes(scan_bytes(0))
    until(lambda: bool(records_in(tmp_path / "out")))
    first.kill()
    first.wait()
    assert (incoming / LOCK).exists(), "the file stays, and locks nothing"
    started(incoming, tmp_path / "third")


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
def test_a_lock_file_that_a_cleaning_script_removes_is_made_again(hot: Hot) -> None:
    with at_work(Watcher(hot.classifier, hot.incoming, hot.out, QUICK), hot.incoming):
        (hot.incoming / LOCK).unlink()
        until(lambda: (hot.incoming / LOCK).exists() and is_watched(hot.incoming))
        with pytest.raises(UsageError, match="takes scans from"):
            Reservation(hot.incoming).__enter__()
    assert not list(hot.incoming.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be removed there")
def test_a_watch_that_lost_its_folder_to_another_ends_and_takes_nothing_more(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lost in the middle of a round: two scans are whole, and the first one is under way."""
    for number in range(2):
        (hot.incoming / f"{number}.jpg").write_bytes(scan_bytes(number))
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK)
    others: list[Reservation] = []
    handle = watcher._worker._processor.handle

    def lost(claim: Any) -> Any:
        (hot.incoming / LOCK).unlink()
        others.append(Reservation(hot.incoming).__enter__())
        return handle(claim)

    monkeypatch.setattr(type(watcher._worker._processor), "handle", lambda _, claim, **more: lost(claim))
    try:
        with pytest.raises(UsageError, match="takes scans from"):
            watcher.run(threading.Event(), threading.Event())
        assert is_watched(hot.incoming), "the other one's lock file was left to it"
    finally:
        others[0].give_back()
    assert len(hot.records()) == 1
    assert len(list(hot.incoming.iterdir())) == 1


def test_a_folder_that_is_back_is_reserved_anew(hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a share that was unmounted: the lock may have been lost with it, and another watch may have come."""
    monkeypatch.setattr(worker_module, "RETRY", 0.02)
    away, said = hot.incoming.with_name("away"), []
    lost = "IN is not there as at the start; mount it again"

    def back(problem: str) -> None:
        said.append(problem)
        if problem != lost:  # it went in the midst of a look; the next one sees it and gives the lock back
            return
        with Reservation(away):  # nobody holds it meanwhile
            pass
        away.rename(hot.incoming)

    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK, on_problem=back)
    with at_work(watcher, hot.incoming):
        hot.incoming.rename(away)
        until(lambda: hot.incoming.exists() and is_watched(hot.incoming))
        (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
        until(lambda: bool(hot.records()))
    assert said[-1] == lost
    assert said.count(lost) == 1


def test_a_folder_that_another_watch_took_while_it_was_away_ends_the_watch(
    hot: Hot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "RETRY", 0.02)
    away = hot.incoming.with_name("away")
    others: list[Reservation] = []

    def back(problem: str) -> None:
        others.append(Reservation(away).__enter__())
        away.rename(hot.incoming)

    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK, on_problem=back)
    hot.incoming.rename(away)
    with pytest.raises(UsageError, match="takes scans from"):
        watcher.run(threading.Event(), threading.Event())
    others[0].give_back()


# --- folders that cannot be reserved -----------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_only_be_read_is_said_in_one_line(
    hot: Hot, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    open_ = os.open

    def refused(path: Any, flags: int, *more: Any, **words: Any) -> int:
        if flags & os.O_CREAT and Path(path).parent == hot.incoming:
            raise OSError(number, os.strerror(number), str(path))
        return open_(path, flags, *more, **words)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(OSError, match="scans are moved out of IN, so it must be writable") as caught:
        Watcher(hot.classifier, hot.incoming, hot.out)
    assert (caught.value.errno, caught.value.filename) == (number, str(hot.incoming))
    assert not hot.out.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_a_user_who_may_not_write_is_told_and_one_who_may_goes_past_a_file_of_another(tmp_path: Path) -> None:
    """Another user's watch was killed, and its lock file may not be written by ours."""
    incoming = tmp_path / "in"
    incoming.mkdir()
    (incoming / LOCK).touch(0o644)
    words = (
        "import fcntl, os; from pathlib import Path; from edgecad.watch.reservation import Reservation\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"with Reservation(Path({str(incoming)!r})): print('held')\n"
    )
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and folder.is_relative_to("/tmp"):  # noqa: S108 - pytest's own
            folder.chmod(folder.stat().st_mode | 0o055)
    incoming.chmod(0o777)
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert done.stdout == "held\n", done.stderr
    assert not (incoming / LOCK).exists()
    incoming.chmod(0o755)
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=False)
    assert f"Permission denied, and scans are moved out of IN, so it must be writable: '{incoming}'" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_lies_there_in_place_of_a_lock_file_is_never_followed(tmp_path: Path, kind: str) -> None:
    incoming = tmp_path / "in"
    incoming.mkdir()
    if kind == "link":
        (incoming / LOCK).symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(incoming / LOCK)
    else:
        (incoming / LOCK).mkdir()
    with suppress(OSError), Reservation(incoming):
        assert kind == "pipe", "which is locked as a file is, and not waited for"
    assert not (tmp_path / "elsewhere").exists()


def test_the_classifier_is_not_asked_before_the_folder_is_ours(
    hot: Hot, watching: Classifier, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    watcher = Watcher(watching, hot.incoming, hot.out, QUICK)
    monkeypatch.setattr(watching.runner, "run", lambda *_: pytest.fail("a scan was judged"))
    with Reservation(hot.incoming), pytest.raises(UsageError):
        watcher.run(threading.Event(), threading.Event(), once=True)
    assert (hot.incoming / "a.jpg").read_bytes() == scan_bytes(0)
    shutil.rmtree(hot.out)
