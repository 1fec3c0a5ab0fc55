"""Times as records have them."""

from __future__ import annotations

from datetime import datetime, timezone


def time_text(time: datetime) -> str:
    """A time in UTC, ISO 8601 with microseconds: `2026-01-31T12:00:00.000000Z`."""
    return f"{time:%Y-%m-%dT%H:%M:%S.%fZ}"


def second_text() -> str:
    """This moment in UTC, ISO 8601 to the second: `2026-01-31T12:00:00+00:00`."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def now_text() -> str:
    """This moment, as `time_text` has it."""
    return time_text(datetime.now(timezone.utc))
