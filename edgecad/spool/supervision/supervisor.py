"""Words to the supervisor that started this process, as systemd's `sd_notify(3)` describes them: a datagram of lines.

Written here because it is a dozen lines, and the runtime would have another dependency for it.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

VARIABLE = "NOTIFY_SOCKET"
"""Names the supervisor's socket: a path, or a name in the abstract namespace with `@` in front. Absent without one."""


def tell_supervisor(*, status: str, stopping: bool = False) -> None:
    """Say that the process is ready and alive, or that it is stopping; nothing where no supervisor asked.

    A supervisor that cannot be reached is no fault of the work, and it restarts what is silent.

    Args:
        status: one line for people, without names of files.
    """
    address = os.environ.get(VARIABLE, "")
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return
    state = "STOPPING=1" if stopping else "READY=1\nWATCHDOG=1"
    message = f"{state}\nSTATUS={' '.join(status.split())}\n".encode()
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        to.settimeout(1)
        to.sendto(message, "\0" + address[1:] if address[0] == "@" else address)
