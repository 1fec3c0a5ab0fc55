"""Peers in processes of their own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from measures.command import environment
from measures.peers.messages import PeerReply, PeerRequest, PeerTask

PROGRAM = Path(__file__).resolve().parents[2] / "peer.py"
LIMIT = 900.0
"""Seconds after which a peer that says nothing is ended."""


class PeerFailed(Exception):
    """A peer that is not here, or that gave up; the text says why."""


class PeerProcess:
    """One peer's process.

    Attributes:
        ready_seconds: from its start until its first answer.
        ready: what it said of itself then.
    """

    def __init__(self, task: PeerTask) -> None:
        """Start it, and wait until it has given a first answer.

        Raises:
            PeerFailed: it cannot.
        """
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        begun = time.perf_counter()
        self._child = subprocess.Popen(
            [sys.executable, PROGRAM, msgspec.json.encode(task)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env=environment(),
        )  # fmt: skip
        self.ready = self._reply()
        self.ready_seconds = time.perf_counter() - begun

    def ask(self, request: PeerRequest) -> PeerReply:
        """Have it do one thing.

        Raises:
            PeerFailed: it gave up.
        """
        if self._child.stdin is not None:
            try:
                self._child.stdin.write(msgspec.json.encode(request) + b"\n")
                self._child.stdin.flush()
            except BrokenPipeError:
                pass  # the reply says why
        return self._reply()

    def _reply(self) -> PeerReply:
        guard = threading.Timer(LIMIT, self._child.kill)
        guard.start()
        try:
            line = b"" if self._child.stdout is None else self._child.stdout.readline()
        finally:
            guard.cancel()
        reply = msgspec.json.decode(line, type=PeerReply) if line else PeerReply(failed=self._last_words())
        if reply.failed:
            self.end()
            raise PeerFailed(reply.failed)
        return reply

    def _last_words(self) -> str:
        code = self._child.wait()
        self._said.seek(0)
        lines = self._said.read().strip().splitlines()
        return f"ended with {code}: {lines[-1][:200] if lines else 'without a word'}"

    def end(self) -> None:
        """Close its input, which ends it, and wait."""
        if self._said.closed:
            return
        if self._child.stdin is not None:
            self._child.stdin.close()
        try:
            self._child.wait(30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()
        self._said.close()


@dataclass
class OpenPeers:
    """Peers that are there, and why others are not, by name."""

    peers: dict[str, PeerProcess] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def drop(self, name: str, why: str) -> None:
        """One gave up."""
        self.missing[name] = why
        del self.peers[name]


@contextmanager
def opened(
    names: Sequence[str], place: Path, screens: Sequence[str] = (), makers: Sequence[str] = ()
) -> Iterator[OpenPeers]:
    """Start peers one after another, what they need beside the model made first; they wait without working.

    Args:
        place: what `kept_model` made.
        screens: files of report screens, for peers that answer a folder.
    """
    found = OpenPeers()
    with ExitStack() as stack:
        for maker in makers:
            try:
                PeerProcess(PeerTask(maker, str(place))).end()
            except PeerFailed as failure:
                found.missing[maker.removeprefix("make ")] = str(failure)
        for name in names:
            if name in found.missing:
                continue
            try:
                found.peers[name] = PeerProcess(PeerTask(name, str(place), tuple(screens)))
                stack.callback(found.peers[name].end)
            except PeerFailed as failure:
                found.missing[name] = str(failure)
            print(f"{name}: {found.missing.get(name, 'ready')}", flush=True)
        yield found
