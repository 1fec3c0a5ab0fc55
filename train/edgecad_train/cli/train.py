"""`edgecad train`: labelled scans in, a run folder out."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad_train.networks.backbones import BACKBONES

if TYPE_CHECKING:
    from edgecad_train.run import Outcome, Settings

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def train(
    data: Annotated[
        Path, typer.Argument(help="Folder with CAD/ and nonCAD/, or a CSV with path,label,patient.")
    ] = Path("data"),
    backbone: Annotated[str, typer.Option(help=f"One of: {', '.join(BACKBONES)}.")] = "resnet152v2",
    weights: Annotated[
        Optional[str],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
        typer.Option(
            help="First weights: imagenet (fetched through Keras if need be), none, or a file. "
            "Default: imagenet; none from scratch.",
            show_default=False,
        ),
    ] = None,
    strategy: Annotated[
        str, typer.Option(help="two-stage, warm-up (the head alone) or scratch (all layers, random weights).")
    ] = "two-stage",
    lr_exponent: Annotated[float, typer.Option(help="a, 3 to 4: rates 10^-a and 10^-(a+2).")] = 4.0,
    warmup_epochs: Annotated[int, typer.Option(min=1, help="Epochs of warm-up, or from scratch.")] = 100,
    finetune_epochs: Annotated[int, typer.Option(min=1, help="Epochs of fine-tuning.")] = 30,
    units: Annotated[int, typer.Option(min=1, help="Units of the head's hidden layer.")] = 64,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.95, help="Dropout after the hidden layer.")] = 0.3,
    batch_size: Annotated[int, typer.Option(min=1, help="Scans a step.")] = 16,
    patient_from: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="REGEX", help="Finds the patient in a file's stem. Default: the whole stem."),
    ] = None,
    split: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="split.json of an earlier run, to use its parts again."),
    ] = None,
    labelled_by: Annotated[
        str,
        typer.Option(metavar="WORDS", help="Who labelled the scans, for example 'two readers in consensus'."),
    ] = "readers who are not stated",
    seed: Annotated[int, typer.Option(min=0, help="Of the split, the first weights and the order of scans.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs"),
) -> None:
    """Fine-tune a network on labelled polar maps.

    Two stages, from ImageNet weights. Warm-up trains the head on the frozen network; fine-tuning
    then trains the top blocks, at a hundredth of the rate. The best epoch, the temperature and the
    threshold come from a validation part of the patients; the test part is opened once, at the end.

    Writes RUNS/<time>-<backbone>/ and points RUNS/latest to it.
    """
    from edgecad.errors import UsageError
    from edgecad.extras import require, require_tensorflow

    for module in ("sklearn", "scipy", "matplotlib"):
        require(module, extra="train")
    require_tensorflow(extra="train")
    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.networks.network import Head
    from edgecad_train.run import Settings
    from edgecad_train.training.strategies import plan_for

    backbone_named(backbone)
    plan = plan_for(strategy, lr_exponent, warmup_epochs, finetune_epochs)
    weights = weights or ("imagenet" if plan.pretrained else "none")
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise UsageError(f"no weights file at {weights}; give --weights imagenet, none or an existing file")
    settings = Settings(backbone, weights, plan, Head(units, dropout), batch_size, seed, labelled_by)
    _run(data, settings, patient_from, split, out)


def _run(data: Path, settings: Settings, patient_from: str | None, split: Path | None, out: Path) -> None:
    import time

    from edgecad.cli.progress import progress_bars
    from edgecad.folders import new_folder, point_latest
    from edgecad_train.data.cases import find_cases, prepare_cases
    from edgecad_train.run import run_name, train
    from edgecad_train.runfolder import write_run
    from edgecad_train.splits.split import split_by_patient, split_from_file

    started = time.monotonic()
    found = find_cases(data, patient_from)
    typer.echo(f"{len(found.cases)} scans; the patient is {found.patient_rule}")
    if settings.plan.pretrained and settings.weights == "none":
        typer.echo("warning: --weights none trains on top of a random network; see --strategy scratch", err=True)
    folder = out / run_name(settings.backbone)
    # The folder is made first: a disk that cannot be written must not be found out after hours of training.
    with new_folder(folder) as partial, progress_bars() as bars:
        prepared = prepare_cases(found.cases, settings.preparation, lambda done, of: bars("reading", done, of, ""))
        for entry in prepared.refused:
            typer.echo(f"left out: {entry.path.name}: {entry.message}", err=True)
        parts = split_from_file(split, prepared.cases) if split else split_by_patient(prepared.cases, settings.seed)
        typer.echo(f"origin of the data: {prepared.origin}; {parts}")
        outcome = train(prepared, parts, settings, folder.name, bars)
        write_run(outcome, partial, time.monotonic() - started, found.patient_rule)
    point_latest(folder)
    _report(outcome, folder, out)


def _report(outcome: Outcome, folder: Path, out: Path) -> None:
    from edgecad.findings import doubts_about

    contract = outcome.contract
    word = " (PHANTOM DATA: says nothing about patients)" if contract.origin != "patients" else ""
    typer.echo(f"test part, agreement with {contract.labelling.reference}{word}:")
    for metric in contract.metrics:
        if metric.part == "test":
            typer.echo(
                f"  {metric.name:17s} {metric.value:6.3f}   95 % {metric.low:.3f} to {metric.high:.3f}   "
                f"n = {metric.n}, {metric.method}"
            )
    for doubt in doubts_about(contract):
        typer.echo(f"warning: {doubt.text}", err=True)
    typer.echo(f"wrote {folder} (model.keras, curves.png, predictions.csv, ...)")
    suffix = "" if out == Path("runs") else f" {shlex.quote(str(folder))}"
    typer.echo(f"next: edgecad export{suffix}")
