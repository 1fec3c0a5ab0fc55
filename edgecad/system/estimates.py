"""How long work will take, said once while it runs: measured on its first part, and called rough."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

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
    clock: Callable[[], float] = time.monotonic
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
