"""Run the process that builds: with a time limit, and ended with all its children, whatever happens here."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import NoReturn

import msgspec

from edgecad.engines.messages import BuildOrder, Built, Failed, Message, Step
from edgecad.errors import EngineBuildFailed, NotAvailable
from edgecad.system.children import end_child, exit_description, lines_of, start_child

Progress = Callable[[str, int, int], None]
"""Called with the phase, and how many steps of how many are done."""


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
        process = start_child("edgecad.engines", msgspec.json.encode(order), errors)
        try:
            message = _answer(process, time.monotonic() + time_limit, progress)
            if message is None:
                raise EngineBuildFailed(
                    f"the process that builds the engine {exit_description(process, errors)}; try again, or use the "
                    "model with --device cpu"
                )
        except TimeoutError:
            raise EngineBuildFailed(
                f"no engine after {time_limit:g} s, the time limit; allow more with --time-limit, or choose a "
                "smaller network"
            ) from None
        finally:
            end_child(process)
    if isinstance(message, Failed):
        _raise(message)
    return message


def _answer(process: subprocess.Popen[bytes], deadline: float, progress: Progress | None) -> Built | Failed | None:
    """Last word of the process, or None if it ends without one; progress is passed on meanwhile."""
    for line in lines_of(process, deadline):
        message: Message = msgspec.json.decode(line, type=Message)
        if not isinstance(message, Step):
            return message
        if progress is not None:
            progress(message.phase, message.done, message.total)
    return None


def _raise(failed: Failed) -> NoReturn:
    kinds = {1: OSError, 4: NotAvailable, 7: EngineBuildFailed}
    raise kinds[failed.code](failed.message)
