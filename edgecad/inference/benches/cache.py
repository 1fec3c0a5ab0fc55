"""The files of saved benches in the user's cache: written, read with suspicion, listed and removed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from edgecad.inference.benches.bench import SUFFIX, SavedBench
from edgecad.modelfiles.file import file_precision
from edgecad.system.folders import write_whole
from edgecad.system.reading import is_own, opened_itself
from edgecad.system.usercache import forget_oldest, user_cache

FOLDER = "benches"
MOST, MOST_BYTES = 200, 2**16
"""Files that are kept, the oldest go first; and bytes of one."""


def benches_folder() -> Path:
    """Folder of saved benches, in the user's cache.

    Raises:
        UsageError: nothing says where.
    """
    return user_cache() / FOLDER


def save_bench(bench: SavedBench) -> Path:
    """Write a bench in place of the one for the same model, machine and versions; whole or not at all.

    Raises:
        UsageError: nothing says where caches lie.
        OSError: it cannot be written.
    """
    folder = benches_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / bench.subject.name
    write_whole(path, msgspec.json.format(msgspec.json.encode(bench), indent=1))
    with suppress(OSError):  # it is saved; another process may be taking the same ones away
        forget_oldest(folder, MOST)
    return path


def saved_benches() -> Iterator[tuple[Path, SavedBench | str]]:
    """All that lie in the cache, by name, or what is wrong with one."""
    folder = benches_folder()
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield path, read_bench(path) or "it is gone"
        except (OSError, ValueError) as error:
            yield path, str(error)


def remove_benches() -> int:
    """Take all of them away; how many there were."""
    paths = [path for path, _ in saved_benches() if path.is_symlink() or not path.is_dir()]
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def read_bench(path: Path) -> SavedBench | None:
    """A saved bench, about what its name says; None where there is none.

    Raises:
        OSError, ValueError: it cannot be used.
    """
    if path.is_symlink():
        raise ValueError("it is a link")
    try:
        with opened_itself(path) as file:
            _check_own(os.fstat(file.fileno()))
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    try:
        bench = msgspec.json.decode(content, type=SavedBench)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"it cannot be read ({error})") from error
    if path.name != bench.subject.name:
        raise ValueError("it is about another model, machine or version than its name says")
    strange = [row.precision for row in bench.rows if file_precision(row.precision) not in bench.subject.files]
    if strange:
        raise ValueError(f"it names {strange[0]}, which the model has not")
    return bench


def _check_own(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise ValueError("it is no regular file")
    if not is_own(about):
        raise ValueError("it belongs to another user")
