"""The bench that was saved for a model on this machine, with these versions, and what `auto` takes by it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from edgecad.contract import METADATA_KEY
from edgecad.engines.gpu import gpu_here
from edgecad.errors import EdgecadError, ModelInvalid
from edgecad.inference.benches.bench import BenchSubject, SavedBench
from edgecad.inference.benches.cache import benches_folder, read_bench
from edgecad.modelfiles.digest import digest_on_disk, said_in
from edgecad.modelfiles.file import AUTO, FILES, locate_model
from edgecad.modelfiles.folder import model_folder
from edgecad.modelfiles.metadata import metadata_in
from edgecad.runners.devices import AUTO as ANY_DEVICE

SAVE = "edgecad bench --save"
MOST_GPUS = 16


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
        saved = read_bench(folder / subject.name)
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


def subject_here(model: str | os.PathLike[str] | None) -> BenchSubject:
    """What a bench of a model on this machine, with these versions, is about.

    Raises:
        ModelInvalid, OSError: there is no model, or it cannot be read.
    """
    # Not above: it loads numpy and OpenCV, which nobody needs who lists what was saved.
    from edgecad.inference.proofs import machine_here, versions_here

    gpus = takewhile(lambda gpu: gpu is not None, (gpu_here(index=index) for index in range(MOST_GPUS)))
    return BenchSubject(dict(_files(model)), machine_here(*gpus), versions_here())


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
