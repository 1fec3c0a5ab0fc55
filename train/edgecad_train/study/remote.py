"""What one node of a cluster does: a unit from bytes to bytes, without any folder of the study."""

from __future__ import annotations

import importlib
import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Frozen
from edgecad.errors import NotAvailable
from edgecad_train.runs.partition import partition_from_json
from edgecad_train.study.orders import thread_limits
from edgecad_train.study.results.unit_result import Failure, Finished, Result
from edgecad_train.study.scans import StoredScans, prepared_from
from edgecad_train.study.units import Unit
from edgecad_train.study.work import failure_from
from edgecad_train.versions import other_versions

KERAS_UNIT = "edgecad_train.study.runner:run_unit"


class Task(Frozen, frozen=True, kw_only=True):
    """A unit for a node, but for pixels and weights, which all units share."""

    unit: Unit
    scans: StoredScans
    partition: bytes
    """JSON."""
    threads: int
    runner: str = KERAS_UNIT
    """`module:function`, called like `edgecad_train.study.runner.run_unit`."""


class Answer(Frozen, frozen=True, kw_only=True):
    """A result with its arrays, or a failure."""

    result: Result | None
    failure: Failure | None
    arrays: bytes = b""
    """`.npz`."""


def answered(task_bytes: bytes, images: NDArray[np.uint8], weights: bytes | None) -> bytes:
    """Run a unit; an error is an answer too, so that only dead nodes and workers are tried again.

    Args:
        images: prepared, `(n, size, size, 3)` uint8.
        weights: bytes of the file of first weights; None without one.
    """
    task = msgspec.msgpack.decode(task_bytes, type=Task)
    os.environ.update(thread_limits(task.threads))  # read when TensorFlow is first imported here
    try:
        answer = _answer(_run(task, images, weights))
    except Exception as error:
        answer = Answer(result=None, failure=failure_from(task.unit, error))
    return msgspec.msgpack.encode(answer)


def _run(task: Task, images: NDArray[np.uint8], weights: bytes | None) -> Finished:
    other = other_versions(task.unit.versions)
    if other:
        raise NotAvailable(f"the study has {', '.join(other)}, and a node has others; install the same on all nodes")
    module, _, name = task.runner.partition(":")
    run: Callable[..., Finished] = getattr(importlib.import_module(module), name)
    data = prepared_from(task.scans, images)
    partition = partition_from_json(task.partition, "the partition of a task")
    with tempfile.TemporaryDirectory(prefix="edgecad-") as folder:
        return run(task.unit, data, partition, _weights_file(task.unit, weights, Path(folder)), task.threads)


def _weights_file(unit: Unit, weights: bytes | None, folder: Path) -> str:
    """Keras tells kinds of weights files apart by their ending, so the name stays."""
    if weights is None or unit.weights.name == "none":
        return "none"
    name = unit.weights.name if unit.weights.name != "imagenet" else f"imagenet-{unit.backbone}.h5"
    path = folder / name
    path.write_bytes(weights)
    return str(path)


def _answer(done: Finished) -> Answer:
    arrays = io.BytesIO()
    np.savez_compressed(arrays, score_maps=done.score_maps, scans=done.scans, log_odds=done.log_odds)
    return Answer(result=done.result, failure=None, arrays=arrays.getvalue())


def finished_from(answer: Answer) -> Finished | None:
    """A result and its arrays, or None where the answer is a failure."""
    if answer.result is None:
        return None
    with np.load(io.BytesIO(answer.arrays), allow_pickle=False) as arrays:
        return Finished(answer.result, arrays["score_maps"], arrays["scans"], arrays["log_odds"])
