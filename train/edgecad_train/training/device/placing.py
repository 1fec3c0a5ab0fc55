"""See that what learns, and what came of it, lies on the device that was opened: TensorFlow moves things in silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from edgecad.errors import NotAvailable


def device_in_use() -> str:
    """The device on which TensorFlow puts what it is not told about, as it names it: `/device:GPU:0`."""
    devices = [*tf.config.list_logical_devices("GPU"), *tf.config.list_logical_devices("CPU")]
    return str(devices[0].name)


def check_placed(what: str, values: Iterable[Any]) -> None:
    """See that variables or tensors, float32 all, lie on the device that this process computes on.

    Args:
        what: said of the first that does not.

    Raises:
        NotAvailable: one lies elsewhere.
    """
    wanted = device_in_use()
    for value in values:
        lies = str(value.device)
        if not lies.endswith(wanted):
            raise NotAvailable(
                f"{what} lies on {lies.rpartition('/')[2]}, and the device that was opened is "
                f"{wanted.rpartition('/')[2]}: TensorFlow has moved it; use --device cpu"
            )
