"""A hot folder's last answered scans are held against the training scans; nothing but words depends on it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest

from edgecad import Classifier
from edgecad.colourtables.known import known_table
from edgecad.contract import Contract, Drawing, Preparation
from edgecad.polarmap.orientation import OTHERS, SERIES, UPRIGHT, Turn
from edgecad.spool.index import SpoolRecord
from edgecad.spool.orientation import WINDOWS, SeriesWatch
from edgecad.watch.options import WatchOptions
from edgecad.watch.watcher import Watcher
from edgecad_train.phantoms import draw_patient, percent_map
from edgecad_train.phantoms.imitations import ImitatedLayout, render_layout, screen_bytes
from edgecad_train.phantoms.orientation import PHANTOMS, map_means

QUICK = WatchOptions(interval=0.02, settle=0.05, patience=0.3, heartbeat=0.0)
SCREEN = ImitatedLayout(name="small", kind="bare", diameter=200, room=(40, 0, 40, 0))
IRON = known_table("iron")
MIRRORED = next(turn for turn in OTHERS if turn.words == "mirrored left to right")
TOP_TO_BOTTOM = next(turn for turn in OTHERS if turn.words == "mirrored top to bottom")


@cache
def percent(index: int) -> np.ndarray:
    return cv2.resize(percent_map(draw_patient(92, index)), (256, 256), interpolation=cv2.INTER_AREA)


def lying(index: int, turn: Turn) -> np.ndarray:
    own = np.fliplr(percent(index)) if turn.mirrored else percent(index)
    return np.ascontiguousarray(np.rot90(own, turn.degrees // 90))


def record(index: int, turn: Turn = UPRIGHT, **changes: Any) -> SpoolRecord:
    """As a watch writes it, as far as the series is concerned."""
    means = tuple(round(float(mean), 1) for mean in map_means(lying(index, turn)))
    own = SpoolRecord(
        scan="s", status="answered", stamp="", model="", contract="", device="", provider="", precision="",
        claim=f"{index}", received="", recorded="", file="done/2026-01-01/s.jpg", segments=means,
    )  # fmt: skip
    return msgspec.structs.replace(own, **changes)


# --- the series --------------------------------------------------------------------------------------------


@pytest.fixture
def watch() -> SeriesWatch:
    return SeriesWatch(PHANTOMS, of_uptake=True)


def test_nothing_is_said_of_scans_that_lie_right(watch: SeriesWatch) -> None:
    assert not [told for index in range(120) if (told := watch.add(record(index)))]
    assert (watch.turn, watch.words) == (None, "as they should")


def test_mirrored_scans_are_told_once_twenty_are_seen_and_once(watch: SeriesWatch) -> None:
    said = [watch.add(record(index, MIRRORED)) for index in range(60)]
    assert not any(said[: SERIES - 1])
    (warning,) = filter(None, said)
    assert warning.startswith("THE LAST SCANS LOOK MIRRORED LEFT TO RIGHT, all or many of them, taken")
    assert (watch.turn, watch.words) == (MIRRORED, MIRRORED.words)


def test_a_change_is_told_within_a_series_and_again_after_it_was_mended(watch: SeriesWatch) -> None:
    for index in range(100):
        watch.add(record(index))
    said = [watch.add(record(index, MIRRORED)) for index in range(100, 100 + SERIES)]
    assert len([each for each in said if each]) == 1
    said = [watch.add(record(index)) for index in range(120, 240)]
    assert not any(said[2 * SERIES :])
    assert watch.turn is None
    assert any(watch.add(record(index, MIRRORED)) for index in range(240, 240 + SERIES))


def test_what_begins_to_look_turned_must_look_so_at_three_scans_in_a_row(
    watch: SeriesWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Turn | None] = [None] * SERIES + [MIRRORED, MIRRORED, None, MIRRORED, MIRRORED, MIRRORED, MIRRORED]
    coming = iter(looks)
    monkeypatch.setattr(SeriesWatch, "_judged", lambda self: next(coming))
    said = [watch.add(record(index)) for index in range(len(looks))]
    assert [number for number, each in enumerate(said) if each] == [SERIES + 5]
    assert watch.turn == MIRRORED


def test_a_hundred_scans_tell_top_from_bottom(watch: SeriesWatch) -> None:
    watch.load(record(index, TOP_TO_BOTTOM) for index in range(max(WINDOWS)))
    assert watch.turn == TOP_TO_BOTTOM


def test_only_answers_count_and_those_that_know_their_segments(watch: SeriesWatch) -> None:
    for index in range(40):
        watch.add(record(index, MIRRORED, status="copy"))
        watch.add(record(index, MIRRORED, segments=None))
        watch.add(record(index, MIRRORED, status="refused"))
    assert watch.words == f"not known yet: 0 of {SERIES} scans"


def test_a_record_whose_scan_a_killed_watch_did_not_put_away_counts_once(watch: SeriesWatch) -> None:
    watch.load(record(index, MIRRORED) for index in range(SERIES - 1))
    assert watch.add(record(SERIES - 2, MIRRORED)) is None
    assert watch.words == f"not known yet: {SERIES - 1} of {SERIES} scans"
    assert watch.add(record(SERIES - 1, MIRRORED)) == watch.warning


def test_a_model_that_cannot_tell_says_so() -> None:
    unknown, colours = SeriesWatch(None, of_uptake=True), SeriesWatch(None, of_uptake=False)
    for watch in (unknown, colours):
        assert not watch.checks
        assert not any(watch.add(record(index, MIRRORED)) for index in range(30))
    assert unknown.words == "not checked: the model does not know how its training scans lay"
    assert colours.words == "not checked: the network sees the screen's own colours"


# --- the hot folder ----------------------------------------------------------------------------------------


@dataclass
class Site:
    """A hot folder whose log is kept."""

    place: Path
    classifier: Classifier

    def send(self, numbers: range, turn: Turn) -> list[str]:
        """Answer scans, and give what was said beside the records."""
        said: list[str] = []
        for number in numbers:
            data = screen_bytes(render_layout(lying(number, turn), IRON, SCREEN), SCREEN)
            (self.place / "in" / f"{number}.jpg").write_bytes(data)
        watcher = Watcher(self.classifier, self.place / "in", self.place / "out", QUICK, on_problem=said.append)
        watcher.run(threading.Event(), threading.Event(), once=True)
        return said

    def read(self, pattern: str) -> dict[str, Any]:
        (path,) = (self.place / "out").glob(pattern)
        return dict(json.loads(path.read_text()))


@pytest.fixture(scope="module")
def of_uptake_opened(
    tiny_contract: Contract, tiny_model: Callable[..., bytes], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Classifier]:
    how = Preparation(size=64, input="uptake", drawing=Drawing(), tables=(IRON,))
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    path.write_bytes(tiny_model(msgspec.structs.replace(tiny_contract, preparation=how, orientation=PHANTOMS)))
    with Classifier(path, device="cpu") as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path, of_uptake_opened: Classifier) -> Site:
    (tmp_path / "in").mkdir()
    return Site(tmp_path, of_uptake_opened)


def test_a_watch_says_it_in_the_log_the_day_and_the_heartbeat_and_answers_on(site: Site) -> None:
    assert not site.send(range(12), MIRRORED)
    assert site.read("heartbeat.json")["orientation"] == f"not known yet: 12 of {SERIES} scans"
    (warning,) = site.send(range(12, 26), MIRRORED)  # a new process: the first one's scans count
    assert "LOOK MIRRORED LEFT TO RIGHT" in warning
    day = site.read("days/*.json")
    assert (day["answered"], day["refused"]) == (26, {})
    assert 1 <= day["turned"][MIRRORED.words] <= 26 - SERIES + 1
    assert site.read("heartbeat.json")["orientation"] == MIRRORED.words
    assert site.send(range(26, 26), MIRRORED) == [warning]  # it is said at every start

    (path,) = (site.place / "out" / "days").glob("*.json")
    path.write_text(json.dumps({**day, "records": 3, "answered": 3}))  # a killed watch counted no more
    site.send(range(26, 26), MIRRORED)
    assert site.read("days/*.json") == day


def test_a_watch_says_nothing_of_scans_that_lie_right(site: Site) -> None:
    assert not site.send(range(30, 54), UPRIGHT)
    assert site.read("heartbeat.json")["orientation"] == "as they should"
    assert site.read("days/*.json")["turned"] == {}
