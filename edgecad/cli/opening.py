"""Which model answers, on what, by whose threshold: the options of every command that answers scans."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from edgecad.cli.options import (
    DeviceOption,
    KeyOption,
    MapOption,
    ModelArgument,
    ModelOption,
    PrecisionChoice,
    SameModelOption,
    SiteOption,
    TableOption,
    ThresholdOption,
)
from edgecad.errors import UsageError

if TYPE_CHECKING:
    from edgecad.inference.classifier import Classifier
    from edgecad.inference.proofs import Replays


@dataclass(frozen=True)
class ModelChoice:
    """The options, as `edgecad.inference.classifier.Classifier` takes them."""

    PANEL: ClassVar[str] = "Model"

    model: ModelOption = None
    device: DeviceOption = "auto"
    precision: PrecisionChoice = "auto"
    threshold: ThresholdOption = None
    site: SiteOption = None
    table: TableOption = None
    map: MapOption = None
    key: KeyOption = None

    def opened(self, threads: int | None = None, replay: Replays = "always") -> Classifier:
        """The model, open; errors as the classifier has them, which says what `replay` is."""
        from edgecad.inference.classifier import Classifier
        from edgecad.modelfiles.file import parse_choice
        from edgecad.polarmap.search.place import parse_map_place

        return Classifier(
            self.model,
            device=self.device,
            threshold=self.threshold,
            precision=parse_choice(self.precision),
            threads=threads,
            site=self.site,
            tables=self.table or (),
            place=None if self.map is None else parse_map_place(self.map),
            replay=replay,
            key=self.key,
        )


@dataclass(frozen=True)
class NamedModel:
    """The model of a command that is about one: its argument, or `--model`.

    Raises:
        UsageError: both are given, and are two.
    """

    model: ModelArgument = None
    same_model: SameModelOption = None

    def __post_init__(self) -> None:
        _ = self.path

    @property
    def path(self) -> Path | None:
        """What was named; None for the default."""
        return one_model(self.model, self.same_model, "MODEL")


def one_model(argument: Path | None, option: Path | None, name: str) -> Path | None:
    """The model that an argument or `--model` names.

    Args:
        name: of the argument, in the help.

    Raises:
        UsageError: they name two.
    """
    if argument is not None and option is not None and argument.absolute() != option.absolute():
        raise UsageError(f"{name} is {argument} and --model is {option}; name one model, in one of the two ways")
    return option if argument is None else argument


def model_argument(model: Path | None) -> str:
    """What follows a command in a next step, so that it takes the same model: a space and the path, or nothing."""
    return f" {shlex.quote(str(model))}" if model else ""


def warnings_about(classifier: Classifier) -> Iterator[str]:
    """What to know of an open model before its first answer, a line each."""
    from edgecad.answer.findings import doubts_about

    for remark in filter(None, (classifier.remark, *classifier.remarks)):
        yield f"warning: {remark}"
    for doubt in doubts_about(classifier.contract.fused, classifier.own_threshold):
        yield f"warning: {doubt.text}"
