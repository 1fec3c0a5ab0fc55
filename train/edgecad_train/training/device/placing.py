"""See that what learns, and what came of it, lies on the device that was opened: TensorFlow moves things in silence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from edgecad.errors import NotAvailable


def device_in_use() -> str:
    """The device on which this process is to compute, as TensorFlow names it: the only GPU that it sees, or the CPU.

    It is what was chosen, and not what TensorFlow made of it: a GPU that it leaves out as too small is still wanted.
    """
    return "/device:GPU:0" if tf.config.get_visible_devices("GPU") else "/device:CPU:0"


def gpu_in_use() -> str:
    """Name of the GPU that this process computes on; empty on a processor."""
    gpus = tf.config.get_visible_devices("GPU")
    return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "a GPU")) if gpus else ""


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
