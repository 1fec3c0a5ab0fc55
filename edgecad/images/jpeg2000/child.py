"""The process that decodes: a codestream on standard input, samples on standard output, nothing kept."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from typing import Final

import numpy as np

from edgecad.errors import NotAvailable
from edgecad.images.jpeg2000.decoding import NOT_AVAILABLE
from edgecad.system.children import own_channel
from edgecad.system.extras import require

_MEMORY: Final = 4 * 2**30
"""Bytes of addresses, libraries included. The largest picture takes a third of it."""
_SECONDS: Final = 120
"""Of the processor: longer than the parent waits, for a child whose parent was killed."""


def main() -> None:
    """Decode one picture; any exception is the end of the process, which says it all."""
    channel = own_channel()
    try:
        decoder = require("openjpeg", extra="jpeg2000")
    except (ImportError, NotAvailable):
        sys.exit(NOT_AVAILABLE)
    _limit()
    decoded = decoder.decode(io.BytesIO(sys.stdin.buffer.read()), 0)
    if decoded.dtype != np.uint8:
        raise ValueError(f"decoded to {decoded.dtype}")
    with io.BufferedWriter(channel) as out:
        out.write(np.ascontiguousarray(decoded).tobytes())


def _limit() -> None:
    """Bound memory and time, where the system can; Windows cannot, and has the parent's clock."""
    if sys.platform == "win32":
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    main()
