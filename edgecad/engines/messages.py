"""What the process that builds is told, and what it answers: JSON, one object a line."""

from __future__ import annotations

from typing import Literal

from edgecad.engines.record import Batches, EnginePrecision
from edgecad.frozen import Frozen


class BuildOrder(Frozen, frozen=True, kw_only=True):
    """What to build."""

    library: str
    """Name of the module."""
    model: str
    """Path of the ONNX file."""
    plan: str
    """Path of the plan to write."""
    precision: EnginePrecision
    batches: Batches


class Step(Frozen, frozen=True, tag="step"):
    """How far the build has come: `done` of `total` steps of the whole, now in `phase`."""

    phase: str
    done: int
    total: int


class Built(Frozen, frozen=True, tag="built"):
    """The plan is written."""

    library_version: str


class Failed(Frozen, frozen=True, tag="failed"):
    """There is no plan, and why."""

    code: Literal[1, 4, 7]
    """Exit code of the error that it stands for."""
    message: str


Message = Step | Built | Failed
