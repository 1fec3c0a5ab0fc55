"""`edgecad infer`: scans in, answers and pictures out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.clinical import ClinicalOptions
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.identity import IdentityOptions
from edgecad.cli.opening import ModelChoice, warnings_about
from edgecad.cli.options import JsonOption
from edgecad.cli.scans import as_utf8, listed_scans, tell_passed

if TYPE_CHECKING:
    from edgecad.answer.records import Record

ANSWERS = Path("answers")

app = CommandApp()


@app.command()
@takes(choice=ModelChoice, wishes=IdentityOptions, values=ClinicalOptions)
def infer(
    *,
    scans: Annotated[
        list[str] | None,
        typer.Argument(metavar="SCAN", help="Files or folders; - reads one file's bytes.", show_default=False),
    ] = None,
    choice: ModelChoice,
    json: JsonOption = False,
    csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, for spreadsheets: a header line, then a row a scan.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the pictures. Default: answers, or no pictures with --json or --csv.",
            show_default=False,
        ),
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option(
            "--id", metavar="ID", help="Printed on the picture and in the record; for one scan.", show_default=False
        ),
    ] = None,
    wishes: IdentityOptions,
    values: ClinicalOptions,
    force: Annotated[
        bool,
        typer.Option("--force", help="Answer against the map check's objections; figure and record say so."),
    ] = False,
    frame: Annotated[
        int | None,
        typer.Option(
            min=1, help="Which frame of a DICOM object with several, from 1; of every scan given.", show_default=False
        ),
    ] = None,
    stdin_paths: Annotated[
        bool,
        typer.Option("--stdin-paths", help="Stay: read a path a line, write an answer a line, until the input ends."),
    ] = False,
) -> None:
    """Answer scans with score and heat map, or refuse.

    JPEG, PNG and DICOM screens with one polar map. Pictures are named by the scan's content, or by a
    hash of its path where it cannot be read, so no patient's name travels with them. Over several
    scans the highest exit code wins, and every scan still gets its record.
    """
    from edgecad.cli.infer.answering import ScanAnswers
    from edgecad.cli.infer.incoming import (
        STDIN,
        check_forms,
        check_no_model,
        checked_identity,
        paths_of_stdin,
        stdin_bytes,
    )
    from edgecad.cli.infer.printing import print_footer, printer_of
    from edgecad.system.folders import check_writable
    from edgecad.system.parallel import in_order, share_for

    check_forms(bool(scans), stdin_paths, json, csv)
    check_no_model(scans or ())
    for_people = not (json or csv)
    folder = out if out is not None else ANSWERS if for_people else None
    listed, passed = listed_scans(scans or (), folder or ANSWERS)
    tell_passed(passed)
    if identity is not None:
        identity = checked_identity(identity, None if stdin_paths else len(listed))
    wishes.check()
    values.check(None if stdin_paths else len(listed))
    if out is not None:
        check_writable(out)  # found out before any answer; a folder that nobody named costs no answer
    worst, answered = 0, 0
    # Who names paths one by one may wait for each answer before the next.
    share = share_for(1 if stdin_paths else len(listed))
    with choice.opened(share.threads, "always" if stdin_paths else "once") as classifier:
        show = printer_of(json, csv)
        wanted = wishes.choice(classifier.site, "name")
        sources = values.sources(classifier, map(as_utf8, listed))
        answers = ScanAnswers(classifier, folder, wanted, identity, sources, force, frame)
        for warning in warnings_about(classifier):  # first: a host's process may last for days
            typer.echo(warning, err=True)

        def work(scan: str) -> tuple[int, Record]:
            return answers.of(scan, stdin_bytes() if scan == STDIN and not stdin_paths else scan)

        for code, record in in_order(work, paths_of_stdin() if stdin_paths else listed, share.workers):
            worst, answered = max(worst, code), answered + (record.status == "answered")
            show(record)
        if answered and for_people:
            print_footer(classifier, choice.model)
    raise typer.Exit(worst)
