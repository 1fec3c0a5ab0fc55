"""What `edgecad infer` prints: a line a scan, for people or programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import typer

from edgecad.answer.familiarity import UNFAMILIAR
from edgecad.answer.records import Record, json_line
from edgecad.cli.identity import why_no_id
from edgecad.cli.opening import model_argument
from edgecad.inference.classifier import Classifier
from edgecad.system.words import on_one_line


def printer_of(json: bool, csv: bool) -> Callable[[Record], None]:
    """What prints a record, line by line and at once; of CSV the header is printed here."""
    if csv:
        from edgecad.answer.record_csv import csv_header, csv_row

        # Bytes, because the form has its own line ends and is UTF-8 wherever it is read.
        typer.echo(csv_header(), nl=False)
        return lambda record: typer.echo(csv_row(record), nl=False)
    return (lambda record: typer.echo(json_line(record))) if json else _print


def _print(record: Record) -> None:
    scan = on_one_line(record.scan)
    picture = f"  -> {record.figure}" if record.figure else ""
    if record.status == "answered":
        typer.echo(f"{scan}: {record.words}{_doubt(record)}{why_no_id(record)}  [{record.stamp}]{picture}")
    else:
        typer.echo(f"{scan}: NOT ANALYSED: {record.message}{why_no_id(record)}{picture}", err=True)


def _doubt(record: Record) -> str:
    """That the model never saw anything like it: whoever reads this line alone may not open the picture."""
    found = next((finding for finding in record.findings if finding.code == UNFAMILIAR), None)
    return "" if found is None else f"; {found.text.partition(':')[0]}"


def print_footer(classifier: Classifier, model: Path | None) -> None:
    """Print what a score means, what it was computed on, and the next step."""
    labelling, facts = classifier.contract.labelling, classifier.facts
    why = f", {classifier.chosen}" if classifier.chosen.startswith("bench") else ""
    typer.echo(
        f"{labelling.sentence(classifier.contract.positive)}; ran on {facts.device} ({facts.provider}, "
        f"{facts.precision}{why})"
    )
    typer.echo(f"next: edgecad verify{model_argument(model)}")
