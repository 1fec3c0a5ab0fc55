"""IN belongs to one watch. Two would each take a part of the patients, and nobody would see it.

A lock file in IN says so, because IN is what two watches have in common, whatever path leads there. The lock is the
operating system's and ends with its process; the file says nothing. A watch looks into the folders inside its IN, so
those around IN and inside it must be free as well. Whoever comes locks his own IN first and then looks for others, so
of two that come at once one sees the other; the inner one gives up sooner, so that the outer one is left.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from edgecad.errors import UsageError
from edgecad.images import passed_over
from edgecad.system.lock import taken_within
from edgecad.system.reading import opened
from edgecad.watch.names import LOCK

OWN, AROUND, INSIDE = 0.5, 0.2, 1.0
"""Seconds to try a lock in IN, in the folders around it, and in those inside it. Who only looks holds one for an
instant; AROUND is shorter than INSIDE."""


class Reservation:
    """The right to take scans from a folder; `with` holds it. One that is away is held once `confirm` finds it back.

    Raises:
        UsageError: on entering, another watch has the folder, or one around it or inside it.
        OSError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / LOCK
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Reservation:
        with suppress(FileNotFoundError):
            self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self.give_back()

    def confirm(self) -> None:
        """See that it is held still; take it anew if somebody removed the lock file.

        Raises:
            UsageError, OSError: as on entering.
        """
        if self._file is None or not _lies_at(self._file, self._path):
            self.give_back()
            self._take()

    def give_back(self) -> None:
        """End it, and take the lock file away. A killed process leaves the file, which locks nothing."""
        file, self._file = self._file, None
        if file is None:
            return
        with file, suppress(OSError):
            # While the lock is held: after that the file may be another's.
            if os.name != "nt" and _lies_at(file, self._path):
                self._path.unlink()
        if os.name == "nt":  # Nobody can remove an open file there, neither we nor others theirs.
            with suppress(OSError):
                self._path.unlink()

    def _take(self) -> None:
        self._file = _locked(self._path)
        if self._file is None:
            raise UsageError(
                f"another edgecad watch takes scans from {self._folder}, and one alone may; end it, or give another IN"
            )
        try:
            self._look_around()
        except BaseException:
            self.give_back()
            raise

    def _look_around(self) -> None:
        for outer in _around(self._folder):
            if is_watched(outer, AROUND):
                raise UsageError(
                    f"another edgecad watch takes scans from {outer} and what is inside it, and {self._folder} is; "
                    "end it, or give an IN beside it"
                )
        for inner in _inside(self._folder):
            # Without that folder's name, which may be a patient's.
            try:
                watched = is_watched(inner, INSIDE)
            except OSError as error:
                raise OSError(error.errno, f"in a folder inside IN, {error.strerror}", str(self._folder)) from None
            if watched:
                raise UsageError(
                    f"another edgecad watch takes scans from a folder inside {self._folder}, and one alone may; end "
                    "it, or give an IN beside it"
                )


def is_watched(folder: Path, patience: float = 0.0) -> bool:
    """Whether a watch takes scans from a folder; its own lock counts as well.

    Args:
        patience: seconds after which a lock is no mere look of another watch.

    Raises:
        OSError: there is a lock file that cannot be tried.
    """
    try:
        file = _opened(folder / LOCK)
    except (FileNotFoundError, NotADirectoryError):
        return False
    with file:
        return not taken_within(file, patience)


def _around(folder: Path) -> Iterator[Path]:
    """Folders whose watch would look into `folder`."""
    place = folder.resolve()
    for parent in place.parents:
        if passed_over(place.relative_to(parent).parts[0]):
            return
        yield parent


def _inside(folder: Path) -> Iterator[Path]:
    """Folders that a watch of `folder` would look into, and that have a lock file."""
    for root, names, files in os.walk(folder):
        names[:] = [name for name in names if not passed_over(name)]
        if LOCK in files and Path(root) != folder:
            yield Path(root)


def _locked(path: Path) -> IO[bytes] | None:
    """The lock file at `path`, made and locked; None if another process or thread has it."""
    while True:
        with ExitStack() as stack:
            file = stack.enter_context(_made(path))
            if not taken_within(file, OWN):
                return None
            if _lies_at(file, path):
                stack.pop_all()
                return file
        # Its last holder took it away between our opening and our locking.


def _made(path: Path) -> IO[bytes]:
    try:
        return _descriptor(path, os.O_RDWR | os.O_CREAT)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        if path.exists():
            return _opened(path)  # left by another user's process, which was killed
        raise must_be_writable(path.parent, error) from error


def must_be_writable(folder: Path, error: OSError) -> OSError:
    """The error of an IN that may only be read."""
    seen = f"{error.strerror or error}, and scans are moved out of IN, so it must be writable"
    return OSError(error.errno, seen, str(folder))


def _opened(path: Path) -> IO[bytes]:
    """A lock file that is there; some shares lock only what is open for writing."""
    try:
        return _descriptor(path, os.O_RDWR)
    except PermissionError:
        return _descriptor(path, os.O_RDONLY)


def _descriptor(path: Path, flags: int) -> IO[bytes]:
    """Open a file that others may have put there: no link is followed, no pipe waited for."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        return opened(path, flags | careful, 0o666, buffering=0)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.EISDIR):
            raise
        what = "a link" if error.errno == errno.ELOOP else "a folder"
        seen = f"{what} named {LOCK} lies in place of a watch's lock file; remove it"
        raise OSError(error.errno, seen, str(path.parent)) from error


def _lies_at(file: IO[bytes], path: Path) -> bool:
    """Whether a locked file is still the one that others would find. Windows lets nobody remove an open file."""
    if os.name == "nt":
        return True
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.lstat(path))
    except (FileNotFoundError, NotADirectoryError):
        return False
