"""Open a model on a device by the opener that the table of devices names, and see that it is that device."""

from __future__ import annotations

from collections.abc import Callable

from edgecad.errors import NotAvailable
from edgecad.runners.base import OpenRequest, Runner
from edgecad.runners.devices import function_at

Opener = Callable[[OpenRequest], Runner]
"""Opens a model on the device that the request names, strictly, and checks what it got.

Raises:
    NotAvailable: the device, or a package for it, is not here.
    ModelInvalid: the graph is not one of ours.
"""


def open_runner(request: OpenRequest) -> Runner:
    """Open a model on the device that a request names, with that device's own opener.

    Raises:
        NotAvailable, ModelInvalid, EngineBuildFailed: as the opener does.
        NotAvailable: the opener gave another device than the one that was named.
    """
    opener: Opener = function_at(request.device.device.opener)
    runner = opener(request)
    if runner.facts.device != request.device.name:
        raise NotAvailable(
            f"device {request.device.name} was requested and {runner.facts.device} was opened; use --device cpu"
        )
    return runner
