"""A hot folder in its own process or in this one, and what may arrive in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from edgecad import Classifier
from edgecad.inference.identity import IdentityChoice
from edgecad.spool.index import PLACES, SpoolRecord
from edgecad.watch.options import WatchOptions
from edgecad.watch.watcher import Watcher

QUICK = WatchOptions(interval=0.02, settle=0.05, patience=0.3, heartbeat=0.0)


@dataclass(frozen=True)
class Hot:
    """A hot folder of one test."""

    incoming: Path
    out: Path
    classifier: Classifier

    def once(self, options: WatchOptions = QUICK, classifier: Classifier | None = None) -> Watcher:
        """Watch until nothing is left; records call scans by their names, so that tests can tell them."""
        watcher = Watcher(
            classifier or self.classifier, self.incoming, self.out, options, wanted=IdentityChoice(scan="name")
        )
        watcher.run(threading.Event(), threading.Event(), once=True)
        return watcher

    def records(self, place: str = "*") -> list[SpoolRecord]:
        return records_in(self.out, place)


def records_in(out: Path, place: str = "*") -> list[SpoolRecord]:
    """All records, in the order in which they were written."""
    paths = out.glob(f"{place}/????-??-??/*.json")
    found = [msgspec.json.decode(path.read_bytes(), type=SpoolRecord) for path in paths]
    return sorted(found, key=lambda record: record.recorded)


def files_in(out: Path) -> list[Path]:
    """The scans that were put away."""
    return [
        path for place in PLACES for path in (out / place).rglob("*")
        if not path.is_dir() and not path.name.endswith((".json", ".figure.png"))
    ]  # fmt: skip


@pytest.fixture(scope="session")
def watching(model_folder: Path) -> Iterator[Classifier]:
    with Classifier(model_folder, device="cpu") as classifier:
        yield classifier


@pytest.fixture
def hot(tmp_path: Path, watching: Classifier) -> Hot:
    (tmp_path / "in").mkdir()
    return Hot(tmp_path / "in", tmp_path / "out", watching)


@pytest.fixture(scope="session")
def scan_bytes(phantom_screen: Callable[[int], object]) -> Callable[[int], bytes]:
    """A phantom's screen as JPEG bytes, by number."""
    from functools import cache

    from edgecad_train.phantoms import jpeg_bytes

    return cache(lambda index: jpeg_bytes(phantom_screen(index)))
