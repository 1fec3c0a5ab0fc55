"""Work on many items at a time, with results in the items' order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from edgecad.system.cores import usable_threads

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")


MAX_WORKERS = 8
"""Scans that are answered at a time, because each takes memory."""


@dataclass(frozen=True)
class CoreShare:
    """How scans share what this process may use of the CPU: `workers` at a time, `threads` for the network of each."""

    workers: int
    threads: int


def share_for(scans: int) -> CoreShare:
    """The share that gets `scans` scans answered soonest.

    Scans side by side, each on a core of its own, wait for nothing; one scan over all cores does, at every layer.
    """
    workers = min(workers_beside(1), max(1, scans))
    return CoreShare(workers, usable_threads() // workers)


def workers_beside(threads: int) -> int:
    """How many scans may be under way at a time where the network of each has `threads` (0: none, on a GPU)."""
    return max(1, min(MAX_WORKERS, usable_threads() // max(1, threads)))


def in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Results of `work`, in the order of `items`, from `workers` threads.

    Only a few items are under way at a time, because each may hold a screen; with one worker, one, and in the
    caller's own thread.
    """
    if workers == 1:
        yield from map(work, items)
        return
    # Not above: who answers one scan starts without it.
    from concurrent.futures import ThreadPoolExecutor

    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers, "edgecad")
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
