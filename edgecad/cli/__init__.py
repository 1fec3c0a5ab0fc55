"""The one `edgecad` program. Each command is a file; nothing heavy is imported before it runs."""

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress

__all__ = ["main"]

_GONE = {errno.EPIPE, errno.EINVAL} if os.name == "nt" else {errno.EPIPE}
"""What the system says where the reader of our output went away."""


def main() -> None:
    """Entry point of the `edgecad` program; an interrupt has its exit code even while modules are imported."""
    _speak_utf8()
    try:
        from edgecad.cli.program import app

        app()
    except KeyboardInterrupt:
        print("edgecad: interrupted", file=sys.stderr)  # noqa: T201 - typer may not be there yet
        sys.exit(130)
    except OSError as error:  # of help and version, which are said before any command is there to catch it
        _tell(error)
        sys.exit(1)
    finally:
        _flush()


def _speak_utf8() -> None:
    """Files and pipes get UTF-8 wherever we run; a terminal keeps its own, and what that lacks is shown by number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _flush() -> None:
    """Write out what was said, while a failure can still be told: at its end the interpreter would print a traceback.

    A reader that went away is no failure to tell, and costs only the exit code 1.
    """
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except OSError as error:
        _silence()
        if error.errno not in _GONE:
            _tell(error)
        sys.exit(1)


def _tell(error: OSError) -> None:
    """Say why the output could not be written, past the streams that may have failed."""
    with suppress(OSError):
        os.write(2, f"edgecad: the output could not be written: {error.strerror}\n".encode())


def _silence() -> None:
    """Let what is still to be written to a stream that fails go nowhere."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device, not a path of ours
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
                continue
            os.dup2(nowhere.fileno(), stream.fileno())
