"""What a parent tells its workers, and what they tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from edgecad.frozen import Frozen

PARENT_GONE = 3
"""Exit code of a worker whose parent has ended."""
MAKER = "edgecad_train.study.workers.making"
"""Module of what makes units and measures plain Keras; see `edgecad_train.study.workers.loop.Maker`."""


class WorkerOrder(Frozen, frozen=True, kw_only=True):
    """All that a worker needs to know."""

    folder: str
    """The study folder."""
    source: str
    """Folder or CSV of the scans."""
    number: int
    """Of the worker, from 1."""
    cores: tuple[int, ...]
    """Processors to keep to; none where the operating system shares them out."""
    threads: int
    weights_files: dict[str, str]
    """Path of each backbone's first weights, where it has a file."""
    maker: str = MAKER


class WorkerEvent(Frozen, frozen=True, kw_only=True):
    """Something that a worker says; `name` is the unit's or the timing's."""

    kind: Literal["begun", "progress", "done", "failed", "warning"]
    name: str
    text: str = ""

    def line(self) -> bytes:
        """As one line of JSON."""
        return msgspec.json.encode(self) + b"\n"


Listener = Callable[[WorkerEvent], None]


def order_from_line(line: bytes) -> WorkerOrder:
    """Read an order."""
    return msgspec.json.decode(line, type=WorkerOrder)


def event_from_line(line: bytes) -> WorkerEvent | None:
    """Read an event; None where the writer was killed in mid-line."""
    try:
        return msgspec.json.decode(line, type=WorkerEvent)
    except msgspec.DecodeError:
        return None


def thread_limits(threads: int) -> dict[str, str]:
    """What TensorFlow, OpenMP and the matrix libraries read when they start."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(threads))
