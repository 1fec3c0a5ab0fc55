"""`edgecad verify`: are these the files that were exported, and do they answer here as they did there?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.cli.completion import values
from edgecad.cli.fields import takes
from edgecad.cli.grammar import CommandApp
from edgecad.cli.opening import NamedModel, model_argument
from edgecad.cli.options import PRECISIONS, RUN_PRECISIONS, DeviceOption, JsonOption, KeyOption, SiteOption

if TYPE_CHECKING:
    from edgecad.contract import Precision
    from edgecad.verification.against import Scan
    from edgecad.verification.model import ReferenceModel, Verification

COMPARISON = "Comparison with another model"
"""Panel of the help."""

app = CommandApp()


@app.command()
@takes(named=NamedModel)
def verify(
    named: NamedModel,
    device: DeviceOption = "auto",
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="|".join((*RUN_PRECISIONS, "all")),
            help="Which file of a model folder, or all that it has; bf16 runs the fp32 file in it. Default: fp32.",
            autocompletion=values(*RUN_PRECISIONS, "all"),
            show_default=False,
        ),
    ] = None,
    key: KeyOption = None,
    site: SiteOption = None,
    against: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=COMPARISON,
            metavar="MODEL",
            help="Compare with this model too. It runs on the CPU, the reference.",
            show_default=False,
        ),
    ] = None,
    against_precision: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=COMPARISON,
            metavar="|".join(PRECISIONS),
            help="Which file of --against, or else of MODEL. Default: fp32.",
            autocompletion=values(*PRECISIONS),
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=COMPARISON,
            metavar="SCANS",
            help="Compare on these scans, a folder or a file; may be repeated. Default: the golden screens.",
            show_default=False,
        ),
    ] = None,
    max_probability_difference: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=COMPARISON, min=0, max=1, help="Fail the comparison beyond this.", show_default=False
        ),
    ] = None,
    min_heatmap_correlation: Annotated[
        float | None,
        typer.Option(
            rich_help_panel=COMPARISON,
            min=-1,
            max=1,
            help="Fail the comparison below this, on any scan.",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check that a model is whole and answers here as it did at export.

    A folder's files are held against its SHA256SUMS. Then golden samples are replayed, from a file's
    bytes through decoder and device to the heat map: exit code 5 if an answer differs from the one
    recorded at export. A lone .onnx file has its golden samples too.

    With --against or --data the model is also compared with another one, or with its own fp32 file.
    That is reported, and judged only by the bounds given: beyond them exit code 5.
    """
    from edgecad.cli.progress import progress_bars
    from edgecad.cli.verify.text import json_of, lines_of
    from edgecad.modelfiles.file import parse_precision
    from edgecad.modelfiles.folder import requested_precisions
    from edgecad.site import read_site
    from edgecad.verification.model import VerificationRequest, verify_model

    model = named.path
    reference = _reference(model, against, parse_precision(against_precision), bool(data))
    bounds = (max_probability_difference, min_heatmap_correlation)
    _demand_reference(reference, *bounds)
    scans = _scans(data) if reference is not None else ()
    chosen = None if site is None else read_site(site)
    request = VerificationRequest(model, device, requested_precisions(model, precision), key, chosen, reference, scans)
    with progress_bars() as bars:
        found = verify_model(request, lambda task, done, total: bars(task, done, total, ""))
    if json:
        typer.echo(json_of(found))
    else:
        for line in lines_of(found):
            typer.echo(line)
    _judge(found, *bounds)
    if not json:
        typer.echo(f"next: edgecad bench{model_argument(model)}")


def _reference(
    model: Path | None, against: Path | None, precision: Precision | None, scans_given: bool
) -> ReferenceModel | None:
    """What to compare with: what is named, or else, where scans are given, the model's own fp32 file."""
    from edgecad.verification.model import ReferenceModel

    if against is None and precision is None and not scans_given:
        return None
    return ReferenceModel(against or model, precision)


def _demand_reference(reference: ReferenceModel | None, *bounds: float | None) -> None:
    from edgecad.errors import UsageError

    if reference is None and any(bound is not None for bound in bounds):
        raise UsageError("a bound was given and nothing to compare with; add --against, --against-precision or --data")


def _scans(data: list[str] | None) -> tuple[Scan, ...]:
    from edgecad.cli.scans import as_utf8, listed_scans, tell_passed
    from edgecad.errors import UsageError
    from edgecad.verification.against import Scan, golden_scans

    if not data:
        return golden_scans()
    missing = [name for name in data if name != "-" and not Path(name).exists()]
    if missing:
        raise UsageError(f"--data {as_utf8(missing[0])}: no such file or folder; name scans, or a folder of them")
    scans, passed = listed_scans(data)
    tell_passed(passed)
    return tuple(Scan(as_utf8(name), name) for name in dict.fromkeys(scans))


def _judge(found: Verification, most_probability: float | None, least_heatmap: float | None) -> None:
    """Fail if golden samples differ, or a comparison is beyond the bounds given; with the code of what went wrong."""
    from edgecad.errors import GateFailed, InputRefused
    from edgecad.golden import LOGIT_TOLERANCE, MAP_CORRELATION

    if found.failed:
        raise GateFailed(
            f"{', '.join(found.failed)} came out differently here (logits within {LOGIT_TOLERANCE:g}, heat map at "
            f"least {MAP_CORRELATION:g} wanted); do not use this model on this machine and device"
        )
    for row in found.compared.rows if found.compared else ():
        if row.figures is None:
            raise InputRefused("all-refused", "no scan was answered by all, so nothing was compared; give other scans")
        if most_probability is not None and row.figures.probabilities > most_probability:
            raise GateFailed(
                f"{row.model.file} differs by {row.figures.probabilities:.3g} in the score, at most "
                f"{most_probability:g} wanted; do not use it in the reference's place"
            )
        if least_heatmap is not None and row.figures.heatmap_correlation < least_heatmap:
            raise GateFailed(
                f"{row.model.file} has a heat map that correlates by {row.figures.heatmap_correlation:.4f}, at least "
                f"{least_heatmap:g} wanted; do not use it in the reference's place"
            )
