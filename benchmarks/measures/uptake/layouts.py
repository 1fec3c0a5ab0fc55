"""The same map on imitated screens: whether it is answered, and how far its score moves from the bare map's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace

from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, Preparation
from edgecad_train.phantoms.imitations import ImitatedLayout, layout_suite
from measures.uptake.maps import BARE, NamedMap, Refused, image_of, maps_between, scores_where_answered
from measures.uptake.models import MIXED, OWN_TABLES, TrainedOn, preparation_of, trained
from measures.uptake.options import UptakeOptions

if TYPE_CHECKING:
    from edgecad_train.judgement.models import JudgedModel

NEAR, FAR = 0.03, 0.10
BARS = {"answered": 0.95, "within .03": 0.95, "largest": FAR}
"""What is held to."""


class KindRow(msgspec.Struct, frozen=True):
    """Screens of one kind.

    Attributes:
        near: within .03 of the bare map's score, of those answered.
        rgb: answered where the screen's own colours are the input.
        reasons: of refusals.
    """

    kind: str
    screens: int
    answered: int
    near: int
    median: float
    largest: float
    rgb: int
    reasons: dict[str, int]


class OddScreen(msgspec.Struct, frozen=True):
    """A screen that was refused, or whose score moved by more than .03."""

    layout: str
    map: str
    table: str
    moved: float | None
    message: str


class LayoutsFound(msgspec.Struct, frozen=True):
    """All screens."""

    backbone: str
    data: str
    layouts: int
    maps: int
    bars: dict[str, float]
    answered: float
    near: float
    largest: float
    rgb_answered: float
    rows: tuple[KindRow, ...]
    odd: tuple[OddScreen, ...]


@dataclass(frozen=True)
class _Seen:
    layout: ImitatedLayout
    map: str
    table: str
    moved: float | None
    refused: Refused | None
    rgb: bool


def layouts(options: UptakeOptions) -> LayoutsFound:
    """Score maps on every layout of the suite, each map in one of the model's own tables."""
    (seed,) = options.seeds(1)
    model = trained(TrainedOn(seed, MIXED, Drawing(), options.strategy, options.folds), options)
    maps = maps_between(model, known_table(OWN_TABLES[0]), seed, options.maps)
    suite = layout_suite()[:: options.layouts]
    seen: list[_Seen] = []
    for number, each in enumerate(maps):
        seen += _seen_of(each, OWN_TABLES[number % len(OWN_TABLES)], suite, model)
        print(f"{each.name}: {_words(seen[-len(suite) :])}", flush=True)
    found = _summary(seen, len(suite), len(maps), options)
    for row in found.rows:
        print(f"{row.kind}: {row.answered} of {row.screens}, {row.near} near, largest {row.largest:.3f}, {row.reasons}")
    print(_words(seen))
    return found


def _seen_of(each: NamedMap, name: str, suite: Sequence[ImitatedLayout], model: JudgedModel) -> list[_Seen]:
    table, preparation = known_table(name), model.contract.preparation
    colours = preparation_of(None)
    images = [image_of(each.percent, table, BARE, preparation)]
    images += [image_of(each.percent, table, layout, _of(preparation, layout)) for layout in suite]
    bare, *scores = scores_where_answered(model, images)
    if bare is None:  # another known table explains this very map: its colours are no test of layouts
        following = OWN_TABLES[(OWN_TABLES.index(name) + 1) % len(OWN_TABLES)]
        return _seen_of(each, following, suite, model)
    return [
        _Seen(
            layout, each.name, name,
            None if score is None else abs(score - bare),
            image if isinstance(image, Refused) else None,
            not isinstance(image_of(each.percent, table, layout, _of(colours, layout)), Refused),
        )
        for layout, image, score in zip(suite, images[1:], scores, strict=True)
    ]  # fmt: skip


def _of(preparation: Preparation, layout: ImitatedLayout) -> Preparation:
    return replace(preparation, map=layout.maps)


def _summary(seen: Sequence[_Seen], suite: int, maps: int, options: UptakeOptions) -> LayoutsFound:
    moved = _moved(seen)
    kinds = list(dict.fromkeys(one.layout.kind for one in seen))
    odd = [one for one in seen if one.moved is None or one.moved > NEAR]
    return LayoutsFound(
        backbone=options.backbone,
        data=f"{options.patients} PHANTOMS",
        layouts=suite,
        maps=maps,
        bars=BARS,
        answered=len(moved) / len(seen),
        near=float((moved <= NEAR).mean()) if len(moved) else 0.0,
        largest=float(moved.max(initial=0.0)),
        rgb_answered=float(np.mean([one.rgb for one in seen])),
        rows=tuple(_row(kind, [one for one in seen if one.layout.kind == kind]) for kind in kinds),
        odd=tuple(
            OddScreen(one.layout.name, one.map, one.table, one.moved, one.refused.message if one.refused else "")
            for one in odd
        ),
    )


def _moved(seen: Iterable[_Seen]) -> np.ndarray:
    return np.array([one.moved for one in seen if one.moved is not None], np.float64)


def _row(kind: str, seen: Sequence[_Seen]) -> KindRow:
    moved = _moved(seen)
    return KindRow(
        kind=kind,
        screens=len(seen),
        answered=len(moved),
        near=int((moved <= NEAR).sum()),
        median=float(np.median(moved)) if len(moved) else 0.0,
        largest=float(moved.max(initial=0.0)),
        rgb=sum(one.rgb for one in seen),
        reasons=dict(Counter(one.refused.reason for one in seen if one.refused)),
    )


def _words(seen: Sequence[_Seen]) -> str:
    moved = _moved(seen)
    near = float((moved <= NEAR).mean()) if len(moved) else 0.0
    return (
        f"{len(moved)} of {len(seen)} answered, {near:.1%} of these within {NEAR}, largest {moved.max(initial=0.0):.3f}"
    )
