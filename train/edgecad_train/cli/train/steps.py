"""The steps of `edgecad train`: read, divide, train, write, tell."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from edgecad.answer.doubts import doubts_about_zone
from edgecad.answer.findings import doubts_about
from edgecad.cli.progress import Bars, with_estimates
from edgecad.contract import openings_words
from edgecad.system.folders import point_latest
from edgecad_train.cli.scans import read_scans, tell_findings, warn_of_whole_images
from edgecad_train.cli.train.duration import with_training_time
from edgecad_train.cli.train.figures import (
    line_of_familiarity,
    lines_of_baseline,
    lines_of_clinical,
    lines_of_figures,
)
from edgecad_train.cli.train.ready import digest_of
from edgecad_train.cli.train.thresholds import lines_of_thresholds, lines_of_zone, words_of_labels
from edgecad_train.data import Found, PreparedData, check_usable, find_cases, findings_about, read_cases
from edgecad_train.data.table.clinical import parse_clinical
from edgecad_train.data.table.columns import AskedColumns
from edgecad_train.data.table.keep import parse_keep
from edgecad_train.evaluation.clinical.disguise import clinical_columns
from edgecad_train.evaluation.doubts import doubts_about_scores
from edgecad_train.methods.table import method_named
from edgecad_train.networks.imagenet import imagenet_file, is_cached
from edgecad_train.networks.network import build_network
from edgecad_train.running.device import device_of_run
from edgecad_train.running.judging import check_fused
from edgecad_train.running.make import finish_method_run, finish_run
from edgecad_train.running.scans import check_scans
from edgecad_train.running.training import run_name
from edgecad_train.runs.listing import notes_about, resume_command
from edgecad_train.runs.names import RUNS
from edgecad_train.runs.outcome import RunOutcome, TrainingOutcome
from edgecad_train.runs.request import TrainRequest
from edgecad_train.runs.spec import RunSpec
from edgecad_train.runs.unfinished import Unfinished, begun, resumed
from edgecad_train.runs.writing import search_record
from edgecad_train.training.device.asked import AUTO
from edgecad_train.training.device.opening import open_device, unused_gpu, why_unused
from edgecad_train.training.device.record import TrainingDevice
from edgecad_train.training.settings import Settings
from edgecad_train.versions import package_versions


def train_new(request: TrainRequest, found: Found, bars: Bars) -> None:
    """Train a new run on the scans that were found."""
    started, settings = time.monotonic(), request.settings.spelt_out()
    for note in notes_about(request.out):
        typer.echo(note, err=True)
    say_device(open_device(settings.device), settings.device)
    known = sum(case.defect is not None for case in found.cases)
    told = f"; the defect is known of {known}" if known else ""
    typer.echo(f"{len(found.cases)} scans; the patient is {found.patient_rule}{told}")
    if request.takes_network:
        fetch_imagenet(settings, bars)
        check_fits(settings)
    data = read_scans(request, found, bars)
    check_usable(data)
    clinical, _ = clinical_columns(found.columns, data.cases)  # what cannot be used is found before any training
    partition = request.options.partition(data, settings.seed)
    check_fused(clinical, data, partition)
    if not request.method and settings.plan.pretrained and settings.weights == "none":
        typer.echo("warning: --weights none trains on top of a random network; see --strategy scratch", err=True)
    spec = RunSpec(
        name=run_name(request.method or settings.backbone),
        method=request.method,
        data=str(request.data.absolute()),
        patient_from=request.options.patient_from,
        masks=_place(request.options.masks),
        patient_rule=found.patient_rule,
        keep=tuple(str(values.column) for values in found.columns.kept),
        without_normal_limits=request.options.without_normal_limits,
        clinical=tuple(str(cells.asked) for cells in found.columns.clinical),
        clinical_missing=request.options.clinical_missing,
        preparation=data.preparation,
        settings=settings,
        partition=partition,
        data_sha256=data.sha256,
        weights_sha256=digest_of(settings.first_weights) if request.takes_network else None,
        versions=package_versions(),
    )
    # Its folder is made first: a disk that cannot be written must not be found out after hours of training.
    with _interruptible(request.out), begun(request.out, spec) as unfinished:
        outcome = _train(unfinished, data, found, started, bars)
    _report(outcome, unfinished.final)


def say_device(device: TrainingDevice, asked: str = "") -> None:
    """Say what will train, and where `auto` leaves a GPU of this machine alone, why."""
    typer.echo(f"device: {device}")
    gpu = unused_gpu() if asked == AUTO and not device.on_gpu else None
    if gpu is not None:
        typer.echo(f"note: the GPU is not used: {why_unused(gpu)}; --device cpu leaves this note out", err=True)


def _place(folder: Path | None) -> str | None:
    return None if folder is None else str(folder.absolute())


def fetch_imagenet(settings: Settings, bars: Bars) -> None:
    """Have Keras' ImageNet weights in its cache, if they are wanted; a stage of its own where they must be fetched."""
    if settings.first_weights == "imagenet" and not is_cached(settings.network):
        bars("fetching ImageNet weights", 0, 1, "")
        imagenet_file(settings.network)
        bars("fetching ImageNet weights", 1, 1, "")


def check_fits(settings: Settings) -> None:
    """See that a file of first weights is of this network, before minutes of reading scans.

    Raises:
        UsageError: it is not.
    """
    if settings.first_weights not in ("imagenet", "none"):
        build_network(settings.network, settings.first_weights, settings.head, settings.features)


def resume(folder: Path, bars: Bars) -> None:
    """Resume an unfinished run."""
    started = time.monotonic()
    with _interruptible(folder.parent), resumed(folder) as unfinished:
        if unfinished.final.exists():  # it was killed between its last two steps
            point_latest(unfinished.final)
            typer.echo(f"{unfinished.final} had ended; next: edgecad export {shlex.quote(str(unfinished.final))}")
            return
        typer.echo(f"resuming {unfinished.spec.name}")
        say_device(device_of_run(folder, unfinished.spec.settings.device))
        if not unfinished.spec.method or method_named(unfinished.spec.method).takes_network:
            fetch_imagenet(unfinished.spec.settings, bars)
        found = _found_again(unfinished.spec)
        outcome = _train(unfinished, _read_again(unfinished.spec, found, folder, bars), found, started, bars)
    _report(outcome, unfinished.final)


def _found_again(spec: RunSpec) -> Found:
    asked = AskedColumns(parse_keep(spec.keep), clinical=parse_clinical(spec.clinical))
    masks = Path(spec.masks) if spec.masks else None
    found = find_cases(Path(spec.data), spec.patient_from, masks=masks, asked=asked)
    tell_findings(found.findings)
    return found


def _read_again(spec: RunSpec, found: Found, folder: Path, bars: Bars) -> PreparedData:
    warn_of_whole_images(spec.preparation.crop)
    data = read_cases(found.cases, spec.preparation, lambda done, of: bars("reading", done, of, ""), scratch=folder)
    check_usable(data)
    check_scans(data, spec, folder)
    return data


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    """Say after a Ctrl-C how to resume."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"what was trained is kept; to resume it: {resume_command(out)}", err=True)
        raise


def _train(unfinished: Unfinished, data: PreparedData, found: Found, started: float, bars: Bars) -> RunOutcome:
    spec = unfinished.spec
    _, about_clinical = clinical_columns(found.columns, data.cases)
    about_data = (*about_clinical, *findings_about(data, spec.partition.part_of()))
    tell_findings(about_data)
    findings = (*found.findings, *about_data)
    typer.echo(f"origin of the data: {data.origin}; {spec.partition}")
    told = with_estimates(bars, "frozen part")
    outcome: RunOutcome
    if spec.method:
        outcome = finish_method_run(
            unfinished, data, findings=findings, progress=told, started=started, columns=found.columns
        )
    else:
        told = with_training_time(told, spec.settings, spec.partition)
        outcome = finish_run(unfinished, data, findings=findings, progress=told, started=started, columns=found.columns)
    point_latest(unfinished.final)
    return outcome


def _report(outcome: RunOutcome, folder: Path) -> None:
    for entry in outcome.data.refused:
        typer.echo(f"left out: {entry}", err=True)
    contract = outcome.contract
    for doubt in doubts_about_zone(contract.decision.zone):
        typer.echo(doubt.text)  # first: few scans will get what they are sent for
    figures = (*lines_of_figures(contract), *lines_of_baseline(outcome.baseline))
    for line in (*figures, *lines_of_thresholds(contract), *lines_of_zone(contract)):
        typer.echo(line)
    for line in lines_of_clinical(contract):
        typer.echo(line)
    typer.echo(f"test part: {openings_words(outcome.contract.test_openings)}")
    search = search_record(outcome) if isinstance(outcome, TrainingOutcome) else None
    for name, words in search.sentences if search else ():
        typer.echo(f"{name}: {words}")
    typer.echo(line_of_familiarity(outcome.contract.familiarity))
    if isinstance(outcome, TrainingOutcome) and outcome.optimism:
        typer.echo(outcome.optimism.words)
    for words in (*doubts_about_scores(outcome.evaluations), *(doubt.text for doubt in doubts_about(contract.fused))):
        typer.echo(f"warning: {words}", err=True)
    if outcome.labels_to_read_again:
        typer.echo(words_of_labels(outcome.labels_to_read_again), err=True)
    typer.echo(f"wrote {folder} (report.html, model.keras, predictions.csv, ...)")
    suffix = "" if folder.parent == RUNS else f" {shlex.quote(str(folder))}"
    typer.echo(f"next: edgecad export{suffix}")
