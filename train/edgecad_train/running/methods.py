"""The doing of a method's run: fit as the partition says, choose on what was held out, and leave a run folder.

Nothing here imports Keras; a method that needs it has it opened before its module is imported. A method takes seconds
to minutes, so that a run that was killed begins again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad.system.folders import new_folder
from edgecad_train.data import DataFinding, PreparedData
from edgecad_train.data.openings import Opens
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.clinical.fusing import ClinicalRequest
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity
from edgecad_train.evaluation.familiarity.scans import familiarity_of
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.networks.levels import Levels
from edgecad_train.methods.table import Method, method_named
from edgecad_train.methods.task import MethodScans, Progress, Rows, Task, drawing_of
from edgecad_train.running.contracting import contract_for, method_words
from edgecad_train.running.judging import fused, judge
from edgecad_train.running.scans import check_scans
from edgecad_train.runs.listing import SUFFIX
from edgecad_train.runs.outcome import MethodOutcome
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.writing import ALL, NO_COLUMNS, Contents, write_method_run
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.device.record import TrainingDevice
from edgecad_train.training.settings import Settings

if TYPE_CHECKING:
    from edgecad_train.methods.graphs.making import KeptModel


class MethodModule(Protocol):
    """A module of `edgecad_train.methods.table`."""

    def answer(self, task: Task) -> Answer:
        """Fit once, and answer."""


def make_method_run(
    folder: Path,
    spec: RunSpec,
    data: PreparedData,
    *,
    contents: Contents = ALL,
    findings: Sequence[DataFinding] = (),
    progress: Progress | None = None,
    cache: Path | None = None,
    opens: Opens | None = None,
    columns: PatientColumns = NO_COLUMNS,
) -> MethodOutcome | None:
    """Make the run of a method in `folder`; the folder appears whole or not at all.

    Args:
        cache: folder of frozen outputs that several runs share.
        opens: counts the opening of the test part, where the spec does not tell it.
        columns: those that are kept, by patient.

    Returns:
        The run in memory; None where the folder was there already.

    Raises:
        UsageError: the scans are not those of the run, or the method cannot read them.
    """
    shutil.rmtree(folder.with_name(f"{folder.name}{SUFFIX}"), ignore_errors=True)
    if folder.is_dir():
        return None
    check_scans(data, spec, folder)
    begun, known = time.monotonic(), spec.openings
    outcome = fit_method(
        data, spec, progress, cache, opens if known is None else lambda patients: known, contents.model
    )
    with new_folder(folder) as partial:
        seconds = time.monotonic() - begun
        write_method_run(outcome, partial, seconds, spec.patient_rule, findings, contents, columns)
    return outcome


def fit_method(
    data: PreparedData,
    spec: RunSpec,
    progress: Progress | None = None,
    cache: Path | None = None,
    opens: Opens | None = None,
    keep: bool = False,
    clinical: ClinicalRequest | None = None,
) -> MethodOutcome:
    """Fit by the partition's parts, choose on what was held out, and open the test part once, at the end.

    Args:
        keep: whether a model for export is wanted of a method that can be exported.
        clinical: columns that enter the score; the partition has folds.

    Raises:
        UsageError: the method cannot read the scans.
        GateFailed: its model says other things than the method.
    """
    method, settings = method_named(spec.method), spec.settings
    keep = keep and method.exportable
    device = _opened(settings.device, settings.seed) if method.keras or keep else None
    scans = MethodScans(data)
    if method.needs_uptake:
        _ = scans.segments  # refused here, before anything is fitted
    if method.by_colours:
        _ = Levels.of(drawing_of(data.preparation))
    fits = _Fits(spec, cast(MethodModule, import_module(method.module)), scans, progress, cache)
    found = fits.made(spec.partition)
    # Before the test part is opened: a model that does not hold must not cost an opening.
    development = rows_of(data.cases, spec.partition.development)
    kept = _kept(method, found.own, data, settings, development) if keep else None
    judged = judge(data, spec.partition, settings, found.said, found.said, opens)
    rows = rows_of(data.cases, spec.partition.held)
    held_maps = None if found.maps is None else found.maps[rows]
    familiarity = None if kept is None else _familiarity(kept, data, development)
    words = method_words(method, settings, data, found.own, kept)
    contract = contract_for(spec.name, data, spec.partition, settings, judged, words, held_maps, familiarity)
    joined = None if clinical is None else fused(data, spec.partition, settings, found.said, found.said, clinical)
    return MethodOutcome(
        contract=contract if joined is None else msgspec.structs.replace(contract, clinical=joined.model),
        clinical=joined,
        partition=spec.partition,
        settings=settings,
        data=data,
        evaluations=judged.evaluations,
        development=rows,
        seconds_by_step={"frozen": round(found.own.frozen_seconds, 2), "fit": round(fits.seconds, 2)},
        deciding_log_odds=found.said,
        device=device,
        method=method,
        own=found.own,
        chosen=found.chosen,
        said=found.said,
        maps=found.maps,
        kept=kept,
        centres=None if familiarity is None else familiarity.centres,
    )


def _kept(
    method: Method, own: Answer, data: PreparedData, settings: Settings, development: NDArray[np.intp]
) -> KeptModel:
    from edgecad_train.methods.graphs.making import kept_model  # Keras, which a row of a study does without

    return kept_model(method, own, data, settings, development)


def _familiarity(kept: KeptModel, data: PreparedData, rows: NDArray[np.intp]) -> MeasuredFamiliarity | None:
    """By the pooled features of the kept model, as of a network."""
    patients, own = [data.cases[row].patient for row in rows], kept.pooled_of(data.images[rows], len(rows))
    return familiarity_of(data.images, rows, patients, data.preparation.drawing, own, kept.pooled_of)


def _opened(device: str, seed: int) -> TrainingDevice:
    """Have TensorFlow compute on one device."""
    from edgecad_train.training.device.opening import open_device

    opened = open_device(device)  # first: what TensorFlow sees is fixed once it has computed
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    return opened


@dataclass(frozen=True, eq=False)
class _Found:
    """What all fits of a run said: `own` of all scans; `said` and `maps` with those held out by their folds' fits."""

    own: Answer
    said: NDArray[np.float64]
    maps: NDArray[np.float32] | None
    chosen: dict[str, dict[str, float | int | str]]


@dataclass
class _Fits:
    """The fits of one run."""

    spec: RunSpec
    module: MethodModule
    scans: MethodScans
    progress: Progress | None
    cache: Path | None
    seconds: float = 0.0
    chosen: dict[str, dict[str, float | int | str]] = field(default_factory=dict)

    def made(self, partition: Split | Folds) -> _Found:
        """Fit once a fold, if there are folds, and once on all that may teach."""
        cases = self.scans.data.cases
        if isinstance(partition, Split):
            own, maps = self._fit("run", 0, rows_of(cases, partition.train))
            return _Found(own, own.log_odds, maps, self.chosen)
        said: dict[int, tuple[NDArray[np.float64], NDArray[np.float32] | None]] = {}
        for index, members in enumerate(partition.folds):
            held = rows_of(cases, members)
            teach = rows_of(cases, partition.split(index).train)
            answer, maps = self._fit(f"fold {index + 1}", index, teach, held)
            said[index] = answer.log_odds, maps
        own, maps = self._fit("refit", len(partition.folds), rows_of(cases, partition.development))
        log_odds = own.log_odds.copy()
        for index, members in enumerate(partition.folds):
            held, (values, shown) = rows_of(cases, members), said[index]
            log_odds[held] = values
            if maps is not None and shown is not None:
                maps[held] = shown
        return _Found(own, log_odds, maps, self.chosen)

    def _fit(
        self, name: str, number: int, teach: Rows, ask: Rows | None = None
    ) -> tuple[Answer, NDArray[np.float32] | None]:
        """One fit, asked about all scans unless told; its heat maps of the same."""
        rows = np.arange(len(self.scans.data.cases)) if ask is None else ask
        settings = self.spec.settings
        # Numbers apart by seed and by fit, so that no two fits of a study share a stream.
        seed = int(np.random.SeedSequence([settings.seed, number]).generate_state(1)[0])
        task = Task(self.scans, teach, rows, settings, seed, self.cache, self._progress_of(name))
        answer = self.module.answer(task)
        self.seconds += answer.seconds
        self.chosen[name] = dict(answer.chosen)
        return answer, None if answer.maps is None else answer.maps(rows)

    def _progress_of(self, name: str) -> Progress | None:
        """That of the run, which says of which fit it tells where there are several."""
        told = self.progress
        if told is None or name == "run":
            return told
        return lambda what, done, of, figures: told(f"{name}, {what}", done, of, figures)
