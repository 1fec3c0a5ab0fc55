"""`edgecad study`: networks x strategies x seeds or folds as one table that can be interrupted."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad_train.networks.backbones import BACKBONES

if TYPE_CHECKING:
    from edgecad_train.study.conduct import Ended, Work
    from edgecad_train.study.planning import Planned, Wanted

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def study(
    data: Annotated[Path, typer.Argument(help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.")],
    backbones: Annotated[str, typer.Option(metavar="A,B,..", help="Networks, or all.")] = "resnet152v2",
    strategies: Annotated[
        str, typer.Option(metavar="A,B,..", help="Strategies, or all: the paper's S1 to S6, and S5 at the rate of S4.")
    ] = "all",
    weights: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
        typer.Option(
            metavar="WORD|NAME=FILE",
            help="First weights: imagenet, none, or a file for one network; may be given several times. "
            "Default: imagenet. Strategy scratch never uses any.",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Runs of each, each with a split of its own. Default: 3.", show_default=False),
    ] = None,
    folds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=2, help="In place of seeds: folds that test every patient once.", show_default=False),
    ] = None,
    inner_folds: Annotated[
        int, typer.Option(min=0, help="Choose threshold and temperature by so many folds; 0: by one validation part.")
    ] = 0,
    rates: Annotated[
        str, typer.Option(help="uniform; layer-wise; or both: all uniform, and two-stage layer-wise as well.")
    ] = "both",
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the processors.")] = 1,
    lr_exponent: Annotated[float, typer.Option(help="a, 3 to 4: rates 10^-a and 10^-(a+2).")] = 4.0,
    warmup_epochs: Annotated[int, typer.Option(min=1, help="Epochs of warm-up, and of S1 to S4.")] = 100,
    finetune_epochs: Annotated[int, typer.Option(min=1, help="Epochs of fine-tuning.")] = 30,
    units: Annotated[int, typer.Option(min=1, help="Units of the head's hidden layer.")] = 64,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.95, help="Dropout after the hidden layer.")] = 0.3,
    batch_size: Annotated[int, typer.Option(min=1, help="Scans a step.")] = 16,
    time_plain: Annotated[
        bool, typer.Option("--time-plain", help="Measure what an epoch of each kind of stage takes plain Keras.")
    ] = False,
    patient_from: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="REGEX", help="Finds the patient in a file's stem. Default: the whole stem."),
    ] = None,
    crop: Annotated[str, typer.Option(help="polar-map, none, or a rectangle x,y,width,height.")] = "polar-map",
    ray: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ADDRESS", help="Run the units on this Ray cluster.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(help="The study's folder; one that was begun goes on.")] = Path("study"),
) -> None:
    """Compare networks and strategies in one table.

    Every cell is trained, and tested once on patients who chose nothing, for each seed or fold. The
    table (table.md, table.csv, table.png) grows as runs finish. Interrupt it at any time, even by
    kill -9: the same command goes on where it was. A run that fails is tried again by the next one.

    Choosing a network by this table is choosing on test patients: the winner's figures are too good,
    and only new patients can say how good it is.
    """
    from edgecad.extras import require

    for module in ("sklearn", "scipy", "statsmodels", "matplotlib", "filelock"):
        require(module, extra="train")
    _check_keras()
    from edgecad_train.study.definition import listed, rates_named, strategies_named
    from edgecad_train.study.planning import Wanted
    from edgecad_train.study.units import Training

    wanted = Wanted(
        data=data,
        backbones=tuple(BACKBONES) if backbones == "all" else listed(backbones, "--backbones"),
        strategies=strategies_named(strategies),
        rates=rates_named(rates),
        training=Training(
            lr_exponent=lr_exponent,
            warmup_epochs=warmup_epochs,
            finetune_epochs=finetune_epochs,
            hidden_units=units,
            dropout=dropout,
            batch_size=batch_size,
        ),
        seeds=seeds,
        folds=folds,
        inner_folds=inner_folds,
        time_plain=time_plain,
        weights=tuple(weights or ("imagenet",)),
        patient_from=patient_from,
        crop=crop,
    )
    _run(wanted, out, _work(workers, ray))


def _check_keras() -> None:
    """See that workers will find Keras, without importing it here: this process only leads."""
    from importlib.util import find_spec

    from edgecad.errors import NotAvailable

    missing = [module for module in ("tensorflow", "keras") if find_spec(module) is None]
    if missing:
        raise NotAvailable(f"{missing[0]} is not installed, and this needs it; run: pip install 'edgecad[train]'")


def _work(workers: int, ray: str | None) -> Work:
    """What has the units done: this machine's processes, or a cluster."""
    if ray is not None:
        from edgecad_train.study.cluster import on_cluster

        return on_cluster(ray)
    from edgecad_train.study.crew import with_workers

    return with_workers(workers)


def _run(wanted: Wanted, out: Path, work: Work) -> None:
    from edgecad.cli.progress import progress_bars
    from edgecad_train.study.conduct import conduct
    from edgecad_train.study.planning import planned

    try:
        with progress_bars() as bars:
            plan = planned(wanted, lambda done, of: bars("reading", done, of, ""))
            _say_what(plan)
            ended = conduct(out, plan, work, bars)
    except KeyboardInterrupt:
        typer.echo(f"what is finished is kept in {out}; the same command goes on from there", err=True)
        raise
    _report(ended, plan, wanted, out)


def _say_what(plan: Planned) -> None:
    from edgecad_train.study.table import stamp

    for entry in plan.refused:
        typer.echo(f"left out: {entry.path.name}: {entry.message}", err=True)
    for finding in plan.findings:
        typer.echo(f"warning: {finding.text}", err=True)
    study = plan.study
    for name in study.random_networks:
        typer.echo(f"warning: {name} starts from random weights in every strategy; see --weights", err=True)
    patients = len({case.patient for data in plan.data.values() for case in data.cases})
    typer.echo(f"{patients} patients; the patient is {study.asked.patient_rule}; origin of the data: {study.origin}")
    typer.echo(f"{len(study.units)} runs, each with its own test part: {', '.join(plan.partitions)}")
    if stamp(study.origin):
        typer.echo(stamp(study.origin))


def _report(ended: Ended, plan: Planned, wanted: Wanted, out: Path) -> None:
    from edgecad_train.study.table import stamp, terminal_lines

    for line in ended.warnings:
        typer.echo(f"warning: {line}", err=True)
    for line in ended.failures:
        typer.echo(f"failed: {line}", err=True)
    for line in terminal_lines(ended.rows):
        typer.echo(line)
    if stamp(plan.study.origin):
        typer.echo(stamp(plan.study.origin))
    typer.echo(f"wrote {out} (table.md, table.csv, table.png, ...)")
    if ended.exit_code:
        typer.echo("next: the same command again, which tries what failed and keeps what is done")
        raise typer.Exit(ended.exit_code)
    typer.echo(f"next: {_next_command(wanted)}")


def _next_command(wanted: Wanted) -> str:
    """Train the network that was asked for first: to take the table's winner would be to choose on test patients."""
    backbone = wanted.backbones[0]
    words = ["edgecad", "train", str(wanted.data), "--backbone", backbone]
    own = [word.removeprefix(f"{backbone}=") for word in wanted.weights if "=" not in word or word.startswith(backbone)]
    if own and own[-1] != "imagenet":
        words += ["--weights", own[-1]]
    if wanted.patient_from:
        words += ["--patient-from", wanted.patient_from]
    return shlex.join(words)
