"""`edgecad phantom`: write a folder of synthetic, labelled report screens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.grammar import CommandApp
from edgecad_train.classes import LabelRule
from edgecad_train.options import QuietOption

if TYPE_CHECKING:
    from edgecad_train.phantoms import DatasetSummary

app = CommandApp()


@app.command()
def phantom(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New or empty folder to write.", show_default=False)],
    patients: Annotated[int, typer.Option("--patients", "-n", metavar="N", help="How many, one screen each.")] = 218,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same seed draws the same phantoms.")] = 0,
    palette: Annotated[
        str, typer.Option("--palette", metavar="NAME", help="Colour table: mixed (of four), or a known table's name.")
    ] = "mixed",
    label_rule: Annotated[
        LabelRule,
        typer.Option(
            metavar="RULE",
            help="What a label says. deficit: a reader called CAD, more often the larger the true deficit is. LAD, RCA "
            "or LCx: this artery's territory is hit.",
        ),
    ] = "deficit",
    force: Annotated[bool, typer.Option("--force", help="Replace the phantoms that OUT holds.")] = False,
    quiet: QuietOption = False,
) -> None:
    """Draw synthetic report screens with labels, for trying EdgeCAD without patient data.

    OUT gets class folders (CAD, nonCAD), labels.csv with the truth behind each screen, and PHANTOMS.json,
    which tells training where the data come from. Nothing learnt from phantoms says anything about patients.
    """
    summary = _write(out, patients, seed, None if palette == "mixed" else palette, label_rule, force, quiet)
    _print_answer(summary)


def _write(
    out: Path, patients: int, seed: int, palette: str | None, rule: LabelRule, force: bool, quiet: bool
) -> DatasetSummary:
    # Imported here, so that `edgecad --help` loads neither OpenCV nor numpy.
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.phantoms import write_dataset

    with stage_progress(quiet) as bars:
        return write_dataset(
            out, patients, seed, palette, lambda done, of: bars("phantoms", done, of, ""), force=force, rule=rule
        )


def _print_answer(summary: DatasetSummary) -> None:
    import shlex

    share, noise = f"{summary.prevalence:.0%}", f"{summary.disagreement:.0%}"
    typer.echo(f"{summary.patients} PHANTOM screens in {summary.out} (seed {summary.seed})")
    if summary.rule == "deficit":
        typer.echo(f"{summary.cad} labelled CAD ({share}); reader noise turned {noise} of the labels")
    else:
        typer.echo(f"{summary.cad} labelled CAD ({share}): those with a defect in the territory of {summary.rule}")
    typer.echo(f"next: edgecad train {shlex.quote(str(summary.out))}")
