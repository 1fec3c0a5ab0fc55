"""Run the process that builds: with a time limit, and ended with all its children, whatever happens here."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import IO, Any, NoReturn

import msgspec

from edgecad.engines.messages import BuildOrder, Built, Failed, Message, Step
from edgecad.errors import EngineBuildFailed, NotAvailable

Progress = Callable[[str, int, int], None]
"""Called with the phase, and how many steps of how many are done."""

TIME_LIMIT = 1800.0
"""Seconds; a small GPU takes many minutes for a large network."""
_KILLED = -9
"""What a process ended by SIGKILL returns."""
_GRACE = 10.0
"""Seconds that a process which has closed its output may take to end."""


def run_build(order: BuildOrder, time_limit: float, progress: Progress | None = None) -> Built:
    """Build in a process of its own.

    Args:
        time_limit: seconds.

    Raises:
        NotAvailable: the library cannot run here.
        EngineBuildFailed: no engine, whatever the reason: refused, too slow, or the process died.
        OSError: the plan could not be written.
    """
    with tempfile.TemporaryFile() as errors:
        process = _started(order, errors)
        try:
            message = _answer(process, time.monotonic() + time_limit, progress)
            if message is None:
                raise EngineBuildFailed(_obituary(process, errors))
        except TimeoutError:
            raise EngineBuildFailed(
                f"no engine after {time_limit:g} s, the time limit; allow more with --time-limit, or choose a "
                "smaller network"
            ) from None
        finally:
            _end(process)
    if isinstance(message, Failed):
        _raise(message)
    return message


def _started(order: BuildOrder, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "edgecad.engines", msgspec.json.encode(order).decode()]
    group: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    # It finds the modules that are found here. Without the second variable, `-m` would look for them first in the
    # folder where the user happens to be.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONSAFEPATH": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=environment, **group)


def _answer(process: subprocess.Popen[bytes], deadline: float, progress: Progress | None) -> Built | Failed | None:
    """Last word of the process, or None if it ends without one; progress is passed on meanwhile."""
    for message in _messages(process, deadline):
        if not isinstance(message, Step):
            return message
        if progress is not None:
            progress(message.phase, message.done, message.total)
    return None


def _messages(process: subprocess.Popen[bytes], deadline: float) -> Iterator[Message]:
    """Messages as they come. Raises `TimeoutError` at the deadline."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
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
        yield msgspec.json.decode(line, type=Message)


def _obituary(process: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    """What is known of a process that ended without a word."""
    try:
        code = process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        return "the process that builds the engine fell silent; try again, or use the model with --device cpu"
    how = f"ended with code {code}"
    if code < 0:
        how = f"was ended by signal {-code} ({_signal_name(-code)})"
    if code == _KILLED:
        how += ", as the system does when memory runs out"
    errors.seek(0)
    lines = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    last = f"; its last line: {lines[-1][:200]}" if lines else ""
    return f"the process that builds the engine {how}{last}; try again, or use the model with --device cpu"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started; one that has ended already is only collected."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def _raise(failed: Failed) -> NoReturn:
    kinds = {1: OSError, 4: NotAvailable, 7: EngineBuildFailed}
    raise kinds[failed.code](failed.message)
