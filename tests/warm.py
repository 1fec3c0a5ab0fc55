"""Runs `edgecad` commands for tests, each in a fork of an interpreter that has imported arrays, the parser and what
judges a scan already, but no engine.

In comes a line of JSON: the program, its folder and environment, and files for its three streams. Out go two lines: the
process, and its exit code once it has ended. A fork shares nothing with the commands before it, as a new process would.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from typing import Any

import cv2  # noqa: F401 - imported once for all
import numpy as np  # noqa: F401

import edgecad.cli.program
import edgecad.inference.answering
import edgecad.watch.watcher  # noqa: F401


def _lines() -> Any:
    """Lines of standard input, read without a buffer: what is in one would be the command's."""
    line = b""
    while byte := os.read(0, 1):
        line += byte
        if byte == b"\n":
            yield line
            line = b""


def _order() -> dict[str, Any] | None:
    """In each fork its order; in the parent None, when no more orders come."""
    for line in _lines():
        pid = os.fork()
        if not pid:
            return dict(json.loads(line))
        os.write(1, b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))
    return None


def _become(order: dict[str, Any]) -> None:
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for stream, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        file = os.open(order["streams"][stream], flags)
        os.dup2(file, stream)
        os.close(file)


warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
if order := _order():
    _become(order)
    sys.argv = ["edgecad", *order["words"]]
    exec(compile(order["program"], "<the test's program>", "exec"), {"__name__": "__main__"})  # noqa: S102
