"""The device of an unfinished run: what it was begun on, and nothing else, however often it is resumed.

NAME.unfinished/device.json  the device
"""

from __future__ import annotations

from pathlib import Path

from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct, struct_from_json
from edgecad.system.folders import write_whole
from edgecad_train.training.device.opening import open_device
from edgecad_train.training.device.record import TrainingDevice

DEVICE = "device.json"


def device_of_run(folder: Path, asked: str) -> TrainingDevice:
    """Open the device that a run in `folder` was begun on, or else what was asked for.

    Args:
        asked: a word of `--device`.

    Raises:
        NotAvailable: see `edgecad_train.training.device.opening.open_device`.
        UsageError: another GPU bears its name here. Its figures would mix two.
        ModelInvalid: the file is damaged.
    """
    before = begun_on(folder)
    if before is None:
        device = open_device(asked)
        write_whole(folder / DEVICE, json_from_struct(device).encode())
        return device
    back = f"resume the run where it was begun ({before}), or remove {folder} and train again"
    device = open_device(before.name, otherwise=back)
    if device.gpu != before.gpu:
        raise UsageError(
            f"{folder.name} was begun on {before}, and {device.name} is {device.gpu} here, so that its figures would "
            f"mix two; {back}"
        )
    return device


def begun_on(folder: Path) -> TrainingDevice | None:
    """The device that a run was begun on; None where it has computed nothing yet.

    Raises:
        ModelInvalid: the file is damaged.
    """
    path = folder / DEVICE
    if not path.is_file():
        return None
    next_step = f"remove {folder} and train again"
    return struct_from_json(path.read_bytes(), TrainingDevice, str(path), next_step)
