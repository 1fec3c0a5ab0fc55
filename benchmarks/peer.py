"""One peer in a process of its own: told what to do by a JSON line, it answers with one. `inference.py` starts it.

    python benchmarks/peer.py '{"peer": "OpenVINO fp32", "place": "edgecad-bench/mobilenetv2"}'

    {"do": "answers"}                                            probability and heat map of every image
    {"do": "time", "way": "answer", "runs": 10, "warm": 2}       milliseconds of each run that counts

It ends when its input ends. Between two lines it waits on the input and does nothing else.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from measures.peers import MAKERS, PEERS
from measures.peers.base import Peer, PeerModel
from measures.peers.messages import PeerReply, PeerRequest, PeerTask

from edgecad.bench.machine import resident_mb
from edgecad.system.children import own_channel


def main() -> None:
    """Open the peer, say that it is ready, and do what each line asks for."""
    tell = _teller()
    task = msgspec.json.decode(sys.argv[1], type=PeerTask)
    model = PeerModel(Path(task.place), task.screens)
    try:
        if task.peer in MAKERS:
            MAKERS[task.peer](model)
            tell(PeerReply())
            return
        peer = PEERS[task.peer](model)
        for run in peer.ways.values():  # what is compiled at the first run belongs to getting ready
            run(peer.inputs[0])
        tell(PeerReply(about=peer.about, peak_gb=peak_gb()))
        _serve(peer, tell)
    except Exception as error:  # whatever a library raises is this peer's reason
        reason = str(error).strip().partition("\n")[0][:200]
        tell(PeerReply(failed=f"{type(error).__name__}: {reason}"))


def _serve(peer: Peer, tell: Callable[[PeerReply], None]) -> None:
    idle = _Idle()
    for line in sys.stdin:
        request, waited = msgspec.json.decode(line, type=PeerRequest), idle.end()
        if request.do == "answers":
            way = next(iter(peer.ways.values()))
            answers = tuple(peer.told(way(entry)) for entry in peer.inputs)
            tell(PeerReply(answers=answers, peak_gb=peak_gb(), idle_share=waited))
        else:
            taken = tuple(_timed(peer, request.way, request.runs, request.warm))
            tell(PeerReply(milliseconds=taken, peak_gb=peak_gb(), idle_share=waited))
        idle.begin()


def _timed(peer: Peer, way: str, runs: int, warm: int) -> list[float]:
    """Milliseconds of `runs` runs after `warm` others, each on the next input."""
    run, inputs, taken = peer.ways[way], peer.inputs, []
    for number in range(warm + runs):
        entry = inputs[number % len(inputs)]
        begun = time.perf_counter()
        run(entry)
        taken.append(1000 * (time.perf_counter() - begun))
    return taken[warm:]


class _Idle:
    """Processor time, as a share of the clock's, that all threads of this process take while it waits."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._clock, self._worked = time.perf_counter(), time.process_time()

    def end(self) -> float:
        worked, passed = time.process_time() - self._worked, time.perf_counter() - self._clock
        return worked / passed if passed > 0 else 0.0


def _teller() -> Callable[[PeerReply], None]:
    """What writes a line of ours on standard output, and nothing else does from here on."""
    channel = own_channel()

    def tell(reply: PeerReply) -> None:
        channel.write(msgspec.json.encode(reply) + b"\n")

    return tell


def peak_gb() -> float | None:
    """The most resident memory of this process so far; None where the system does not tell."""
    peak = resident_mb()
    return None if peak is None else peak / 1000


if __name__ == "__main__":
    main()
