"""`edgecad train`: labelled scans in, a run folder out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from edgecad_train.cli.options import (
    BACKBONE_NAMES,
    STRATEGY_NAMES,
    ActivationOption,
    BatchSizeOption,
    CropOption,
    DataArgument,
    DecideOption,
    DropoutOption,
    FinetuneEpochsOption,
    LrExponentOption,
    PatientFromOption,
    QuietOption,
    UnitsOption,
    WarmupEpochsOption,
)
from edgecad_train.cli.training import ClassWeights, Training

if TYPE_CHECKING:
    from edgecad_train.cli.request import Request

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def train(
    data: DataArgument = Path("data"),
    backbone: Annotated[str, typer.Option(metavar="NAME", help=f"One of: {BACKBONE_NAMES}.")] = Training.backbone,
    weights: Annotated[
        Optional[str],  # noqa: UP045 - typer reads annotations at run time, on Python 3.10 as well
        typer.Option(
            metavar="WORD|FILE",
            help="First weights: imagenet (fetched through Keras if need be), none, or a file. "
            "Default: imagenet; none from scratch.",
            show_default=False,
        ),
    ] = Training.weights,
    strategy: Annotated[str, typer.Option(metavar="NAME", help=f"One of: {STRATEGY_NAMES}.")] = Training.strategy,
    lr_exponent: LrExponentOption = Training.lr_exponent,
    layerwise: Annotated[
        bool, typer.Option("--layerwise", help="Lower the rate from block to block on the way down.")
    ] = Training.layerwise,
    warmup_epochs: WarmupEpochsOption = Training.warmup_epochs,
    finetune_epochs: FinetuneEpochsOption = Training.finetune_epochs,
    early_stopping: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, metavar="EPOCHS", help="End a stage after so many without a better one. Default: off."),
    ] = Training.early_stopping,
    units: UnitsOption = Training.units,
    activation: ActivationOption = Training.activation,
    dropout: DropoutOption = Training.dropout,
    search: Annotated[
        bool,
        typer.Option(
            "--search/--no-search",
            help="Find units, dropout and a by Hyperband on held-out patients, whatever those options say.",
        ),
    ] = Training.search,
    search_trials: Annotated[
        int, typer.Option(min=4, metavar="N", help="Configurations that --search tries.")
    ] = Training.search_trials,
    batch_size: BatchSizeOption = Training.batch_size,
    class_weights: Annotated[
        ClassWeights, typer.Option(help="balanced: weigh the rarer class more in the loss.")
    ] = Training.class_weights,
    augment: Annotated[
        int, typer.Option(min=1, metavar="PASSES", help="Passes of small shifts, scales and brightness. 1: none.")
    ] = Training.augment,
    decide: DecideOption = Training.decide,
    crop: CropOption = "polar-map",
    patient_from: PatientFromOption = None,
    folds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=0,
            metavar="N",
            help="Folds of the development part; 0: one validation part. Default: 5 below 500 patients (fewer where "
            "a class has fewer), else 0.",
        ),
    ] = None,
    split: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="split.json of an earlier run, to use its parts again."),
    ] = None,
    labelled_by: Annotated[
        str,
        typer.Option(metavar="WORDS", help="Who labelled the scans, for example 'two readers in consensus'."),
    ] = Training.labelled_by,
    select_on_test: Annotated[
        bool,
        typer.Option(
            "--show-optimism-of-selecting-on-test",
            help="Also choose the epoch on the test part, as the paper did, and tell how much better that looks.",
        ),
    ] = Training.select_on_test,
    check: Annotated[
        bool, typer.Option("--check", help="Train nothing; show what would be trained on, with a contact sheet.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the run of --out that was begun last and has not ended; other options are its own.",
        ),
    ] = False,
    seed: Annotated[
        int,
        typer.Option(min=0, max=2**32 - 1, metavar="N", help="Of the split, the first weights and the order of scans."),
    ] = Training.seed,
    out: Annotated[Path, typer.Option(metavar="RUNS", help="Folder of the runs.")] = Path("runs"),
    quiet: QuietOption = False,
) -> None:
    """Fine-tune a network on labelled polar maps.

    Two stages, from ImageNet weights. Warm-up trains the head on the frozen network; fine-tuning
    then trains the top blocks, at a hundredth of the rate. Below 500 patients, five folds of the
    development part choose the epochs, the temperature and the threshold, and the network to export
    is trained once more on all of them; the test part is opened once, at the end.

    Writes RUNS/<time>-<backbone>/ with report.html, and points RUNS/latest to it. A run that was
    killed goes on with --resume. With --check nothing is trained.
    """
    from edgecad.errors import UsageError

    if check and resume:
        raise UsageError("--check and --resume exclude one another: a check trains nothing; give one of them")
    _check_installed()
    if resume:
        _resume(out, quiet)
        return
    training = Training(
        backbone=backbone,
        weights=weights,
        strategy=strategy,
        lr_exponent=lr_exponent,
        layerwise=layerwise,
        warmup_epochs=warmup_epochs,
        finetune_epochs=finetune_epochs,
        early_stopping=early_stopping,
        units=units,
        activation=activation,
        dropout=dropout,
        search=search,
        search_trials=search_trials,
        batch_size=batch_size,
        class_weights=class_weights,
        augment=augment,
        decide=decide,
        labelled_by=labelled_by,
        select_on_test=select_on_test,
        seed=seed,
    )
    # Here, because what follows loads arrays, and a wrong word above need not wait for them.
    from edgecad_train.cli.request import Request

    _run(Request(data, crop, patient_from, folds, split, out), training, check, quiet)


def _check_installed() -> None:
    from edgecad.system.extras import check_installed
    from edgecad_train.cli.installed import EXTRA, TRAIN

    check_installed(*TRAIN, extras=(EXTRA,))


def _resume(out: Path, quiet: bool) -> None:
    from edgecad.system.extras import require_tensorflow
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.cli.ready import check_ready_again
    from edgecad_train.waiting import newest_unfinished

    folder = newest_unfinished(out)
    check_ready_again(folder)
    require_tensorflow(extra="train")
    from edgecad_train.cli.train_steps import go_on

    with stage_progress(quiet) as bars:
        go_on(folder, bars)


def _run(request: Request, training: Training, check: bool, quiet: bool) -> None:
    """Find the scans, which may end in a usage error; only then import what takes seconds."""
    from edgecad.system.extras import require_tensorflow
    from edgecad_train.cli.progress import stage_progress
    from edgecad_train.cli.ready import check_ready

    found = request.found()
    with stage_progress(quiet) as bars:
        if check:
            from edgecad_train.cli.check_steps import check_data

            check_data(request, training, found, bars)
            return
        check_ready(request.out, training.network, training.first_weights)
        require_tensorflow(extra="train")
        from edgecad_train.cli.train_steps import train_new

        train_new(request, training, found, bars)
