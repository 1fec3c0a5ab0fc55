"""`edgecad study`: networks x strategies x seeds or folds as one table that can be interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad.cli.fields import takes
from edgecad_train.networks.backbones import BACKBONES
from edgecad_train.options import CropOption, DataArgument, PatientFromOption, QuietOption
from edgecad_train.training.settings import BACKBONE_NAMES, STRATEGY_NAMES, Settings

if TYPE_CHECKING:
    from edgecad_train.study.conduct import Ended, Work
    from edgecad_train.study.planning import Planned, Wanted

app = typer.Typer(rich_markup_mode=None, add_completion=False)


DEFAULTS = Settings()
LEFT_OUT = (
    "backbone", "weights", "strategy", "layerwise", "early_stopping", "search", "search_trials", "class_weights",
    "augment", "labelled_by", "select_on_test", "seed",
)  # fmt: skip


@app.command()
@takes(*LEFT_OUT, settings=Settings)
def study(
    data: DataArgument,
    backbones: Annotated[
        str, typer.Option(metavar="A,B,..", help=f"all for every one, or some of: {BACKBONE_NAMES}.")
    ] = Settings.backbone,
    strategies: Annotated[
        str, typer.Option(metavar="A,B,..", help=f"all for every one, or some of: {STRATEGY_NAMES}.")
    ] = "all",
    weights: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
        typer.Option(
            metavar="WORD|NAME=FILE",
            help="First weights: imagenet (fetched through Keras if need be), none, or a file for one network; may be "
            "given several times. Default: imagenet. Strategy scratch never uses any.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=1, metavar="N", help="Runs of each, each with a split of its own. Default: 3.", show_default=False
        ),
    ] = None,
    folds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=2, metavar="N", help="In place of seeds: folds that test every patient once.", show_default=False
        ),
    ] = None,
    inner_folds: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Choose threshold and temperature by so many folds; 0: by one validation part."
        ),
    ] = 0,
    rates: Annotated[
        str,
        typer.Option(
            metavar="WORD", help="uniform; layer-wise; or both: all uniform, and two-stage layer-wise as well."
        ),
    ] = "both",
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes that share the processors.")] = 1,
    settings: Settings = DEFAULTS,
    time_plain: Annotated[
        bool, typer.Option("--time-plain", help="Measure what an epoch of each kind of stage takes plain Keras.")
    ] = False,
    crop: CropOption = "polar-map",
    patient_from: PatientFromOption = None,
    ray: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ADDRESS", help="Run the units on this Ray cluster.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The study's folder; one that was begun goes on.")] = Path(
        "study"
    ),
    quiet: QuietOption = False,
) -> None:
    """Compare networks and strategies in one table.

    Every cell is trained, and tested once on patients who chose nothing, for each seed or fold. The
    table (table.md, table.csv, table.png) grows as runs finish. Interrupt it at any time, even by
    kill -9: the same command goes on where it was. A run that fails is tried again by the next one.

    Choosing a network by this table is choosing on test patients: the winner's figures are too good,
    and only new patients can say how good it is.
    """
    _check_ray(ray, time_plain)
    _check_installed(ray)
    from edgecad_train.study.definition import listed, rates_named, strategies_named
    from edgecad_train.study.planning import Wanted
    from edgecad_train.study.units import Training as UnitTraining

    wanted = Wanted(
        data=data,
        backbones=tuple(BACKBONES) if backbones == "all" else listed(backbones, "--backbones"),
        strategies=strategies_named(strategies),
        rates=rates_named(rates),
        training=UnitTraining(
            lr_exponent=settings.lr_exponent,
            warmup_epochs=settings.warmup_epochs,
            finetune_epochs=settings.finetune_epochs,
            hidden_units=settings.units,
            activation=settings.activation,
            dropout=settings.dropout,
            batch_size=settings.batch_size,
            decide=settings.decide,
        ),
        seeds=seeds,
        folds=folds,
        inner_folds=inner_folds,
        time_plain=time_plain,
        weights=tuple(weights or ("imagenet",)),
        patient_from=patient_from,
        crop=crop,
    )
    _run(wanted, out, workers, ray, quiet)


def _check_ray(ray: str | None, time_plain: bool) -> None:
    """Before a scan is read, and before the folder holds a study that cannot be done."""
    from edgecad.errors import UsageError

    if ray is not None and time_plain:
        raise UsageError("--time-plain is for one machine, and the nodes of a cluster differ; leave it or --ray out")


def _check_installed(ray: str | None) -> None:
    """See that workers will find Keras, without importing it here: this process only leads."""
    from edgecad.system.extras import check_installed
    from edgecad_train.cli.installed import EXTRA, STUDY

    check_installed(*STUDY, extras=(EXTRA,))
    if ray is not None:
        check_installed("ray", extras=("cluster",))


def _work(workers: int, ray: str | None) -> Work:
    """What has the units done: this machine's processes, or a cluster."""
    if ray is not None:
        from edgecad_train.study.cluster import on_cluster

        return on_cluster(ray)
    from edgecad_train.study.crew import with_workers

    return with_workers(workers)


def _run(wanted: Wanted, out: Path, workers: int, ray: str | None, quiet: bool) -> None:
    """Plan, which may end in a usage error; only then import what takes seconds."""
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.study.planning import planned

    try:
        with stage_progress(quiet) as bars:
            plan = planned(wanted, lambda done, of: bars("reading", done, of, ""), out)
            from edgecad_train.study.conduct import conduct

            _say_what(plan, wanted)
            ended = conduct(out, plan, _work(workers, ray), bars)
    except KeyboardInterrupt:
        typer.echo(f"what is finished is kept in {out}; the same command goes on from there", err=True)
        raise
    _report(ended, plan, wanted, out)


def _say_what(plan: Planned, wanted: Wanted) -> None:
    from edgecad_train.cli.scans import warn_of_whole_images
    from edgecad_train.origin import origin_words

    warn_of_whole_images(wanted.crop)
    for entry in plan.refused:
        typer.echo(f"left out: {entry}", err=True)
    for finding in plan.findings:
        typer.echo(f"warning: {finding.text}", err=True)
    study = plan.study
    for name in study.random_networks:
        typer.echo(f"warning: {name} starts from random weights in every strategy; see --weights", err=True)
    patients = len({case.patient for data in plan.data.values() for case in data.cases})
    typer.echo(f"{patients} patients; the patient is {study.asked.patient_rule}; origin of the data: {study.origin}")
    typer.echo(f"{len(study.units)} runs, each with its own test part: {', '.join(plan.partitions)}")
    if stamp := origin_words(study.origin):
        typer.echo(stamp)


def _report(ended: Ended, plan: Planned, wanted: Wanted, out: Path) -> None:
    from edgecad_train.cli.study.next import next_cell, next_command
    from edgecad_train.origin import origin_words
    from edgecad_train.study.results.table import terminal_lines, told_apart

    for line in ended.warnings:
        typer.echo(f"warning: {line}", err=True)
    for line in ended.failures:
        typer.echo(f"failed: {line}", err=True)
    for line in (*terminal_lines(ended.rows), told_apart(ended.rows)):
        if line:
            typer.echo(line)
    if stamp := origin_words(plan.study.origin):
        typer.echo(stamp)
    typer.echo(f"wrote {out} (table.md, table.csv, table.png, ...)")
    if ended.exit_code:
        typer.echo("next: the same command again, which tries what failed and keeps what is done")
        raise typer.Exit(ended.exit_code)
    typer.echo(f"to look at one cell ({next_cell(plan.study)}), picked by order and not by its figures, train it again")
    typer.echo(f"next: {next_command(wanted, plan, out)}")
