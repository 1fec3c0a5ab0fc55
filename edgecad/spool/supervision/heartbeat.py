"""What a worker tells a supervisor: `heartbeat.json`, written anew every few seconds."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["watching", "stopped", "waiting-for-disk"]


class Heartbeat(msgspec.Struct, kw_only=True):
    """What a supervisor looks at: old means hung or dead.

    Attributes:
        state: `waiting-for-disk` while a folder cannot be read or written; scans wait meanwhile.
        waiting: files in IN that are not whole yet, and scans that were taken and may still grow.
        stuck: files and folders in IN that cannot be moved or read, and scans that were taken and cannot be read.
        orientation: how the last answered scans look, taken together: `as they should`, `mirrored left to right`, ...;
            or why that is not known.
        model_in_force: name of the model folder that `latest` names by now, where that is another one than `model` was
            opened from. The process goes on with its own until it is started again.
    """

    time: str
    state: State
    process: int
    version: str
    model: str
    contract: str
    device: str
    precision: str
    waiting: int
    stuck: int
    records_today: int
    problem: str | None
    orientation: str
    model_in_force: str | None = None
    schema: int = 1
