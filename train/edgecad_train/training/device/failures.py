"""Errors of TensorFlow while it computes, as errors of the device: one line, and what helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from edgecad.errors import DeviceFailed, NotAvailable
from edgecad_train.training.device.driver import ON_CPU
from edgecad_train.training.device.record import TrainingDevice

GAVE_UP = (
    tf.errors.InternalError,
    tf.errors.UnknownError,
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.FailedPreconditionError,
    tf.errors.NotFoundError,
    tf.errors.UnimplementedError,
)
"""What a GPU, its driver and its libraries raise; other kinds are a mistake of the program."""
_MEMORY = re.compile(r"out[ _]of[ _]memory|\bOOM\b|failed to allocate", re.IGNORECASE)
_KERNEL = re.compile(r"determinis", re.IGNORECASE)
_NODE = re.compile(r"\{\{.*?\}\}|\[Op:.*?\]")
_HEADINGS = ("Graph execution error", "Detected at node", "Hint:", "Stack trace")


@contextmanager
def telling_failures(device: TrainingDevice, batch_size: int | None = None, otherwise: str = ON_CPU) -> Iterator[None]:
    """Say what a device could not do.

    Args:
        batch_size: of the training, which may be made smaller.
        otherwise: what to do without the device.

    Raises:
        DeviceFailed: memory did not suffice, or a GPU gave up.
        NotAvailable: TensorFlow has no deterministic kernel on a GPU for something in the network.
    """
    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise _no_room(device, batch_size, otherwise, error) from error
    except GAVE_UP as error:
        if not device.on_gpu:
            raise
        if _MEMORY.search(line_of(error)):
            raise _no_room(device, batch_size, otherwise, error) from error
        if isinstance(error, tf.errors.UnimplementedError) and _KERNEL.search(line_of(error)):
            raise NotAvailable(
                f"TensorFlow has no kernel on a GPU that sums in one order for a layer of this network "
                f"({line_of(error)}); {otherwise}, or take another --backbone"
            ) from error
        raise DeviceFailed(f"{device} gave up: {line_of(error)}; look at nvidia-smi, or {otherwise}") from error


def _no_room(device: TrainingDevice, batch_size: int | None, otherwise: str, error: Exception) -> DeviceFailed:
    smaller = f"give a --batch-size below {batch_size}, " if batch_size and batch_size > 1 else ""
    if device.on_gpu:
        return DeviceFailed(
            f"the memory of {device} did not suffice ({line_of(error)}); {smaller}end what else uses this GPU, or "
            f"{otherwise}"
        )
    return DeviceFailed(f"memory did not suffice ({line_of(error)}); {smaller}or end what else runs on this machine")


def line_of(error: Exception) -> str:
    """The line of TensorFlow's message that says what happened, at most 160 characters."""
    lines = [" ".join(_NODE.sub("", line).split()) for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith(_HEADINGS)]
    first = next((line for line in told if _MEMORY.search(line) or _KERNEL.search(line)), None)
    return (first or next(iter(told), type(error).__name__))[:160]
