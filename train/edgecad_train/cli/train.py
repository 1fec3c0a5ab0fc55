"""`edgecad train`: labelled scans in, a run folder out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from edgecad_train.networks.backbones import BACKBONES
from edgecad_train.training.strategies import STRATEGIES

if TYPE_CHECKING:
    from edgecad_train.networks.network import Head
    from edgecad_train.settings import Settings
    from edgecad_train.training.strategies import Plan

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
        str, typer.Option(help=f"One of: {', '.join(STRATEGIES)} (the paper's S1 to S6, and S5 at 10^-a).")
    ] = "two-stage",
    lr_exponent: Annotated[float, typer.Option(help="a, 3 to 4: rates 10^-a and 10^-(a+2).")] = 4.0,
    layerwise: Annotated[
        bool, typer.Option("--layerwise", help="Lower the rate from block to block on the way down.")
    ] = False,
    warmup_epochs: Annotated[int, typer.Option(min=1, help="Epochs of warm-up, or of S1 to S3.")] = 100,
    finetune_epochs: Annotated[int, typer.Option(min=1, help="Epochs of fine-tuning.")] = 30,
    early_stopping: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, metavar="EPOCHS", help="End a stage after so many without a better one. Default: off."),
    ] = None,
    units: Annotated[int, typer.Option(min=1, help="Units of the head's hidden layer.")] = 64,
    dropout: Annotated[float, typer.Option(min=0.0, max=0.95, help="Dropout after the hidden layer.")] = 0.3,
    search: Annotated[
        bool,
        typer.Option(
            "--search/--no-search",
            help="Find units, dropout and a by Hyperband on held-out patients, whatever those options say.",
        ),
    ] = False,
    search_trials: Annotated[int, typer.Option(min=4, help="Configurations that --search tries.")] = 60,
    batch_size: Annotated[int, typer.Option(min=1, help="Scans a step.")] = 16,
    class_weights: Annotated[
        str, typer.Option(help="none, or balanced: weigh the rarer class more in the loss.")
    ] = "none",
    augment: Annotated[
        int, typer.Option(min=1, metavar="PASSES", help="Passes of small shifts, scales and brightness. 1: none.")
    ] = 1,
    crop: Annotated[
        str,
        typer.Option(
            help="polar-map; none: the whole image, unchecked, with all that is written on it; x,y,w,h: that part of "
            "screens of one size first, then the polar map in it."
        ),
    ] = "polar-map",
    patient_from: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="REGEX", help="Finds the patient in a file's stem. Default: the whole stem."),
    ] = None,
    folds: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=0,
            help="Folds of the development part; 0: one validation part. Default: 5 below 500 patients (fewer where "
            "a class has fewer), else 0.",
        ),
    ] = None,
    split: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="split.json of an earlier run, to use its parts again."),
    ] = None,
    labelled_by: Annotated[
        str,
        typer.Option(metavar="WORDS", help="Who labelled the scans, for example 'two readers in consensus'."),
    ] = "readers who are not stated",
    select_on_test: Annotated[
        bool,
        typer.Option(
            "--show-optimism-of-selecting-on-test",
            help="Also choose the epoch on the test part, as the paper did, and tell how much better that looks.",
        ),
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Train nothing; show what would be trained on, with a contact sheet.")
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Go on with the unfinished run of --out that was begun last; all other options are its own.",
        ),
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Of the split, the first weights and the order of scans.")
    ] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
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
    _require()
    from edgecad.cli.progress import progress_bars
    from edgecad_train.cli.train_steps import Request, check_data, go_on, train_new

    with progress_bars(quiet) as bars:
        if resume:
            go_on(out, bars)
            return
        settings = _settings(
            backbone=backbone,
            weights=weights,
            plan=_plan(strategy, lr_exponent, warmup_epochs, finetune_epochs, layerwise),
            head=_head(units, dropout),
            batch_size=batch_size,
            seed=seed,
            reference=labelled_by,
            class_weights=class_weights,
            patience=early_stopping,
            passes=augment,
            search_trials=search_trials if search else 0,
            select_on_test=select_on_test,
        )
        request = Request(data, patient_from, crop, folds, split, out)
        if check:
            check_data(request, settings, bars)
        else:
            train_new(request, settings, bars)


def _require() -> None:
    from edgecad.extras import require, require_tensorflow

    for module in ("sklearn", "scipy", "matplotlib", "statsmodels", "optuna", "jinja2", "filelock"):
        require(module, extra="train")
    require_tensorflow(extra="train")


def _plan(strategy: str, lr_exponent: float, warmup: int, finetune: int, layerwise: bool) -> Plan:
    from edgecad_train.training.strategies import plan_for

    return plan_for(strategy, lr_exponent, warmup, finetune, layerwise)


def _head(units: int, dropout: float) -> Head:
    from edgecad_train.networks.network import Head

    return Head(units, dropout)


def _settings(*, weights: str | None, plan: Plan, **others: Any) -> Settings:
    """Fill in where the first weights come from, and see that they are there before scans are read."""
    from edgecad.errors import UsageError
    from edgecad_train.networks.backbones import backbone_named
    from edgecad_train.settings import Settings

    backbone_named(others["backbone"])
    weights = weights or ("imagenet" if plan.pretrained else "none")
    if weights not in ("imagenet", "none") and not Path(weights).is_file():
        raise UsageError(f"no weights file at {weights}; give --weights imagenet, none or an existing file")
    if weights not in ("imagenet", "none"):
        weights = str(Path(weights).absolute())  # a run may be gone on with from another folder
    return Settings(weights=weights, plan=plan, **others)
