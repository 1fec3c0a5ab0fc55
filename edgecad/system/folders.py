"""Folders that appear whole: written aside, renamed into place, then pointed to by `latest`.

`latest` is a text file with a folder's name, not a link, so that it works on every file system. A
process killed at any moment leaves the old folder in force, or the new one.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from edgecad.errors import UsageError

LATEST = "latest"
PROBE_BYTES = 2**12
"""What a folder must have room for to count as one that can be written: a small file."""
CANNOT_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS})
"""What some shares and file systems say each time, whatever is to be synced."""
CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ETXTBSY})
"""Why a file may not be opened."""


def check_writable(folder: Path) -> None:
    """Find out before any work that a folder, which need not exist, can be written; nothing is left of the try.

    Raises:
        UsageError: it is a file, or would lie in one.
        OSError: the disk or a permission failed; bears the folder's name.
    """
    there = nearest(folder)
    if not there.is_dir():
        raise UsageError(f"{there} is not a folder, and {folder} must be one; choose another place")
    try:
        # A file without a name: nothing is left of it however the process ends.
        with tempfile.TemporaryFile(dir=there, buffering=0) as probe:
            if probe.write(bytes(PROBE_BYTES)) < PROBE_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(probe.fileno())
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(folder)) from error


def nearest(folder: Path) -> Path:
    """A folder, or what is there of the way to it."""
    for place in (folder, *folder.parents):
        try:
            place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return place
    return folder


def check_new_folder(final: Path) -> None:
    """Find out before any work whether `new_folder` could make a folder.

    Raises:
        UsageError, OSError: as `new_folder` and `check_writable`.
    """
    _refuse_used(final)
    check_writable(final.parent)


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give a folder to write into; it bears its final name only once the block has ended well.

    Raises:
        UsageError: the folder exists already and is not empty.
    """
    _refuse_used(final)
    parent_is_new = not final.parent.exists()
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.{secrets.token_hex(4)}.partial")
    partial.mkdir()
    try:
        yield partial
        for path in sorted(partial.rglob("*")):
            sync_folder(path) if path.is_dir() else sync_file(path)
        sync_folder(partial)
        if os.name == "nt" and final.is_dir():
            final.rmdir()  # empty, and no folder can take its place there
        partial.replace(final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        if parent_is_new:
            with suppress(OSError):  # somebody else may have written there meanwhile
                final.parent.rmdir()
        raise
    sync_folder(final.parent)


def _refuse_used(final: Path) -> None:
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise UsageError(f"{final} exists already; choose another --out, or remove it")


def point_latest(folder: Path) -> None:
    """Make `folder` the one that `latest` beside it names."""
    write_whole(folder.parent / LATEST, f"{folder.name}\n".encode())


def write_whole(path: Path, content: bytes, *, private: bool = False) -> None:
    """Write a file so that a reader sees the old content or the new, never a part; `private`: for this user alone."""
    with whole_file(path) as file:
        if private:
            Path(file.name).chmod(0o600)  # while nothing is in it
        file.write(content)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write into; it takes the place of `path` only once the block has ended well."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def followed(path: Path) -> Path:
    """Follow `path` if it is a pointer that `point_latest` wrote; any other path is given back."""
    if path.name != LATEST or not path.is_file():
        return path
    with path.open("rb") as file:
        # Editors on Windows write a mark before the first line.
        name = file.read(256).decode("utf-8-sig", "replace").strip()
    if "\0" in name or name in ("", ".", "..") or Path(name).name != name:
        raise UsageError(f"{path} does not name a folder beside it; give the folder itself")
    return path.parent / name


def sync_file(path: Path) -> None:
    """Make a file's bytes last through a power cut, where the file system can.

    A file that this user may not open is left as it is: whoever cannot read it vouches for none of its bytes.

    Raises:
        OSError: the bytes could not be written. The system says so once: it takes them for written from then on, so
            another try proves nothing, and they must be written anew.
    """
    # For writing first: Windows flushes no other handle, and a share does not ask its server to flush another.
    for flags in (os.O_RDWR, os.O_RDONLY):
        try:
            handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
        except OSError as error:
            if error.errno not in CLOSED:
                raise
        else:
            _sync(handle)
            return


def sync_folder(path: Path) -> None:
    """Make renames into and out of a folder last through a power cut, where the file system can."""
    if os.name == "nt":  # Windows cannot open a folder, and its renames are durable without it.
        return
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:  # One into which files may be put, and which may not be listed.
        return
    _sync(handle)


def _sync(handle: int) -> None:
    """Sync what is open, and close it."""
    try:
        os.fsync(handle)
    except OSError as error:
        # Windows cannot with what is open for reading only.
        if error.errno not in CANNOT_SYNC and not (os.name == "nt" and error.errno == errno.EBADF):
            raise
    finally:
        os.close(handle)


def made_folder(path: Path) -> Path:
    """Make a folder, and those around it, unless they are there; they last through a power cut."""
    if not path.is_dir() and path.parent != path:
        made_folder(path.parent)
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
    return path


def sweep_partials(folder: Path) -> None:
    """Remove what `write_whole` left half-written in a folder when its process was killed; nobody else may write."""
    for path in folder.glob(".*.partial"):
        path.unlink(missing_ok=True)
