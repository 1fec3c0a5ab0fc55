"""What wakes a watch, and what ends it: file events and signals."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def signals(wake: threading.Event) -> Iterator[threading.Event]:
    """Turn signals to end into an event, so that the scan under way is finished first.

    SIGHUP comes when a terminal is closed. Where it is ignored, as after `nohup`, it stays so; Windows has none. After
    one of them the process ends, and ignores SIGTERM and SIGHUP while it does.
    """
    stop, interrupted = threading.Event(), threading.Event()

    def end(number: int, frame: object) -> None:
        if number == signal.SIGINT:
            interrupted.set()
        stop.set()
        wake.set()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            # Supervisors and closed terminals send several; one more must not end by a signal what ends by itself.
            again = stop.is_set() and number != signal.SIGINT
            signal.signal(number, signal.SIG_IGN if again else handler)
    if interrupted.is_set():
        raise KeyboardInterrupt


@contextmanager
def file_events(folder: Path, say: Callable[[str], None]) -> Iterator[threading.Event]:
    """Set an event whenever the system tells of a change below a folder; looking goes on whether it does or not.

    Args:
        say: told where there are no file events.
    """
    wake = threading.Event()
    observer = _observer(folder, wake, say)
    try:
        yield wake
    finally:
        if observer is not None:
            observer.stop()
            observer.join()


def _observer(folder: Path, wake: threading.Event, say: Callable[[str], None]) -> Any:
    try:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer
    except ImportError:
        return None

    class Waker(FileSystemEventHandler):
        def on_closed(self, event: object) -> None:
            wake.set()

        def on_moved(self, event: object) -> None:
            wake.set()

        on_created = on_closed

    # It warns of events that come while it stops; they are only hints.
    logging.getLogger("watchdog").setLevel(logging.CRITICAL)
    observer = Observer()
    observer.schedule(Waker(), str(folder), recursive=True)
    try:
        observer.start()
    except OSError as error:  # Too many watches on this machine, or a folder that has no events, as on a share.
        say(f"no file events ({error.strerror or error}); the folder is looked at every few moments instead")
        return None
    return observer
