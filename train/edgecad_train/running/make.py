"""The one way from a spec and prepared scans to a finished run folder: trained, or resumed where a kill left it."""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Sequence
from pathlib import Path, PurePath

from msgspec.structs import replace

from edgecad.errors import UsageError
from edgecad.frozen import json_from_struct
from edgecad.system.folders import new_folder, write_whole
from edgecad_train.data import DataFinding, PreparedData
from edgecad_train.data.openings import Opens, count_opening, kept_opening
from edgecad_train.data.table.columns import PatientColumns
from edgecad_train.evaluation.clinical.disguise import clinical_columns
from edgecad_train.evaluation.clinical.fusing import ClinicalRequest
from edgecad_train.running.baseline import normal_limits_beside
from edgecad_train.running.device import device_of_run
from edgecad_train.running.methods import fit_method
from edgecad_train.running.scans import check_scans
from edgecad_train.running.training import train
from edgecad_train.runs.listing import JOB, SUFFIX
from edgecad_train.runs.outcome import MethodOutcome, TrainingOutcome
from edgecad_train.runs.spec import RunSpec, read_spec
from edgecad_train.runs.unfinished import Unfinished, begun, resumed
from edgecad_train.runs.writing import ALL, NO_COLUMNS, Contents, write_method_run, write_run
from edgecad_train.training.device.failures import telling_failures
from edgecad_train.training.stages import Progress

SAME = "the same command again"
"""What resumes a run that this makes; `edgecad train` has a command of its own."""


def make_run(
    folder: Path,
    spec: RunSpec,
    data: PreparedData,
    *,
    contents: Contents = ALL,
    findings: Sequence[DataFinding] = (),
    progress: Progress | None = None,
    cache: Path | None = None,
) -> TrainingOutcome | None:
    """Make the run of a spec in `folder`, whatever was killed before; the folder appears whole or not at all.

    Nothing is done where the folder is there; `FOLDER.unfinished` is resumed; otherwise the run begins there.

    Args:
        spec: its name is the folder's.
        cache: folder of frozen outputs that several runs share.

    Returns:
        The run in memory; None where the folder was there already.

    Raises:
        UsageError: what is unfinished there is another run, or another process is at it.
        EdgecadError: the disk failed.
    """
    unfinished = folder.with_name(f"{folder.name}{SUFFIX}")
    if folder.is_dir():
        shutil.rmtree(unfinished, ignore_errors=True)  # a kill between its last two steps
        return None
    _adopt(unfinished, spec)
    there = unfinished.is_dir()
    with resumed(unfinished, SAME) if there else begun(folder.parent, spec, own_name=True, again=SAME) as run:
        return finish_run(run, data, contents=contents, findings=findings, progress=progress, cache=cache)


def _adopt(unfinished: Path, spec: RunSpec) -> None:
    """See that what is unfinished is this run; its scans and first weights may lie elsewhere by now.

    A folder without a spec is what a kill left before anything was done.
    """
    if not unfinished.is_dir():
        return
    if not (unfinished / JOB).is_file():
        shutil.rmtree(unfinished, ignore_errors=True)
        return
    before = read_spec(unfinished)
    if _without_places(before) != _without_places(spec):
        raise UsageError(f"{unfinished} is another run's; remove it, or choose another folder")
    if before != spec:
        write_whole(unfinished / JOB, json_from_struct(spec).encode())


def _without_places(spec: RunSpec) -> RunSpec:
    """The spec without paths, as hashes tell which scans and weights it means, and without what decides nothing."""
    settings = dataclasses.replace(spec.settings, weights=PurePath(spec.settings.first_weights).name)
    return replace(spec, data="", masks=None, keep=(), without_normal_limits=False, openings=None, settings=settings)


def finish_run(
    run: Unfinished,
    data: PreparedData,
    *,
    contents: Contents = ALL,
    findings: Sequence[DataFinding] = (),
    progress: Progress | None = None,
    cache: Path | None = None,
    started: float | None = None,
    columns: PatientColumns = NO_COLUMNS,
) -> TrainingOutcome:
    """Train what is not trained yet, and write the run folder.

    Args:
        started: when this session began, by `time.monotonic`; None is now.
        columns: those that are kept or enter the score, by patient.

    Raises:
        UsageError: a clinical column cannot be used, the scans are not those of the run, or the device is not the one
            that it was begun on.
        NotAvailable: the device is not here.
        DeviceFailed: its memory did not suffice, or it gave up.
    """
    spec, started = run.spec, time.monotonic() if started is None else started
    check_scans(data, spec, run.folder)
    checkpoint = run.checkpoint
    earlier = sum(checkpoint.seconds.values())  # of sessions that were ended
    device = device_of_run(run.folder, spec.settings.device)
    with telling_failures(device, spec.settings.batch_size):
        outcome = train(
            data, spec.partition, spec.settings, spec.name, progress, cache, checkpoint=checkpoint, scratch=run.folder,
            opens=_opens(run), device=device, clinical=_clinical(spec, columns, data),
        )  # fmt: skip
    if contents.report and not spec.without_normal_limits:
        outcome = dataclasses.replace(outcome, baseline=normal_limits_beside(outcome))
    with new_folder(run.final) as partial:
        seconds = earlier + time.monotonic() - started
        write_run(outcome, partial, seconds, spec.patient_rule, findings, contents, columns)
        _report(partial, contents)
    return outcome


def finish_method_run(
    run: Unfinished,
    data: PreparedData,
    *,
    contents: Contents = ALL,
    findings: Sequence[DataFinding] = (),
    progress: Progress | None = None,
    started: float | None = None,
    columns: PatientColumns = NO_COLUMNS,
) -> MethodOutcome:
    """Fit a method, from the beginning wherever a kill ended it, and write the run folder; as `finish_run`.

    Raises:
        GateFailed: the method's model says other things than the method.
    """
    spec, started = run.spec, time.monotonic() if started is None else started
    check_scans(data, spec, run.folder)
    device = device_of_run(run.folder, spec.settings.device)
    with telling_failures(device, spec.settings.batch_size):
        outcome = fit_method(
            data, spec, progress, run.folder / "frozen", _opens(run), contents.model, _clinical(spec, columns, data)
        )
    with new_folder(run.final) as partial:
        write_method_run(outcome, partial, time.monotonic() - started, spec.patient_rule, findings, contents, columns)
        _report(partial, contents)
    return outcome


def _report(folder: Path, contents: Contents) -> None:
    if contents.report:
        # Here, because a run without a page must not need what draws one.
        from edgecad_train.report.page import write_report

        write_report(folder)


def _clinical(spec: RunSpec, columns: PatientColumns, data: PreparedData) -> ClinicalRequest | None:
    found, _ = clinical_columns(columns, data.cases)
    return ClinicalRequest(found, spec.clinical_missing) if found else None


def _opens(run: Unfinished) -> Opens:
    """Count the opening of this run beside its scans: one, however often it is resumed; a study counts for its runs."""
    known = run.spec.openings
    if known is not None:
        return lambda patients: known
    return lambda patients: count_opening(Path(run.spec.data), kept_opening(run.folder, "train"), patients)
