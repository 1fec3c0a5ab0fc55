"""Frozen features that stay on a GPU, so that no epoch sends them there again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from edgecad_train.training.device.memory import free_memory
from edgecad_train.training.device.placing import check_placed

SHARE = 0.25
"""Of the memory that is free on the GPU, which the features of one cut may take. Where they come in pieces, the pieces
and the whole are there together for a moment; the rest is for the network, its gradients and whoever looks at scans."""
MOST_VALUES = 2**31 - 1
"""In one array: some kernels count in 32 bits."""
PIECE_BYTES = 256 * 2**20
"""Most that is sent at once: rows that lie in a file are read piece by piece."""


@dataclass(frozen=True)
class ResidentRows:
    """Rows `(n, ...)` in two places.

    Attributes:
        host: in memory, or mapped from a file.
        copy: the same values, a tensor on the device.
    """

    host: NDArray[Any]
    copy: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Of all rows."""
        return self.host.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the values."""
        return self.host.dtype

    def gathered(self, rows: NDArray[np.intp]) -> Any:
        """Some rows, a tensor on the device."""
        return tf.gather(self.copy, rows)


def room_on_device() -> int:
    """Bytes of features that may stay on the device; 0 on a processor, whose memory is where they lie already."""
    gpus = tf.config.get_visible_devices("GPU")
    if not gpus:
        return 0
    return int(SHARE * (free_memory(int(gpus[0].name.rpartition(":")[2])) or 0))


def kept_on_device(passes: Sequence[NDArray[Any]], room: int) -> tuple[ResidentRows, ...]:
    """Copy features to the device, all passes of augmentation or none; nothing where they do not fit.

    Args:
        passes: arrays `(n, ...)` float32, one an augmentation pass.
        room: bytes that all of them may take there.
    """
    fits = all(rows.dtype == np.float32 and 0 < rows.size <= MOST_VALUES for rows in passes)
    if not passes or not fits or sum(_bytes(rows) for rows in passes) > room:
        return ()
    try:
        kept = tuple(ResidentRows(rows, _sent(rows)) for rows in passes)
    except tf.errors.ResourceExhaustedError:  # somebody else took the room meanwhile; the host has it all
        return ()
    check_placed("what was to stay on the device", (rows.copy for rows in kept))
    return kept


def _bytes(rows: NDArray[Any]) -> int:
    return rows.size * rows.dtype.itemsize


def _sent(rows: NDArray[Any]) -> Any:
    """One array on the device."""
    step = max(1, PIECE_BYTES * len(rows) // _bytes(rows))
    # `identity` copies to the device; a constant alone may still share the host's memory.
    pieces = [
        tf.identity(tf.constant(np.ascontiguousarray(rows[start : start + step])))
        for start in range(0, len(rows), step)
    ]
    return pieces[0] if len(pieces) == 1 else tf.concat(pieces, axis=0)
