"""The proof at opening: that a model answers the golden samples here as it did at export, and how it is remembered.

A success is remembered as a file in the user's cache. Its name is the SHA-256 of its text, and the text says all that
the answers rest on: the model's bytes, the device, the machine and the versions. So whatever changes, the samples are
replayed again. A failure is never remembered. A cache that cannot be read or written costs the replay alone.
"""

from __future__ import annotations

import hashlib
import platform
import stat
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import cv2
import msgspec
import numpy as np

import edgecad
from edgecad.engines.gpu import Gpu, gpu_here
from edgecad.errors import UsageError
from edgecad.inference.loading import LoadedModel, Proof
from edgecad.runners.devices import DEVICES, DeviceRequest, parse_device
from edgecad.system.folders import write_whole
from edgecad.system.processor import processor_digest
from edgecad.system.usercache import forget_oldest, user_cache

Replays = Literal["always", "once", "never"]
"""When the golden samples are replayed at opening: each time; unless that is remembered; or not, by who does it."""
FOLDER, SUFFIX = "proofs", ".json"
MOST = 200
"""Proofs that are kept; the oldest go first."""


class ProvenFacts(msgspec.Struct, frozen=True):
    """All that the answers to the golden samples rest on.

    Attributes:
        model_sha256: of the ONNX file, which holds the recorded answers.
        precision: that runs; of one file there may be several.
        machine: of the processor and, for a GPU, of the GPU.
        versions: of what decodes, prepares and computes.
    """

    model_sha256: str
    device: str
    precision: str
    provider: str
    machine: tuple[str, ...]
    versions: dict[str, str]


def opening_proof(replays: Replays, proof: Proof) -> Proof:
    """What to demand of a model at its opening.

    Args:
        proof: replays the golden samples; raises where the model answers otherwise than at export.
    """
    return {"always": proof, "once": _once(proof), "never": _nothing}[replays]


def _nothing(loaded: LoadedModel) -> None:
    pass


def _once(proof: Proof) -> Callable[[LoadedModel], None]:
    def prove(loaded: LoadedModel) -> None:
        if not _tells_all(parse_device(loaded.facts.device)):
            return proof(loaded)
        text = msgspec.json.encode(facts_of(loaded), order="sorted")
        path = _place(text)
        if path is None or not _remembered(path, text):
            proof(loaded)
            _remember(path, text)
        return None

    return prove


def _tells_all(request: DeviceRequest) -> bool:
    """Whether the facts say all that answers on a device rest on.

    Not where engines are built, because the same facts may build another one; nor on Intel's graphics and NPU, whose
    drivers have no version that is known here.
    """
    row = request.device
    return not row.built and (not row.units or row.indexed or request.unit in ("", row.default_unit()))


def facts_of(loaded: LoadedModel) -> ProvenFacts:
    """What a proof of this model would rest on."""
    request = parse_device(loaded.facts.device)
    return ProvenFacts(
        model_sha256=loaded.file.sha256,
        device=loaded.facts.device,
        precision=loaded.facts.precision,
        provider=loaded.facts.provider,
        machine=machine_here(gpu_here(index=request.index) if request.device.indexed else None),
        versions=versions_here(),
    )


def machine_here(*gpus: Gpu | None) -> tuple[str, ...]:
    """The machine as far as answers and their time rest on it: system, processor, and those of the GPUs that count."""
    told = [word for gpu in gpus if gpu is not None for word in (str(gpu), gpu.driver)]
    return platform.system(), platform.machine(), processor_digest(), *told


def versions_here() -> dict[str, str]:
    """Versions of what decodes, prepares and computes; empty where a package is not installed."""
    engines = [package.distribution for row in DEVICES for package in row.packages]
    return {
        "edgecad": edgecad.__version__,
        "python": platform.python_version(),
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        **{name: _version(name) for name in (*engines, "simplejpeg", "pydicom")},
    }


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _place(text: bytes) -> Path | None:
    try:
        return user_cache() / FOLDER / f"{hashlib.sha256(text).hexdigest()}{SUFFIX}"
    except UsageError:  # no home folder
        return None


def _remembered(path: Path, text: bytes) -> bool:
    """Whether the file is there and whole; what is no file, such as a pipe, is not opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            return file.read(len(text) + 1) == text
    except (OSError, ValueError):
        return False


def _remember(path: Path | None, text: bytes) -> None:
    if path is None:
        return
    with suppress(OSError, ValueError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, text)
        forget_oldest(path.parent, MOST)
