"""`edgecad study`: networks x strategies x seeds or folds as one table that can be interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad_train.options import DataArgument, QuietOption
from edgecad_train.study.definition.request import OF_A_UNIT, StudyOptions, StudyRequest
from edgecad_train.training.settings import Settings

if TYPE_CHECKING:
    from edgecad_train.study.leading import Work

app = CommandApp()


@app.command()
@takes(*OF_A_UNIT, options=StudyOptions, settings=Settings)
def study(
    data: DataArgument,
    options: StudyOptions,
    settings: Settings,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Processes that share the processors.")] = 1,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run the units on this Ray cluster.", show_default=False),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="The study's folder; one that was begun resumes.")] = Path(
        "study"
    ),
    quiet: QuietOption = False,
) -> None:
    """Compare networks and strategies in one table.

    Every cell is trained as train trains it, and tested once on patients who chose nothing, for each
    seed or fold. Methods are rows beside them, on the same patients. The table (table.md, table.csv,
    table.png) grows as runs finish. Interrupt it at any time, even by kill -9: the same command resumes
    each run where it was. A run that fails is tried again by the next command. FOLDER/units holds a run
    folder for each, without a report.

    Choosing a network by this table is choosing on test patients: the winner's figures are too good,
    and only new patients can say how good it is.
    """
    from edgecad_train.training.device.driver import check_driver

    _check_ray(ray, options.time_plain, settings.device)
    _check_installed(ray)
    check_driver(settings.device)
    _run(StudyRequest(data, options, settings), out, workers, ray, quiet)


def _check_ray(ray: str | None, time_plain: bool, device: str) -> None:
    """Before a scan is read, and before the folder holds a study that cannot be done."""
    from edgecad.errors import UsageError

    if ray is not None and time_plain:
        raise UsageError("--time-plain is for one machine, and the nodes of a cluster differ; leave it or --ray out")
    if ray is not None and device.startswith("cuda"):
        raise UsageError(
            f"--device {device} is for the processes of one machine, and --ray asks nodes for processors alone; leave "
            "one of the two out"
        )


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
        from edgecad_train.study.workers.cluster import on_cluster

        return on_cluster(ray)
    from edgecad_train.study.workers.pool import with_workers

    return with_workers(workers)


def _run(request: StudyRequest, out: Path, workers: int, ray: str | None, quiet: bool) -> None:
    """Plan, which may end in a usage error; only then import what takes seconds."""
    from edgecad.cli.progress import with_estimates
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.study.definition.planning import plan_study

    try:
        with stage_progress(quiet) as plain:
            bars = with_estimates(plain, "reading", "units")
            plan = plan_study(request, lambda done, of: bars("reading", done, of, ""), out)
            from edgecad_train.cli.study.words import say_outcome, say_plan
            from edgecad_train.study.leading import run_study

            say_plan(plan)
            outcome = run_study(out, plan, _work(workers, ray), bars)
    except KeyboardInterrupt:
        typer.echo(f"what was trained is kept in {out}; to resume it: the same command again", err=True)
        raise
    say_outcome(outcome, plan, request, out)
