"""Hears what C libraries print on standard error.

libjpeg tells of corrupt data only by a line on file descriptor 2, and then answers with a picture that is
partly made up. The line is the only sign that OpenCV lets through, so it is caught here.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

# The descriptor belongs to the whole process: one listener at a time, and no fork while it is away.
_LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release)

_DAMAGE = re.compile(
    rb"^(?:Corrupt JPEG data|Premature end of JPEG|Inconsistent progression|Invalid SOS parameters"
    rb"|libpng error|libpng warning: IDAT)",
    re.MULTILINE,
)
_DECODER = re.compile(
    rb"^(?:Corrupt JPEG data|Premature end of JPEG|Inconsistent progression|Invalid SOS parameters"
    rb"|Unknown Adobe color|Warning: unknown JFIF|libpng |\[ ?(?:WARN|ERROR|INFO|DEBUG):\d+@).*\n?",
    re.MULTILINE,
)


@dataclass
class Heard:
    """What the decoder said; filled when listening ends."""

    text: bytes = field(default=b"")

    @property
    def damage(self) -> bool:
        """Whether a decoder complained of corrupt or missing data."""
        return _DAMAGE.search(self.text) is not None


@contextlib.contextmanager
def listening() -> Iterator[Heard]:
    """Keep file descriptor 2 for oneself, and give back what other threads wrote to it meanwhile."""
    heard = Heard()
    with _LOCK:
        saved = _descriptor_of_stderr()
        sink = _memory_file()
        try:
            os.dup2(sink, 2)
            yield heard
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.lseek(sink, 0, os.SEEK_SET)
            heard.text = os.read(sink, os.fstat(sink).st_size)
            os.close(sink)
            _give_back(heard.text)


def _memory_file() -> int:
    """Descriptor of a nameless file, in memory where the system has such files."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("stderr")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _descriptor_of_stderr() -> int:
    try:
        return os.dup(2)
    except OSError:
        # Closed, as in some services; whatever number this takes, 2 is then closed or harmless afterwards.
        return os.open(os.devnull, os.O_WRONLY)


def _give_back(text: bytes) -> None:
    rest = _DECODER.sub(b"", text) if text else b""
    if rest:
        with contextlib.suppress(OSError):
            os.write(2, rest)
