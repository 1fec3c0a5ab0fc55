"""`edgecad infer`: scans in, answers and pictures out."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad.cli.options import DeviceOption, JsonOption, ModelOption, PrecisionOption
from edgecad.cli.scans import as_utf8, listed_scans, on_one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgecad.classifier import Classifier
    from edgecad.images import Screen
    from edgecad.records import Provenance, Record

ANSWERS = Path("answers")

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def infer(
    scans: Annotated[list[str], typer.Argument(metavar="SCAN", help="Files or folders; - reads one file's bytes.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = None,
    json: JsonOption = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Folder of the pictures. Default: answers, or no pictures with --json.", show_default=False),
    ] = None,
    identity: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--id", help="Printed on the picture and in the record; for one scan.", show_default=False),
    ] = None,
    threshold: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            help="A site's own decision threshold, above 0 and below 1. Default: the contract's.", show_default=False
        ),
    ] = None,
) -> None:
    """Answer scans with score and heat map, or refuse.

    JPEG, PNG and DICOM screens with one polar map. Pictures are named by the scan's content, so no
    patient's name travels with them. Over several scans the highest exit code wins, and every scan
    still gets its record.
    """
    from edgecad.classifier import Classifier
    from edgecad.errors import UsageError
    from edgecad.modelfiles.file import parse_precision

    listed = list(listed_scans(scans))
    if identity is not None and len(listed) > 1:
        raise UsageError(f"--id names one scan, and {len(listed)} were given; run infer once for each")
    if sys.stdout is None:
        raise UsageError("standard output is closed, so no answer could be given; open it, or send it to a file")
    folder = out if out is not None else None if json else ANSWERS
    # A record holds any name; a picture only what OpenCV's fonts have.
    printable = r"[ -~]{1,64}" if folder is not None else r"[^\ud800-\udfff]{1,64}"
    if identity is not None and not re.fullmatch(printable, identity):
        raise UsageError(
            "--id can be printed on a picture only as 1 to 64 plain ASCII characters; give a number or code"
        )
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)  # a folder that cannot be is found out before any answer
    worst, answered = 0, 0
    wanted = parse_precision(precision)
    with Classifier(model, device=device, threshold=threshold, precision=wanted) as classifier:
        for scan in listed:
            code, record = _answer(classifier, scan, folder, identity)
            worst, answered = max(worst, code), answered + (record.status == "answered")
            _print(record, json)
        _print_doubts(classifier)
        if answered and not json:
            _print_footer(classifier, model)
    raise typer.Exit(worst)


def _answer(classifier: Classifier, scan: str, folder: Path | None, identity: str | None) -> tuple[int, Record]:
    """Answer or refuse one scan; whatever goes wrong with it, it gets a record and the next one is tried."""
    from msgspec.structs import replace

    from edgecad.errors import EdgecadError
    from edgecad.figure import answer_figure, refusal_figure
    from edgecad.records import record_of_answer, record_of_failure

    # Named by content; a scan that cannot be read is named by its path's hash, for it has no content.
    name = "refused-" + hashlib.sha256(os.fsencode(scan)).hexdigest()[:12]
    provenance = _provenance(classifier)
    try:
        screen, decode = _read(scan)
        name = _figure_name(screen.sha256, classifier, identity)
        prediction = classifier(screen)
        prediction.milliseconds["decode"] = decode
        code, record = 0, record_of_answer(as_utf8(scan), prediction, classifier.contract, identity)
        figure = None if folder is None else answer_figure(prediction, classifier.contract, identity or "")
    except Exception as error:
        code = error.exit_code if isinstance(error, EdgecadError) else 1
        record = record_of_failure(as_utf8(scan), error, provenance, identity)
        figure = None if folder is None else refusal_figure(record.message or "", provenance.stamp, identity or "")
    if folder is None or figure is None:
        return code, record
    try:
        return code, replace(record, figure=_written(folder, name, figure))
    except OSError as error:
        # The answer stands although its picture could not be written.
        typer.echo(f"edgecad: the picture of a scan could not be written: {error.strerror}; free the disk", err=True)
        return max(code, 1), record


def _figure_name(scan_sha256: str, classifier: Classifier, identity: str | None) -> str:
    """Name of a picture: by the scan's content, and by all that may change its answer or what stands on it."""
    what = f"{classifier.model_sha256} {classifier.threshold!r} {identity!r}"
    return f"{scan_sha256[:16]}-{hashlib.sha256(what.encode()).hexdigest()[:6]}"


def _read(scan: str) -> tuple[Screen, float]:
    """A scan's screen, and the milliseconds that reading took."""
    from edgecad.images import read_screen
    from edgecad.images.limits import MAX_BYTES

    begun = time.perf_counter()
    screen = read_screen(_stdin_bytes(MAX_BYTES + 1) if scan == "-" else scan)
    return screen, 1000 * (time.perf_counter() - begun)


def _stdin_bytes(limit: int) -> bytes:
    """Standard input up to a limit; nothing where it was closed before we began."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read(limit)


def _provenance(classifier: Classifier) -> Provenance:
    from edgecad.prediction import stamp_of
    from edgecad.records import Provenance

    facts = classifier.facts
    return Provenance(
        stamp_of(classifier.contract.origin),
        classifier.model_sha256,
        classifier.contract_sha256,
        facts.device,
        facts.provider,
        facts.precision,
    )


def _written(folder: Path, name: str, figure: NDArray[np.uint8]) -> str:
    """Write a picture; returns its path."""
    import cv2

    from edgecad.folders import write_whole

    path = folder / f"{name}.png"
    _, content = cv2.imencode(".png", cv2.cvtColor(figure, cv2.COLOR_RGB2BGR))
    write_whole(path, content.tobytes())
    return str(path)


def _print(record: Record, json: bool) -> None:
    from edgecad.records import json_line

    if json:
        typer.echo(json_line(record))
        return
    scan = on_one_line(record.scan)
    picture = f"  -> {record.figure}" if record.figure else ""
    if record.status == "answered":
        typer.echo(f"{scan}: {record.words}  [{record.stamp}]{picture}")
    else:
        typer.echo(f"{scan}: NOT ANALYSED: {record.message}{picture}", err=True)


def _print_doubts(classifier: Classifier) -> None:
    from edgecad.findings import doubts_about

    for doubt in doubts_about(classifier.contract):
        typer.echo(f"warning: {doubt.text}", err=True)


def _print_footer(classifier: Classifier, model: Path | None) -> None:
    labelling, facts = classifier.contract.labelling, classifier.facts
    typer.echo(
        f"{labelling.sentence(classifier.contract.positive)}; ran on {facts.device} ({facts.provider}, "
        f"{facts.precision})"
    )
    typer.echo(f"next: edgecad verify{f' {shlex.quote(str(model))}' if model else ''}")
