"""What an evaluation was asked for, and the command that asks for it again."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgecad.cli.fields import words_of

if TYPE_CHECKING:
    from edgecad_train.data.found import Found

LabelledByOption = Annotated[
    str,
    typer.Option(
        metavar="WORDS",
        help="Who labelled these scans, for example 'two readers in consensus'; they need not be those of the "
        "training. Told in the report.",
    ),
]
UNNAMED = "unnamed readers"


@dataclass(frozen=True)
class Asked:
    """What was given beside the models.

    Attributes:
        found: the labelled scans.
        reference: who labelled them.
        patient_from, masks, tables, map: as the options of these names.
        against: whether another model was compared.
        options: dataclasses whose fields are options of the command.
        prevalences: shares of CAD at which predictive values are wanted.
    """

    found: Found
    reference: str = UNNAMED
    patient_from: str | None = None
    masks: bool = False
    tables: tuple[str, ...] = ()
    map: str | None = None
    against: bool = False
    options: tuple[Any, ...] = ()
    prevalences: tuple[float, ...] = ()

    @property
    def command(self) -> str:
        """An option a line. It names no folder, so that a page may show it: words in capitals stand for what was given.

        A table's file is told by its name.
        """
        return " \\\n    ".join(shlex.join(words) for words in self._lines())

    def _lines(self) -> Iterator[list[str]]:
        yield ["edgecad", "evaluate", "MODEL", "DATA"]
        if self.against:
            yield ["--against", "OTHER"]
        if self.patient_from is not None:
            yield ["--patient-from", self.patient_from]
        if self.masks:
            yield ["--masks", "MASKS"]
        for table in self.tables:
            yield ["--table", PurePath(table).name]
        if self.map:
            yield ["--map", self.map]
        yield ["--labelled-by", self.reference]
        for given in self.options:
            yield from words_of(given)
