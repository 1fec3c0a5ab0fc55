"""Limits, refusals and cost of familiarity, file by file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edgecad.contract import Precision, Preparation
from edgecad.contract.graph import FAMILIARITY
from edgecad.errors import InputRefused
from edgecad.inference.loading import LoadedModel, load_model
from edgecad.inference.predicting import ANSWER_OUTPUTS
from edgecad.modelfiles.file import FILES
from edgecad.polarmap import Objections, TableCandidates
from edgecad.preparing import prepare_screen, read_for
from edgecad.system.folders import followed
from measures.latency import in_turn
from measures.program import Options, option
from measures.quartiles import Quartiles
from measures.uptake.fresh import FreshScreen, fresh_screens

BARS = {"cost in ms": 0.5, "refused beside fp32's": 0.01}
BATCH = 8


@dataclass(frozen=True, kw_only=True)
class FamiliarityOptions(Options):
    """Of the one measure."""

    what: Literal["precisions"]
    model: tuple[Path, ...] = option((Path("models/latest"),), "folders or pointers of models")
    fresh: int = option(400, "phantoms")
    rounds: int = option(100, "times of each way, in turns")


class FileFamiliarity(msgspec.Struct, frozen=True):
    """One file.

    Attributes:
        refused: share of the phantoms that could be prepared which lie beyond the file's limit.
        moved: largest difference of a distance to fp32's, relative to fp32's limit.
        milliseconds: of one image, `with` the output and `without` it; `cost` is the difference of the medians.
    """

    model: str
    precision: str
    centres: int
    patients: int
    noted: float
    limit: float
    refused: float
    moved: float
    milliseconds: dict[str, Quartiles]
    cost: float


class FamiliarityFound(msgspec.Struct, frozen=True):
    """All files of all models."""

    data: str
    bars: dict[str, float]
    files: tuple[FileFamiliarity, ...]


def precisions(options: FamiliarityOptions) -> FamiliarityFound:
    """Measure every file of every model that has limits."""
    screens = fresh_screens(options.fresh)
    files: list[FileFamiliarity] = []
    for folder in options.model:
        files += _files(followed(folder), screens, options.rounds)
    return FamiliarityFound(f"{options.fresh} PHANTOMS", BARS, tuple(files))


def _files(folder: Path, screens: list[FreshScreen], rounds: int) -> Iterator[FileFamiliarity]:
    exact = load_model(folder, "cpu", "fp32")
    images = np.stack(list(_prepared(exact.contract.preparation, screens)))
    reference = _distances(exact, images)
    for precision in FILES:
        if (folder / FILES[precision]).is_file():
            yield _file(folder, precision, images, reference, exact, rounds)


def _prepared(preparation: Preparation, screens: list[FreshScreen]) -> Iterator[NDArray[np.uint8]]:
    """The network's inputs; screens that preparation refuses are left out."""
    for screen in screens:
        how = replace(preparation, map=screen.layout.maps)
        tables = TableCandidates(contract=how.tables, user=(screen.table,) if screen.given else ())
        try:
            yield prepare_screen(read_for(how, screen.file()), how, Objections(), tables).image
        except InputRefused:
            continue


def _distances(model: LoadedModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    parts = [model.runner.run(images[at : at + BATCH], (FAMILIARITY,)) for at in range(0, len(images), BATCH)]
    return np.concatenate([part[FAMILIARITY][:, 0] for part in parts]).astype(np.float64)


def _ways(content: bytes) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """The file as it is, and without the output and what computes it."""
    import onnx
    from onnx.utils import Extractor

    whole = onnx.load_from_string(content)
    others = [value.name for value in whole.graph.output if value.name != FAMILIARITY]
    bare = Extractor(whole).extract_model(["image"], others)
    return {
        "with": (content, (*ANSWER_OUTPUTS, FAMILIARITY)),
        "without": (bare.SerializeToString(), ANSWER_OUTPUTS),
    }


def _file(
    folder: Path,
    precision: Precision,
    images: NDArray[np.uint8],
    reference: NDArray[np.float64],
    exact: LoadedModel,
    rounds: int,
) -> FileFamiliarity:
    loaded = load_model(folder, "cpu", precision)
    limits, first = loaded.contract.familiarity, exact.contract.familiarity
    if limits is None or first is None:
        raise SystemExit(f"{folder} has no limits of familiarity; train it on 30 patients or more")
    seen = _distances(loaded, images)
    content = (folder / FILES[precision]).read_bytes()
    times = in_turn(_ways(content), rounds)
    found = FileFamiliarity(
        model=folder.name,
        precision=precision,
        centres=limits.centres,
        patients=limits.patients,
        noted=limits.noted,
        limit=limits.limit,
        refused=float(np.mean(seen > limits.limit)),
        moved=float(np.abs(seen - reference).max() / first.limit),
        milliseconds=times,
        cost=times["with"].median - times["without"].median,
    )
    print(
        f"{found.model} {precision}: limit {found.limit:.3g}, {found.refused:.1%} of {len(images)} refused, distances "
        f"moved by up to {found.moved:.1%} of the limit, {found.cost:+.2f} ms",
        flush=True,
    )
    return found
