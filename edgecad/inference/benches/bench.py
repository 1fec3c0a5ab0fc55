"""A bench that was saved: names and numbers alone, and of devices only those of the table."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import msgspec

from edgecad.contract import RunPrecision
from edgecad.errors import UsageError
from edgecad.frozen import Frozen, demand
from edgecad.modelfiles.file import AUTO
from edgecad.runners.devices import AUTO as ANY_DEVICE
from edgecad.runners.devices import parse_device
from edgecad.system.words import on_one_line

SUFFIX = ".json"
MOST_LETTERS = 200
MOST_MILLISECONDS = 10_000_000
"""Of a network: some hours. They stand in records, where a larger number is hundreds of digits."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)


class BenchSubject(Frozen, frozen=True):
    """What a bench is about; where anything differs it says nothing.

    Attributes:
        files: the model's files by precision, each with the digest that its contract carries. Opening the model holds
            all of them against their digests.
        machine: system, processor, and all GPUs with their drivers.
        versions: of what decodes, prepares and computes, all engines among them.
    """

    files: dict[str, str]
    machine: tuple[str, ...]
    versions: dict[str, str]

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{hashlib.sha256(msgspec.json.encode(self, order='sorted')).hexdigest()}{SUFFIX}"


class BenchedRow(Frozen, frozen=True):
    """One device and precision, as `--device` and `--precision` name them, with milliseconds of the network.

    Attributes:
        fit: whether it may be taken: it answered the golden samples as at export, in this precision.
    """

    device: str
    precision: RunPrecision
    p50: float
    p95: float
    fit: bool

    def __post_init__(self) -> None:
        known = 0 < self.p50 <= MOST_MILLISECONDS and 0 < self.p95 <= MOST_MILLISECONDS
        demand(known, f"times are milliseconds above 0, and {MOST_MILLISECONDS} at most")
        try:
            named = self.device != ANY_DEVICE and parse_device(self.device).name == self.device
        except UsageError as error:
            raise ValueError(str(error)) from None
        demand(named, f"{self.device} is no device of its own")

    @property
    def words(self) -> str:
        """Device, precision and median."""
        return f"{self.device} {self.precision} {self.p50:.2f} ms"


class SavedBench(Frozen, frozen=True):
    """A bench that was saved.

    Attributes:
        time: when it was measured, UTC, ISO 8601.
        model: its name, for people.
        rows: the one to take first, then the next best, then those that are not fit.
        noisy: why its figures should not be relied on; empty on a quiet machine.
        threads: that the process could use.
    """

    schema: int
    time: str
    model: str
    subject: BenchSubject
    rows: tuple[BenchedRow, ...]
    noisy: tuple[str, ...]
    threads: int

    def __post_init__(self) -> None:
        demand(self.schema == SCHEMA, f"schema {self.schema}, {SCHEMA} wanted")
        # Both are printed, and stand in records.
        demand(_TIME.match(self.time) is not None, "time is not ISO 8601")
        demand(self.model.isprintable() and len(self.model) <= MOST_LETTERS, "model is no name on one line")

    def fitting(self, device: str, precision: str | None) -> tuple[BenchedRow, ...]:
        """The rows that may answer for what was named, the best first; `auto` leaves it open."""
        wanted = None if device == ANY_DEVICE else parse_device(device).name
        return tuple(
            row
            for row in self.rows
            if row.fit and wanted in (None, row.device) and precision in (AUTO, row.precision)
        )  # fmt: skip

    def why(self, row: BenchedRow, others: Sequence[BenchedRow]) -> str:
        """Why a row was taken, for records and people."""
        against = f", against {others[0].words}" if others else ""
        noisy = ", on a noisy machine" if self.noisy else ""
        return f"bench of {self.time[:10]}: network {row.p50:.2f} ms{against}{noisy}"


SCHEMA = 2
"""Times were those of whole answers in 1."""


def shown_name(name: str) -> str:
    """A model's name as a saved bench may have it: on one line, and not too long."""
    return on_one_line(name)[:MOST_LETTERS]
