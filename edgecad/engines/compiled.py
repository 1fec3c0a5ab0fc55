"""The user's models that OpenVINO compiled: kept, so that the next opening is a read and not a compilation.

One file holds what was compiled and, in its first line, what it rests on. It is named by the SHA-256 of that, so it is
found by none but the same model, version, device and machine. OpenVINO runs what it reads here, so a file is read only
if this user alone could have written it, and if its own hash holds. What cannot be read or written costs the time of a
compilation, and nothing else.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from edgecad.engines.record import sha256_of
from edgecad.errors import UsageError
from edgecad.frozen import Frozen
from edgecad.system.clock import second_text
from edgecad.system.folders import write_whole
from edgecad.system.reading import is_own, opened_itself
from edgecad.system.usercache import user_cache
from edgecad.system.words import on_one_line

SUFFIX = ".compiled"
MOST_BYTES = 2**31
"""That all of them may have; the ones that were not used for longest go first."""
_LONGEST_HEAD = 2**14
_LONGEST_NAME = 200
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class CompiledIdentity(Frozen, frozen=True, kw_only=True):
    """All that decides what a model is compiled to; where anything differs it is compiled again."""

    model_sha256: str
    library_version: str
    """Number and build."""
    unit: str
    machine: tuple[str, ...]
    """The unit's name and driver, and a hash of what the processor says of itself."""
    precision: str
    """Of what is computed, in OpenVINO's word."""
    threads: int
    streams: int


class CompiledHead(Frozen, frozen=True, kw_only=True):
    """The first line of a file; what was compiled follows it."""

    schema: Literal[2] = 2
    """Changes with these fields, and with anything in the way of compiling."""
    identity: CompiledIdentity
    model: str
    """For people: the model's name, network and data."""
    written: str
    """UTC, ISO 8601."""
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class CompiledEntry:
    """What lies there under one name: the head of a file, or None and what keeps it from being used."""

    path: Path
    size_bytes: int
    head: CompiledHead | None
    fault: str | None


def compiled_folder() -> Path:
    """Folder of the user's compiled models, in the user's cache.

    Raises:
        UsageError: nothing says where.
    """
    return user_cache() / "compiled"


def path_of(identity: CompiledIdentity, folder: Path) -> Path:
    """Where a compiled model lies: a part that people can read, and a hash of its whole identity."""
    key = sha256_of(msgspec.json.encode(identity))
    return folder / f"{identity.model_sha256[:12]}-{identity.unit.lower()}-{identity.precision}-{key[:16]}{SUFFIX}"


def found_compiled(identity: CompiledIdentity) -> bytes | None:
    """What was kept of an identity; None where there is none that may be used."""
    try:
        path = path_of(identity, compiled_folder())
        head, content = _read(path)
        os.utime(path)  # used now
    except (OSError, ValueError, UsageError):
        return None
    whole = len(content) == head.size_bytes and sha256_of(content) == head.sha256
    # The name already says what it rests on; a file that was renamed or copied may lie about it.
    return content if whole and head.identity == identity else None


def keep_compiled(identity: CompiledIdentity, model: str, content: bytes) -> None:
    """Keep what was compiled, for this user alone; the oldest others go where they become too large together."""
    head = CompiledHead(
        identity=identity,
        model=on_one_line(model)[:_LONGEST_NAME],
        written=second_text(),
        sha256=sha256_of(content),
        size_bytes=len(content),
    )
    with suppress(OSError, ValueError, UsageError):
        folder = compiled_folder()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _is_ours(folder.stat()) and len(content) <= MOST_BYTES:
            write_whole(path_of(identity, folder), msgspec.json.encode(head) + b"\n" + content, private=True)
            _forget_oldest(folder)


def forget_compiled(identity: CompiledIdentity) -> None:
    """Take away what was kept of an identity: it cannot be opened."""
    with suppress(OSError, UsageError):
        path_of(identity, compiled_folder()).unlink()


def compiled_entries(folder: Path) -> tuple[CompiledEntry, ...]:
    """All of a folder, by name; their contents are neither read nor hashed."""
    return tuple(filter(None, map(_entry, sorted(folder.glob(f"*{SUFFIX}")))))


def _entry(path: Path) -> CompiledEntry | None:
    """What lies there; None where another process has just taken it away."""
    try:
        size = path.lstat().st_size
    except FileNotFoundError:
        return None
    try:
        with _opened(path) as file:
            head = _head(file)
            rest = os.fstat(file.fileno()).st_size - file.tell()
    except (OSError, ValueError) as error:
        return CompiledEntry(path, size, None, str(error) or "it cannot be read")
    fault = None if rest == head.size_bytes else f"{rest} bytes, {head.size_bytes} wanted"
    if path != path_of(head.identity, path.parent):
        fault = "it is of another model, machine or version than its name says"
    return CompiledEntry(path, size, None if fault else head, fault)


def clear_compiled(folder: Path) -> tuple[int, int]:
    """Take all away, with what killed processes left behind: how many there were, and their bytes.

    Raises:
        OSError: one of them cannot be taken away; the others are gone.
    """
    count = size = 0
    closed: OSError | None = None
    for path in _files(folder):
        try:
            own = path.lstat().st_size
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            closed = closed or error
        else:
            count, size = count + (path.suffix == SUFFIX), size + own
    if closed is not None:
        raise closed
    return count, size


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob(f"*{SUFFIX}")
    yield from folder.glob(f".*{SUFFIX}.*.partial")


def _read(path: Path) -> tuple[CompiledHead, bytes]:
    """A file's head and content.

    Raises:
        OSError, ValueError: as `_opened`, or it is none of these.
    """
    with _opened(path) as file:
        return _head(file), file.read()


def _head(file: BinaryIO) -> CompiledHead:
    return msgspec.json.decode(file.readline(_LONGEST_HEAD), type=CompiledHead)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A file, open at its head.

    Raises:
        OSError: it is not there, or cannot be read.
        ValueError: it is not a file of this user's alone, or too large.
    """
    if not _is_ours(path.parent.stat()):
        raise ValueError("its folder is not this user's alone")
    with opened_itself(path) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or not _is_ours(status):
            raise ValueError("it is no file of this user's alone")
        if status.st_size > MOST_BYTES + _LONGEST_HEAD:
            raise ValueError("it is too large")
        yield file


def _is_ours(status: os.stat_result) -> bool:
    """Whether this user owns it and nobody else may write it; on Windows the profile's folder sees to that."""
    return is_own(status) and (os.name == "nt" or not status.st_mode & _OTHERS_MAY_WRITE)


def _forget_oldest(folder: Path) -> None:
    """Make room: what killed processes left behind counts as well, and one that cannot go keeps no other."""
    files = sorted(((path.lstat(), path) for path in _files(folder)), key=lambda pair: -pair[0].st_mtime)
    together = 0
    for status, path in files:
        together += status.st_size
        if together > MOST_BYTES:
            with suppress(OSError):
                path.unlink()
