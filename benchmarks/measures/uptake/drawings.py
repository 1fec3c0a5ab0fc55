"""The choice of the one drawing: its table, what is drawn beyond the rim, its blur; S4, the same phantoms for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing
from measures.uptake.accuracy import Interval, compared, fresh_scores
from measures.uptake.maps import BARE, NamedMap, image_of, maps_between, scores_where_answered
from measures.uptake.models import MIXED, OWN_TABLES, TrainedOn, trained
from measures.uptake.options import UptakeOptions
from measures.uptake.score import TABLES, SpreadSummary, spread_of

if TYPE_CHECKING:
    from edgecad_train.evaluation.decision.points import Patients

TABLES_DRAWN: tuple[Literal["hot-iron", "iron", "inverted-grey"], ...] = ("hot-iron", "iron", "inverted-grey")
BEYOND: tuple[Literal["black", "mirrored"], ...] = ("black", "mirrored")
TRIED = (
    Drawing(),
    *(Drawing(table=table, blur=blur, beyond=beyond) for table in TABLES_DRAWN for beyond in BEYOND for blur in (2, 0)),
    *(Drawing(table=TABLES_DRAWN[0], blur=blur, beyond=beyond) for beyond in BEYOND for blur in (4, 8)),
    Drawing(beyond="mirrored"),
)
"""The one that is taken first; every table, ground and blur of 2 or none; other blurs of its table."""


class DrawingRow(msgspec.Struct, frozen=True):
    """One drawing.

    Attributes:
        auc: mean over the seeds, with its interval.
        less_first: of its area, the first drawing's subtracted, paired.
        spread: of the score of one map over the tables, the first seed's model.
    """

    table: str
    beyond: str
    blur: float
    auc: Interval
    less_first: Interval
    spread: SpreadSummary

    def words(self) -> str:
        """One line."""
        less = f"{self.less_first[0]:+.3f} ({self.less_first[1]:+.3f} to {self.less_first[2]:+.3f})"
        return (
            f"{self.table}, {self.beyond}, blur {self.blur:g}: AUC {self.auc[0]:.3f} ({self.auc[1]:.3f} to "
            f"{self.auc[2]:.3f}), less the first {less}; over tables {self.spread.words()}"
        )


class DrawingsFound(msgspec.Struct, frozen=True):
    """All drawings."""

    backbone: str
    data: str
    seeds: int
    fresh: int
    phantoms: int
    rows: tuple[DrawingRow, ...]


def drawings(options: UptakeOptions) -> DrawingsFound:
    """Train the head on each drawing, judge it on the same fresh phantoms and maps."""
    first = _scores(TRIED[0], options)
    model = trained(_wanted(TRIED[0], options), options)
    maps = maps_between(model, known_table(OWN_TABLES[0]), 0, options.phantoms)
    rows = []
    for drawing in TRIED[:: options.drawings]:
        row = _row(drawing, first, maps, options)
        rows.append(row)
        print(row.words(), flush=True)
    data, seeds = f"{options.patients} PHANTOMS", len(options.seeds(2))
    return DrawingsFound(options.backbone, data, seeds, options.fresh, options.phantoms, tuple(rows))


def _wanted(drawing: Drawing, options: UptakeOptions) -> TrainedOn:
    return TrainedOn(options.seeds(2)[0], MIXED, drawing, "warm-up", folds=0)


def _scores(drawing: Drawing, options: UptakeOptions) -> tuple[Patients, ...]:
    return fresh_scores(options, 2, MIXED, drawing, "warm-up")


def _row(drawing: Drawing, first: tuple[Patients, ...], maps: list[NamedMap], options: UptakeOptions) -> DrawingRow:
    against = compared(_scores(drawing, options), first, strategy="warm-up", tables=MIXED)
    model = trained(_wanted(drawing, options), options)
    rows = []
    for each in maps:
        images = [
            image_of(each.percent, known_table(name), BARE, model.contract.preparation,
                     () if name in OWN_TABLES else (known_table(name),))
            for name in TABLES
        ]  # fmt: skip
        rows.append(dict(zip(TABLES, scores_where_answered(model, images), strict=True)))
    return DrawingRow(
        table=drawing.table,
        beyond=drawing.beyond,
        blur=drawing.blur,
        auc=against.auc["uptake"],
        less_first=against.difference,
        spread=spread_of(rows),
    )
