"""What arrives in a hot folder is answered once, and lies in one place with one record."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad import Classifier
from edgecad.cli.scans import listed_scans
from edgecad.errors import DeviceFailed, GateFailed, InputRefused, UsageError
from edgecad.inference.identity import IdentityChoice
from edgecad.spool import processor as processor_module
from edgecad.spool import reading as reading_module
from edgecad.spool import worker as worker_module
from edgecad.spool.claims import Claims
from edgecad.spool.index import RecordIndex, SpoolRecord
from edgecad.spool.supervision.pulse import Pulse
from edgecad.watch.arrivals import Arrivals
from edgecad.watch.reservation import Reservation
from edgecad.watch.watcher import Watcher
from edgecad_train.data import find_cases
from edgecad_train.phantoms import dicom_bytes

from .conftest import QUICK, Hot, files_in

Scan = Callable[[int], bytes]


def test_a_scan_is_answered_and_lies_beside_its_record_and_picture(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "DOE^JOHN.jpg").write_bytes(scan_bytes(0))
    watcher = hot.once()
    (record,) = hot.records()
    answer = hot.classifier(scan_bytes(0))
    assert (record.status, record.label, record.probability) == ("answered", answer.label, answer.probability)
    assert record.scan == "DOE^JOHN.jpg"
    assert (hot.out / record.file).read_bytes() == scan_bytes(0)
    assert record.figure is not None
    assert (hot.out / record.figure).read_bytes().startswith(b"\x89PNG")
    assert not list(hot.incoming.iterdir())
    assert not list((hot.out / "taken").iterdir())
    assert watcher.worst == 0
    names = [path.name for path in hot.out.rglob("*")]
    assert not [name for name in names if "DOE" in name]


def test_what_is_refused_lies_apart_with_its_reason(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "letter.jpg").write_text("Dear colleague")
    (hot.incoming / "empty.png").touch()
    (hot.incoming / "cut.jpg").write_bytes(scan_bytes(0)[:5000])
    (hot.incoming / "note.json").write_text("{}")
    watcher = hot.once()
    reasons = {record.scan: record.reason for record in hot.records("refused")}
    assert reasons == {
        "letter.jpg": "not-an-image", "empty.png": "empty", "cut.jpg": "truncated", "note.json": "not-an-image",
    }  # fmt: skip
    assert not hot.records("done")
    assert watcher.worst == 3
    assert len(files_in(hot.out)) == 4
    for record in hot.records():
        assert (hot.out / record.file).is_file()
        assert record.figure is not None
        assert (hot.out / record.figure).is_file()


def test_a_second_copy_points_to_the_first_answer_and_has_none(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    hot.once()
    for name in ("b.jpg", "c.jpg"):
        (hot.incoming / name).write_bytes(scan_bytes(0))
    hot.once()
    first, *copies = hot.records()
    assert [copy.status for copy in copies] == ["copy", "copy"]
    assert {copy.scan for copy in copies} == {"b.jpg", "c.jpg"}
    for copy in copies:
        assert copy.label is copy.probability is None
        assert copy.first is not None
        assert msgspec.json.decode((hot.out / copy.first).read_bytes(), type=SpoolRecord) == first
    assert len(files_in(hot.out)) == 3


def test_another_threshold_is_another_question(hot: Hot, scan_bytes: Scan, model_folder: Path) -> None:
    for threshold in (None, 0.9, 0.9):
        (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
        with Classifier(model_folder, device="cpu", threshold=threshold) as classifier:
            hot.once(classifier=classifier)
    assert [(r.status, r.threshold_from) for r in hot.records()] == [
        ("answered", "contract"), ("answered", "user"), ("copy", None),
    ]  # fmt: skip


def test_folders_below_are_looked_into_and_hidden_and_unfinished_names_are_left(hot: Hot, scan_bytes: Scan) -> None:
    below = hot.incoming / "monday" / "room 2"
    below.mkdir(parents=True)
    (below / "a").write_bytes(scan_bytes(0))
    for name in (".a.jpg", "a.jpg.part", "A.TMP"):
        (hot.incoming / name).write_bytes(scan_bytes(1))
    hot.once()
    (record,) = hot.records()
    assert record.scan == "monday/room 2/a"
    assert {path.name for path in hot.incoming.iterdir()} == {".a.jpg", "a.jpg.part", "A.TMP", "monday"}


def test_what_is_left_in_a_folder_is_told_once_by_number_and_without_names(hot: Hot, scan_bytes: Scan) -> None:
    for name in (".DOE.jpg", "DOE.jpg.part", ".DS_Store"):
        (hot.incoming / name).write_bytes(scan_bytes(0))
    told: list[str] = []
    now = [0.0]
    with Reservation(hot.incoming) as reservation:
        arrivals = Arrivals(hot.incoming, reservation, 1.0, 10.0, lambda: now[0], told.append)
        for second in (0.0, 5.0, 10.0, 20.0):
            now[0] = second
            assert not arrivals.look()
            assert len(told) == (second >= 10.0), "a name of what is being written is the rule for a while"
    (words,) = told
    assert "1 x a hidden name" in words
    assert "1 x a name for what is still being written" in words
    assert "DOE" not in words


def test_infer_training_and_a_watch_agree_on_what_is_a_scan(
    hot: Hot, scan_bytes: Scan, phantom_screen: Callable[[int], Any], tmp_path: Path
) -> None:
    """With one that is told by its first bytes alone: DICOM without preamble and without an ending."""
    whole = dicom_bytes(phantom_screen(1))
    files = {
        "a.jpg": scan_bytes(0), "b": scan_bytes(2), "c": whole[whole.index(b"\x08\0\x08\0CS") :],
        ".d.jpg": b"\xff\xd8\xff", "e.jpg.part": b"\xff\xd8\xff", "f.bmp": b"BM\0\0\0\0\0\0\0\0", "g": b"letter",
    }  # fmt: skip
    for place, prefix in ((hot.incoming, ""), (tmp_path / "data/CAD", "p"), (tmp_path / "data/nonCAD", "q")):
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / f"{'.' * name.startswith('.')}{prefix}{name.removeprefix('.')}").write_bytes(content)
    scans, passed = listed_scans([str(hot.incoming)])
    assert [Path(scan).name for scan in scans] == ["a.jpg", "b", "c"]
    assert [Path(one.file).name for one in passed] == [".d.jpg", "e.jpg.part", "f.bmp", "g"]
    found = find_cases(tmp_path / "data", least=1)
    assert [case.path.name for case in found.cases] == ["pa.jpg", "pb", "pc", "qa.jpg", "qb", "qc"]
    assert [one.why for one in found.passed] == [one.why for one in passed] * 2
    hot.once()
    assert {record.scan for record in hot.records("done")} == {"a.jpg", "b", "c"}
    refused = {record.scan: record.message for record in hot.records("refused")}
    assert refused.keys() == {"f.bmp", "g"}
    assert "a BMP picture" in str(refused["f.bmp"])
    assert "neither JPEG, PNG nor DICOM" in str(refused["g"])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_links_and_pipes_are_put_away_and_never_opened(hot: Hot, scan_bytes: Scan, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.jpg").write_bytes(scan_bytes(0))
    (hot.incoming / "link.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    (hot.incoming / "away").symlink_to(tmp_path, target_is_directory=True)
    (hot.incoming / "broken").symlink_to(tmp_path / "nothing")
    os.mkfifo(hot.incoming / "pipe.jpg")
    hot.once()
    assert {record.scan: record.reason for record in hot.records("refused")} == dict.fromkeys(
        ("link.jpg", "away", "broken", "pipe.jpg"), "not-a-file"
    )
    assert (tmp_path / "elsewhere.jpg").read_bytes() == scan_bytes(0)


def test_a_name_that_is_not_utf8_is_answered(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / os.fsdecode(b"\xff\xfe.jpg")).write_bytes(scan_bytes(0))
    hot.once()
    assert [record.scan for record in hot.records("done")] == ["\\xff\\xfe.jpg"]


# --- half-written files ------------------------------------------------------------------------------------


class Clock:
    """Seconds as a test sets them."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def arrivals(tmp_path: Path) -> tuple[Arrivals, Clock]:
    clock = Clock()
    return Arrivals(tmp_path, Reservation(tmp_path), settle=1, patience=10, clock=clock), clock


def test_a_file_that_grows_is_not_taken_until_its_end_is_there_and_it_is_still(
    arrivals: tuple[Arrivals, Clock], scan_bytes: Scan, tmp_path: Path
) -> None:
    look, clock = arrivals
    content, path = scan_bytes(0), tmp_path / "slow.jpg"
    with path.open("wb") as file:
        for start in range(0, len(content), len(content) // 5):
            file.write(content[start : start + len(content) // 5])
            file.flush()
            assert not look.look()
            assert look.waiting == 1
            clock.now += 0.9
    clock.now += 0.2
    assert [arrival.name for arrival in look.look()] == ["slow.jpg"]
    assert look.waiting == 0


def test_a_pause_at_a_thumbnails_end_is_no_end_if_more_comes_within_a_second(
    arrivals: tuple[Arrivals, Clock], scan_bytes: Scan, tmp_path: Path
) -> None:
    look, clock = arrivals
    path = tmp_path / "slow.jpg"
    path.write_bytes(scan_bytes(0)[:3000] + b"\xff\xd9")
    assert not look.look()
    clock.now += 0.9
    path.write_bytes(scan_bytes(0)[:6000])
    assert not look.look()
    clock.now += 9
    assert not look.look()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not date renames")
def test_what_is_renamed_into_place_is_taken_at_once(
    arrivals: tuple[Arrivals, Clock], scan_bytes: Scan, tmp_path: Path
) -> None:
    look, _ = arrivals
    partial = tmp_path / "scan.jpg.part"
    partial.write_bytes(scan_bytes(0))
    assert not look.look()
    time.sleep(0.02)  # more than the tick in which a file system counts
    partial.rename(tmp_path / "scan.jpg")
    assert [arrival.name for arrival in look.look()] == ["scan.jpg"]


@pytest.mark.parametrize("content", [b"\x00" * 128 + b"DICM" + b"\x00" * 50, b"whatever", b"", b"\xff\xd8\xff\xe0 cut"])
def test_a_file_without_an_end_marker_is_taken_after_patience(
    arrivals: tuple[Arrivals, Clock], content: bytes, tmp_path: Path
) -> None:
    look, clock = arrivals
    (tmp_path / "scan").write_bytes(content)
    for _ in range(9):
        assert not look.look()
        clock.now += 1.1
    clock.now += 0.2
    assert len(look.look()) == 1


def test_the_oldest_comes_first(arrivals: tuple[Arrivals, Clock], scan_bytes: Scan, tmp_path: Path) -> None:
    look, clock = arrivals
    for age, name in ((5, "b.jpg"), (9, "c.jpg"), (1, "a.jpg")):
        (tmp_path / name).write_bytes(scan_bytes(0))
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    look.look()
    clock.now += 2
    assert [arrival.name for arrival in look.look()] == ["c.jpg", "b.jpg", "a.jpg"]


def test_a_file_that_somebody_writes_on_after_it_was_taken_is_waited_for(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look and the rename lies a moment; whoever has the file open then still writes into it."""
    path, content = hot.incoming / "a.jpg", scan_bytes(0)
    path.write_bytes(content[:4000] + b"\xff\xd9")
    take = Claims.take

    def late(claims: Any, arrival: Any, *more: Any) -> Any:
        writing = path.open("wb", buffering=0)  # it stays open, whatever the file is called by then
        writing.write(content[:9000])

        def end() -> None:
            with writing:
                writing.write(content[9000:])

        threading.Timer(0.03, end).start()
        return take(claims, arrival, *more)

    monkeypatch.setattr(Claims, "take", late)
    hot.once()
    assert [record.status for record in hot.records()] == ["answered"]


# --- what goes wrong around it ------------------------------------------------------------------------------


def test_folders_that_do_not_go_together_are_a_usage_error(hot: Hot, tmp_path: Path) -> None:
    for incoming, out in ((hot.incoming, hot.incoming), (hot.incoming, hot.incoming / "out"), (tmp_path, hot.out)):
        with pytest.raises(UsageError, match="lie in one another"):
            Watcher(hot.classifier, incoming, out)
    with pytest.raises(UsageError, match="is no folder"):
        Watcher(hot.classifier, tmp_path / "absent", hot.out)


def test_two_file_systems_are_a_usage_error(hot: Hot, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(UsageError, match="two file systems"):
        Watcher(hot.classifier, hot.incoming, hot.out)
    assert not list(hot.incoming.iterdir())


def test_two_watches_do_not_write_to_one_folder(hot: Hot, tmp_path: Path) -> None:
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK)
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=watcher.run, args=(stop, wake))
    thread.start()
    try:
        while not (hot.out / "heartbeat.json").exists():
            time.sleep(0.01)
        (tmp_path / "another in").mkdir()
        with pytest.raises(UsageError, match="another edgecad watch writes to"):
            replace(hot, incoming=tmp_path / "another in").once()
    finally:
        stop.set()
        wake.set()
        thread.join()
    assert json.loads((hot.out / "heartbeat.json").read_text())["state"] == "stopped"


def test_a_full_disk_keeps_scans_waiting_and_loses_none(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    said: list[str] = []
    seen: list[str] = []
    tries: list[Path] = []
    write, beat = processor_module.write_figure, Pulse.beat

    def full(path: Path, figure: Any) -> None:
        tries.append(path)
        if len(tries) <= 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write(path, figure)

    def beaten(pulse: Pulse, state: Any) -> None:
        seen.append(state)
        beat(pulse, state)

    monkeypatch.setattr(processor_module, "write_figure", full)
    monkeypatch.setattr(worker_module, "RETRY", 0.01)
    monkeypatch.setattr(Pulse, "beat", beaten)
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK, on_problem=said.append)
    watcher.run(threading.Event(), threading.Event(), once=True)
    assert [record.status for record in hot.records()] == ["answered"]
    assert said == [f"{os.strerror(errno.ENOSPC)}; free the disk and try again"]
    assert seen.count("waiting-for-disk") >= 8


def test_no_name_of_a_file_is_told_when_something_fails(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "DOE^JANE").mkdir()
    (hot.incoming / "DOE^JANE" / "DOE.jpg").write_bytes(scan_bytes(0))
    said: list[str] = []
    failed: list[Path] = []
    lstat = os.lstat

    def busy(path: Any, *words: Any, **more: Any) -> Any:
        if str(path).endswith(".scan") and not failed:
            failed.append(path)
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(hot.incoming / "DOE^JANE" / "DOE.jpg"))
        return lstat(path, *words, **more)

    monkeypatch.setattr(worker_module, "RETRY", 0.01)
    monkeypatch.setattr("edgecad.spool.reading.os.lstat", busy)
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK, on_problem=said.append)
    watcher.run(threading.Event(), threading.Event(), once=True)
    assert said == [os.strerror(errno.EIO)]
    assert [record.status for record in hot.records()] == ["answered"]
    assert "DOE" not in (hot.out / "heartbeat.json").read_text()


def test_one_folder_that_cannot_be_read_stops_no_other_file(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "closed").mkdir()
    (hot.incoming / "good.jpg").write_bytes(scan_bytes(0))
    scan = os.scandir

    def refused(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    said: list[str] = []
    with monkeypatch.context() as closed:
        closed.setattr("edgecad.watch.arrivals.os.scandir", refused)
        watcher = Watcher(
            hot.classifier, hot.incoming, hot.out, QUICK, on_problem=said.append, wanted=IdentityChoice(scan="name")
        )
        watcher.run(threading.Event(), threading.Event(), once=True)
    assert [record.scan for record in hot.records("done")] == ["good.jpg"]
    assert said == ["1 files or folders in IN cannot be moved or read; allow it"]
    assert watcher.worst == 1


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY, errno.EXDEV])
def test_one_file_that_cannot_be_moved_stops_no_other(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    (hot.incoming / "b.jpg").write_bytes(scan_bytes(1))
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name == "a.jpg":
            raise OSError(number, os.strerror(number), str(path))
        return rename(path, target)

    with monkeypatch.context() as stuck:
        stuck.setattr(Path, "rename", refused)
        watcher = hot.once()
    assert [record.scan for record in hot.records("done")] == ["b.jpg"]
    assert watcher.worst == 1
    assert not list((hot.out / "taken").iterdir())
    hot.once()
    assert [record.scan for record in hot.records("done")] == ["b.jpg", "a.jpg"]


def test_a_move_that_worked_although_it_says_not_is_ours(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network, where the answer may be lost, or come for a second try that finds nothing any more."""
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    rename = Path.rename

    def lost(path: Path, target: Path) -> Path:
        moved = rename(path, target)
        if path.name == "a.jpg":
            raise FileNotFoundError(errno.ENOENT, "lost")
        return moved

    monkeypatch.setattr(Path, "rename", lost)
    hot.once()
    assert [record.scan for record in hot.records("done")] == ["a.jpg"]


def test_a_scan_without_its_claim_is_adopted(hot: Hot, scan_bytes: Scan) -> None:
    hot.once()
    (hot.out / "taken" / "20260101T000000-abc.scan").write_bytes(scan_bytes(0))
    hot.once()
    assert [(record.claim, record.status) for record in hot.records()] == [("20260101T000000-abc", "answered")]


def test_a_folder_that_goes_away_is_a_problem_and_no_empty_one(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(worker_module, "RETRY", 0.02)
    away = hot.incoming.with_name("away")

    def back(problem: str) -> None:
        said.append(problem)
        away.rename(hot.incoming)

    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK, on_problem=back)
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    hot.incoming.rename(away)
    watcher.run(threading.Event(), threading.Event(), once=True)
    assert said == ["IN is not there as at the start; mount it again"]
    assert [record.status for record in hot.records()] == ["answered"]


def test_a_failure_is_no_answer_and_sent_again_the_scan_is_judged_again(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))

    def wrong(*_: Any) -> None:
        raise GateFailed("a value is not finite")

    with monkeypatch.context() as broken:
        broken.setattr(hot.classifier.runner, "run", wrong)
        assert hot.once().worst == GateFailed.exit_code
    for name in ("again.jpg", "thrice.jpg", "a-fourth-time.jpg"):
        (hot.incoming / name).write_bytes(scan_bytes(0))
        assert hot.once().worst == 0
    failed, answered, *copies = hot.records()
    assert (failed.status, answered.status) == ("failed", "answered")
    assert [(copy.status, copy.first) for copy in copies] == [
        ("copy", f"{Path(answered.file).with_suffix('.json')}")
    ] * 2


def test_a_scan_whose_record_another_model_wrote_before_a_kill_is_not_answered_twice(
    hot: Hot, scan_bytes: Scan, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between record and put-away, and started again with another threshold: the claim has its record."""
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))

    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(Claims, "put_away", killed)
        with pytest.raises(Killed):
            hot.once()
    with Classifier(model_folder, device="cpu", threshold=0.123) as other:
        hot.once(classifier=other)
    (record,) = hot.records()
    assert (hot.out / record.file).read_bytes() == scan_bytes(0)
    assert record.threshold != 0.123


def test_a_scan_that_cannot_be_read_stays_taken_and_stops_no_other(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "bad.jpg").write_bytes(scan_bytes(0))
    hot.incoming.joinpath("bad.jpg").touch()
    whole = reading_module.bytes_from_path
    bad: list[Path] = []

    def read(path: Path) -> bytes:
        bad.append(bad[0] if bad else path)
        if path == bad[0]:
            raise InputRefused("unreadable", "a bad sector") from OSError(errno.EIO, "Input/output error")
        return whole(path)

    said: list[str] = []
    with monkeypatch.context() as broken:
        broken.setattr(reading_module, "bytes_from_path", read)
        watcher = Watcher(
            hot.classifier, hot.incoming, hot.out, QUICK, on_problem=said.append, wanted=IdentityChoice(scan="name")
        )
        watcher.run(threading.Event(), threading.Event(), once=True)
        (hot.incoming / "good.jpg").write_bytes(scan_bytes(1))
        watcher.run(threading.Event(), threading.Event(), once=True)
    assert [record.scan for record in hot.records()] == ["good.jpg"]
    assert watcher.worst == 1
    assert said[0].startswith("1 scans in OUT/taken cannot be read, 2")
    assert "bad" not in said[0]
    hot.once()
    assert [record.scan for record in hot.records()] == ["good.jpg", "bad.jpg"]


@pytest.mark.parametrize("code", [MemoryError(), OSError(errno.EMFILE, "Too many open files")])
def test_memory_that_does_not_suffice_to_decode_is_no_refusal(
    code: Exception, hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))

    def fails(*_: Any, **__: Any) -> None:
        raise code

    with monkeypatch.context() as broken:
        broken.setattr("edgecad.images.jpeg.reading.rgb_from_jpeg", fails)
        with pytest.raises(DeviceFailed, match="no memory or descriptor"):
            hot.once()
    assert not hot.records()
    hot.once()
    assert [record.status for record in hot.records()] == ["answered"]


def test_a_foreign_file_among_the_records_is_left_alone(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    hot.once()
    (record,) = hot.records()
    day = (hot.out / record.file).parent
    (day / "._x.json").write_bytes(b"\x00\x05\x16\x07")
    (day / "mine.json").write_text("{}")
    (hot.incoming / "b.jpg").write_bytes(scan_bytes(1))
    hot.once()
    assert len(list(day.glob("*.jpg"))) == 2
    assert (day / "mine.json").read_text() == "{}"


def test_a_device_that_gives_up_ends_the_watch_and_refuses_no_scan(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))

    def gone(*_: Any) -> None:
        raise DeviceFailed("cuda:0 failed: it fell off the bus")

    def full(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as broken:
        for failing in (gone, full, gone, gone, full, gone, gone):
            broken.setattr(hot.classifier.runner, "run", failing)
            with pytest.raises(DeviceFailed):
                hot.once()
    assert not hot.records()
    hot.once()
    assert [(record.scan, record.status) for record in hot.records()] == [("a.jpg", "answered")]


def test_a_foreign_file_among_the_claims_stops_the_watch_with_its_name(hot: Hot) -> None:
    hot.once()
    (hot.out / "taken" / "x.json").write_text("mine")
    with pytest.raises(UsageError, match=r"x\.json is not a claim"):
        hot.once()


# --- counts ------------------------------------------------------------------------------------------------


def day_of(hot: Hot) -> dict[str, Any]:
    (path,) = (hot.out / "days").glob("*.json")
    return dict(json.loads(path.read_text()))


def test_a_day_is_counted_for_the_physicist(hot: Hot, scan_bytes: Scan) -> None:
    for index in range(4):
        (hot.incoming / f"{index}.jpg").write_bytes(scan_bytes(index))
    (hot.incoming / "again.jpg").write_bytes(scan_bytes(0))
    (hot.incoming / "text").write_text("a letter")
    hot.once()
    day = day_of(hot)
    answers = [record for record in hot.records() if record.status == "answered"]
    assert (day["records"], day["answered"], day["copies"], day["refused"]) == (6, 4, 1, {"not-an-image": 1})
    assert sum(day["scores"]) == 4
    assert day["above"] == sum(record.label == "CAD" for record in answers)
    for record in answers:
        assert day["scores"][int((record.probability or 0) * 20)] > 0
    assert day["models"] == {hot.classifier.model_sha256: 4}


def test_counts_that_a_killed_watch_did_not_write_are_had_from_the_records(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    (hot.incoming / "b.jpg").write_bytes(scan_bytes(1))
    hot.once()
    before = day_of(hot)
    for content in ("", json.dumps({**before, "records": 1, "answered": 1})):
        next((hot.out / "days").glob("*.json")).write_text(content)
        hot.once()
        assert day_of(hot) == before


def test_days_are_removed_when_they_are_old_and_their_counts_stay(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    hot.once()
    today = datetime.now(timezone.utc).date()
    for back in (3, 4):
        day = (today - timedelta(days=back)).isoformat()
        (hot.out / "done" / day).mkdir()
        (hot.out / "done" / day / "x.jpg").touch()
    (hot.out / "done" / "mine").mkdir()
    hot.once(replace(QUICK, keep_days=3))
    days = sorted(path.name for path in (hot.out / "done").iterdir())
    assert days[-1] == "mine"
    assert (today - timedelta(days=4)).isoformat() not in days
    assert (today - timedelta(days=3)).isoformat() in days
    assert day_of(hot)["records"] == 1


V1 = Path(__file__).parents[1] / "answer" / "record_v1.json"


def _days(hot: Hot, *days: str) -> None:
    """Days with a record each."""
    for day in days:
        (hot.out / "done" / day).mkdir()
        (hot.out / "done" / day / f"{day}.jpg").touch()
        (hot.out / "done" / day / f"{day}.json").write_bytes(V1.read_bytes())


def _kept_days(hot: Hot) -> list[str]:
    return sorted(path.name for path in (hot.out / "done").iterdir())


def test_a_clock_that_jumps_removes_nothing(hot: Hot) -> None:
    hot.once()
    _days(hot, "2026-02-01", "2026-02-02", "2062-01-01")  # one scan came while it was wrong
    index = RecordIndex(hot.out)
    index.load()
    told = index.forget_before(date(2062, 1, 2), 30)
    assert told is not None
    assert told.startswith("folders of days before 2062-01-01 stay in OUT")
    assert _kept_days(hot) == ["2026-02-01", "2026-02-02", "2062-01-01"]
    # Right again: no newer day has a record yet, so the old ones stay, and what is of the future does.
    assert index.forget_before(date(2026, 3, 4), 30) is None
    assert _kept_days(hot) == ["2026-02-01", "2026-02-02", "2062-01-01"]
    later = ["2026-02-09", "2026-02-16", "2026-02-23", "2026-03-02", "2026-03-04"]
    _days(hot, *later)
    index = RecordIndex(hot.out)
    index.load()
    assert index.forget_before(date(2026, 3, 4), 30) is None
    assert _kept_days(hot) == ["2026-02-02", *later, "2062-01-01"]


def test_what_came_while_the_clocks_battery_was_empty_is_not_removed_as_soon_as_it_is_right(hot: Hot) -> None:
    hot.once()
    _days(hot, "2000-01-01", "2026-02-01", "2026-02-02")
    index = RecordIndex(hot.out)
    index.load()
    assert "clock may have jumped" in (index.forget_before(date(2026, 2, 3), 30) or "")
    assert _kept_days(hot) == ["2000-01-01", "2026-02-01", "2026-02-02"]


def test_a_day_that_cannot_be_removed_is_told_and_stops_nothing(hot: Hot, scan_bytes: Scan, tmp_path: Path) -> None:
    hot.once()
    (tmp_path / "elsewhere").mkdir()
    yesterdays = (datetime.now(timezone.utc).date() - timedelta(days=5)).isoformat()
    (hot.out / "done" / yesterdays).symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (hot.incoming / "a.jpg").write_bytes(scan_bytes(0))
    said: list[str] = []
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, replace(QUICK, keep_days=3), on_problem=said.append)
    watcher.run(threading.Event(), threading.Event(), once=True)
    assert said == ["1 folders of old days cannot be removed from OUT; allow it, or remove them by hand"]
    assert [record.status for record in hot.records("done")] == ["answered"]


def test_a_long_wait_is_no_silence(hot: Hot) -> None:
    """A supervisor takes an old heartbeat for a watch that hangs."""
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, replace(QUICK, interval=60.0, heartbeat=0.02))
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=watcher.run, args=(stop, wake))
    thread.start()
    seen: set[str] = set()
    until = time.monotonic() + 30
    while len(seen) < 4 and time.monotonic() < until:
        with suppress(FileNotFoundError):
            seen.add(json.loads((hot.out / "heartbeat.json").read_text())["time"])
        time.sleep(0.01)
    stop.set()
    wake.set()
    thread.join()
    assert len(seen) >= 4


def test_the_heartbeat_says_what_runs_and_that_it_runs(hot: Hot) -> None:
    hot.once()
    heartbeat = json.loads((hot.out / "heartbeat.json").read_text())
    assert heartbeat["state"] == "stopped"
    assert heartbeat["model"] == hot.classifier.model_sha256
    assert (heartbeat["process"], heartbeat["device"], heartbeat["precision"]) == (os.getpid(), "cpu", "fp32")
    assert heartbeat["problem"] is None
