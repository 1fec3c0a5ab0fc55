"""What `edgecad study` says: of the plan before it begins, of the table when it ends."""

from __future__ import annotations

from pathlib import Path

import typer

from edgecad.cli.scans import tell_passed
from edgecad_train.cli.scans import warn_of_whole_images
from edgecad_train.cli.study.next import next_cell, next_command
from edgecad_train.origin import origin_words
from edgecad_train.study.definition.planning import StudyPlan
from edgecad_train.study.definition.request import StudyRequest
from edgecad_train.study.leading import StudyOutcome
from edgecad_train.study.results.claims_words import verdicts
from edgecad_train.study.results.table import opened_words, terminal_lines


def say_plan(plan: StudyPlan) -> None:
    """What will be done, on which data, and what to know of them."""
    study = plan.study
    warn_of_whole_images(study.spec.backbones[0].preparation.crop)
    tell_passed(plan.passed)
    for entry in plan.refused:
        typer.echo(f"left out: {entry}", err=True)
    for finding in plan.findings:
        typer.echo(f"warning: {finding.text}", err=True)
    for name, reason in plan.methods_left_out.items():
        typer.echo(f"left out: {name}: {reason}", err=True)
    for name in study.random_networks:
        typer.echo(f"warning: {name} starts from random weights wherever it is used; see --weights", err=True)
    patients = len({case.patient for data in plan.data.values() for case in data.cases})
    typer.echo(f"{patients} patients; the patient is {study.spec.patient_rule}; origin of the data: {study.origin}")
    typer.echo(f"{len(study.units)} runs, each with its own test part: {', '.join(plan.partitions)}")
    if stamp := origin_words(study.origin):
        typer.echo(stamp)


def say_outcome(outcome: StudyOutcome, plan: StudyPlan, request: StudyRequest, out: Path) -> None:
    """The table in short, what failed, and the next step.

    Raises:
        typer.Exit: units failed; with the highest of their exit codes.
    """
    for line in outcome.warnings:
        typer.echo(f"warning: {line}", err=True)
    for line in outcome.failures:
        typer.echo(f"failed: {line}", err=True)
    for line in (*terminal_lines(outcome.table), *verdicts(outcome.table)):
        typer.echo(line)
    if outcome.openings:
        typer.echo(opened_words(outcome.openings))
    if stamp := origin_words(plan.study.origin):
        typer.echo(stamp)
    typer.echo(f"wrote {out} (table.md, table.csv, pairs.csv, table.png, ...)")
    if outcome.exit_code:
        typer.echo("next: the same command again, which tries what failed and keeps what is done")
        raise typer.Exit(outcome.exit_code)
    if command := next_command(request, plan, out):
        cell = next_cell(plan.study)
        typer.echo(f"to look at one cell ({cell}), picked by order and not by its figures, train it again")
        typer.echo(f"next: {command}")
