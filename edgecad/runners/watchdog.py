"""A time limit for calls that nothing else ends: whoever takes too long is asked to stop, from one thread for all.

A timer of its own for each call costs a thread, about a tenth of a millisecond, which is 3 % of a small network. Here a
call is written down and crossed out again, and a thread that sleeps looks once a second who is late.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from edgecad.errors import DeviceFailed

RUN_SECONDS = 60.0
"""For each image of a run; the largest network on offer takes a few on the slowest machine."""
LOOK = 1.0
"""Seconds between two looks; a call is stopped that much late at most."""


def run_stopped(device: str, images: str, seconds: float) -> DeviceFailed:
    """The error of a run that was stopped after `seconds`; `images` says how many it was of."""
    return DeviceFailed(
        f"{device} computed {images} for {seconds:g} s without an end and was stopped; use a smaller network or a "
        "faster machine"
    )


@dataclass
class Limited:
    """A call that must end.

    Attributes:
        deadline: by `time.monotonic`.
        stop: asks it to.
        late: whether it was asked.
    """

    deadline: float
    stop: Callable[[], object]
    late: bool = field(default=False)


class Watchdog:
    """The calls under way, and the thread that looks at them; it begins with the first and never ends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[int, Limited] = {}
        self._looking = False
        if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads, which may hold the lock
            os.register_at_fork(after_in_child=self._begin_anew)

    @contextmanager
    def limited(self, seconds: float, stop: Callable[[], object]) -> Iterator[Limited]:
        """A block that `stop` is called in, from another thread, once it has taken `seconds`."""
        call = Limited(time.monotonic() + seconds, stop)
        with self._lock:
            self._calls[id(call)] = call
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="watchdog", daemon=True).start()
        try:
            yield call
        finally:
            with self._lock:
                self._calls.pop(id(call), None)

    def _begin_anew(self) -> None:
        self._lock, self._calls, self._looking = threading.Lock(), {}, False

    def _look(self) -> None:
        while True:
            time.sleep(LOOK)
            now = time.monotonic()
            with self._lock:
                late = [call for call in self._calls.values() if now >= call.deadline and not call.late]
                for call in late:
                    call.late = True
                    with suppress(Exception):  # who cannot be asked is not waited for either
                        call.stop()


WATCHDOG = Watchdog()
"""Of this process."""
