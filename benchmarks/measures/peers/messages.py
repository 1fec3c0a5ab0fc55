"""What goes between a benchmark and the process of a peer: JSON, a line each way."""

from __future__ import annotations

from typing import Literal

import msgspec


class PeerTask(msgspec.Struct, frozen=True):
    """What a process is started with.

    Attributes:
        peer: a name of `measures.peers.PEERS`, or of its `MAKERS`.
        place: what `kept_model` made.
        screens: files of report screens, for a folder.
    """

    peer: str
    place: str
    screens: tuple[str, ...] = ()


class PeerRequest(msgspec.Struct, frozen=True):
    """One thing to do.

    Attributes:
        do: `answers` of the peer's first way to every image, or the `time` of `runs` runs after `warm` others.
        way: of the peer's ways, for `time`.
    """

    do: Literal["answers", "time"]
    way: str = ""
    runs: int = 0
    warm: int = 0


class PeerAnswer(msgspec.Struct, frozen=True):
    """What a peer says of one image.

    Attributes:
        probability: of the positive class.
        heatmap: values of the score's map, row by row; None from a peer that gives no map.
    """

    probability: float
    heatmap: list[float] | None = None


class PeerReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """What it says when it is ready, and after each request.

    Attributes:
        failed: why it gave up; empty where it did not.
        about: what a reader of the figures should know of it.
        milliseconds: of each run that counts.
        peak_gb: the most resident memory of its process so far; None where the system does not tell.
        idle_share: processor time that its process took while it waited for the request, of the clock's.
    """

    failed: str = ""
    about: dict[str, object] = {}
    answers: tuple[PeerAnswer, ...] = ()
    milliseconds: tuple[float, ...] = ()
    peak_gb: float | None = None
    idle_share: float = 0.0
