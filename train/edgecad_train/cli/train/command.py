"""`edgecad train`: labelled scans in, a run folder out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgecad.cli.completion import values
from edgecad.cli.fields import given, takes
from edgecad.cli.grammar import CommandApp
from edgecad_train.methods.table import EXPORTABLE
from edgecad_train.options import DataArgument, QuietOption
from edgecad_train.runs.names import RUNS
from edgecad_train.runs.request import DataOptions, TrainRequest
from edgecad_train.training.settings import Settings, check_weights

app = CommandApp()
BESIDE_RESUME = {"--resume", "--out", "--quiet"}
"""Options that a run which is resumed does not bring along itself."""


@app.command()
@takes(settings=Settings, options=DataOptions)
def train(
    context: typer.Context,
    settings: Settings,
    options: DataOptions,
    data: DataArgument = Path("data"),
    check: Annotated[
        bool, typer.Option("--check", help="Train nothing; show what would be trained on, with a contact sheet.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the run of --out that was begun last and has not ended; all other options are its own.",
        ),
    ] = False,
    method: Annotated[
        str,
        typer.Option(
            rich_help_panel=Settings.PANEL,
            metavar="NAME",
            help=f"Fit another system than a fine-tuned network: {', '.join(EXPORTABLE)}. It reads of the options what "
            "concerns it, and refuses the others.",
            autocompletion=values(*EXPORTABLE),
            show_default=False,
        ),
    ] = "",
    out: Annotated[Path, typer.Option(metavar="RUNS", help="Folder of the runs.")] = RUNS,
    quiet: QuietOption = False,
) -> None:
    """Fine-tune a network on labelled polar maps.

    Two stages, from ImageNet weights. Warm-up trains the head on the frozen network; fine-tuning
    then trains the top blocks, at a hundredth of the rate. Below 500 patients, five folds of the
    development part choose the epochs, the temperature and the threshold, and the network to export
    is trained once more on all of them. The test part is opened at the end; how often its patients
    were looked at is counted beside the data, in DATA.openings.json, and said.

    Writes RUNS/<time>-<backbone>/ with report.html, and points RUNS/latest to it. A run that was
    killed resumes with --resume. With --check nothing is trained. With --method another system is
    fitted, by the same parts, and exported as any run.
    """
    from edgecad.errors import UsageError

    if check and resume:
        raise UsageError("--check and --resume exclude one another: a check trains nothing; give one of them")
    _check_installed()
    if resume:
        _refuse_beside_resume(given(context))
        _resume(out, quiet)
        return
    if method:
        from edgecad_train.cli.train.method import refuse_unread

        refuse_unread(method, given(context), options)
    request = TrainRequest(data, options, settings, out, method)
    if request.takes_network:
        check_weights(settings)
    _run(request, check, quiet)


def _check_installed() -> None:
    from edgecad.system.extras import check_installed
    from edgecad_train.cli.installed import EXTRA, TRAIN

    check_installed(*TRAIN, extras=(EXTRA,))


def _refuse_beside_resume(words: tuple[str, ...]) -> None:
    """A run that is resumed has its own options; others must not be ignored in silence."""
    from edgecad.errors import UsageError

    other = [word for word in words if word not in BESIDE_RESUME]
    if other:
        raise UsageError(
            f"--resume goes on with the newest unfinished run of --out and takes all but --out and --quiet from it, "
            f"and {', '.join(other)} would go unused; leave it out, or train a new run without --resume"
        )


def _resume(out: Path, quiet: bool) -> None:
    from edgecad.system.extras import require_tensorflow
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.cli.train.ready import check_ready_again
    from edgecad_train.runs.listing import newest_unfinished

    folder = newest_unfinished(out)
    check_ready_again(folder)
    require_tensorflow(extra="train")
    from edgecad_train.cli.train.steps import resume

    with stage_progress(quiet) as bars:
        resume(folder, bars)


def _run(request: TrainRequest, check: bool, quiet: bool) -> None:
    """Find the scans, which may end in a usage error; only then import what takes seconds."""
    from edgecad.cli.progress import with_estimates
    from edgecad.cli.scans import tell_passed
    from edgecad.system.extras import require_tensorflow
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.cli.scans import tell_findings
    from edgecad_train.cli.train.ready import check_ready
    from edgecad_train.training.device.driver import check_driver

    found = request.found()
    tell_passed(found.passed)
    with stage_progress(quiet) as plain:
        bars = with_estimates(plain, "reading")
        if check:
            from edgecad_train.cli.train.check import check_data

            check_data(request, found, bars)
            return
        # Before the scans are read: a file that is not found may be one that a path of Windows means.
        tell_findings(found.findings)
        if found.columns.clinical:
            from edgecad_train.evaluation.clinical.disguise import clinical_columns

            clinical_columns(found.columns, found.cases)  # its findings are told of the scans that are used
        network = request.settings.network if request.takes_network else None
        check_ready(request.out, network, request.settings.first_weights)
        check_driver(request.settings.device)
        require_tensorflow(extra="train")
        from edgecad_train.cli.train.steps import train_new

        train_new(request, found, bars)
