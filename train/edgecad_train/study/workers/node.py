"""What one node of a cluster does: a unit's run folder, from bytes to bytes, without any folder of the study."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import NotAvailable
from edgecad.frozen import Frozen
from edgecad_train.runs.spec import RunSpec
from edgecad_train.study.folder import Failure
from edgecad_train.study.scans import scans_from_json
from edgecad_train.study.workers.loop import failure_from, maker_named
from edgecad_train.study.workers.messages import MAKER, thread_limits
from edgecad_train.versions import other_versions


class NodeTask(Frozen, frozen=True, kw_only=True):
    """A unit for a node, but for pixels and weights, which all units share."""

    spec: RunSpec
    keep_model: bool
    scans: bytes
    """JSON of what is known of them beside their pixels."""
    threads: int
    maker: str = MAKER


class NodeAnswer(Frozen, frozen=True, kw_only=True):
    """A run folder, or why there is none."""

    archive: bytes = b""
    """The folder's files as ZIP."""
    failure: Failure | None = None


def answered(task_bytes: bytes, images: NDArray[np.uint8], weights: bytes | None) -> bytes:
    """Make a unit; an error is an answer too, so that only dead nodes and workers are tried again.

    Args:
        images: prepared, `(n, size, size, 3)` uint8, further maps after them.
        weights: bytes of the file of first weights; None without one.
    """
    task = msgspec.msgpack.decode(task_bytes, type=NodeTask)
    os.environ.update(thread_limits(task.threads))  # read when TensorFlow is first imported here
    try:
        answer = NodeAnswer(archive=_made(task, images, weights))
    except Exception as error:
        answer = NodeAnswer(failure=failure_from(error))
    return msgspec.msgpack.encode(answer)


def _made(task: NodeTask, images: NDArray[np.uint8], weights: bytes | None) -> bytes:
    other = other_versions(task.spec.versions)
    if other:
        raise NotAvailable(f"the study has {', '.join(other)}, and a node has others; install the same on all nodes")
    data = scans_from_json(task.scans).with_pixels(images)
    with tempfile.TemporaryDirectory(prefix="edgecad-") as place:
        run = Path(place) / task.spec.name
        spec = _with_weights(task.spec, weights, Path(place))
        maker_named(task.maker).make_unit(run, spec, data, task.keep_model)
        return _packed(run)


def _with_weights(spec: RunSpec, weights: bytes | None, folder: Path) -> RunSpec:
    """The spec with first weights that lie here; Keras tells kinds of files apart by their ending, so that stays."""
    if weights is None or spec.weights_sha256 is None:
        return spec
    named = str(spec.settings.weights)
    path = folder / (f"imagenet-{spec.settings.backbone}.h5" if named == "imagenet" else Path(named).name)
    path.write_bytes(weights)
    return msgspec.structs.replace(spec, settings=replace(spec.settings, weights=str(path)))


def _packed(folder: Path) -> bytes:
    """All files of a folder; most are compressed already."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return packed.getvalue()
