"""What a parent tells its workers, and what they tell it."""

from __future__ import annotations

from typing import Literal

import msgspec

from edgecad.contract import Frozen

PARENT_GONE = 3
"""Exit code of a worker whose parent has ended."""
KERAS_RUNNER = "edgecad_train.study.runner:KerasRunner"


class Order(Frozen, frozen=True, kw_only=True):
    """All that a worker needs to know."""

    folder: str
    """The study folder."""
    number: int
    """Of the worker, from 1."""
    cores: tuple[int, ...]
    """Processors to keep to; none where the operating system shares them out."""
    threads: int
    weights_files: dict[str, str]
    """Path of each backbone's first weights, where it has a file."""
    runner: str = KERAS_RUNNER
    """`module:class` of what runs a unit."""


class Event(Frozen, frozen=True, kw_only=True):
    """Something that a worker says; `name` is the unit's or the timing's."""

    kind: Literal["begun", "progress", "done", "failed", "warning"]
    name: str
    text: str = ""

    def line(self) -> bytes:
        """As one line of JSON."""
        return msgspec.json.encode(self) + b"\n"


def order_from_line(line: bytes) -> Order:
    """Read an order."""
    return msgspec.json.decode(line, type=Order)


def event_from_line(line: bytes) -> Event | None:
    """Read an event; None where the writer was killed in mid-line."""
    try:
        return msgspec.json.decode(line, type=Event)
    except msgspec.DecodeError:
        return None


def thread_limits(threads: int) -> dict[str, str]:
    """What TensorFlow, OpenMP and the matrix libraries read when they start."""
    names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    return dict.fromkeys(names, str(threads))
