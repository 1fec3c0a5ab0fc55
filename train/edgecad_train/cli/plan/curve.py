"""The steps of `edgecad plan --curve`: find, read, train the head."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from edgecad.cli.scans import tell_passed
from edgecad.system.extras import check_installed, require_tensorflow
from edgecad_train.cli.installed import EXTRA, TRAIN
from edgecad_train.cli.progress import stage_progress
from edgecad_train.cli.scans import warn_of_whole_images
from edgecad_train.cli.train.ready import check_ready
from edgecad_train.data import check_usable, find_cases, parse_input, preparation_for, read_cases
from edgecad_train.planning.options import CurveOptions
from edgecad_train.training.device.driver import check_driver
from edgecad_train.training.settings import check_weights

if TYPE_CHECKING:
    from edgecad_train.data import Found
    from edgecad_train.planning.record import LearningCurve


def prepare(options: CurveOptions) -> Callable[[bool], LearningCurve]:
    """See that there are scans and weights, before anything takes minutes; gives what measures the curve.

    Raises:
        UsageError: no such data or weights.
        NotAvailable: a package or the weights are not to be had.
    """
    assert options.curve is not None  # noqa: S101 - the command came here for it
    check_installed(*TRAIN, extras=(EXTRA,))
    found = find_cases(options.curve, options.patient_from)
    tell_passed(found.passed)
    check_weights(options.settings)
    check_driver(options.device)
    check_ready(Path(tempfile.gettempdir()), options.settings.network, options.settings.first_weights)
    return lambda quiet: _measured(options, found, quiet)


def _measured(options: CurveOptions, found: Found, quiet: bool) -> LearningCurve:
    require_tensorflow(extra=EXTRA)
    from edgecad_train.cli.train.steps import check_fits, fetch_imagenet
    from edgecad_train.planning.curve import learning_curve
    from edgecad_train.training.device.failures import telling_failures
    from edgecad_train.training.device.opening import open_device

    settings = options.settings
    device = open_device(settings.device)
    with tempfile.TemporaryDirectory(prefix="edgecad-plan-") as scratch, stage_progress(quiet) as bars:
        fetch_imagenet(settings, bars)
        check_fits(settings)
        warn_of_whole_images(options.crop)
        preparation = preparation_for(parse_input(options), settings.network.size, found.cases)
        data = read_cases(
            found.cases, preparation, lambda done, of: bars("reading", done, of, ""), scratch=Path(scratch)
        )
        check_usable(data)
        for entry in data.refused:
            typer.echo(f"left out: {entry}", err=True)
        with telling_failures(device):
            return learning_curve(
                data, settings, options.draws, lambda task, done, of: bars(task, done, of, ""), Path(scratch)
            )
