"""The process that builds one engine: TensorRT may crash, hang or take all memory, and then only this process ends."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from edgecad.engines.libraries import LIBRARIES, opened
from edgecad.engines.messages import BuildOrder, Built, Failed, Message
from edgecad.engines.plan import plan_from_onnx
from edgecad.errors import EngineBuildFailed, NotAvailable
from edgecad.system.children import end_with_parent, own_channel


def main(argument: str) -> None:
    """Carry out a `BuildOrder` given as JSON; answers are lines on stdout, and the exit code is 0 if all was said."""
    channel = own_channel()
    end_with_parent()
    order = msgspec.json.decode(argument, type=BuildOrder)

    def say(message: Message) -> None:
        channel.write(msgspec.json.encode(message) + b"\n")

    try:
        module = opened(LIBRARIES[order.library])
        model = Path(order.model).read_bytes()
        Path(order.plan).write_bytes(plan_from_onnx(module, model, order.precision, order.batches, say))
        say(Built(str(module.__version__)))
    except NotAvailable as error:
        say(Failed(4, str(error)))
    except EngineBuildFailed as error:
        say(Failed(7, str(error)))
    except OSError as error:
        say(Failed(1, error.strerror or str(error)))
    # Everything is said; what the library's destructors do now cannot matter any more.
    os._exit(0)
