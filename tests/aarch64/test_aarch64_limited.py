"""The tests of `make test-aarch64`: rooms that may differ there begin first, and none begins after the time given."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOMS = ("cli", "golden", "images")
HERE = Path(__file__).parent


@pytest.fixture
def tests_of_rooms(tmp_path: Path) -> Path:
    """A checkout with two tests in each of three rooms; every one but those of `golden` leaves an empty file."""
    for room in ROOMS:
        folder = tmp_path / "tests" / "edgecad" / room
        folder.mkdir(parents=True)
        body = "    pass" if room == "golden" else "    from pathlib import Path\n    Path('{}-{}').touch()"
        lines = [f"def test_{name}():\n{body.format(room, name)}\n" for name in ("a", "b")]
        (folder / f"test_{room}.py").write_text("\n".join(lines))
    return tmp_path


def read(checkout: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> Any:
    """What the program reads of a run with the plugin."""
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    command = [sys.executable, "-m", "pytest", "-p", "emulated.limited", "-p", "no:cacheprovider", "--rootdir", "."]
    more = ["--import-mode=importlib", "--junitxml", "tests.xml", *words, "tests"]
    done = subprocess.run([*command, *more], cwd=checkout, capture_output=True, text=True, check=False)
    report = (checkout / "tests.xml").read_text(encoding="utf-8")
    return importlib.import_module("emulated.suite").read_report(report, done.returncode)


@pytest.mark.parametrize("workers", [(), ("--numprocesses=2", "--dist=loadgroup", "--no-loadscope-reorder")])
def test_without_a_time_all_tests_run(
    workers: tuple[str, ...], tests_of_rooms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read(tests_of_rooms, monkeypatch, *workers)
    assert found.rooms == dict.fromkeys(ROOMS, (2, 2))
    assert (found.passed, found.not_begun, found.code) == (6, 0, 0)


def test_rooms_that_calculate_begin_first_in_their_order(tests_of_rooms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    command = [sys.executable, "-m", "pytest", "-p", "emulated.limited", "-p", "no:cacheprovider", "--rootdir", "."]
    listed = subprocess.run(
        [*command, "--collect-only", "-q", "tests"], cwd=tests_of_rooms, capture_output=True, text=True, check=True
    )
    names = [line.rpartition("/")[2] for line in listed.stdout.splitlines() if "::" in line]
    assert names == [f"test_{room}.py::test_{name}" for room in ("golden", "images", "cli") for name in "ab"]


@pytest.mark.parametrize("workers", [(), ("--numprocesses=2", "--dist=loadgroup", "--no-loadscope-reorder")])
def test_after_the_time_no_test_begins_and_each_is_counted(
    workers: tuple[str, ...], tests_of_rooms: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read(tests_of_rooms, monkeypatch, "--begin-until", f"{time.time() - 1:.0f}", *workers)
    assert found.rooms == dict.fromkeys(ROOMS, (0, 2))
    assert (found.passed, found.not_begun) == (0, 6)
    assert not [*tests_of_rooms.glob("*-?")], "no test had begun"


def test_what_begins_before_the_time_runs(tests_of_rooms: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that goes on by one with every test."""
    clock = "from itertools import count\nfrom types import SimpleNamespace\nfrom emulated import limited\n"
    clock += "limited.time = SimpleNamespace(time=count(1).__next__)\n"
    (tests_of_rooms / "conftest.py").write_text(clock)
    found = read(tests_of_rooms, monkeypatch, "--begin-until", "3")
    assert found.rooms == {"cli": (0, 2), "golden": (2, 2), "images": (1, 2)}
    assert (found.passed, found.not_begun, found.code) == (3, 3, 0)


def test_the_first_rooms_are_rooms_of_the_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    rooms = importlib.import_module("emulated.rooms")
    there = {path.parent.name for path in (HERE.parent / "edgecad").glob("*/test_*.py")}
    assert set(rooms.FIRST) <= there
    named = "tests/edgecad/images/test_a.py::test_b[tests/edgecad/cli]@test_a.py"
    assert rooms.rank(named) == rooms.FIRST.index("images")
    assert rooms.rank("tests/edgecad/cli/grammar/test_a.py::test_b") == len(rooms.FIRST)
    assert rooms.room_of("tests.edgecad.polarmap.bar.test_a") == "polarmap"
    assert rooms.room_of("tests.edgecad.test_a") == rooms.room_of("tests.docs.links.test_a") == ""
