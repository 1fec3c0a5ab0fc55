"""What the machine tells of itself while it works: memory, other programs, energy. None where it does not tell."""

from __future__ import annotations

import os
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STAT = Path("/proc/stat")
"""Linux: the first line counts the time of all processors, by kind, in ticks."""
STATUS = Path("/proc/self/status")
RAPL = Path("/sys/class/powercap")
"""Linux on Intel and AMD: counters of energy, readable by root alone as a rule."""
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
JETSON_MODE = Path("/var/lib/nvpmodel/status")
"""The power mode that a Jetson was told to use, such as `pmode:0002`."""


@dataclass(frozen=True)
class Meter:
    """A moment; two of them tell what happened between.

    Attributes:
        seconds: of processor time that this process has used.
        busy, total: of all processors, seconds; None: not told here.
        joules: by package, each with the value at which its counter begins anew.
    """

    seconds: float
    busy: float | None
    total: float | None
    joules: tuple[tuple[float, float], ...]

    def others_until(self, later: Meter) -> float | None:
        """Share of the machine's processors that other programs used, 0 to 1."""
        if None in (self.busy, self.total, later.busy, later.total):
            return None
        total = (later.total or 0) - (self.total or 0)
        busy = (later.busy or 0) - (self.busy or 0)
        return min(1.0, max(0.0, busy - (later.seconds - self.seconds)) / total) if total > 0 else None

    def joules_until(self, later: Meter) -> float | None:
        """Energy of all packages, joules."""
        if not self.joules or len(self.joules) != len(later.joules):
            return None
        pairs = zip(self.joules, later.joules, strict=True)
        return sum((after - before) % most for (before, most), (after, _) in pairs)


def meter() -> Meter:
    """Read all counters."""
    busy, total = _processor_seconds(_text(STAT))
    return Meter(time.process_time(), busy, total, _joules())


def resident_mb() -> float | None:
    """The most memory that this process has had resident so far, 10^6 bytes."""
    # Not what `getrusage` says on Linux, where it counts what the process was started from as well.
    found = re.search(r"^VmHWM:\s*(\d+) kB$", _text(STATUS), re.MULTILINE)
    if found is not None:
        return int(found[1]) * 1024 / 1e6
    if sys.platform != "darwin":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def power_mode() -> str:
    """Where the machine tells how it saves power: the processor's governor, a Jetson's mode; else empty."""
    told = {"governor": _text(GOVERNOR).strip(), "Jetson": _text(JETSON_MODE).strip()}
    return ", ".join(f"{name} {value}" for name, value in told.items() if value)


def _processor_seconds(stat: str) -> tuple[float | None, float | None]:
    """Busy and total seconds of all processors since the start of the machine."""
    fields = stat.partition("\n")[0].split()
    if len(fields) < 6 or fields[0] != "cpu" or sys.platform == "win32":
        return None, None
    # user nice system idle iowait irq softirq steal; what follows is counted in user already.
    ticks = [int(field) for field in fields[1:9]]
    tick = 1 / os.sysconf("SC_CLK_TCK")
    return tick * (sum(ticks) - ticks[3] - ticks[4]), tick * sum(ticks)


def _joules() -> tuple[tuple[float, float], ...]:
    found = []
    for package in sorted(RAPL.glob("*-rapl:[0-9]")):
        now, most = (_text(package / name).strip() for name in ("energy_uj", "max_energy_range_uj"))
        if now.isdigit() and most.isdigit():
            found.append((int(now) / 1e6, max(1, int(most)) / 1e6))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
