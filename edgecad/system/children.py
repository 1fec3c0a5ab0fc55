"""Processes that do one thing apart, because it may crash, hang or take all memory: both ends of the line to them.

A child runs MODULE as `python -m` would, with its ORDER. It answers with lines on its standard output, and ends when
its parent does.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, BinaryIO

_KILLED = -9
"""What a process ended by SIGKILL returns."""
_RUN = (
    "import sys; sys.path[:] = filter(None, sys.path); import runpy; "
    "runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)
_GRACE = 10.0
"""Seconds that a process which has closed its output may take to end."""


def start_child(module: str, order: bytes, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start `python -m module order`, in a group of its own; what it says on standard error goes to `errors`."""
    group: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    # It finds the modules that are found here, and never those of the folder where the user happens to be; `-m` and
    # Python 3.10, which does not know PYTHONSAFEPATH, would look there first.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
    command, pipe = [sys.executable, "-c", _RUN, module, order.decode()], subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=environment, **group)


def lines_of(process: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """What a child says, line by line, until it closes its output.

    Args:
        deadline: on the clock of `time.monotonic`.

    Raises:
        TimeoutError: at the deadline.
    """
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        # Whoever ends the child closes its output, perhaps while a line is waited for here.
        with suppress(ValueError):
            for line in process.stdout or ():
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise TimeoutError from None
        if line is None:
            return
        yield line


def exit_description(process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    """What is known of a child that ended without a word, to follow its name."""
    try:
        code = process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        return "fell silent"
    how = f"ended with code {code}"
    if code < 0:
        how = f"was ended by signal {-code} ({_signal_name(-code)})"
    if code == _KILLED:
        how += ", as the system does when memory runs out"
    errors.seek(0)
    lines = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    return f"{how}; its last line: {lines[-1][:200]}" if lines else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def end_child(process: subprocess.Popen[bytes]) -> None:
    """End a child and all that it started; one that has ended already is only collected."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def own_channel() -> BinaryIO:
    """In a child: standard output for our lines alone; whatever native code prints goes to standard error."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return channel


def end_with_parent() -> None:
    """In a child: standard input is a lifeline, which closes when the parent ends, however that may be."""

    def watch() -> None:
        # Not through sys.stdin: its lock, held here, would make an interpreter that ends abort.
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
