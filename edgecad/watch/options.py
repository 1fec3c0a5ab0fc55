"""How a hot folder is looked at; apart, because a command line reads it before it loads anything heavy."""

from __future__ import annotations

from dataclasses import dataclass

from edgecad.spool.options import WorkerOptions


@dataclass(frozen=True)
class WatchOptions(WorkerOptions):
    """How to look, in seconds.

    Attributes:
        settle: for which a file with its end marker must be still, if it was not renamed into place; `patience` where
            that is shorter.
    """

    settle: float = 1.0
