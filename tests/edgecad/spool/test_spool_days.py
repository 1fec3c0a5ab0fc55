"""Old days go, and none that is not old, whatever the clock says meanwhile."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from edgecad.spool.days import ORDER, USUAL_STEP, DayOrder
from edgecad.spool.index import RecordIndex, Slot, SpoolRecord
from edgecad.spool.out import make_out

V1 = Path(__file__).parents[1] / "answer" / "record_v1.json"
BEGIN = date(2026, 1, 5)


class Site:
    """An OUT in which each real day's scan lies under the day that its clock said."""

    def __init__(self, out: Path) -> None:
        make_out(out)
        self.out, self.record = out, msgspec.json.decode(V1.read_bytes(), type=SpoolRecord)
        self.start()

    def start(self) -> None:
        """A new process."""
        self.index = RecordIndex(self.out)
        self.index.load()

    def write(self, real: int, clock: date) -> None:
        folder = self.out / "done" / clock.isoformat()
        folder.mkdir(exist_ok=True)
        (folder / f"real{real}.jpg").touch()
        self.index.write(Slot("done", clock.isoformat(), f"real{real}"), self.record)

    def there(self) -> set[int]:
        return {int(path.stem[4:]) for path in self.out.glob("done/*/real*.jpg")}


def drawn_jump(rng: np.random.Generator) -> int:
    """Days by which a clock is wrong: by years, by some weeks, or by some days."""
    sizes = [rng.integers(300, 20_000), rng.integers(32, 300), rng.integers(8, 32), rng.integers(8, 32)]
    return int(rng.choice(sizes)) * int(rng.choice([-1, 1]))


@pytest.mark.parametrize("seed", range(16))
def test_a_clock_that_jumps_removes_nothing_that_is_not_old(seed: int, tmp_path: Path) -> None:
    """Drawn: jumps forward and back, how long they last, whether scans come meanwhile, at which days, and restarts."""
    rng = np.random.default_rng(seed)
    site, offset, written = Site(tmp_path), 0, set[int]()
    keep, at_work = int(rng.choice([1, 3, 7, 30, 60])), float(rng.uniform(0.3, 1))
    silent_jumps = bool(rng.integers(2))
    for real in range(120):
        if rng.random() < 0.04:
            offset = 0 if offset else drawn_jump(rng)
        if rng.random() < 0.1:
            site.start()
        clock = BEGIN + timedelta(days=real + offset)
        if rng.random() < at_work and not (silent_jumps and offset):
            site.write(real, clock)
            written.add(real)
        site.index.forget_before(clock, keep)
        young = {day for day in written if real - day <= keep}
        assert young <= site.there(), (real, offset, keep)


@pytest.mark.parametrize("seed", range(4))
def test_a_clock_that_is_right_keeps_no_more_than_it_should(seed: int, tmp_path: Path) -> None:
    """At a site that is at work at least once a week; counted up to its last day with a record."""
    rng = np.random.default_rng(seed)
    site, keep, last, real = Site(tmp_path), int(rng.choice([1, 3, 10, 30])), 0, 0
    while real < 90:
        site.write(real, BEGIN + timedelta(days=real))
        last, real = real, real + int(rng.integers(1, USUAL_STEP + 1))
        assert site.index.forget_before(BEGIN + timedelta(days=last), keep) is None
        assert all(last - day <= keep for day in site.there())
        if rng.random() < 0.2:
            site.start()


def test_a_jump_without_any_record_removes_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    for real in range(10):
        site.write(real, BEGIN + timedelta(days=real))
    for jump in (-9000, -40, -3, 40, 400, 20_000):
        site.index.forget_before(BEGIN + timedelta(days=9 + jump), 10)
    assert site.there() == set(range(10))


def test_folders_and_files_of_others_prove_nothing(tmp_path: Path) -> None:
    """No newer day counts that holds no record of ours, whatever lies there."""
    site = Site(tmp_path)
    site.write(0, BEGIN)
    for step in range(1, 30):
        folder = tmp_path / "done" / (BEGIN + timedelta(days=step)).isoformat()
        folder.mkdir()
        (folder / f"mine{step}.json").write_text("{}")
        (folder / f"scan{step}.jpg").touch()
    site.start()
    site.index.forget_before(BEGIN + timedelta(days=29), 5)
    assert site.there() == {0}


def test_after_a_jump_days_go_again_when_they_are_old(tmp_path: Path) -> None:
    """By three weeks forward for two days, and right again: nothing has to be removed by hand."""
    site = Site(tmp_path)
    for real in range(60):
        site.write(real, BEGIN + timedelta(days=real + (21 if real in (20, 21) else 0)))
        site.index.forget_before(BEGIN + timedelta(days=real), 10)
    assert site.there().issuperset(range(50, 60))
    assert not site.there().intersection(range(45))


def test_the_order_of_days_outlives_a_process_and_is_had_anew_where_it_is_lost(tmp_path: Path) -> None:
    order = DayOrder(tmp_path)
    order.load(())
    days = ["2026-02-01", "2026-02-02", "2000-01-01", "2026-02-03"]
    for day in days:
        order.note(day)
    again = DayOrder(tmp_path)
    again.load(days)
    assert again.passed_since("2000-01-01", days) == 1
    assert again.passed_since("2026-02-02", days) == 1, "a step back proves nothing"
    for content in ("", "[1, 2]", "{}"):
        (tmp_path / ORDER).write_text(content)
        again.load(days)
        assert again.passed_since("2026-02-02", days) == 1
        assert again.passed_since("2026-02-01", days) == 2
