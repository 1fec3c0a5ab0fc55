"""What an evaluation takes of a CSV beside scans, labels and patients: columns to keep, readers, and prevalences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from edgecad.errors import UsageError

if TYPE_CHECKING:
    from edgecad_train.data.table.columns import AskedColumns

WANTED = "wanted: shares above 0 and below 1 with commas between, as in 0.3,0.1"


@dataclass(frozen=True)
class ColumnOptions:
    """Each field is an option of `edgecad evaluate`."""

    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="A,B,..",
            help="Columns of the CSV to group patients by, numbers with cuts after a colon: sex,age:50,65,centre. No "
            "other column is kept. Columns reader:NAME, with CAD or nonCAD, are readers, and need no --keep.",
            show_default=False,
        ),
    ] = None
    prevalence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SHARE,..",
            help="Shares of CAD at which predictive values are given beside those of the training: 0.3,0.1.",
            show_default=False,
        ),
    ] = None

    @property
    def asked(self) -> AskedColumns:
        """The columns that are wanted.

        Raises:
            UsageError: `--keep` cannot be meant.
        """
        from edgecad_train.data.table.columns import AskedColumns
        from edgecad_train.data.table.keep import parse_keep

        return AskedColumns(parse_keep(self.keep), readers=True)

    @property
    def prevalences(self) -> tuple[float, ...]:
        """The shares of CAD that are asked for, each once.

        Raises:
            UsageError: one is not above 0 and below 1.
        """
        words = [word.strip() for text in self.prevalence or () for word in text.split(",")]
        return tuple(dict.fromkeys(map(_share, words)))


def _share(words: str) -> float:
    try:
        share = float(words)
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(f"--prevalence {words!r}; {WANTED}")
    return share
