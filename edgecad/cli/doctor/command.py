"""`edgecad doctor`: what this machine can run, what clashes, the line that mends it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.grammar import CommandApp
from edgecad.cli.options import JsonOption

if TYPE_CHECKING:
    from edgecad.doctor import Report

app = CommandApp()
MARKS = {"well": "ok   ", "note": "note ", "wrong": "WRONG"}


ProofOption = Annotated[
    Path | None,
    typer.Option(
        "--proof",
        metavar="FILE",
        help="Show a gpu-proof.json that make test-gpu wrote, here or elsewhere, and whether it is of this machine.",
        show_default=False,
    ),
]


@app.command()
def doctor(json: JsonOption = False, proof: ProofOption = None) -> None:
    """Say what this machine can run, what clashes on it, and the line that mends it.

    Changes nothing. Exit code 4 if something is wrong. With --proof: 0 if all steps are proven, 5 if one failed, 4 if
    there was no card or one was not run, 2 if the file is no proof.
    """
    if proof is not None:
        from edgecad.cli.doctor.proof import show_proof

        show_proof(proof, json=json)
        return
    from dataclasses import asdict

    import msgspec

    from edgecad.doctor import examine
    from edgecad.errors import NotAvailable

    report = examine()
    if json:
        told = {"schema": 1, **asdict(report), "auto": _choice(), "well": report.well}
        typer.echo(msgspec.json.encode(told).decode())
    else:
        _print(report)
    if not report.well:
        raise typer.Exit(NotAvailable.exit_code)


def _print(report: Report) -> None:
    from edgecad.cli.table import table_lines

    machine = report.machine
    rows = {
        "edgecad": report.version,
        "system": machine.system,
        "python": machine.python,
        "processor": f"{machine.processor or 'unknown'}; {machine.threads} threads"
        + (f"; {', '.join(machine.instructions)}" if machine.instructions else ""),
        "memory": f"{machine.memory_gb:.1f} GB" if machine.memory_gb else "unknown",
        "gpu": f"{machine.gpu}, driver {machine.gpu.driver}" if machine.gpu else "none answers",
    }
    if machine.jetson:
        rows["jetson"] = machine.jetson
    choice = _choice()
    if choice is not None:
        rows["auto"] = choice
    for line in table_lines((), rows.items(), "ll"):
        typer.echo(line)
    typer.echo()
    for remark in report.remarks:
        typer.echo(f"{MARKS[remark.level]}  {remark.text}")
        if remark.mend:
            typer.echo(f"       {remark.mend}")
    wrong = sum(remark.level == "wrong" for remark in report.remarks)
    typer.echo()
    typer.echo(f"{wrong} to mend; then: edgecad doctor" if wrong else f"nothing is wrong; next: {_next_step()}")


def _choice() -> str | None:
    """What `auto` stands for with the model that is in force; None where there is none."""
    from edgecad.errors import ModelInvalid
    from edgecad.modelfiles.file import locate_model

    # What is broken here, such as OpenCV, the remarks tell.
    with suppress(ModelInvalid, OSError, ImportError):
        locate_model()
        from edgecad.inference.benches.lookup import choice_words

        return choice_words(None)
    return None


def _next_step() -> str:
    """What can be done next with what is here: a model, the commands that make one, or neither."""
    from edgecad.cli.program import GROUP
    from edgecad.errors import ModelInvalid
    from edgecad.modelfiles.file import locate_model

    with suppress(ModelInvalid, OSError):
        locate_model()
        return "edgecad verify"
    from importlib.metadata import entry_points

    rooms = {entry.name for entry in entry_points(group=GROUP)}
    return "edgecad demo" if {"phantom", "train", "export"} <= rooms else "edgecad verify --model MODEL"
