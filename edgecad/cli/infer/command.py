"""`edgecad infer`: scans in, answers and pictures out."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.clinical import ClinicalOptions
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.identity import IdentityOptions, why_no_id
from edgecad.cli.opening import ModelChoice, model_argument, warnings_about
from edgecad.cli.options import JsonOption
from edgecad.cli.scans import as_utf8, listed_scans, tell_passed
from edgecad.system.words import on_one_line

if TYPE_CHECKING:
    from edgecad.answer.records import Record
    from edgecad.clinical.sources import ClinicalSources
    from edgecad.inference.answering import FindClinical
    from edgecad.inference.classifier import Classifier
    from edgecad.inference.identity import Identify, IdentityChoice

ANSWERS, STDIN = Path("answers"), "-"

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

    JPEG, PNG and DICOM screens with one polar map. Pictures are named by the scan's content, so no
    patient's name travels with them. Over several scans the highest exit code wins, and every scan
    still gets its record.
    """
    from edgecad.system.folders import check_writable
    from edgecad.system.parallel import in_order, share_for

    _check_forms(bool(scans), stdin_paths, json, csv)
    _check_no_model(scans or ())
    for_people = not (json or csv)
    folder = out if out is not None else ANSWERS if for_people else None
    listed, passed = listed_scans(scans or (), folder or ANSWERS)
    tell_passed(passed)
    if identity is not None:
        identity = _checked_identity(identity, None if stdin_paths else len(listed))
    wishes.check()
    values.check(None if stdin_paths else len(listed))
    if out is not None:
        check_writable(out)  # found out before any answer; a folder that nobody named costs no answer
    worst, answered = 0, 0
    # Who names paths one by one may wait for each answer before the next.
    share = share_for(1 if stdin_paths else len(listed))
    with choice.opened(share.threads, "always" if stdin_paths else "once") as classifier:
        show = _printer(json, csv)
        wanted = wishes.choice(classifier.site, "name")
        sources = values.sources(classifier)
        for warning in warnings_about(classifier):  # first: a host's process may last for days
            typer.echo(warning, err=True)

        def work(scan: str) -> tuple[int, Record]:
            source = _stdin_bytes() if scan == STDIN and not stdin_paths else scan
            path = scan if source == scan else ""
            clinical = _clinical(sources, path)
            whose = _whose(wanted, path, identity)
            return _answer(classifier, scan, source, folder, wanted, whose, clinical, force, frame)

        for code, record in in_order(work, _paths_of_stdin() if stdin_paths else listed, share.workers):
            worst, answered = max(worst, code), answered + (record.status == "answered")
            show(record)
        if answered and for_people:
            _print_footer(classifier, choice.model)
    raise typer.Exit(worst)


def _check_forms(scans_named: bool, stdin_paths: bool, json: bool, csv: bool) -> None:
    """Demand one way in and one way out, before anything is opened."""
    from edgecad.errors import UsageError

    if scans_named == stdin_paths:
        raise UsageError(
            "name scans, or give --stdin-paths alone and a path a line on standard input; see: edgecad infer --help"
        )
    if json and csv:
        raise UsageError("--json and --csv are two forms of one answer; give one of them")
    if sys.stdout is None:
        raise UsageError("standard output is closed, so no answer could be given; open it, or send it to a file")


def _check_no_model(scans: Sequence[str]) -> None:
    """A model among the scans was meant for `--model`."""
    from edgecad.cli.scans import is_folder
    from edgecad.errors import UsageError
    from edgecad.modelfiles.file import is_model

    for scan in scans:
        if scan != STDIN and is_model(scan) and not (is_folder(scan) and listed_scans([scan])[0] != [scan]):
            raise UsageError(
                f"{as_utf8(scan)} is a model and no scan; name it so: edgecad infer SCAN --model {as_utf8(scan)}"
            )


def _checked_identity(identity: str, scans: int | None) -> str:
    """A name that one scan can bear, as records and pictures have it; `scans` is None where any number may come."""
    from edgecad.errors import UsageError
    from edgecad.identity.cleaning import MAX_LETTERS, cleaned

    if scans != 1:
        seen = "any number may come" if scans is None else f"{scans} were given"
        raise UsageError(f"--id names one scan, and {seen}; run infer once for each")
    if not (identity.isprintable() and 1 <= len(cleaned(identity)) <= MAX_LETTERS):
        raise UsageError(f"--id takes 1 to {MAX_LETTERS} letters on one line; give a number or code")
    return cleaned(identity)


def _whose(wanted: IdentityChoice, path: str, named: str | None) -> Identify:
    """What finds whose scan it is; `named` is the id that was given for it, which comes before all others."""
    from edgecad.inference.identity import Identified

    of_name = wanted.id_of_name(as_utf8(path))

    def found(given: object) -> Identified:
        whose = wanted.identified(given, of_name)
        return whose if named is None else Identified(named, whose.uids)

    return found


def _clinical(sources: ClinicalSources, path: str) -> FindClinical:
    """What finds the clinical values of a scan at `path`."""
    keys = sources.keys_of(as_utf8(path))
    return lambda given, identity: sources.values(keys, identity, given)


def _answer(
    classifier: Classifier,
    scan: str,
    source: str | bytes,
    folder: Path | None,
    wanted: IdentityChoice,
    whose: Identify,
    clinical: FindClinical,
    force: bool,
    frame: int | None,
) -> tuple[int, Record]:
    """Answer or refuse one scan, and draw it; whatever goes wrong, it gets its record and the next one its turn."""
    from msgspec.structs import replace

    from edgecad.inference.answering import answer, write_figure
    from edgecad.system.disk import words_of

    outcome = answer(
        classifier, source, as_utf8(scan), draw=folder is not None, force=force, frame=frame, whose=whose,
        clinical=clinical,
    )  # fmt: skip
    code, record = outcome.exit_code, outcome.record
    record = replace(record, scan=wanted.word_for(record.scan, record.scan_sha256))
    if folder is None or outcome.figure is None:
        return code, record
    # A scan that cannot be read has no content to be named by.
    unread = os.fsencode(scan) if frame is None else os.fsencode(scan) + b"\0%d" % frame
    name = outcome.name or "refused-" + hashlib.sha256(unread).hexdigest()[:12]
    path = folder / f"{name}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_figure(path, outcome.figure)
    except OSError as error:
        # The answer stands although its picture could not be written.
        typer.echo(f"edgecad: the picture of a scan could not be written: {words_of(error)}", err=True)
        remark = f"no picture: {error.strerror or type(error).__name__}"
        return max(code, 1), replace(record, remarks=(*record.remarks, remark))
    return code, replace(record, figure=as_utf8(str(path)))


def _stdin_bytes() -> bytes:
    """Standard input, up to what is surely too large; nothing where it was closed before we began."""
    from edgecad.images.limits import MAX_BYTES

    return b"" if sys.stdin is None else sys.stdin.buffer.read(MAX_BYTES + 1)


def _paths_of_stdin() -> Iterator[str]:
    """A path a line, in whatever bytes the system names its files."""
    if sys.stdin is not None:
        for line in sys.stdin.buffer:
            path = _path_of(line.rstrip(b"\r\n"))
            if path:
                yield path


def _path_of(name: bytes) -> str:
    """A name as the system has it; Windows names are UTF-8 here, and what is none gets its refusal."""
    return name.decode("utf-8", "backslashreplace") if os.name == "nt" else os.fsdecode(name)


def _printer(json: bool, csv: bool) -> Callable[[Record], None]:
    """What prints a record, line by line and at once; of CSV the header is printed here."""
    from edgecad.answer.records import json_line

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
        typer.echo(f"{scan}: {record.words}{why_no_id(record)}  [{record.stamp}]{picture}")
    else:
        typer.echo(f"{scan}: NOT ANALYSED: {record.message}{why_no_id(record)}{picture}", err=True)


def _print_footer(classifier: Classifier, model: Path | None) -> None:
    labelling, facts = classifier.contract.labelling, classifier.facts
    why = f", {classifier.chosen}" if classifier.chosen.startswith("bench") else ""
    typer.echo(
        f"{labelling.sentence(classifier.contract.positive)}; ran on {facts.device} ({facts.provider}, "
        f"{facts.precision}{why})"
    )
    typer.echo(f"next: edgecad verify{model_argument(model)}")
