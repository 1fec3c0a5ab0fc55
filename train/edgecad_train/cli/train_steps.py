"""The steps of `edgecad train`: read, divide, look, train, write, tell."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from edgecad.cli.progress import Bars
from edgecad.contract import Origin
from edgecad.errors import UsageError
from edgecad.findings import doubts_about
from edgecad.folders import new_folder, point_latest
from edgecad_train.data import (
    Found,
    PreparedData,
    check_usable,
    find_cases,
    findings_about,
    parse_crop,
    preparation_for,
    read_cases,
    reason_to_stop,
)
from edgecad_train.data.checkup import CHECKUP, SHEET, lines_of, run_check
from edgecad_train.networks.backbones import backbone_named
from edgecad_train.networks.weights import imagenet_file, weights_digest
from edgecad_train.outcome import Outcome
from edgecad_train.run import run_name, train
from edgecad_train.runfolder import write_run
from edgecad_train.settings import Settings
from edgecad_train.splits.kept import partition_from_file
from edgecad_train.splits.split import Folds, Split, divide
from edgecad_train.unfinished import Job, Unfinished, begun, gone_on, newest_unfinished, resume_command, unfinished_in
from edgecad_train.versions import package_versions


@dataclass(frozen=True)
class Request:
    """Which scans, divided how, and where the run goes."""

    data: Path
    patient_from: str | None
    crop: str
    folds: int | None
    split: Path | None
    out: Path

    def command(self, settings: Settings) -> str:
        """The same scans, divided the same way, to train on; how it trains may still be chosen."""
        words = ["edgecad", "train", str(self.data), "--backbone", settings.backbone]
        words += ["--seed", str(settings.seed)] if settings.seed else []
        words += [] if self.crop == "polar-map" else ["--crop", self.crop]
        words += ["--patient-from", self.patient_from] if self.patient_from else []
        words += [] if self.folds is None else ["--folds", str(self.folds)]
        words += ["--split", str(self.split)] if self.split else []
        return shlex.join(words)

    def partition(self, data: PreparedData, seed: int) -> Split | Folds:
        """Divide the patients, or take a partition that was kept."""
        if self.split is None:
            return divide(data.cases, seed, self.folds)
        if self.folds is not None:
            raise UsageError("--split and --folds exclude one another: a kept split says itself whether it has folds")
        return partition_from_file(self.split, data.cases)


def check_data(request: Request, settings: Settings, bars: Bars) -> None:
    """Show what would be trained on; train nothing."""
    found, data = _read(request, settings, bars)
    partition = None if reason_to_stop(data) else request.partition(data, settings.seed)
    folder = request.data.absolute().parent / f"{request.data.stem}-check"
    folder.mkdir(exist_ok=True)
    checkup = run_check(found, data, partition.part_of() if partition else {}, folder)
    for line in lines_of(checkup):
        typer.echo(line)
    typer.echo(f"wrote {folder / CHECKUP} and {folder / SHEET}; the sheet shows screens as they are: do not share it")
    if checkup.would_stop:
        raise typer.Exit(UsageError.exit_code)  # the lines above said why
    typer.echo(f"next: {request.command(settings)}")


def train_new(request: Request, settings: Settings, bars: Bars) -> None:
    """Train a new run."""
    started = time.monotonic()
    left = unfinished_in(request.out)
    if left:
        typer.echo(f"{left[-1].name} has not ended; if it is not running: {resume_command(request.out)}", err=True)
    found, data = _read(request, settings, bars)
    check_usable(data)
    partition = request.partition(data, settings.seed)
    if settings.weights == "imagenet":
        imagenet_file(backbone_named(settings.backbone))  # fetched once nothing else is in the way
    if settings.plan.pretrained and settings.weights == "none":
        typer.echo("warning: --weights none trains on top of a random network; see --strategy scratch", err=True)
    job = Job(
        name=run_name(settings.backbone),
        data=str(request.data.absolute()),
        patient_from=request.patient_from,
        preparation=data.preparation,
        settings=settings,
        partition=partition,
        data_sha256=data.sha256,
        weights_sha256=_weights_sha256(settings),
        versions=package_versions(),
    )
    # Its folder is made first: a disk that cannot be written must not be found out after hours of training.
    with _interruptible(request.out), begun(request.out, job) as unfinished:
        outcome = _train(unfinished, found, data, started, bars)
    _report(outcome, unfinished.final)


def go_on(out: Path, bars: Bars) -> None:
    """Go on with the unfinished run that was begun last."""
    started = time.monotonic()
    folder = newest_unfinished(out)
    with _interruptible(out), gone_on(folder) as unfinished:
        if unfinished.final.exists():  # it was killed between its last two steps
            point_latest(unfinished.final)
            typer.echo(f"{unfinished.final} had ended; next: edgecad export {shlex.quote(str(unfinished.final))}")
            return
        typer.echo(f"going on with {unfinished.job.name}")
        found, data = _read_again(unfinished.job, folder, bars)
        outcome = _train(unfinished, found, data, started, bars)
    _report(outcome, unfinished.final)


def _read_again(job: Job, folder: Path, bars: Bars) -> tuple[Found, PreparedData]:
    found = find_cases(Path(job.data), job.patient_from)
    data = read_cases(found.cases, job.preparation, lambda done, of: bars("reading", done, of, ""), scratch=folder)
    check_usable(data)
    changed = [
        what
        for what, differs in (
            (f"the scans in {job.data}", data.sha256 != job.data_sha256),
            (f"the weights in {job.settings.weights}", _weights_sha256(job.settings) != job.weights_sha256),
        )
        if differs
    ]
    if changed:
        raise UsageError(
            f"{changed[0]} are not those that {job.name} was begun with; put those back, or remove {folder} and train "
            "again"
        )
    return found, data


def _weights_sha256(settings: Settings) -> str | None:
    named = settings.weights not in ("imagenet", "none")
    return weights_digest(Path(settings.weights)) if named and Path(settings.weights).is_file() else None


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    """Say after a Ctrl-C how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"what was trained is kept; to go on with it: {resume_command(out)}", err=True)
        raise


def _read(request: Request, settings: Settings, bars: Bars) -> tuple[Found, PreparedData]:
    found = find_cases(request.data, request.patient_from)
    typer.echo(f"{len(found.cases)} scans; the patient is {found.patient_rule}")
    preparation = preparation_for(parse_crop(request.crop), backbone_named(settings.backbone).size, found.cases)
    scratch = next(folder for folder in (request.out, *request.out.absolute().parents) if folder.is_dir())
    data = read_cases(found.cases, preparation, lambda done, of: bars("reading", done, of, ""), scratch=scratch)
    return found, data


def _train(unfinished: Unfinished, found: Found, data: PreparedData, started: float, bars: Bars) -> Outcome:
    job = unfinished.job
    findings = findings_about(data, job.partition.part_of())
    for finding in findings:
        typer.echo(f"finding: {finding.text}", err=True)
    typer.echo(f"origin of the data: {data.origin}; {job.partition}")
    outcome = train(
        data, job.partition, job.settings, job.name, bars, journal=unfinished.journal, scratch=unfinished.folder
    )
    with new_folder(unfinished.final) as partial:
        write_run(outcome, partial, time.monotonic() - started, found.patient_rule, findings)
    point_latest(unfinished.final)
    return outcome


def _report(outcome: Outcome, folder: Path) -> None:
    for entry in outcome.data.refused:
        typer.echo(f"left out: {entry.path.name}: {entry.message}", err=True)
    contract = outcome.contract
    typer.echo(f"test part, agreement with {contract.labelling.reference}{_phantom_words(contract.origin)}:")
    for metric in contract.metrics:
        if metric.part == "test":
            typer.echo(
                f"  {metric.name:17s} {metric.value:6.3f}   95 % {metric.low:.3f} to {metric.high:.3f}   "
                f"n = {metric.n}, {metric.method}"
            )
    if outcome.optimism:
        typer.echo(outcome.optimism.words)
    for doubt in doubts_about(contract):
        typer.echo(f"warning: {doubt.text}", err=True)
    typer.echo(f"wrote {folder} (report.html, model.keras, predictions.csv, ...)")
    suffix = "" if folder.parent == Path("runs") else f" {shlex.quote(str(folder))}"
    typer.echo(f"next: edgecad export{suffix}")


def _phantom_words(origin: Origin) -> str:
    return "" if origin == "patients" else " (PHANTOM DATA: says nothing about patients)"
