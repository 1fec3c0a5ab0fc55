"""The steps that training, its check and an evaluation share: tell what was found, and read the scans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from edgecad.cli.progress import Bars
from edgecad_train.data import Found, PreparedData, parse_input, preparation_for, read_cases
from edgecad_train.data.store import scratch_beside
from edgecad_train.runs.request import TrainRequest

if TYPE_CHECKING:
    from edgecad_train.data.labelled import DataFinding

WHOLE_IMAGES = (
    "warning: --crop none takes whole images: what they show is not checked, and text that is burnt in becomes input, "
    "so that a network may learn it, and figures and the run's files show it"
)


def read_scans(request: TrainRequest, found: Found, bars: Bars) -> PreparedData:
    """Read and prepare every scan at the network's size; what cannot be used is listed, nothing is fatal."""
    warn_of_whole_images(request.options.crop)
    preparation = preparation_for(parse_input(request.options), request.settings.network.size, found.cases)
    return read_cases(
        found.cases,
        preparation,
        lambda done, of: bars("reading", done, of, ""),
        scratch=scratch_beside(request.out),
    )


def tell_findings(findings: Iterable[DataFinding]) -> None:
    """Say on standard error what to know of the data."""
    for finding in findings:
        typer.echo(f"finding: {finding.text}", err=True)


def warn_of_whole_images(crop: str) -> None:
    """Say once what `--crop none` lets in."""
    if crop == "none":
        typer.echo(WHOLE_IMAGES, err=True)
