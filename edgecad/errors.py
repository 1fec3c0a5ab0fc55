"""Everything EdgeCAD raises on purpose.

    EdgecadError
    +-- UsageError          2   the command or the data folder is not what it must be
    +-- InputRefused        3   unreadable, or not one polar map
    +-- NotAvailable        4   a device, an extra or a file of weights that is not here
    |   +-- DeviceFailed    4   a device that was here gave up, or its memory did not suffice
    +-- GateFailed          5   parity, golden samples or an answer's own check failed
    +-- ModelInvalid        6   the model or its contract cannot be used
    +-- EngineBuildFailed   7   TensorRT did not build the engine
    +-- JudgeDied           1   the process that judged a scan died over it

The number is the exit code of the command line. Every message has three parts: what was seen, what
was wanted, what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class EdgecadError(Exception):
    """Base of all errors that a caller may catch; `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class UsageError(EdgecadError):
    """The command, its options or the data folder are not what they must be."""

    exit_code = 2


class InputRefused(EdgecadError):
    """The scan is not something this software should judge.

    `reason` is a short stable word for programs (`unreadable`, `no-disc`, ...); the message is for people.
    """

    exit_code = 3

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotAvailable(EdgecadError):
    """A device, an optional part of EdgeCAD or a file of weights is not on this machine."""

    exit_code = 4


class DeviceFailed(NotAvailable):
    """A device gave up while it ran, or its memory did not suffice: of the scan this says nothing."""


class GateFailed(EdgecadError):
    """A check that guards an answer or a file did not hold."""

    exit_code = 5


class ModelInvalid(EdgecadError):
    """The model file or the contract inside it cannot be used."""

    exit_code = 6


class EngineBuildFailed(EdgecadError):
    """TensorRT did not build an engine from the model."""

    exit_code = 7


class JudgeDied(EdgecadError):
    """The process that judged a scan died over it, and golden samples hold on this machine.

    `reason` is what its record says; sent again, the scan is tried again.
    """

    reason: ClassVar[str] = "ended-the-program"


def errors_of(base: type[EdgecadError] = EdgecadError) -> tuple[type[EdgecadError], ...]:
    """A kind of error and all kinds below it."""
    return (base, *(kind for below in base.__subclasses__() for kind in errors_of(below)))
