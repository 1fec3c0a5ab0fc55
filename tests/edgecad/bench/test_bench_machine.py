"""Counters of the machine: read where they are, and None where they are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgecad.bench import machine
from edgecad.bench.machine import Meter, meter, power_mode


def test_what_others_used_is_told_from_ones_own() -> None:
    before, after = Meter(1.0, 10.0, 100.0, ()), Meter(3.0, 18.0, 120.0, ())
    assert before.others_until(after) == pytest.approx((8.0 - 2.0) / 20.0)
    assert before.others_until(Meter(9.0, 11.0, 120.0, ())) == 0.0
    assert before.others_until(before) is None
    assert Meter(1.0, None, None, ()).others_until(after) is None


def test_a_counter_of_energy_that_began_anew_is_followed() -> None:
    before, after = (
        Meter(0, None, None, ((90.0, 100.0), (5.0, 50.0))),
        Meter(0, None, None, ((15.0, 100.0), (6.0, 50.0))),
    )
    assert before.joules_until(after) == pytest.approx(26.0)
    assert before.joules_until(Meter(0, None, None, ())) is None


def test_counters_are_read_where_the_system_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1 1 1 1\n")
    package = tmp_path / "intel-rapl:0"
    package.mkdir()
    (package / "energy_uj").write_text("2500000\n")
    (package / "max_energy_range_uj").write_text("262143328850\n")
    (tmp_path / "governor").write_text("performance\n")
    monkeypatch.setattr(machine, "STAT", stat)
    monkeypatch.setattr(machine, "RAPL", tmp_path)
    monkeypatch.setattr(machine, "GOVERNOR", tmp_path / "governor")
    read = meter()
    if sys.platform != "win32":
        assert read.busy == pytest.approx(0.2 * (read.total or 0))
    assert read.joules == ((2.5, 262143.32885),)
    assert power_mode() == "governor performance"


def test_where_nothing_is_told_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("STAT", "RAPL", "GOVERNOR", "JETSON_MODE"):
        monkeypatch.setattr(machine, name, tmp_path / "absent")
    assert (meter().busy, meter().total, meter().joules, power_mode()) == (None, None, (), "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is not asked for a process' memory")
def test_memory_that_was_held_counts() -> None:
    # In a process of its own, because the most that another one ever had is no less afterwards.
    program = (
        "from edgecad.bench.machine import resident_mb; before = resident_mb(); "
        "held = bytearray(300_000_000); held[::4096] = b'1' * len(held[::4096]); print(resident_mb() - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(300, abs=30)
