"""The user's engines: a folder where each lies under the key of all that it depends on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgecad.engines import TIME_LIMIT
from edgecad.engines.builder import Prove, Recipe, build, proven
from edgecad.engines.lock import exclusive
from edgecad.engines.process import Progress
from edgecad.engines.record import (
    UNPROVEN,
    EngineIdentity,
    EngineRecord,
    named,
    read_engine,
    read_record,
    sha256_of,
    sidecar_of,
    why_stale,
    write_engine,
)
from edgecad.errors import ModelInvalid
from edgecad.system.lock import attempted
from edgecad.system.usercache import user_cache

SUFFIX, LOCK = ".plan", ".lock"
_MARGIN = 60.0
"""Seconds that waiting for another build may take beyond its time limit."""


@dataclass(frozen=True)
class CachedEngine:
    """An engine that may be used as it was asked for.

    Attributes:
        path: of its plan.
        rebuilt: why it was built now: `there was none`, or what was wrong with the one that lay there; None if it
            was not built.
    """

    path: Path
    record: EngineRecord
    plan: bytes
    rebuilt: str | None


@dataclass(frozen=True)
class Entry:
    """What lies in the cache under one name: an engine's record, or what is wrong with it."""

    path: Path
    record: EngineRecord | None
    fault: str | None


@dataclass(frozen=True)
class Cleared:
    """What `clear` took away, and how many engines it left because they are being built."""

    engines: int
    size_bytes: int
    left: int


def cache_folder(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Folder of the user's engines, in the user's cache.

    Raises:
        UsageError: nothing says where.
    """
    return user_cache(environment, platform) / "engines"


def name_of(identity: EngineIdentity) -> str:
    """File name of a proven engine: a part that people can read, and a hash of the whole identity."""
    key = sha256_of(msgspec.json.encode(identity))
    return f"{identity.model_sha256[:12]}-{identity.precision}-{key[:16]}{SUFFIX}"


def engine_for(
    recipe: Recipe,
    folder: Path,
    time_limit: float = TIME_LIMIT,
    progress: Progress | None = None,
    waiting: Callable[[], None] | None = None,
    prove: Prove | None = None,
) -> CachedEngine:
    """The engine of a recipe: the one in the cache, checked, or a new one.

    An engine that lies there unproven is proven first, where a new one would be.

    Args:
        time_limit: seconds, of building.
        waiting: called once, if another process is building the same engine.
        prove: called, where there is a GPU, with an engine that is not proven before it gets its name.

    Raises:
        EngineBuildFailed: there is none and none could be built.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / name_of(recipe.identity)
    with exclusive(path.with_suffix(LOCK), time_limit + _MARGIN, waiting):
        found = _found(path, recipe, prove)
        if isinstance(found, CachedEngine):
            return found
        _sweep(path)  # the lock is ours, so nobody is at work there
        is_proven = build(recipe, path, time_limit, progress, prove).proven
        _remove(named(path, proven=not is_proven))
        built = named(path, proven=is_proven)
        record, plan = read_engine(built)
        return CachedEngine(built, record, plan, found)


def _found(path: Path, recipe: Recipe, prove: Prove | None) -> CachedEngine | str:
    """The engine in the cache that may be used, or why there is none; an unproven one is proven, if it can be."""
    unproven = named(path, proven=False)
    found = _usable(path, recipe.identity)
    if isinstance(found, CachedEngine) or not (unproven.exists() or sidecar_of(unproven).exists()):
        return found
    found = _usable(unproven, recipe.identity)
    if isinstance(found, str) or prove is None or recipe.gpu is None:
        return found
    record = proven(found.record, found.plan, prove)
    write_engine(path, found.plan, record)
    _remove(unproven)
    return CachedEngine(path, record, found.plan, None)


def _usable(path: Path, needed: EngineIdentity) -> CachedEngine | str:
    """The engine at `path`, or why there is none to be used."""
    if not path.exists() and not sidecar_of(path).exists():
        return "there was none"
    try:
        record, plan = read_engine(path)
    except ModelInvalid as error:
        return str(error).partition(";")[0]
    # The name already says what is needed; a file that was renamed or copied may lie about it.
    return why_stale(record, needed) or CachedEngine(path, record, plan, None)


def entries(folder: Path) -> tuple[Entry, ...]:
    """All engines of a cache, by name. Their plans are not read, only measured."""
    names = {path.name.removesuffix(".json") for path in folder.glob(f"*{SUFFIX}*")}
    return tuple(_entry(folder / name) for name in sorted(names) if name.endswith(SUFFIX))


def _entry(path: Path) -> Entry:
    try:
        return Entry(path, read_record(path), None)
    except ModelInvalid as error:
        return Entry(path, None, str(error).partition(";")[0])


def clear(folder: Path) -> Cleared:
    """Take away all engines but those that are being built, and what killed builds left behind."""
    stems = {entry.path.stem.removesuffix(UNPROVEN) for entry in entries(folder)}
    stems |= {lock.stem for lock in folder.glob(f"*{LOCK}")}
    engines, size, left = 0, 0, 0
    for stem in sorted(stems):
        path = folder / f"{stem}{SUFFIX}"
        with attempted(path.with_suffix(LOCK)) as mine:
            if mine:
                both = [named(path, proven=proven) for proven in (True, False)]
                engines += sum(engine.exists() for engine in both)
                size += sum(map(_remove, both))
                _sweep(path)
                # Who waits for this file locks a name that is gone, and the next one a new file: then two build
                # the same engine, which costs time and nothing else, because each file appears whole.
                path.with_suffix(LOCK).unlink(missing_ok=True)
            left += not mine
    return Cleared(engines, size, left)


def _sweep(engine: Path) -> None:
    """Take away what builds of an engine left behind that were killed."""
    for left in engine.parent.glob(f".{engine.stem}.*"):
        shutil.rmtree(left, ignore_errors=True) if left.is_dir() else left.unlink(missing_ok=True)


def _remove(engine: Path) -> int:
    """Take an engine and its sidecar away; their size in bytes."""
    return _removed(engine) + _removed(sidecar_of(engine))


def _removed(path: Path) -> int:
    """Take a file away; its size in bytes."""
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return size
