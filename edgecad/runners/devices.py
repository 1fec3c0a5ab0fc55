"""The table of devices: one row for each engine. A new engine is one file with its runner, and one row here.

Help, completion, `bench`, `doctor` and `--device` itself read this table; nothing else names the engines. It imports
none of them: a row says where its functions are, and they are imported when the device is opened.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from edgecad.errors import UsageError
from edgecad.system.cores import is_arm
from edgecad.system.words import did_you_mean

if TYPE_CHECKING:
    from edgecad.contract import Precision, RunPrecision

AUTO = "auto"
_NUMBER = "N"


@dataclass(frozen=True)
class Package:
    """A package that an engine may run on: its distribution, its module, and the extra that installs it."""

    distribution: str
    module: str
    extra: str


@dataclass(frozen=True)
class DeviceUnit:
    """One of several things that an engine can compute on, and what is otherwise there than its row says.

    Attributes:
        word: what stands behind the colon; `N` for any number of 0 to 99.
        fast, executes, emulated: as the row's; None: as there.
    """

    word: str
    fast: Precision | None = None
    executes: tuple[RunPrecision, ...] | None = None
    emulated: tuple[Precision, ...] | None = None


NUMBERED = (DeviceUnit(_NUMBER),)
"""There may be several alike, numbered from 0."""


@dataclass(frozen=True)
class Device:
    """One row: an engine, and how it is named, opened and described.

    Attributes:
        word: its name for `--device`.
        opener: `module:function` of type `edgecad.runners.opening.Opener`.
        packages: that it runs on, one of which is enough; `doctor` imports those that are installed, and the record of
            `bench` has their versions.
        fast: the precision that `--precision auto` takes, if the model has it and it answers as at export.
        units: what it can compute on, named `word:unit`; the first one, or number 0, is meant where none is named.
        executes: precisions that it computes in a way of its own, so that the golden samples are held against the
            bounds of the contract's `executions`: bf16, in which it can run an fp32 file, and those of files.
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
    units: tuple[DeviceUnit, ...] = ()
    executes: tuple[RunPrecision, ...] = ()
    auto: int = 0
    here: str = ""
    emulated: tuple[Precision, ...] = ()
    shows_nodes: bool = False
    built: bool = False
    about: str = ""
    use: str = ""

    @property
    def indexed(self) -> bool:
        """Whether its units are numbered."""
        return self.units == NUMBERED

    @property
    def pattern(self) -> str:
        """As help writes it: `cpu`, `cuda[:N]` or `openvino[:cpu|gpu|npu]`."""
        return f"{self.word}[:{'|'.join(unit.word for unit in self.units)}]" if self.units else self.word

    @property
    def words(self) -> tuple[str, ...]:
        """As errors write it: `cpu`, or `cuda` and `cuda:N`."""
        return (self.word, *(f"{self.word}:{unit.word}" for unit in self.units))

    @property
    def unit_words(self) -> tuple[str, ...]:
        """One for each thing that may compute, as far as that is known without looking: of alike ones the first."""
        return (self.word,) if self.indexed or not self.units else self.words[1:]

    def default_unit(self) -> str:
        """The unit that is meant where none is named; empty where there are none."""
        return "0" if self.indexed else next((unit.word for unit in self.units), "")

    def takes(self, unit: str) -> bool:
        """Whether it can be named with this behind the colon."""
        numbered = self.indexed and re.fullmatch(r"\d{1,2}", unit, re.ASCII) is not None
        return numbered or (not self.indexed and any(own.word == unit for own in self.units))

    def on(self, unit: str) -> Device:
        """This row as it is for one of its units."""
        own = next((each for each in self.units if each.word == unit), None)
        if own is None:
            return self
        return replace(
            self,
            fast=self.fast if own.fast is None else own.fast,
            executes=self.executes if own.executes is None else own.executes,
            emulated=self.emulated if own.emulated is None else own.emulated,
        )


_ONNX = "edgecad.runners.onnx"
_TENSORRT = "edgecad.runners.tensorrt"
_OPENVINO = "edgecad.runners.openvino"
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
        units=NUMBERED,
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
        units=NUMBERED,
        built=True,
        about="A TensorRT engine that is not in the cache is built first, for minutes.",
        use="edgecad cache build",
    ),
    Device(
        "openvino",
        opener=f"{_OPENVINO}:open_openvino",
        packages=(Package("openvino", "openvino", "openvino"),),
        fast="int8",
        units=(
            # Its plugin for Arm does not compile int8 files (2026.4.1).
            DeviceUnit("cpu", fast="fp32" if is_arm() else None),
            DeviceUnit("gpu", fast="fp16", executes=("int8",), emulated=()),
            DeviceUnit("npu", fast="fp16", executes=("int8",), emulated=()),
        ),
        executes=("bf16", "int8"),
        emulated=("fp16",),
    ),
)


@dataclass(frozen=True)
class DeviceRequest:
    """A device as the user named it; `auto` may choose, any other name is strict.

    Attributes:
        kind: a word of the table, or `auto`.
        unit: what stood behind the colon; empty: the one that its row means by that.
    """

    kind: str
    unit: str = ""

    @property
    def device(self) -> Device:
        """Its row, as it is for its unit; `auto` has none."""
        row = next(row for row in DEVICES if row.word == self.kind)
        return row.on(self.unit or row.default_unit())

    @property
    def index(self) -> int:
        """Number of the unit, where they are numbered; else 0."""
        return int(self.unit) if self.unit.isdecimal() else 0

    @property
    def name(self) -> str:
        """As the facts of a runner have it: `cpu`, `cuda:0` or `openvino:gpu`."""
        unit = str(self.index) if self.device.indexed else self.unit or self.device.default_unit()
        return f"{self.kind}:{unit}" if unit else self.kind


def parse_device(text: str) -> DeviceRequest:
    """Read `auto`, or a word of the table, with one of its units behind a colon.

    Raises:
        UsageError: there is no such device.
    """
    word, colon, unit = text.partition(":")
    row = next((row for row in DEVICES if row.word == word), None)
    if text == AUTO or (row is not None and (row.takes(unit) or not colon)):
        return DeviceRequest(word, unit)
    *others, last = (AUTO, *(each for row in DEVICES for each in row.words))
    raise UsageError(
        f"no device is called {text!r}{did_you_mean(text if colon else word, _known_words())}; "
        f"choose {', '.join(others)} or {last}"
    )


def _known_words() -> tuple[str, ...]:
    return (AUTO, *(row.word for row in DEVICES), *(word for row in DEVICES for word in row.unit_words))


def device_words() -> tuple[str, ...]:
    """What `--device` takes, without units."""
    return (AUTO, *(row.word for row in DEVICES))


def unit_words() -> tuple[str, ...]:
    """All that may compute here, each by its own name, as far as the table knows; `auto` is none of them."""
    return tuple(word for row in DEVICES for word in row.unit_words)


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
