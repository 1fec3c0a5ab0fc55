"""What a trial tells while it runs."""

from __future__ import annotations

import time


def say(text: str) -> None:
    """A line with the time of day: steps take minutes."""
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)
