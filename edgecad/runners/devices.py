"""The table of devices: one row for each engine. A new engine is one file with its runner, and one row here.

Help, completion, `bench`, `doctor` and `--device` itself read this table; nothing else names the engines. It imports
none of them: a row says where its functions are, and they are imported when the device is opened.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean

if TYPE_CHECKING:
    from edgecad.contract import Precision

AUTO = "auto"


@dataclass(frozen=True)
class Package:
    """A package that an engine may run on: its distribution, its module, and the extra that installs it."""

    distribution: str
    module: str
    extra: str


@dataclass(frozen=True)
class Device:
    """One row: an engine, and how it is named, opened and described.

    Attributes:
        word: its name for `--device`.
        opener: `module:function` of type `edgecad.runners.opening.Opener`.
        packages: that it runs on, one of which is enough; `doctor` imports those that are installed, and the record of
            `bench` has their versions.
        fast: the precision that `--precision auto` takes, if the model has it and it answers as at export.
        indexed: whether there may be several, named `word:N`.
        auto: rank in which `--device auto` tries it, 1 first; 0: never.
        here: `module:function`, which tells without opening whether `auto` may take it on this machine; empty: always.
        emulated: precisions that it computes in another one, so that `bench` recommends none of them.
        shows_nodes: whether `inspect` can show the nodes that it runs.
        built: whether it runs engines that are built from a model; two builds of one model may answer differently.
        about: a sentence about its first use, for help.
        use: what `doctor` says of how it is used; empty: `--device WORD`.
    """

    word: str
    opener: str
    packages: tuple[Package, ...]
    fast: Precision
    indexed: bool = False
    auto: int = 0
    here: str = ""
    emulated: tuple[Precision, ...] = ()
    shows_nodes: bool = False
    built: bool = False
    about: str = ""
    use: str = ""

    @property
    def pattern(self) -> str:
        """As help writes it: `cpu`, or `cuda[:N]`."""
        return f"{self.word}[:N]" if self.indexed else self.word

    @property
    def words(self) -> tuple[str, ...]:
        """As errors write it: `cpu`, or `cuda` and `cuda:N`."""
        return (self.word, f"{self.word}:N") if self.indexed else (self.word,)


_ONNX = "edgecad.runners.onnx"
_TENSORRT = "edgecad.runners.tensorrt"
DEVICES: tuple[Device, ...] = (
    Device(
        "cpu",
        opener=f"{_ONNX}:open_session",
        packages=(Package("onnxruntime", "onnxruntime", "cpu"),),
        fast="int8",
        auto=2,
        emulated=("fp16",),
        shows_nodes=True,
    ),
    Device(
        "cuda",
        opener=f"{_ONNX}:open_session",
        packages=(Package("onnxruntime-gpu", "onnxruntime", "gpu"),),
        fast="fp16",
        indexed=True,
        auto=1,
        here=f"{_ONNX}:cuda_here",
        shows_nodes=True,
    ),
    Device(
        "tensorrt",
        opener=f"{_TENSORRT}:open_engine",
        packages=(
            Package("tensorrt", "tensorrt", "tensorrt"),
            Package("tensorrt-rtx", "tensorrt_rtx", "tensorrt-rtx"),
        ),
        fast="fp16",
        indexed=True,
        built=True,
        about="A TensorRT engine that is not in the cache is built first, for minutes.",
        use="edgecad cache build",
    ),
)


@dataclass(frozen=True)
class DeviceRequest:
    """A device as the user named it; `auto` may choose, any other name is strict."""

    kind: str
    index: int = 0

    @property
    def device(self) -> Device:
        """Its row; `auto` has none."""
        return next(row for row in DEVICES if row.word == self.kind)

    @property
    def name(self) -> str:
        """As the facts of a runner have it: `cpu`, or `cuda:0`."""
        return f"{self.kind}:{self.index}" if self.device.indexed else self.kind


def parse_device(text: str) -> DeviceRequest:
    """Read `auto`, or a word of the table, with `:N` where there may be several.

    Raises:
        UsageError: there is no such device.
    """
    word, colon, number = text.partition(":")
    row = next((row for row in DEVICES if row.word == word), None)
    indexed = row is not None and row.indexed and re.fullmatch(r"\d{1,2}", number, re.ASCII) is not None
    if text == AUTO or (row is not None and (indexed or not colon)):
        return DeviceRequest(word, int(number or 0))
    *others, last = (AUTO, *(each for row in DEVICES for each in row.words))
    raise UsageError(
        f"no device is called {text!r}{did_you_mean(word, device_words())}; choose {', '.join(others)} or {last}"
    )


def device_words() -> tuple[str, ...]:
    """What `--device` takes, without numbers."""
    return (AUTO, *(row.word for row in DEVICES))


def device_help() -> str:
    """What `--device` takes, for its help."""
    *others, last = (AUTO, *(row.pattern for row in DEVICES))
    return f"{', '.join(others)} or {last}"


def chosen_device(request: DeviceRequest) -> DeviceRequest:
    """The device that a request comes to on this machine: itself, or for `auto` the first that is here."""
    if request.kind != AUTO:
        return request
    ranked = sorted((row for row in DEVICES if row.auto), key=lambda row: row.auto)
    return DeviceRequest(next(row.word for row in ranked if not row.here or function_at(row.here)()))


def function_at(place: str) -> Any:
    """What `module:function` names, imported now."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
