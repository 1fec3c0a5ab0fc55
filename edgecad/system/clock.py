"""Times as records have them, of day and by stage; and how long work will take, measured on its first part."""

from __future__ import annotations

import time as clocks
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import perf_counter

SOON = 10.0
"""Seconds below which nobody is told."""
_MEASURED = 3.0
"""Seconds of the work that are measured first, at least."""
_STEPS = (
    (90, 10, 1, "s"),
    (3600, 60, 60, "min"),
    (36 * 3600, 1800, 3600, "h"),
    (float("inf"), 12 * 3600, 86400, "days"),
)
"""Up to so many seconds: what is rounded to, the unit in seconds, its name."""


def time_text(time: datetime) -> str:
    """A time in UTC, ISO 8601 with microseconds: `2026-01-31T12:00:00.000000Z`."""
    return f"{time:%Y-%m-%dT%H:%M:%S.%fZ}"


def second_text() -> str:
    """This moment in UTC, ISO 8601 to the second: `2026-01-31T12:00:00+00:00`."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def now_text() -> str:
    """This moment, as `time_text` has it."""
    return time_text(datetime.now(timezone.utc))


class StageClock:
    """Milliseconds by stage, as they pass."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs inside as this stage."""
        begun = perf_counter()
        yield
        self.milliseconds[name] = 1000 * (perf_counter() - begun)


def rough_words(seconds: float) -> str:
    """A duration as people say it: `about 40 s`, `about 12 min`, `about 2.5 h`."""
    for most, step, unit, name in _STEPS:
        rounded = max(step, step * round(seconds / step))
        if rounded < most:
            return f"about {rounded / unit:g} {name}"
    raise AssertionError("the last step has no end")


@dataclass
class RoughTime:
    """Told how far each of some tasks is; says once of each how long it goes on.

    What comes before a task's first report is left out: it opens, compiles or warms up.

    Args:
        say: told a line.
    """

    say: Callable[[str], None]
    clock: Callable[[], float] = clocks.monotonic
    _begun: dict[str, tuple[float, int]] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)

    def __call__(self, task: str, done: int, total: int) -> None:
        """Take in how far a task is: `done` of `total`."""
        now = self.clock()
        begun, first = self._begun.setdefault(task, (now, done))
        if task in self._said or done <= first or now - begun < _MEASURED:
            return
        self._said.add(task)
        left = (now - begun) / (done - first) * (total - done)
        if left >= SOON:
            self.say(f"{task}: {rough_words(left)} left, roughly")
