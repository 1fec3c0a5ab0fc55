"""What a user says of a planned study, and of a learning curve; each field is an option of `edgecad plan`.

Nothing here needs arrays: a wrong word must not wait for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import typer

from edgecad.cli.completion import values
from edgecad.cli.fields import After, words_of
from edgecad.decision.zone import ALPHA_WORDS, DEFAULT_ALPHA, LARGEST_ALPHA, SMALLEST_ALPHA
from edgecad.errors import UsageError
from edgecad_train.options import InputOptions, PatientFromOption
from edgecad_train.splits.protocol import TEST_SHARE, Protocol
from edgecad_train.training.device.asked import PATTERN, WORDS
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import STRATEGIES

MOST_PATIENTS = 100_000
AUCS = 0.55, 0.99
"""Range of an expected area: at chance, and without a mistake, there is nothing to plan."""
SEEDS = 5


@dataclass(frozen=True)
class PlanOptions:
    """A planned study, in the command's words.

    Raises:
        UsageError: a figure out of range.
    """

    patients: Annotated[
        int | None,
        typer.Option(
            metavar="N", help="Patients in all, one map each. With --curve the default is those of DATA.",
            show_default=False,
        ),
    ] = None  # fmt: skip
    prevalence: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Share of them with CAD, above 0 and below 1. With --curve the default is DATA's.",
            show_default=False,
        ),
    ] = None  # fmt: skip
    auc: Annotated[
        float, typer.Option(metavar="AUC", help="Expected area under the ROC curve on new patients, 0.55 to 0.99.")
    ] = 0.85
    test: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Share of the patients in the test part; edgecad train takes 0.2."),
    ] = TEST_SHARE
    folds: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="As in train: folds of the other patients; 0: one validation part. Default: 5 "
            "below 500 patients, else 0.", show_default=False,
        ),
    ] = None  # fmt: skip
    uncertain: Annotated[
        float,
        typer.Option(metavar="ALPHA", help="As in train: the uncertain zone's alpha, below 0.5; 0: no zone."),
    ] = DEFAULT_ALPHA
    strategies: Annotated[
        int, typer.Option(min=2, max=200, metavar="N", help="Strategies that a study compares, one is the reference.")
    ] = len(STRATEGIES)
    seeds: Annotated[
        int, typer.Option(min=2, max=1000, metavar="N", help="Runs of each strategy in a study, each with a test part.")
    ] = SEEDS
    training_sd: Annotated[
        float,
        typer.Option(
            metavar="SD", help="How much the area under the ROC curve moves from training to training of one strategy."
        ),
    ] = 0.045

    def __post_init__(self) -> None:
        if self.patients is not None and not 1 <= self.patients <= MOST_PATIENTS:
            raise UsageError(f"--patients {self.patients} is not within 1 to {MOST_PATIENTS:,}")
        for name, value in (("prevalence", self.prevalence), ("test", self.test)):
            if value is not None and not 0 < value < 1:
                percent = f"; {value:g} percent is {value / 100:g}" if 1 < value < 100 else ""
                raise UsageError(f"--{name} {value:g} is not above 0 and below 1{percent}")
        if self.uncertain != 0 and not SMALLEST_ALPHA <= self.uncertain < LARGEST_ALPHA:
            raise UsageError(f"--uncertain {self.uncertain:g}: {ALPHA_WORDS} is wanted")
        if not AUCS[0] <= self.auc <= AUCS[1]:
            raise UsageError(f"--auc {self.auc:g} is not within {AUCS[0]} to {AUCS[1]}")
        if not 0 <= self.training_sd <= 0.5:
            raise UsageError(f"--training-sd {self.training_sd:g} is not within 0 to 0.5, in units of the area")
        if self.folds == 1:
            raise UsageError("--folds 1 would teach nobody; give 0 for one validation part, or at least 2")

    @property
    def chooser(self) -> Protocol:
        """Who chooses epoch, temperature and threshold."""
        return Protocol(None, self.folds)


@dataclass(frozen=True)
class CurveOptions(InputOptions):
    """Of the learning curve; each field is an option of `edgecad plan`.

    Raises:
        UsageError: an input that contradicts itself, a name that is unknown, or an option without `--curve`.
    """

    PANEL: ClassVar[str] = "A learning curve, with --curve"

    curve: Annotated[
        Path | None,
        typer.Option(
            metavar="DATA",
            help="Also measure a learning curve on these labelled scans, given as to train: the head on frozen "
            "features, taught by 25, 50 and 100 % of the patients.",
            show_default=False,
        ),
        After("training_sd"),
    ] = None
    backbone: Annotated[
        str,
        typer.Option(metavar="NAME", help="As in train: the network whose features are frozen."),
        After("curve"),
    ] = Settings.backbone
    weights: Annotated[
        str,
        typer.Option(metavar="WORD|FILE", help="As in train: imagenet, none, or a file."),
        After("backbone"),
    ] = "imagenet"
    draws: Annotated[
        int,
        typer.Option(min=2, max=100, metavar="N", help="How often patients are drawn and dealt."),
        After("weights"),
    ] = 5
    warmup_epochs: Annotated[int, typer.Option(min=1, metavar="N", help="As in train: epochs of the head.")] = (
        Settings.warmup_epochs
    )
    seed: Annotated[
        int, typer.Option(min=0, max=2**31, metavar="N", help="Of the draws, first weights and orders.")
    ] = 0
    device: Annotated[
        str,
        typer.Option(metavar="DEVICE", help=f"As in train: {PATTERN}.", autocompletion=values(*WORDS)),
        After("seed"),
    ] = Settings.device
    patient_from: PatientFromOption = None

    def __post_init__(self) -> None:
        # Here, because `--help` wants the options and no arrays.
        from edgecad_train.data.input.request import parse_input

        parse_input(self)
        unused = [name for name in self._unused() if self.curve is None]
        if unused:
            raise UsageError(f"{', '.join(unused)} would go unused: it is for --curve DATA; give that too, or leave it")
        _ = self.settings  # checks itself

    def _unused(self) -> Iterator[str]:
        """Options that were given although nothing reads them."""
        yield from (words[0] for words in words_of(self, leaving_out=("curve",)))

    @property
    def settings(self) -> Settings:
        """How the head is trained."""
        return Settings(
            self.backbone,
            self.weights,
            "warm-up",
            warmup_epochs=self.warmup_epochs,
            seed=self.seed,
            device=self.device,
        )
