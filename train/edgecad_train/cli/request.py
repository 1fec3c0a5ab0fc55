"""Which scans to train on, divided how: judged before TensorFlow is imported or a scan is read."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecad.errors import UsageError
from edgecad_train.cli.training import Training
from edgecad_train.data import Found, find_cases, parse_crop

if TYPE_CHECKING:
    from edgecad_train.data import PreparedData
    from edgecad_train.splits.split import Folds, Split

OTHER_NAMES = {"select_on_test": "show-optimism-of-selecting-on-test"}
"""Options whose name is not that of their field."""


@dataclass(frozen=True)
class Request:
    """Which scans, divided how, and where the run goes.

    Raises:
        UsageError: a rule of cropping that is none, or a split and folds at once.
    """

    data: Path = Path("data")
    crop: str = "polar-map"
    patient_from: str | None = None
    folds: int | None = None
    split: Path | None = None
    out: Path = Path("runs")

    def __post_init__(self) -> None:
        parse_crop(self.crop)
        if self.split is not None and self.folds is not None:
            raise UsageError("--split and --folds exclude one another: a kept split says itself whether it has folds")
        if self.split is not None and not self.split.is_file():
            raise UsageError(f"no split at {self.split}; give the split.json of a run")

    def found(self) -> Found:
        """List the scans; none is read."""
        return find_cases(self.data, self.patient_from)

    def partition(self, data: PreparedData, seed: int) -> Split | Folds:
        """Divide the patients, or take a partition that was kept."""
        from edgecad_train.splits.kept import partition_from_file
        from edgecad_train.splits.split import divide

        if self.split is None:
            return divide(data.cases, seed, self.folds)
        return partition_from_file(self.split, data.cases)


def command_of(request: Request, training: Training) -> str:
    """The command that asks for the same, ready to paste."""
    words = (*_words(training, Training()), *_words(request, Request()))
    return shlex.join(["edgecad", "train", str(request.data), *words])


def _words(asked: Any, defaults: Any) -> Iterator[str]:
    """Options that differ from their defaults; the data are no option."""
    for field in fields(asked):
        value = getattr(asked, field.name)
        if field.name == "data" or value == getattr(defaults, field.name):
            continue
        yield f"--{OTHER_NAMES.get(field.name, field.name.replace('_', '-'))}"
        if value is not True:
            yield str(value)
