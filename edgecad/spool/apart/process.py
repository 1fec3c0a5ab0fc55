"""Our end of a child that judges: what it says, that it died, or that it does not end."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edgecad.errors import DeviceFailed, JudgeDied
from edgecad.inference.answering import ScanOutcome, refusal
from edgecad.inference.classifier import Classifier
from edgecad.spool.apart.messages import (
    GoldenHeld,
    JudgedApart,
    JudgeOrder,
    NotJudged,
    Question,
    Said,
    choices_of,
    error_of,
    order_line,
    outcome_of,
)
from edgecad.system.children import end_child, exit_description, start_child

TIME_LIMIT = 180.0
"""Seconds that a child may take: to start, to open the model and to judge one scan, or to replay the golden samples."""
MOST_KILLS = 6
"""Children that may be ended from outside over one scan. That is nobody's fault, unless it goes on."""
_SLICE = 0.2
"""Seconds between two looks at the clock."""
_MODULE = "edgecad.spool.apart"


@dataclass(frozen=True)
class Death:
    """How a child ended without an answer.

    Attributes:
        words: to follow "the process".
        outside: whether it was ended from outside: by a person, a supervisor, or the system when memory ran out.
    """

    words: str
    outside: bool


def judged_apart(
    classifier: Classifier, data: bytes, question: Question, meanwhile: Callable[[], None] = lambda: None
) -> ScanOutcome:
    """Judge one scan in a process of its own: the same model with the same choices.

    Args:
        data: the scan's bytes.
        meanwhile: called every few moments while the child is at work.

    Returns:
        What the child found. If it died, or did not end within `TIME_LIMIT`, and the golden samples hold in another
        child: a failure, `JudgeDied`. A child that was ended from outside is followed by another one, up to
        `MOST_KILLS`.

    Raises:
        DeviceFailed: the golden samples do not hold, or their child died too; of the scan this says nothing.
        EdgecadError: the model cannot be opened in a child; as `Classifier` has them.
        OSError: no process can be started.
    """
    death = Death("was never started", outside=True)
    for _ in range(MOST_KILLS):
        said = _asked(classifier, data, question, meanwhile)
        if isinstance(said, ScanOutcome):
            return said
        death = said
        _demand_golden(classifier, death, meanwhile)
        if not death.outside:
            break
    sha256 = hashlib.sha256(data).hexdigest()
    error = judging_died(death.words)
    return refusal(classifier, error, question.scan, draw=True, whose=question.whose, scan_sha256=sha256)


def judging_died(words: str) -> JudgeDied:
    """What stands against an answer to a scan over which processes die while golden samples hold.

    Args:
        words: to follow "the process that judged this scan".
    """
    return JudgeDied(
        f"the process that judged this scan {words}, and the golden samples are answered here; look at the scan by "
        "hand, report it, and send it again to have it tried again"
    )


def _asked(
    classifier: Classifier, data: bytes, question: Question, meanwhile: Callable[[], None]
) -> ScanOutcome | Death:
    """One child's outcome, or how it died."""
    said, picture = _conversation(classifier, data, question, meanwhile)
    if isinstance(said, Death):
        return said
    if isinstance(said, NotJudged):
        raise error_of(said.error)
    outcome = outcome_of(said, picture) if isinstance(said, JudgedApart) else None
    return outcome or Death("broke off in the middle of its answer", outside=False)


def _demand_golden(classifier: Classifier, death: Death, meanwhile: Callable[[], None]) -> None:
    """Find out whether it is the machine that a child died of."""
    said, _ = _conversation(classifier, b"", None, meanwhile)
    if isinstance(said, GoldenHeld):
        return
    why = f"{said.words}, too" if isinstance(said, Death) else "does not answer them as at export"
    if isinstance(said, NotJudged):
        why = f"says: {said.error.message}"
    raise DeviceFailed(
        f"the process that judged a scan {death.words}, and one that replays the golden samples {why}; look at this "
        "machine's memory and device, then start again: the scan waits"
    )


def _conversation(
    classifier: Classifier, data: bytes, question: Question | None, meanwhile: Callable[[], None]
) -> tuple[Said | Death, bytes]:
    """What one child says, and the bytes that follow."""
    model = classifier.file.content
    order = JudgeOrder(choices_of(classifier), len(model), len(data), question)
    with Path(os.devnull).open("wb") as nowhere:  # a child's last words may hold what a scan does
        process = start_child(_MODULE, b"", nowhere)
        output, ended = _talk(process, (order_line(order), model, data), meanwhile)
    if not ended:
        return Death(f"did not end within {TIME_LIMIT:.0f} s", outside=False), b""
    line, _, rest = output.partition(b"\n")
    with suppress(msgspec.DecodeError):
        said: Said = msgspec.json.decode(line, type=Said)
        return said, rest
    how = exit_description(process, io.BytesIO())
    return Death(how, outside=process.returncode in _OUTSIDE), b""


_OUTSIDE = {
    -getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
}
"""What a process returns that was ended by a signal from outside, and not by its own fault."""


def _talk(
    process: subprocess.Popen[bytes], parts: tuple[bytes, ...], meanwhile: Callable[[], None]
) -> tuple[bytes, bool]:
    """Give a child its order, and take all that it says; whether it ended within the time. It has ended after that."""
    output: list[bytes] = []
    # Its input stays open: it is the child's lifeline.
    threads = [
        threading.Thread(target=_feed, args=(process, parts), daemon=True),
        threading.Thread(target=_listen, args=(process, output), daemon=True),
    ]
    deadline = time.monotonic() + TIME_LIMIT
    try:
        for thread in threads:
            thread.start()
        while threads[1].is_alive() and time.monotonic() < deadline:
            threads[1].join(_SLICE)
            meanwhile()
        ended = not threads[1].is_alive()
        if ended:  # its output is closed, so it has ended, or will at once
            with suppress(subprocess.TimeoutExpired):
                process.wait(_SLICE)
    finally:
        process.kill()
        for thread in threads:
            if thread.ident is not None:
                thread.join()  # before its file is closed, whose number another file may get
        end_child(process)
    return b"".join(output), ended


def _listen(process: subprocess.Popen[bytes], output: list[bytes]) -> None:
    if process.stdout is not None:
        output.append(process.stdout.read())


def _feed(process: subprocess.Popen[bytes], parts: tuple[bytes, ...]) -> None:
    if process.stdin is None:
        return
    # Past its buffer, which would be written when the file is closed, and nobody reads any more.
    handle = process.stdin.fileno()
    with suppress(OSError):  # a child that died reads no more
        for part in parts:
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(handle, rest) :]
