"""Run a program as `python WORDS` would, in a fork of an interpreter that has imported much already; see `server.py`.

Usage: `python client.py SOCKET WORDS`. The program has this process' streams, folder and environment, and this process
ends as it does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType


def main() -> None:
    place, *words = sys.argv[1:]
    order = json.dumps({"words": words, "folder": str(Path.cwd()), "environment": dict(os.environ)}).encode()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        socket.send_fds(connection, [b"%8d" % len(order)], [0, 1, 2])
        connection.sendall(order)
        with connection.makefile("rb") as told:
            pid = int(told.readline())

            def passed_on(number: int, _: FrameType | None) -> None:
                os.kill(pid, number)

            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, passed_on)
            code = int(told.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    sys.exit(code)


main()
