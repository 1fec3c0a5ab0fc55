"""The process that judges one scan, or replays the golden samples: an order on standard input, an answer on output."""

from __future__ import annotations

import hashlib
import io
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from edgecad.errors import DeviceFailed, EdgecadError, GateFailed
from edgecad.golden import golden_samples
from edgecad.inference.answering import answer
from edgecad.inference.classifier import Classifier
from edgecad.inference.loading import open_file
from edgecad.modelfiles.file import ModelFile
from edgecad.spool.apart.messages import (
    Choices,
    GoldenHeld,
    JudgeOrder,
    NotJudged,
    judged_bytes,
    order_from_line,
    told,
)
from edgecad.system.children import end_with_parent, own_channel
from edgecad.system.memory import NO_MEMORY, lacks_memory


def main() -> None:
    """Carry out one `JudgeOrder`; any end without an answer is a death, which says it all."""
    channel = own_channel()
    _be_expendable()
    with os.fdopen(0, "rb", closefd=False) as given:
        order = order_from_line(given.readline())
        model, scan = _read(given, order.model), _read(given, order.scan)
    end_with_parent()
    with io.BufferedWriter(channel) as out:
        out.write(_said(order, model, scan))
    # Everything is said; what a driver's destructors do now cannot matter any more.
    os._exit(0)


def _read(given: BinaryIO, length: int) -> bytes:
    data = given.read(length)
    if len(data) < length:  # our parent has ended
        os._exit(1)
    return data


def _be_expendable() -> None:
    """Be the first to go when memory runs out, and leave no core."""
    if sys.platform == "win32":
        return
    import resource

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold a patient's scan
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _said(order: JudgeOrder, model: bytes, scan: bytes) -> bytes:
    try:
        with _opened(order.choices, model) as classifier:
            if order.question is None:
                _demand_golden(classifier)
                return msgspec.json.encode(GoldenHeld())
            question = msgspec.structs.asdict(order.question)
            return judged_bytes(answer(classifier, scan, draw=True, **question))
    except EdgecadError as error:
        return msgspec.json.encode(NotJudged(told(error)))
    except Exception as error:
        if not lacks_memory(error):
            raise
        return msgspec.json.encode(NotJudged(told(DeviceFailed(NO_MEMORY))))


def _opened(choices: Choices, model: bytes) -> Classifier:
    # Our parent has checked it: its digest, its sums and the signature that somebody demanded.
    file = ModelFile(Path(choices.name), model, hashlib.sha256(model).hexdigest(), choices.remarks)
    loaded = open_file(file, choices.device, choices.precision, threads=choices.threads)
    return Classifier(
        replace(loaded, chosen=choices.chosen),
        threshold=choices.threshold,
        site=choices.site,
        tables=choices.tables,
        place=choices.place,
        replay="never",  # our parent has seen them hold, or asks for nothing else
    )


def _demand_golden(classifier: Classifier) -> None:
    """Answer the golden samples as at export; of a model that recorded none, answer them at all."""
    if not classifier.contract.golden:
        for content in golden_samples().values():
            classifier.replay(content)
        return
    wrong = [entry.sample for entry in classifier.replay_golden() if not entry.holds]
    if wrong:
        raise GateFailed(f"{', '.join(wrong)} answered otherwise than at export")
