"""What a user says of a planned study; each field is an option of `edgecad plan`.

Nothing here needs arrays: a wrong word must not wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from edgecad.errors import UsageError
from edgecad_train.splits.protocol import TEST_SHARE, Protocol
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
    alpha: Annotated[
        float, typer.Option(metavar="SHARE", help="Of the uncertain zone, as in train: above 0 and below 0.5.")
    ] = 0.1
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
        for name, value, above, below in (
            ("prevalence", self.prevalence, 0, 1), ("test", self.test, 0, 1), ("alpha", self.alpha, 0, 0.5),
        ):  # fmt: skip
            if value is not None and not above < value < below:
                percent = f"; {value:g} percent is {value / 100:g}" if 1 < value < 100 * below else ""
                raise UsageError(f"--{name} {value:g} is not above {above} and below {below}{percent}")
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
