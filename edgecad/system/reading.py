"""Files of others, read within bounds: what is too large is found out before it is in memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, overload

# Windows lacks the second and third, and needs the fourth, because it would translate line ends.
READ_ONLY = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_WINDOW = 1 << 12


def opened(path: str | os.PathLike[str], flags: int, mode: int = 0o666, buffering: int = -1) -> BinaryIO:
    """Open a file with flags of `os.open`, to be read; of what cannot be read as a file no descriptor stays open.

    Raises:
        OSError: it cannot be opened, or it is a folder.
    """
    # `os.fdopen` would leave the descriptor open where it refuses a folder.
    return open(path, "rb", buffering, opener=lambda name, _: os.open(name, flags, mode))


def opened_itself(path: Path) -> BinaryIO:
    """Open a file to be read: no link is followed, and no pipe waited for.

    Raises:
        OSError: it cannot be opened, or it is a folder or a link.
    """
    return opened(path, READ_ONLY | getattr(os, "O_NOFOLLOW", 0))


def is_own(status: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, as whom new ones would be written; on Windows nothing tells."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


def file_bytes(path: Path, most: int) -> bytes:
    """Content of a regular file of at most so many bytes.

    Raises:
        OSError: it cannot be read, is larger (`EFBIG`), or is a pipe or a device (`EINVAL`), which might never end.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size <= most:
            content = file.read(most + 1)
            if len(content) <= most:
                return content
    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))


class FilePart:
    """A part of an open file, indexed and cut as bytes are; only what is looked at is read."""

    def __init__(self, window: ReadAhead, start: int, stop: int) -> None:
        self._window, self._start, self._stop = window, start, stop

    @classmethod
    def whole(cls, file: BinaryIO, size: int) -> FilePart:
        """The first `size` bytes of a file."""
        return cls(ReadAhead(file), 0, size)

    def __len__(self) -> int:
        return self._stop - self._start

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> FilePart: ...
    def __getitem__(self, at: int | slice) -> int | FilePart:
        if isinstance(at, slice):
            start, stop, _ = at.indices(len(self))
            return FilePart(self._window, self._start + start, self._start + max(start, stop))
        if not 0 <= at < len(self):
            raise IndexError(at)
        return self._window.byte(self._start + at)

    def __bytes__(self) -> bytes:
        return self._window.bytes(self._start, self._stop)


class ReadAhead:
    """The piece of a file that was read last."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._at, self._piece = file, 0, b""

    def byte(self, at: int) -> int:
        """One byte; the piece around it is kept."""
        if not 0 <= at - self._at < len(self._piece):
            self._at, self._piece = at, self.bytes(at, at + _WINDOW)
        return self._piece[at - self._at]

    def bytes(self, start: int, stop: int) -> bytes:
        """Bytes from one place up to another, or to the end of the file."""
        self._file.seek(start)
        return self._file.read(stop - start)
