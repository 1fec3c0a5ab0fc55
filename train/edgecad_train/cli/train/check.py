"""The steps of `edgecad train --check`: read, divide, look, tell; nothing here needs Keras."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import typer

from edgecad.cli.progress import Bars
from edgecad.errors import UsageError
from edgecad.system.digests import file_sha256
from edgecad.system.folders import check_writable
from edgecad_train.cli.scans import read_scans
from edgecad_train.data import Found, reason_to_stop
from edgecad_train.data.checkup import CHECKUP, SHEET, lines_of, run_check
from edgecad_train.data.openings.place import beside
from edgecad_train.evaluation.clinical.disguise import clinical_columns
from edgecad_train.networks.imagenet import imagenet_path, is_cached
from edgecad_train.running.judging import check_fused
from edgecad_train.runs.request import TrainRequest
from edgecad_train.training.settings import Settings


def check_data(request: TrainRequest, found: Found, bars: Bars) -> None:
    """Show what would be trained on, and from which weights; train nothing."""
    folder = check_folder(request.data)
    with _made(folder):
        data = read_scans(request, found, bars)
        clinical, about_clinical = clinical_columns(found.columns, data.cases)
        found = replace(found, findings=(*found.findings, *about_clinical))
        partition = None if reason_to_stop(data) else request.options.partition(data, request.settings.seed)
        check_fused(clinical, data, partition)
        checkup = run_check(found, data, partition.part_of() if partition else {}, folder)
    for line in (*lines_of(checkup), *([weights_line(request.settings)] if request.takes_network else [])):
        typer.echo(line)
    typer.echo(f"wrote {folder / CHECKUP} and {folder / SHEET}; the sheet shows screens as they are: do not share it")
    if checkup.would_stop:
        raise typer.Exit(UsageError.exit_code)  # the lines above said why
    typer.echo(f"next: {request.command}")


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make the folder before minutes of reading; one in which nothing came to lie goes."""
    try:
        check_writable(folder if folder.is_dir() else folder.parent)
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"a check is written beside the data, and {folder} cannot be made ({error.strerror}); copy the data, or "
            "their CSV with whole paths, to a place where you may write"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # it holds something
            folder.rmdir()


def check_folder(data: Path) -> Path:
    """Where a check of `data` is written: beside the data, whose names it shows, but where no scan is looked for."""
    return beside(data, "-check")


def weights_line(settings: Settings) -> str:
    """Whether the first weights are to be had."""
    chosen, network = settings.first_weights, settings.network
    if chosen == "none":
        return "first weights: none, a random network"
    if chosen != "imagenet":
        digest = file_sha256(Path(chosen))[:16]
        return (
            f"first weights: {Path(chosen).name}, sha256 {digest}; whether its layers are those of {network.name} is "
            "seen when training loads it"
        )
    path = imagenet_path(network)
    if is_cached(network):
        return f"first weights: imagenet, {path.name} in Keras' cache"
    return (
        f"first weights: imagenet, which are not here; training would fetch {path.name} through Keras into "
        f"{path.parent}. Without a network put the file there, or give --weights FILE"
    )
