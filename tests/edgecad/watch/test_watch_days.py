"""A watch writes each day's page and table, at its end at the latest, and again where a killed one did not."""

from __future__ import annotations

import csv
import io
import re
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from edgecad.spool.daypage.pages import DayPages
from edgecad.watch.watcher import Watcher

from .conftest import QUICK, Hot

Scan = Callable[[int], bytes]


def pages(out: Path) -> list[Path]:
    return sorted((out / "days").glob("*.html"))


def test_a_run_leaves_a_page_and_a_table_of_its_records(hot: Hot, scan_bytes: Scan) -> None:
    for number in range(3):
        (hot.incoming / f"scan-{number}.jpg").write_bytes(scan_bytes(number))
    (hot.incoming / "same.jpg").write_bytes(scan_bytes(0))
    (hot.incoming / "<i>.jpg").write_bytes(b"no image")
    hot.once()
    (page,) = pages(hot.out)
    written = page.read_text("utf-8")
    assert "<h2>Answers: 3</h2>" in written
    assert "<h2>Not analysed: 1</h2>" in written
    assert "<h2>Same bytes again: 1</h2>" in written
    assert "<i>" not in written
    assert "&lt;i&gt;.jpg" in written
    targets = re.findall(r'(?:src|href)="(\.\./[^"]*)"', written)
    assert len(targets) == 2 * 3 + 1 + 1
    assert all((page.parent / unquote(target)).is_file() for target in targets)
    rows = list(csv.DictReader(io.StringIO(page.with_suffix(".csv").read_bytes().decode(), newline="")))
    assert [row["claim"] for row in rows] == [record.claim for record in hot.records()]


def test_a_page_that_a_killed_watch_did_not_write_is_made_from_the_records(
    hot: Hot, scan_bytes: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    (hot.incoming / "scan.jpg").write_bytes(scan_bytes(1))
    with monkeypatch.context() as killed:
        killed.setattr(DayPages, "_write", lambda pages, days: None)
        hot.once()
    assert pages(hot.out) == []
    hot.once()
    (page,) = pages(hot.out)
    before = page.stat().st_mtime_ns
    assert "<h2>Answers: 1</h2>" in page.read_text("utf-8")
    hot.once()
    assert page.stat().st_mtime_ns == before, "nothing changed"


def test_a_watch_at_rest_has_written_its_page(hot: Hot, scan_bytes: Scan) -> None:
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK)
    stop, wake = threading.Event(), threading.Event()
    thread = threading.Thread(target=watcher.run, args=(stop, wake))
    thread.start()
    try:
        for number in range(2):
            (hot.incoming / f"Mustermann{number}.jpg").write_bytes(scan_bytes(number))
            until = time.monotonic() + 30
            while not any(f"<h2>Answers: {number + 1}</h2>" in page.read_text("utf-8") for page in pages(hot.out)):
                assert time.monotonic() < until
                time.sleep(0.05)
    finally:
        stop.set()
        wake.set()
        thread.join()
    assert not any(b"Mustermann" in path.read_bytes() for path in (hot.out / "days").iterdir())


def test_a_folder_that_takes_no_page_stops_no_scan(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "scan-0.jpg").write_bytes(scan_bytes(0))
    hot.once()
    (page,) = pages(hot.out)
    page.unlink()
    (page / "in the way").mkdir(parents=True)
    (hot.incoming / "scan-1.jpg").write_bytes(scan_bytes(1))
    problems: list[str] = []
    watcher = Watcher(hot.classifier, hot.incoming, hot.out, QUICK, on_problem=problems.append)
    watcher.run(threading.Event(), threading.Event(), once=True)
    assert len(hot.records("done")) == 2
    assert len(problems) == 1
    assert "the page of a day cannot be written" in problems[0]
    (page / "in the way").rmdir()
    page.rmdir()
    hot.once()
    assert "<h2>Answers: 2</h2>" in page.read_text("utf-8")


def test_pages_of_days_that_are_removed_go_with_them(hot: Hot, scan_bytes: Scan) -> None:
    (hot.incoming / "scan.jpg").write_bytes(scan_bytes(0))
    hot.once()
    old = "2020-01-01"
    for suffix in (".html", ".csv", ".json"):
        (hot.out / "days" / f"{old}{suffix}").write_text("{}")
    hot.once(replace(QUICK, keep_days=30))
    assert [path.name for path in (hot.out / "days").glob(f"{old}.*")] == [f"{old}.json"]
    assert len(pages(hot.out)) == 1
