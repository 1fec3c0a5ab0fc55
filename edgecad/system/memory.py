"""Lack of memory, in whatever words a library says it: it is this machine's, and never a scan's or a model's."""

from __future__ import annotations

import errno
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgecad.errors import DeviceFailed

NO_MEMORY = "this machine's memory does not suffice; give it more, or end other programs"
_LIMITING = threading.Lock()
_OPENCV = -4
"""`StsNoMem` of OpenCV."""
_WORDS = re.compile(
    r"bad[ _]?alloc|failed to allocate|alloc\w* fail|out of memory|(?:not enough|insufficient) memory", re.IGNORECASE
)
"""Of onnxruntime, CUDA and C++."""
_UNMAPPED = re.compile(r"failed to map segment|cannot allocate memory", re.IGNORECASE)
"""Of the system's loader, where a library does not fit."""


def lacks_memory(error: BaseException | None) -> bool:
    """Whether an error is this machine's lack of memory: of Python, NumPy, the system, OpenCV or onnxruntime."""
    if error is None:
        return False
    if isinstance(error, ImportError):
        return _UNMAPPED.search(str(error)) is not None
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    library = type(error).__module__.partition(".")[0]
    if library == "cv2":
        return getattr(error, "code", None) == _OPENCV
    return isinstance(error, MemoryError) or (library == "onnxruntime" and says_no_memory(str(error)))


@contextmanager
def memory_as_device() -> Iterator[None]:
    """Turn a lack of memory inside the block into `DeviceFailed`, whoever noticed it."""
    try:
        yield
    except Exception as error:
        if lacks_memory(error):
            raise DeviceFailed(NO_MEMORY) from error
        raise


@contextmanager
def at_most_more(size: int) -> Iterator[None]:
    """Let this process take at most `size` bytes more inside the block; whoever needs more is told that there is none.

    For a library that may compute what a hostile file asks for before it can be asked how much that is. Linux alone
    tells and obeys; elsewhere nothing is limited.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    with _LIMITING:  # the limit is the process's, and each gives back what it found
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        known = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_AS, (min([taken + size, *known]), hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def says_no_memory(words: str) -> bool:
    """Whether an engine's words for its failure are about memory."""
    return _WORDS.search(words) is not None
