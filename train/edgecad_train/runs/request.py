"""What a user gives to `edgecad train`, and the command that says it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, ClassVar

import typer

from edgecad.cli.fields import option_names, words_of
from edgecad.contract import Missing
from edgecad.errors import UsageError
from edgecad_train.methods.table import exportable_method, method_named
from edgecad_train.options import SCANS, InputOptions, MasksOption, PatientFromOption
from edgecad_train.runs.names import RUNS
from edgecad_train.splits.protocol import Protocol, ProtocolName
from edgecad_train.training.settings import PATIENTS, Settings

if TYPE_CHECKING:
    from edgecad.contract import Preparation
    from edgecad_train.data import Found, PreparedData
    from edgecad_train.runs.record import RunRecord
    from edgecad_train.splits.split import Folds, Split


@dataclass(frozen=True)
class DataOptions(InputOptions):
    """What of the scans to take, and how their patients are divided; each field is an option of `edgecad train`.

    Raises:
        UsageError: an input that contradicts itself, no split at that place, or a split beside folds or beside another
            protocol.
    """

    PANEL: ClassVar[str] = SCANS

    patient_from: PatientFromOption = None
    masks: MasksOption = None
    keep: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            metavar="A,B,..",
            help="Columns of the CSV by which the report tells who the patients of each part are, with figures by "
            "group; numbers with cuts after a colon: sex,age:50,65,centre. They train nothing, and no other is kept.",
            show_default=False,
        ),
    ] = None
    without_normal_limits: Annotated[
        bool,
        typer.Option(
            "--without-normal-limits",
            rich_help_panel=PATIENTS,
            help="Leave out the baseline that nothing of CAD was fitted to, on the report's first page.",
        ),
    ] = False
    clinical: Annotated[
        list[str] | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            metavar="A,B,..",
            help="Columns of the CSV that enter the score beside the image, in a logistic model on out-of-fold scores: "
            "age,sex. Numbers, yes and no, or categories; a kind after a colon where it is not plain: risk:category.",
            show_default=False,
        ),
    ] = None
    clinical_missing: Annotated[
        Missing,
        typer.Option(
            rich_help_panel=PATIENTS,
            help="What becomes of a scan whose clinical values are missing or out of range: refuse, or image-alone: "
            "the image's own score answers, and says so.",
        ),
    ] = "refuse"
    protocol: Annotated[
        ProtocolName | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            help="Who chooses epoch, temperature and threshold. holdout: one validation part; folds: "
            "cross-validation of the development part. Default: folds below 500 patients, else holdout.",
            show_default=False,
        ),
    ] = None
    folds: Annotated[
        int | None,
        typer.Option(
            rich_help_panel=PATIENTS,
            min=0,
            metavar="N",
            help="Folds of the development part; 0: one validation part. Default: 5 below 500 patients (fewer where "
            "a class has fewer), else 0.",
        ),
    ] = None
    split: Annotated[
        Path | None,
        typer.Option(
            rich_help_panel=PATIENTS, metavar="FILE", help="split.json of an earlier run, to use its parts again."
        ),
    ] = None

    def __post_init__(self) -> None:
        # Here, because `--help` wants the options and no arrays.
        from edgecad_train.data.input.request import parse_input
        from edgecad_train.data.table.clinical import parse_clinical
        from edgecad_train.data.table.keep import parse_keep

        parse_input(self)
        parse_keep(self.keep)
        parse_clinical(self.clinical)
        if self.clinical_missing != "refuse" and not self.clinical:
            raise UsageError("--clinical-missing is about clinical columns; name some with --clinical")
        _ = self.chooser  # checks itself
        if self.clinical and (self.folds == 0 or self.protocol == "holdout"):
            raise _no_folds()
        if self.split is not None:
            self._check_kept(self.split)

    def _check_kept(self, split: Path) -> None:
        """A kept split says itself whether it has folds; a protocol beside it must be its own."""
        if self.folds is not None:
            raise UsageError("--split and --folds exclude one another: a kept split says itself whether it has folds")
        from edgecad_train.runs.partition import kept_partition

        kept = kept_partition(split).protocol
        if self.protocol not in (None, kept):
            raise UsageError(
                f"the split {split} is of the protocol {kept}, and --protocol {self.protocol} was given; leave one out"
            )

    @property
    def chooser(self) -> Protocol:
        """Who chooses, where no split is given."""
        return Protocol(self.protocol, self.folds)

    def partition(self, data: PreparedData, seed: int) -> Split | Folds:
        """Divide the patients, or take a partition that was kept."""
        from edgecad_train.runs.partition import partition_from_file
        from edgecad_train.splits.split import divide

        if self.split is None:
            found = divide(data.cases, seed, self.chooser)
        else:
            found = partition_from_file(self.split, data.cases)
        if self.clinical and found.chosen_on != "out-of-fold":
            raise _no_folds()
        return found


def _no_folds() -> UsageError:
    return UsageError(
        "--clinical needs out-of-fold scores, and without folds one validation part alone is scored; add --folds 5, or "
        "a --split that has folds"
    )


@dataclass(frozen=True)
class TrainRequest:
    """A whole request: how to train, on which scans, divided how, and where the run goes."""

    data: Path = Path("data")
    options: DataOptions = field(default_factory=DataOptions)
    settings: Settings = field(default_factory=Settings)
    out: Path = RUNS
    method: str = ""

    @property
    def takes_network(self) -> bool:
        """Whether a network of ImageNet is part of what is trained."""
        return not self.method or exportable_method(self.method).takes_network

    def found(self) -> Found:
        """List the scans; none is read."""
        from edgecad_train.data import find_cases
        from edgecad_train.data.table.clinical import parse_clinical
        from edgecad_train.data.table.columns import AskedColumns
        from edgecad_train.data.table.keep import parse_keep

        options = self.options
        asked = AskedColumns(parse_keep(options.keep), clinical=parse_clinical(options.clinical))
        return find_cases(self.data, options.patient_from, masks=options.masks, asked=asked)

    @property
    def command(self) -> str:
        """The command that asks for the same, ready to paste."""
        unread = unread_of(self.method)
        words = (*_method_words(self.method), *words_of(self.settings, unread), *words_of(self.options))
        out = [] if self.out == RUNS else [["--out", str(self.out)]]
        return shlex.join(["edgecad", "train", str(self.data), *(word for one in (*words, *out) for word in one)])


def _method_words(name: str) -> list[list[str]]:
    return [["--method", name]] if name else []


def unread_of(name: str) -> frozenset[str]:
    """Fields of settings that a run of this method does not read; empty where a network is trained."""
    return frozenset(option_names(Settings)) - method_named(name).reads if name else frozenset()


def command_of(record: RunRecord, preparation: Preparation) -> str:
    """The command that makes a run again, an option a line, from what its folder says: DATA stands for the scans.

    It names no folder, so that a page may show it, and tells defaults too: another version may have others.
    """
    return " \\\n    ".join(shlex.join(words) for words in _lines(record, preparation))


def _lines(record: RunRecord, preparation: Preparation) -> Iterator[list[str]]:
    from edgecad_train.data.labelled import patient_from_of

    yield ["edgecad", "train", "DATA"]
    yield ["--split", "split.json"]
    yield from _input_words(preparation)
    yield from words_of(
        DataOptions(
            patient_from=patient_from_of(record.patient_rule),
            keep=list(record.kept) or None,
            clinical=list(record.clinical) or None,
            clinical_missing=record.clinical_missing,
        )
    )
    settings = record.settings.spelt_out()
    # Not `auto`, which may choose another device where the command is given again; and no number of another machine.
    device = record.device.kind if record.device else settings.device
    named = replace(settings, weights=PurePath(settings.first_weights).name, device=device)
    name = "" if record.method is None else record.method.name
    yield from _method_words(name)
    yield from words_of(named, record.settings.idle | unread_of(name), defaults=True)


def _input_words(preparation: Preparation) -> Iterator[list[str]]:
    """The options of `InputOptions`; a table that only its file knows is said by that file's likely name."""
    from edgecad.colourtables.known import KNOWN_TABLES

    if preparation.region or preparation.crop != "polar-map":
        yield ["--crop", str(preparation.region or preparation.crop)]
    yield ["--input", preparation.input]
    for table in preparation.tables:
        yield ["--table", table.name if KNOWN_TABLES.get(table.name) == table else f"{table.name}.json"]
    if preparation.map:
        yield ["--map", str(preparation.map)]
