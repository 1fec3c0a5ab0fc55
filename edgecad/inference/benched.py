"""What `edgecad bench --save` found, kept for `auto`: a file in the user's cache for each model, machine and versions.

The file's name is the SHA-256 of what it is about. So after any change of the model's files, the machine or a version
there is none, and `auto` takes its default. A file that cannot be used is passed over, with a remark. It holds names
and numbers alone, and of these only devices of the table and precisions that the model has.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import msgspec

from edgecad.contract import METADATA_KEY, RunPrecision
from edgecad.engines.gpu import gpu_here
from edgecad.errors import EdgecadError, ModelInvalid, UsageError
from edgecad.frozen import Frozen, demand
from edgecad.modelfiles.digest import digest_on_disk, said_in
from edgecad.modelfiles.file import AUTO, FILES, file_precision, locate_model
from edgecad.modelfiles.folder import model_folder
from edgecad.modelfiles.metadata import metadata_in
from edgecad.runners.devices import AUTO as ANY_DEVICE
from edgecad.runners.devices import parse_device
from edgecad.system.folders import write_whole
from edgecad.system.reading import is_own, opened_itself
from edgecad.system.usercache import forget_oldest, user_cache
from edgecad.system.words import on_one_line

FOLDER, SUFFIX = "benches", ".json"
MOST, MOST_BYTES = 200, 2**16
"""Files that are kept, the oldest go first; and bytes of one."""
MOST_GPUS, MOST_LETTERS = 16, 200
MOST_MILLISECONDS = 10_000_000
"""Of a network: some hours. They stand in records, where a larger number is hundreds of digits."""
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", re.ASCII)
SAVE = "edgecad bench --save"


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


@dataclass(frozen=True)
class BenchFound:
    """What lies in the cache for a model.

    Attributes:
        saved: None where nothing does, or nothing that can be used.
        remark: why a file that lies there is not used; empty where there is none.
        precision: that a lone file has; None for a folder.
    """

    saved: SavedBench | None = None
    remark: str = ""
    precision: str | None = None


NOTHING = BenchFound()


def benches_folder() -> Path:
    """Folder of saved benches, in the user's cache.

    Raises:
        UsageError: nothing says where.
    """
    return user_cache() / FOLDER


def bench_for(model: str | os.PathLike[str] | None) -> BenchFound:
    """What was saved for a model on this machine, with these versions.

    A model that cannot be read has none; who opens it says best what is wrong.
    """
    try:
        folder = benches_folder()
        if not folder.is_dir() or not any(folder.iterdir()):
            return NOTHING  # nothing else is looked up: that would cost each start
        subject = subject_here(model)
    except (OSError, EdgecadError, ValueError):
        return NOTHING
    try:
        saved = _read(folder / subject.name)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return BenchFound(remark=f"the saved bench {folder / subject.name} is not used: {reason}; run: {SAVE}")
    lone = None if model_folder(model) is not None else next(iter(subject.files))
    return BenchFound(saved, precision=lone)


def choice_words(model: str | os.PathLike[str] | None) -> str:
    """What `auto` stands for with a model, in one line for people; nothing is opened."""
    found = bench_for(model)
    if found.saved is None:
        return f"its default: {found.remark or f'no bench was saved for this model, machine and versions: {SAVE}'}"
    rows = found.saved.fitting(ANY_DEVICE, AUTO)
    if not rows:
        return "its default: the saved bench names nothing that may be taken"
    best, *others = rows
    return f"{best.device} {best.precision} for {found.saved.model}, if it is proven: {found.saved.why(best, others)}"


def save_bench(bench: SavedBench) -> Path:
    """Write a bench in place of the one for the same model, machine and versions; whole or not at all.

    Raises:
        UsageError: nothing says where caches lie.
        OSError: it cannot be written.
    """
    folder = benches_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / bench.subject.name
    write_whole(path, msgspec.json.format(msgspec.json.encode(bench), indent=1))
    with suppress(OSError):  # it is saved; another process may be taking the same ones away
        forget_oldest(folder, MOST)
    return path


def subject_here(model: str | os.PathLike[str] | None) -> BenchSubject:
    """What a bench of a model on this machine, with these versions, is about.

    Raises:
        ModelInvalid, OSError: there is no model, or it cannot be read.
    """
    # Not above: it loads numpy and OpenCV, which nobody needs who lists what was saved.
    from edgecad.inference.proofs import machine_here, versions_here

    gpus = takewhile(lambda gpu: gpu is not None, (gpu_here(index=index) for index in range(MOST_GPUS)))
    return BenchSubject(dict(_files(model)), machine_here(*gpus), versions_here())


def saved_benches() -> Iterator[tuple[Path, SavedBench | str]]:
    """All that lie in the cache, by name, or what is wrong with one."""
    folder = benches_folder()
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            yield path, _read(path) or "it is gone"
        except (OSError, ValueError) as error:
            yield path, str(error)


def remove_benches() -> int:
    """Take all of them away; how many there were."""
    paths = [path for path, _ in saved_benches() if path.is_symlink() or not path.is_dir()]
    for path in paths:
        path.unlink(missing_ok=True)
    return len(paths)


def _files(model: str | os.PathLike[str] | None) -> Iterator[tuple[str, str]]:
    """Precision and digest of each file of a model; a contract of version 1 carries none, and the file is hashed."""
    folder = model_folder(model)
    paths = [locate_model(model)] if folder is None else [folder / name for name in FILES.values()]
    for path in paths:
        if path.is_file():
            said = _contract_of(path)
            digest = said.get("digest")
            yield str(said.get("precision")), str(digest) if digest else digest_on_disk(path, None)


def _contract_of(path: Path) -> Mapping[str, object]:
    text = metadata_in(path).get(METADATA_KEY)
    if text is None:
        raise ModelInvalid(f"{path} carries no contract")
    return said_in(text)


def _read(path: Path) -> SavedBench | None:
    """A saved bench, about what its name says; None where there is none.

    Raises:
        OSError, ValueError: it cannot be used.
    """
    if path.is_symlink():
        raise ValueError("it is a link")
    try:
        with opened_itself(path) as file:
            _check_own(os.fstat(file.fileno()))
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    try:
        bench = msgspec.json.decode(content, type=SavedBench)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"it cannot be read ({error})") from error
    if path.name != bench.subject.name:
        raise ValueError("it is about another model, machine or version than its name says")
    strange = [row.precision for row in bench.rows if file_precision(row.precision) not in bench.subject.files]
    if strange:
        raise ValueError(f"it names {strange[0]}, which the model has not")
    return bench


def _check_own(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise ValueError("it is no regular file")
    if not is_own(about):
        raise ValueError("it belongs to another user")
