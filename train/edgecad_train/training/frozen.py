"""What is frozen gives the same in every epoch, so it runs once: outputs of the frozen part for every scan."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from filelock import FileLock
from numpy.lib import format as npy
from numpy.typing import NDArray

from edgecad.system.folders import write_whole
from edgecad_train.data.store import MEMORY_BUDGET, RowStore, mapped_rows
from edgecad_train.networks.network import Network
from edgecad_train.training.device.placing import check_placed, gpu_in_use

Rows = NDArray[Any]
"""Arrays `(n, ...)` that are read by rows: in memory, or mapped from a file."""
Tell = Callable[[int, int], None]
"""Called with rows done and rows in all."""


@dataclass(frozen=True)
class Storage:
    """Where frozen outputs are kept.

    Attributes:
        scratch: folder for what is larger than the budget; None is the system's own.
        memory_budget: bytes of one array that may lie in memory.
        cache: folder that runs of the same network and scans share; None keeps nothing beyond a run.
    """

    scratch: Path | None = None
    memory_budget: int = MEMORY_BUDGET
    cache: Path | None = None


@dataclass(frozen=True)
class Scans:
    """Prepared images `(n, size, size, 3)` uint8 RGB, and the hash that names them in a cache."""

    images: Rows
    sha256: str


@dataclass(frozen=True)
class FrozenFeatures:
    """Outputs of the frozen part: layer name of each cut -> `(n, ...)` float32, and the seconds that they took.

    What came from the cache counts the seconds that it took when it was computed.
    """

    outputs: dict[str, Rows]
    seconds: float


def frozen_outputs(
    network: Network, cuts: Sequence[Any], scans: Scans, batch_size: int, storage: Storage, tell: Tell | None = None
) -> FrozenFeatures:
    """Outputs of the frozen network at each cut, each computed from the one below it.

    Args:
        cuts: tensors of the network, from the input upwards.
    """
    outputs: dict[str, Rows] = {}
    taken = 0.0
    below, values = network.model.input, scans.images
    for cut in cuts:
        segment, source = keras.Model(below, cut), values
        values, seconds = _kept(
            storage,
            lambda: _key(network, cut, scans.sha256),  # noqa: B023 - called within this turn of the loop
            lambda: run_in_batches(segment, source, batch_size, storage, tell),  # noqa: B023
        )
        outputs[layer_of(cut)], below = values, cut
        taken += seconds
    return FrozenFeatures(outputs, taken)


def layer_of(tensor: Any) -> str:
    """Name of the layer whose output a tensor is."""
    return str(tensor._keras_history.operation.name)


def run_in_batches(
    model: keras.Model, inputs: Rows, batch_size: int, storage: Storage, tell: Tell | None = None
) -> Rows:
    """Outputs of `model` `(n, ...)` float32 for all rows of `inputs`, in inference mode."""
    forward = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)
    with RowStore(
        len(inputs), tuple(model.output.shape[1:]), np.float32, storage.memory_budget, storage.scratch
    ) as out:
        for start in range(0, len(inputs), batch_size):
            batch = np.asarray(inputs[start : start + batch_size])
            values = forward(tf.constant(batch))
            if not start:
                check_placed("what the frozen part gives", [values])
            for row in values.numpy():
                out.add(row)
            if tell:
                tell(min(start + batch_size, len(inputs)), len(inputs))
        return out.rows()


def _kept(storage: Storage, key: Callable[[], str], compute: Callable[[], Rows]) -> tuple[Rows, float]:
    """From the cache, where it was computed before; two processes that want the same wait for one another."""
    if storage.cache is None:
        begun = time.monotonic()
        return compute(), time.monotonic() - begun
    storage.cache.mkdir(parents=True, exist_ok=True)
    path = storage.cache / f"{key()}.npy"
    clock = path.with_suffix(".seconds")
    with FileLock(path.with_suffix(".lock")):
        if not path.is_file():
            begun = time.monotonic()
            rows = compute()
            write_whole(clock, f"{time.monotonic() - begun}".encode())
            _write_rows(path, rows)
    return _opened(path), float(clock.read_text())


def _write_rows(path: Path, rows: Rows) -> None:
    """Write rows as a `.npy` file, whole or not at all."""
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            npy.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": rows.shape})
            for start in range(0, len(rows), 64):
                file.write(np.ascontiguousarray(rows[start : start + 64], "<f4").data)
            file.flush()
            os.fsync(file.fileno())  # after a power cut a file of zeros would be believed
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> Rows:
    with path.open("rb") as file:
        npy.read_magic(file)
        shape, _, dtype = npy.read_array_header_1_0(file)
        return mapped_rows(file, shape, dtype, offset=file.tell())


def _key(network: Network, cut: Any, images_sha256: str) -> str:
    """Names outputs by what defines them: the scans, the layers up to the cut, their weights, and a GPU."""
    below = keras.Model(network.model.input, cut)
    digest = hashlib.sha256(f"{images_sha256} {network.backbone.name} {layer_of(cut)}{gpu_in_use()}".encode())
    # Layers without weights count as well: the pooling of other features may stand on the same weights.
    digest.update(" ".join(f"{type(layer).__name__}{tuple(layer.output.shape)}" for layer in below.layers).encode())
    for value in below.get_weights():
        digest.update(np.ascontiguousarray(value).data)
    return digest.hexdigest()[:32]
