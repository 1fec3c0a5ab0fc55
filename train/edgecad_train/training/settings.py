"""What defines a run beside its scans and who of them is in which part; each field is an option of `edgecad train`.

Nothing here needs Keras or numpy: `edgecad train --help` reads the options, and a wrong word must not wait for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, get_args

import typer

from edgecad.cli.completion import values
from edgecad.cli.fields import After
from edgecad.cli.grammar.options import OPTIONS
from edgecad.contract import Activation, Features
from edgecad.decision.rules import BALANCED, Rule, rule_from_words
from edgecad.decision.zone import ALPHA_WORDS, DEFAULT_ALPHA, LARGEST_ALPHA, SMALLEST_ALPHA
from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES
from edgecad_train.networks.backbones import BACKBONES, Backbone, backbone_named
from edgecad_train.networks.head import Head
from edgecad_train.training.device.asked import AUTO, PATTERN, WORDS, check_device
from edgecad_train.training.strategies import STRATEGIES, Plan, plan_for

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgecad_train.training.stages import StageOptions

ClassWeights = Literal["none", "balanced"]
NETWORK, THRESHOLD, PATIENTS = "Network", "Threshold", "Patients"
"""Panels of the help."""
BACKBONE_NAMES = ", ".join(BACKBONES)
STRATEGY_NAMES = f"{', '.join(STRATEGIES)} (the paper's S1 to S6, and S5 at 10^-a)"


@dataclass(frozen=True)
class Settings:
    """How to train, in the command's words; the defaults are the command's.

    Raises:
        UsageError: a name that is unknown, a figure out of range, or options that exclude one another.
    """

    PANEL: ClassVar[str] = "Training"

    backbone: Annotated[
        str, typer.Option(rich_help_panel=NETWORK, metavar="NAME", help=f"One of: {BACKBONE_NAMES}.")
    ] = "resnet152v2"
    weights: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=NETWORK,
            metavar="WORD|FILE",
            help="First weights: imagenet (fetched through Keras if need be), none, or a file. "
            "Default: imagenet; none from scratch.",
            show_default=False,
        ),
    ] = None
    strategy: Annotated[str, typer.Option(metavar="NAME", help=f"One of: {STRATEGY_NAMES}.")] = "two-stage"
    lr_exponent: Annotated[float, typer.Option(metavar="A", help="a, 3 to 4: rates 10^-a and 10^-(a+2).")] = 3.5
    layerwise: Annotated[
        bool, typer.Option("--layerwise", help="Lower the rate from block to block on the way down.")
    ] = False
    warmup_epochs: Annotated[int, typer.Option(min=1, metavar="N", help="Epochs of warm-up, and of S1 to S3.")] = 100
    finetune_epochs: Annotated[int, typer.Option(min=1, metavar="N", help="Epochs of fine-tuning.")] = 30
    early_stopping: Annotated[
        int | None,
        typer.Option(min=1, metavar="EPOCHS", help="End a stage after so many without a better one. Default: off."),
    ] = None
    units: Annotated[
        int, typer.Option(min=0, metavar="N", help="Units of the head's hidden layer; 0: no hidden layer.")
    ] = 64
    activation: Annotated[
        Activation,
        typer.Option(help="Of the hidden layer. With relu the heat map jumps where a unit is about to switch."),
    ] = "silu"
    dropout: Annotated[
        float, typer.Option(min=0.0, max=0.95, metavar="SHARE", help="Dropout below the two logits.")
    ] = 0.3
    search: Annotated[
        bool,
        typer.Option(
            "--search/--no-search",
            help="Find units, dropout and a by Hyperband on held-out patients, whatever those options say.",
        ),
    ] = False
    search_trials: Annotated[int, typer.Option(min=4, metavar="N", help="Configurations that --search tries.")] = 60
    batch_size: Annotated[int, typer.Option(min=1, metavar="N", help="Scans a step.")] = 16
    class_weights: Annotated[ClassWeights, typer.Option(help="balanced: weigh the rarer class more in the loss.")] = (
        "none"
    )
    label_smoothing: Annotated[
        float,
        typer.Option(
            metavar="SHARE",
            help="Share of a label that the loss spreads over both classes, 0 to below 0.5. 0: none.",
        ),
    ] = 0.0
    augment: Annotated[
        int, typer.Option(min=1, metavar="PASSES", help="Passes of small shifts, scales and brightness. 1: none.")
    ] = 1
    decide: Annotated[
        str,
        typer.Option(
            rich_help_panel=THRESHOLD,
            metavar="RULE",
            help="How the threshold is chosen: balanced (sensitivity and specificity about equal); equal-costs (0.5); "
            "'sensitivity>=S' or 'specificity>=S' (in quotes), refused where the other falls below 0.55; costs=C: a "
            "missed CAD costs as much as C false alarms.",
        ),
    ] = BALANCED
    uncertain: Annotated[
        float,
        typer.Option(
            rich_help_panel=THRESHOLD,
            metavar="ALPHA",
            help="Share of the patients of each class whom the uncertain zone may leave on the wrong side, below 0.5. "
            "0: no zone.",
        ),
    ] = DEFAULT_ALPHA
    features: Annotated[
        Features,
        typer.Option(
            rich_help_panel=NETWORK,
            help="Which are pooled: the network's last, those at a sixteenth of the image's side (what is above is cut "
            "off), or both.",
        ),
        After("weights"),
    ] = "stride-16"
    labelled_by: Annotated[
        str,
        typer.Option(
            rich_help_panel=PATIENTS,
            metavar="WORDS",
            help="Who labelled the scans, for example 'two readers in consensus'.",
        ),
        After("split"),
    ] = "unnamed readers"
    select_on_test: Annotated[
        bool,
        typer.Option(
            "--show-optimism-of-selecting-on-test",
            rich_help_panel=PATIENTS,
            help="Also choose the epoch on the test part, as the paper did, and tell how much better that looks.",
        ),
        After("labelled_by"),
    ] = False
    seed: Annotated[
        int,
        typer.Option(
            rich_help_panel=OPTIONS,
            min=0,
            max=2**32 - 1,
            metavar="N",
            help="Of the split, the first weights and the order of scans.",
        ),
        After("resume"),
    ] = 0
    device: Annotated[
        str,
        typer.Option(
            rich_help_panel=OPTIONS,
            metavar="DEVICE",
            help=f"What trains: {PATTERN}. cuda is an NVIDIA GPU, and never falls back. auto: the first GPU that "
            "TensorFlow sees, else the CPU.",
            autocompletion=values(*WORDS),
        ),
        After("seed"),
    ] = AUTO

    def __post_init__(self) -> None:
        check_device(self.device)
        rule_from_words(self.decide)
        if self.search and not self.units:
            raise UsageError("--search finds the units of a hidden layer, and --units 0 wants none; leave one out")
        if not self.plan.pretrained and self.first_weights != "none":
            raise UsageError(
                f"--strategy {self.strategy} starts from random weights, so --weights {self.weights} would go unused; "
                "use --weights none, or another strategy"
            )
        if self.class_weights not in get_args(ClassWeights):
            raise UsageError(f"--class-weights {self.class_weights}: none or balanced is wanted")
        if not 0 <= self.label_smoothing < 0.5:
            raise UsageError(f"--label-smoothing {self.label_smoothing:g} is not within 0 to below 0.5")
        if self.uncertain and not SMALLEST_ALPHA <= self.uncertain < LARGEST_ALPHA:
            raise UsageError(f"--uncertain {self.uncertain:g} is not {ALPHA_WORDS}")
        patience = 1 if self.early_stopping is None else self.early_stopping
        if min(self.augment, self.batch_size, self.search_trials, patience) < 1:
            raise UsageError("--augment, --batch-size, --search-trials and --early-stopping take at least 1")
        _ = self.head, self.network  # each checks itself

    @property
    def plan(self) -> Plan:
        """The strategy, filled in."""
        return plan_for(self.strategy, self.lr_exponent, self.warmup_epochs, self.finetune_epochs, self.layerwise)

    @property
    def head(self) -> Head:
        """The head, where no search finds one."""
        return Head(self.units, self.dropout, self.activation)

    @property
    def network(self) -> Backbone:
        """The backbone's entry in the table."""
        return backbone_named(self.backbone)

    @property
    def rule(self) -> Rule:
        """The rule of the threshold."""
        return rule_from_words(self.decide)

    @property
    def trials(self) -> int:
        """Configurations that a search tries; 0 without a search."""
        return self.search_trials if self.search else 0

    @property
    def first_weights(self) -> str:
        """What training starts from: `imagenet`, `none`, or a file's path from the root, so that a run may be resumed
        in another folder."""
        given = self.weights or ("imagenet" if self.plan.pretrained else "none")
        return given if given in ("imagenet", "none") else str(Path(given).absolute())

    @property
    def idle(self) -> frozenset[str]:
        """Fields that change nothing beside the others: a search finds what they say, or no stage reads them."""
        parts = {stage.part for stage in self.plan.stages}
        unread = {"finetune_epochs"} if "top" not in parts else set()
        unread |= {"warmup_epochs"} if parts == {"top"} else set()
        return frozenset(unread | ({"units", "dropout", "lr_exponent"} if self.search else {"search_trials"}))

    def spelt_out(self) -> Settings:
        """The same with first weights and rule in the words in which a run keeps them."""
        return replace(self, weights=self.first_weights, decide=str(self.rule))

    def stage_options(self, labels: NDArray[np.int64]) -> StageOptions:
        """How stages are run; `labels` `(n,)` are the class indices of the scans outside the test part."""
        from edgecad_train.training.loss import Loss
        from edgecad_train.training.stages import StageOptions

        return StageOptions(
            self.batch_size, Loss(self._class_weights(labels), self.label_smoothing), self.early_stopping
        )

    def _class_weights(self, labels: NDArray[np.int64]) -> tuple[float, ...]:
        """`balanced` weighs each class by the inverse of its share."""
        if self.class_weights == "none":
            return (1.0,) * len(CLASSES)
        import numpy as np
        from sklearn.utils.class_weight import compute_class_weight

        weights = compute_class_weight("balanced", classes=np.arange(len(CLASSES)), y=labels)
        return tuple(float(weight) for weight in weights)


def check_weights(settings: Settings) -> None:
    """See that a file of first weights is there and whole; whether it fits is seen when a network is built.

    Raises:
        UsageError: no such file, or one that holds something else.
    """
    # Here, because `--help` wants the options and no arrays.
    from edgecad_train.networks.weights import check_first_weights

    check_first_weights(settings.first_weights, settings.network)
