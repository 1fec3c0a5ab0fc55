"""What a user gives to `edgecad study`; each field of `StudyOptions` is an option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import typer

from edgecad.cli.grammar.options import OPTIONS
from edgecad.errors import UsageError
from edgecad.system.words import did_you_mean
from edgecad_train.methods.table import GIVE_UPTAKE, METHODS, NO_UPTAKE, NORMAL_LIMITS, method_named
from edgecad_train.networks.backbones import BACKBONES, backbone_named
from edgecad_train.options import InputOptions, MasksOption, PatientFromOption
from edgecad_train.splits.protocol import ProtocolName
from edgecad_train.training.settings import BACKBONE_NAMES, PATIENTS, STRATEGY_NAMES, Settings
from edgecad_train.training.strategies import STRATEGIES

Rates = Literal["uniform", "layer-wise", "both"]
"""`both`: every strategy at uniform rates, and two-stage layer-wise as well."""
OF_A_UNIT = ("backbone", "weights", "strategy", "layerwise", "seed")
"""Settings that differ from unit to unit; the others are options of the study."""
SEEDS = 3


@dataclass(frozen=True)
class StudyOptions(InputOptions):
    """Which units a study has, and what is kept of them.

    Raises:
        UsageError: an input that contradicts itself; a name that is unknown, or options that exclude one another.
    """

    PANEL: ClassVar[str] = "What is compared"

    backbones: Annotated[
        str, typer.Option(metavar="A,B,..", help=f"all for every one, or some of: {BACKBONE_NAMES}.")
    ] = Settings.backbone
    strategies: Annotated[
        str, typer.Option(metavar="A,B,..", help=f"all for every one, none, or some of: {STRATEGY_NAMES}.")
    ] = "all"
    methods: Annotated[
        str,
        typer.Option(
            metavar="A,B,..",
            help="Other systems as rows beside the strategies: all for every one that can be had here, or some of: "
            f"{', '.join(METHODS)}. {NORMAL_LIMITS} is always there.",
            show_default=False,
        ),
    ] = ""
    without_normal_limits: Annotated[
        bool,
        typer.Option(f"--without-{NORMAL_LIMITS}", help="Leave out the baseline that nothing of CAD was fitted to."),
    ] = False
    first_weights: Annotated[
        list[str] | None,
        typer.Option(
            "--weights",
            metavar="WORD|NAME=FILE",
            help="First weights: imagenet (fetched through Keras if need be), none, or a file for one network; may be "
            "given several times. Default: imagenet. Strategy scratch never uses any.",
            show_default=False,
        ),
    ] = None
    reference: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Strategy that the other rows of each network are compared with, or a method. It is named before the "
            f"study begins and cannot be changed afterwards. Without strategies: {NORMAL_LIMITS}.",
        ),
    ] = Settings.strategy
    seeds: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            min=1,
            metavar="N",
            help="Runs of each, each with a split of its own. Default: 3.",
            show_default=False,
        ),
    ] = None
    folds: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            min=2,
            metavar="N",
            help="In place of seeds: folds that test every patient once.",
            show_default=False,
        ),
    ] = None
    protocol: Annotated[
        ProtocolName | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            help="Who chooses epoch, temperature and threshold, as in train. holdout: one validation part; folds: "
            "inner folds, five times the work. Default: holdout.",
            show_default=False,
        ),
    ] = None
    inner_folds: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            min=0,
            metavar="N",
            help="How many folds --protocol folds has. Default: 5.",
            show_default=False,
        ),
    ] = None
    rates: Annotated[
        Rates, typer.Option(help="both: all strategies at uniform rates, and two-stage layer-wise as well.")
    ] = "both"
    time_plain: Annotated[
        bool,
        typer.Option(
            "--time-plain",
            rich_help_panel=OPTIONS,
            help="Measure what an epoch of each kind of stage takes plain Keras.",
        ),
    ] = False
    keep_models: Annotated[
        bool,
        typer.Option(
            "--keep-models",
            rich_help_panel=OPTIONS,
            help="Keep each run's network, so that it can be exported and evaluated.",
        ),
    ] = False
    patient_from: PatientFromOption = None
    masks: MasksOption = None

    def __post_init__(self) -> None:
        # Here, because `--help` wants the options and no arrays.
        from edgecad_train.data.input.request import parse_input

        for name in self.backbone_names:
            backbone_named(name)
        _ = self.strategy_names, self.protocol_name  # each checks itself
        parse_input(self)
        if not self.strategy_names and not self.method_names:
            raise UsageError("--strategies none and no method: nothing is to be compared; name --methods")
        self._check_reference()
        if self.seeds and self.folds:
            raise UsageError("--seeds and --folds were both given; seeds draw a split each, folds share patients out")

    def _check_reference(self) -> None:
        """The default may be none of the strategies; what was named must be a row."""
        known, rows = (*STRATEGIES, *METHODS), (*self.strategy_names, *self.method_names)
        if self.reference not in known:
            raise UsageError(
                f"--reference: no strategy is called {self.reference!r}, and no method"
                f"{did_you_mean(self.reference, known)}; choose one of: {', '.join(known)}"
            )
        if self.reference != Settings.strategy and self.reference not in rows:
            methods = f" or methods {', '.join(self.method_names)}" if self.method_names else ""
            raise UsageError(
                f"--reference {self.reference} is none of the strategies {', '.join(self.strategy_names)}{methods}; "
                "name it in --strategies or --methods, or choose one of them"
            )

    @property
    def backbone_names(self) -> tuple[str, ...]:
        """Networks, each once, in the order in which they were given."""
        return tuple(BACKBONES) if self.backbones == "all" else listed(self.backbones, "--backbones")

    @property
    def strategy_names(self) -> tuple[str, ...]:
        """Strategies in the paper's order; none where the word is `none`.

        Raises:
            UsageError: an unknown name, or no word.
        """
        if self.strategies == "none":
            return ()
        names = STRATEGIES if self.strategies == "all" else listed(self.strategies, "--strategies")
        unknown = [name for name in names if name not in STRATEGIES]
        if unknown:
            raise UsageError(
                f"no strategy is called {unknown[0]!r}{did_you_mean(unknown[0], STRATEGIES)}; choose all, none, or "
                f"some of: {', '.join(STRATEGIES)}"
            )
        return tuple(name for name in STRATEGIES if name in names)

    @property
    def reference_name(self) -> str:
        """What rows are compared with; the baseline where no strategy is there to be the default."""
        default = self.reference == Settings.strategy and not self.strategy_names
        return NORMAL_LIMITS if default and NORMAL_LIMITS in self.method_names else self.reference

    @property
    def method_names(self) -> tuple[str, ...]:
        """Methods in the table's order, the baseline among them.

        Raises:
            UsageError: an unknown name, or one that was named and cannot be had.
        """
        return tuple(name for name in self._asked_methods if name not in self.methods_left_out)

    @property
    def methods_left_out(self) -> Mapping[str, str]:
        """Methods that belong to the table and cannot be had here, and why.

        Raises:
            UsageError: one of them was named.
        """
        lacking = {}
        for name in self._asked_methods:
            only = METHODS[name].only
            if METHODS[name].needs_uptake and not self._reads_uptake:
                lacking[name] = self.left_out(name, NO_UPTAKE, GIVE_UPTAKE)
            elif only and only not in self.backbone_names:
                step = f"name {only} in --backbones, or leave the method out"
                lacking[name] = self.left_out(name, f"it stands on {only}, which is none of the networks", step)
        return lacking

    def left_out(self, name: str, reason: str, step: str) -> str:
        """The reason why a method cannot be had here, where it was not named.

        Args:
            step: what helps.

        Raises:
            UsageError: it was named, among the methods or as the reference.
        """
        if self.reference == name:
            raise UsageError(f"--reference {name}: {reason}; {step}, and name another reference")
        named = () if self.methods in ("", "all") else listed(self.methods, "--methods")
        if name in named:
            raise UsageError(f"--methods {name}: {reason}; {step}")
        return reason

    @property
    def _reads_uptake(self) -> bool:
        from edgecad_train.data.input.request import parse_input

        return parse_input(self).input == "uptake"

    @property
    def _asked_methods(self) -> tuple[str, ...]:
        names = tuple(METHODS) if self.methods == "all" else listed(self.methods, "--methods") if self.methods else ()
        for name in names:
            method_named(name)
        if self.without_normal_limits and self.methods != "all" and NORMAL_LIMITS in names:
            raise UsageError(f"--methods names {NORMAL_LIMITS}, and --without-{NORMAL_LIMITS} leaves it out; give one")
        own = {*names} | {NORMAL_LIMITS} if not self.without_normal_limits else {*names} - {NORMAL_LIMITS}
        return tuple(name for name in METHODS if name in own)

    @property
    def protocol_name(self) -> ProtocolName:
        """Who chooses epoch, temperature and threshold; one validation part unless folds are wanted.

        Raises:
            UsageError: protocol and number of folds contradict one another.
        """
        if self.protocol == "holdout" and self.inner_folds:
            raise UsageError("--protocol holdout has no folds; leave --inner-folds out, or give --protocol folds")
        if self.protocol == "folds" and self.inner_folds == 0:
            raise UsageError("--protocol folds needs folds; leave --inner-folds 0 out, or give --protocol holdout")
        return "folds" if self.protocol == "folds" or self.inner_folds else "holdout"

    @property
    def weights_words(self) -> tuple[str, ...]:
        """What `--weights` says, for all networks or for one each."""
        return tuple(self.first_weights or ("imagenet",))


@dataclass(frozen=True)
class StudyRequest:
    """A whole request: on which scans, which units, and how all of them are trained."""

    data: Path
    options: StudyOptions = field(default_factory=StudyOptions)
    settings: Settings = field(default_factory=Settings)

    @property
    def seeds(self) -> int:
        """How many splits are drawn by seeds; with folds it is one."""
        return 1 if self.options.folds else self.options.seeds or SEEDS


def listed(words: str, option: str) -> tuple[str, ...]:
    """Read `a,b,c`; names given twice count once.

    Raises:
        UsageError: there is no name.
    """
    names = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    if not names:
        raise UsageError(f"{option} {words!r} names nothing; give names with commas between")
    return names
