"""`edgecad plan`: patients and an expected area in, what a study of them can show out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.options import JsonOption
from edgecad_train.options import QuietOption
from edgecad_train.planning.options import CurveOptions, PlanOptions

if TYPE_CHECKING:
    from edgecad_train.planning.record import LearningCurve, PlanRecord

app = CommandApp()


@app.command()
@takes(options=PlanOptions, measured=CurveOptions)
def plan(
    options: PlanOptions,
    measured: CurveOptions,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what a planned study of so many patients can show, before anybody is scanned.

    Block by block: how wide the intervals of the test part will be, the area under the ROC curve (AUC),
    what threshold and zone would rest on, what formulas for training and for external validation say,
    and the smallest difference between strategies that a study would show. Nothing passes or fails.

    With --curve it also measures, on scans that are there, what more patients would teach; only that
    needs a network, and takes minutes.
    """
    from edgecad.system.extras import check_installed
    from edgecad_train.cli.installed import EXTRA, PLAN

    if measured.curve is None:
        _check_named(options)
    check_installed(*PLAN, extras=(EXTRA,))
    if measured.curve is None:
        _tell(_outlook(options, None), json)
        return
    from edgecad_train.cli.plan.curve import prepare

    trained = prepare(measured)
    if options.patients is not None and options.prevalence is not None:
        _outlook(options, None)  # what cannot be planned is said before minutes of training
    _tell(_outlook(options, trained(quiet)), json)


def _check_named(options: PlanOptions) -> None:
    """Neither figure has a default that could be meant."""
    from edgecad.errors import UsageError

    absent = [name for name in ("patients", "prevalence") if getattr(options, name) is None]
    if absent:
        raise UsageError(
            f"--{' and --'.join(absent)} wanted, for example: edgecad plan --patients 218 --prevalence 0.57 (or "
            "--curve DATA, whose patients are counted)"
        )


def _outlook(options: PlanOptions, curve: LearningCurve | None) -> PlanRecord:
    from edgecad_train.planning.outlook import outlook_of

    patients, prevalence = options.patients, options.prevalence
    if curve is not None:
        patients = patients if patients is not None else curve.patients.n
        prevalence = prevalence if prevalence is not None else curve.patients.cad / curve.patients.n
    assert patients is not None and prevalence is not None  # noqa: S101, PT018 - one of the two ways gave them
    return outlook_of(patients, prevalence, options, curve)


def _tell(record: PlanRecord, json: bool) -> None:
    import msgspec

    if json:
        typer.echo(msgspec.json.encode(record).decode())
        return
    from edgecad_train.planning.words import lines_of

    for line in lines_of(record):
        typer.echo(line)
    if record.curve is None:
        typer.echo("next: edgecad train DATA --check, when scans are there")
