"""One map through several colour tables and in steps: how far its score moves, beside what colours alone do to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from edgecad.colourtables import ColourTable
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from measures.uptake.maps import (
    BARE,
    NamedMap,
    Pixels,
    Refused,
    image_of,
    maps_between,
    prepared_image,
    real_map,
    scores_where_answered,
)
from measures.uptake.models import MIXED, OWN_TABLES, TrainedOn, trained
from measures.uptake.options import UptakeOptions
from measures.uptake.picture import draw_spreads

GIVEN_TABLES = ("hot-iron", "hot-metal-blue", "pet", "jet")
"""Tables that the model was not trained on, and that the user names."""
TABLES = (*OWN_TABLES, *GIVEN_TABLES)
STEPS = (64, 32, 20, 16)
BARS = {"uptake spread, median": 0.05, "uptake spread, largest": 0.15, "32 steps and more, median": 0.05}
"""What is held to."""

Scores = dict[str, float | None]


class MapScores(msgspec.Struct, frozen=True):
    """One map and the models of one seed; scores by table, None where refused.

    Attributes:
        uptake: of the model of uptake.
        rgb: of the model of colours, whose map check is overruled, and which would refuse colours it has not seen.
        steps: of the model of uptake, by number of steps, then by table.
        refused: reason by table, or by table and steps.
    """

    seed: int
    map: str
    uptake: Scores
    rgb: Scores
    steps: dict[str, Scores]
    refused: dict[str, str]


class SpreadSummary(msgspec.Struct, frozen=True):
    """Largest less smallest score of a map over tables: median, 95th percentile and largest over maps and seeds."""

    median: float
    p95: float
    largest: float
    maps: int

    def words(self) -> str:
        """The three."""
        return f"median {self.median:.3f}, p95 {self.p95:.3f}, largest {self.largest:.3f} of {self.maps} maps"


class ScoreFound(msgspec.Struct, frozen=True):
    """All maps and seeds.

    Attributes:
        uptake: spread over all tables; `rgb` beside it, and `rgb_own` over the tables that it was trained on.
        steps: |score in steps - score of the continuous table|, by number of steps.
        refused: screens refused by the way of uptake, by reason.
        scan: score of the real report screen itself, by seed.
    """

    backbone: str
    data: str
    tables: tuple[str, ...]
    bars: dict[str, float]
    uptake: SpreadSummary
    rgb: SpreadSummary
    rgb_own: SpreadSummary
    real: dict[str, SpreadSummary]
    steps: dict[str, SpreadSummary]
    refused: dict[str, int]
    scan: dict[str, float | None]
    rows: tuple[MapScores, ...]


def score(options: UptakeOptions) -> ScoreFound:
    """Train a model of uptake and one of colours a seed, and score each map in each table."""
    rows: list[MapScores] = []
    scan: dict[str, float | None] = {}
    for seed in options.seeds(3):
        pair = _Pair(seed, options)
        maps = maps_between(pair.uptake, known_table(OWN_TABLES[0]), seed, options.phantoms)
        real = real_map(options.real)
        rows += [pair.row(each) for each in (*maps, *([real] if real else []))]
        scan[f"seed {seed}"] = pair.scan(options)
        print(f"seed {seed}: {spread_of([row.uptake for row in rows if row.seed == seed]).words()}", flush=True)
    found = _summary(rows, scan, options)
    draw_spreads(
        {"uptake": [row.uptake for row in rows], "colours": [row.rgb for row in rows]},
        TABLES, options.pictures / "uptake_score.png",
    )  # fmt: skip
    for name, own in (("uptake", found.uptake), ("colours", found.rgb), ("colours, own tables", found.rgb_own)):
        print(f"{name}: {own.words()}")
    for steps, own in found.steps.items():
        print(f"{steps} steps: {own.words()}")
    return found


class _Pair:
    """The two models of one seed."""

    def __init__(self, seed: int, options: UptakeOptions) -> None:
        self._seed = seed
        self.uptake, self.rgb = (
            trained(TrainedOn(seed, MIXED, drawing, options.strategy, options.folds), options)
            for drawing in (Drawing(), None)
        )

    def row(self, each: NamedMap) -> MapScores:
        """Draw one map in every table, and score it."""
        tables = [known_table(name) for name in TABLES]
        shown = [_Shown(table, None) for table in tables]
        stepped = [_Shown(table, steps) for steps in STEPS for table in tables]
        images = [one.image(each, self.uptake.contract.preparation) for one in (*shown, *stepped)]
        colours = [image_of(each.percent, table, BARE, self.rgb.contract.preparation, insisted=True)
                   for table in tables]  # fmt: skip
        scores = scores_where_answered(self.uptake, images)
        by_steps: dict[str, Scores] = {str(steps): {} for steps in STEPS}
        for one, value in zip(stepped, scores[len(shown) :], strict=True):
            by_steps[str(one.steps)][one.table.name] = value
        return MapScores(
            seed=self._seed,
            map=each.name,
            uptake=dict(zip(TABLES, scores, strict=False)),
            rgb=dict(zip(TABLES, scores_where_answered(self.rgb, colours), strict=True)),
            steps=by_steps,
            refused={
                one.words: image.reason
                for one, image in zip((*shown, *stepped), images, strict=True)
                if isinstance(image, Refused)
            },
        )

    def scan(self, options: UptakeOptions) -> float | None:
        """Score of the real report screen; None where it is not there, or refused."""
        path = options.real / "scan.jpg"
        if not path.is_file():
            return None
        image = prepared_image(path.read_bytes(), self.uptake.contract.preparation)
        return scores_where_answered(self.uptake, [image])[0]


@dataclass(frozen=True)
class _Shown:
    """A table, continuous or in steps; one that the model does not know is named by the user."""

    table: ColourTable
    steps: int | None

    @property
    def words(self) -> str:
        return self.table.name if self.steps is None else f"{self.table.name} in {self.steps} steps"

    def image(self, each: NamedMap, preparation: Preparation) -> Pixels | Refused:
        drawn = self.table if self.steps is None else self.table.in_steps(self.steps)
        given = () if self.table.name in OWN_TABLES else (self.table,)
        return image_of(each.percent, drawn, BARE, preparation, given)


def spread_of(rows: Sequence[Scores], tables: Sequence[str] = TABLES) -> SpreadSummary:
    """Largest less smallest of each map that has two scores."""
    known = [[value for name in tables if (value := row.get(name)) is not None] for row in rows]
    return _summed([max(values) - min(values) for values in known if len(values) > 1])


def _summed(values: Sequence[float]) -> SpreadSummary:
    if not values:
        return SpreadSummary(float("nan"), float("nan"), float("nan"), 0)
    median, p95 = np.percentile(values, (50, 95))
    return SpreadSummary(float(median), float(p95), float(max(values)), len(values))


def _summary(rows: Sequence[MapScores], scan: dict[str, float | None], options: UptakeOptions) -> ScoreFound:
    reasons = [reason for row in rows for reason in row.refused.values()]
    real = [row for row in rows if row.map == "real"]
    return ScoreFound(
        backbone=options.backbone,
        data=f"{options.patients} PHANTOMS",
        tables=TABLES,
        bars=BARS,
        uptake=spread_of([row.uptake for row in rows]),
        rgb=spread_of([row.rgb for row in rows]),
        rgb_own=spread_of([row.rgb for row in rows], OWN_TABLES),
        real={"uptake": spread_of([row.uptake for row in real]), "rgb": spread_of([row.rgb for row in real])},
        steps={str(steps): _moved(rows, str(steps)) for steps in STEPS},
        refused={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        scan=scan,
        rows=tuple(rows),
    )


def _moved(rows: Sequence[MapScores], steps: str) -> SpreadSummary:
    pairs = [(row.uptake[name], row.steps[steps][name]) for row in rows for name in TABLES]
    return _summed([abs(one - other) for one, other in pairs if one is not None and other is not None])
