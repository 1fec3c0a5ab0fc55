"""Folders that appear whole: written aside, renamed into place, then pointed to by `latest`.

`latest` is a text file with a folder's name, not a link, so that it works on every file system. A
process killed at any moment leaves the old folder in force, or the new one.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edgecad.errors import UsageError

LATEST = "latest"


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Give a folder to write into; it bears its final name only once the block has ended well.

    Raises:
        UsageError: the folder exists already and is not empty.
    """
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise UsageError(f"{final} exists already; choose another --out, or remove it")
    parent_is_new = not final.parent.exists()
    final.parent.mkdir(parents=True, exist_ok=True)
    partial = final.with_name(f".{final.name}.{secrets.token_hex(4)}.partial")
    partial.mkdir()
    try:
        yield partial
        for path in sorted(partial.rglob("*")):
            sync_folder(path) if path.is_dir() else _sync(path)
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


def point_latest(folder: Path) -> None:
    """Make `folder` the one that `latest` beside it names."""
    write_whole(folder.parent / LATEST, f"{folder.name}\n".encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            file.write(content)
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
    name = path.read_bytes()[:256].decode("utf-8", "replace").strip()
    if "\0" in name or name in ("", ".", "..") or Path(name).name != name:
        raise UsageError(f"{path} does not name a folder beside it; give the folder itself")
    return path.parent / name


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Make renames into and out of a folder last through a power cut, where the file system can."""
    if os.name == "nt":  # Windows cannot open a folder, and its renames are durable without it.
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # Some shares cannot, and say so each time.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS):
            raise
    finally:
        os.close(handle)


def made_folder(path: Path) -> Path:
    """Make a folder that lasts through a power cut, unless it is there; its parent is."""
    if not path.is_dir():
        path.mkdir(exist_ok=True)
        sync_folder(path.parent)
    return path


def sweep_partials(folder: Path) -> None:
    """Remove what `write_whole` left half-written in a folder when its process was killed; nobody else may write."""
    for path in folder.glob(".*.partial"):
        path.unlink(missing_ok=True)
