"""Times as records have them: of day, and by stage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from time import perf_counter


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
