"""The steps of `edgecad train`: read, divide, train, write, tell."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from edgecad.answer.findings import doubts_about
from edgecad.cli.progress import Bars
from edgecad.errors import UsageError
from edgecad.system.folders import new_folder, point_latest
from edgecad_train.cli.figures import lines_of_figures
from edgecad_train.cli.ready import digest_of
from edgecad_train.cli.request import Request
from edgecad_train.cli.scans import read_scans, warn_of_whole_images
from edgecad_train.cli.thresholds import lines_of_thresholds, words_of_labels
from edgecad_train.cli.training import Training
from edgecad_train.data import Found, PreparedData, check_usable, find_cases, findings_about, read_cases
from edgecad_train.data.kept import write_scans
from edgecad_train.evaluation.doubts import doubts_about_scores
from edgecad_train.networks.backbones import Backbone, backbone_named
from edgecad_train.networks.imagenet import imagenet_file, is_cached
from edgecad_train.outcome import TrainingOutcome
from edgecad_train.run import run_name, train
from edgecad_train.runfolder import write_run
from edgecad_train.unfinished import Job, Unfinished, begun, gone_on
from edgecad_train.versions import package_versions
from edgecad_train.waiting import notes_about, resume_command


def train_new(request: Request, training: Training, found: Found, bars: Bars) -> None:
    """Train a new run on the scans that were found."""
    started, settings = time.monotonic(), training.settings()
    for note in notes_about(request.out):
        typer.echo(note, err=True)
    typer.echo(f"{len(found.cases)} scans; the patient is {found.patient_rule}")
    fetch_imagenet(training.network, settings.weights, bars)
    data = read_scans(request, training.network.size, found, bars)
    check_usable(data)
    partition = request.partition(data, settings.seed)
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
        weights_sha256=digest_of(settings.weights),
        versions=package_versions(),
    )
    # Its folder is made first: a disk that cannot be written must not be found out after hours of training.
    with _interruptible(request.out), begun(request.out, job) as unfinished:
        outcome = _train(unfinished, found, data, started, bars)
    _report(outcome, unfinished.final)


def fetch_imagenet(network: Backbone, weights: str, bars: Bars) -> None:
    """Have Keras' ImageNet weights in its cache, if they are wanted; a stage of its own where they must be fetched."""
    if weights == "imagenet" and not is_cached(network):
        bars("fetching ImageNet weights", 0, 1, "")
        imagenet_file(network)
        bars("fetching ImageNet weights", 1, 1, "")


def go_on(folder: Path, bars: Bars) -> None:
    """Go on with an unfinished run."""
    started = time.monotonic()
    with _interruptible(folder.parent), gone_on(folder) as unfinished:
        if unfinished.final.exists():  # it was killed between its last two steps
            point_latest(unfinished.final)
            typer.echo(f"{unfinished.final} had ended; next: edgecad export {shlex.quote(str(unfinished.final))}")
            return
        typer.echo(f"going on with {unfinished.job.name}")
        settings = unfinished.job.settings
        fetch_imagenet(backbone_named(settings.backbone), settings.weights, bars)
        found, data = _read_again(unfinished.job, folder, bars)
        outcome = _train(unfinished, found, data, started, bars)
    _report(outcome, unfinished.final)


def _read_again(job: Job, folder: Path, bars: Bars) -> tuple[Found, PreparedData]:
    found = find_cases(Path(job.data), job.patient_from)
    warn_of_whole_images(job.preparation.crop)
    data = read_cases(found.cases, job.preparation, lambda done, of: bars("reading", done, of, ""), scratch=folder)
    check_usable(data)
    if data.sha256 != job.data_sha256:
        raise UsageError(
            f"the scans in {job.data} are not those that {job.name} was begun with; put those back, or remove {folder} "
            "and train again"
        )
    return found, data


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    """Say after a Ctrl-C how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"what was trained is kept; to go on with it: {resume_command(out)}", err=True)
        raise


def _train(unfinished: Unfinished, found: Found, data: PreparedData, started: float, bars: Bars) -> TrainingOutcome:
    job = unfinished.job
    earlier = sum(unfinished.journal.seconds.values())  # of sessions that were ended
    findings = findings_about(data, job.partition.part_of())
    for finding in findings:
        typer.echo(f"finding: {finding.text}", err=True)
    typer.echo(f"origin of the data: {data.origin}; {job.partition}")
    outcome = train(
        data, job.partition, job.settings, job.name, bars, journal=unfinished.journal, scratch=unfinished.folder
    )
    with new_folder(unfinished.final) as partial:
        write_run(outcome, partial, earlier + time.monotonic() - started, found.patient_rule, findings)
        write_scans(data, partial)
    point_latest(unfinished.final)
    return outcome


def _report(outcome: TrainingOutcome, folder: Path) -> None:
    for entry in outcome.data.refused:
        typer.echo(f"left out: {entry}", err=True)
    for line in (*lines_of_figures(outcome.contract), *lines_of_thresholds(outcome.contract)):
        typer.echo(line)
    if outcome.optimism:
        typer.echo(outcome.optimism.words)
    for words in (*doubts_about_scores(outcome.evaluations), *(doubt.text for doubt in doubts_about(outcome.contract))):
        typer.echo(f"warning: {words}", err=True)
    if outcome.labels_to_read_again:
        typer.echo(words_of_labels(outcome.labels_to_read_again), err=True)
    typer.echo(f"wrote {folder} (report.html, model.keras, predictions.csv, ...)")
    suffix = "" if folder.parent == Path("runs") else f" {shlex.quote(str(folder))}"
    typer.echo(f"next: edgecad export{suffix}")
