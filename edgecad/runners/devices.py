"""Which devices exist, and how they are named."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgecad.errors import UsageError

DEVICE_WORDS = "auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N"


@dataclass(frozen=True)
class DeviceRequest:
    """A device as the user named it; `auto` may choose, any other name is strict."""

    kind: str
    index: int = 0


def parse_device(text: str) -> DeviceRequest:
    """Read `auto`, `cpu`, `cuda[:N]` or `tensorrt[:N]`."""
    match = re.fullmatch(r"(auto|cpu)|(?:(cuda|tensorrt)(?::(\d{1,2}))?)", text)
    if match is None:
        raise UsageError(f"no device is called {text!r}; choose {DEVICE_WORDS}")
    return DeviceRequest(match[1] or match[2], int(match[3] or 0))
