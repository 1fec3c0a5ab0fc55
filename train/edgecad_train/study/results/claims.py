"""What the runs of a study allow to be claimed: about strategies, and about the networks that were trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgecad.errors import UsageError
from edgecad_train.evaluation.claims.areas import Areas, SharedPart, areas_of, training_between_rows
from edgecad_train.evaluation.claims.networks import NetworkPair, holm, network_pairs
from edgecad_train.evaluation.claims.strategies import (
    MayBeBest,
    StrategyDifference,
    against_reference,
    may_be_best,
)
from edgecad_train.study.definition.spec import Study
from edgecad_train.study.results.rows import Row, reference_key
from edgecad_train.study.results.unit_run import UnitRun


@dataclass(frozen=True, eq=False)
class StudyClaims:
    """Claims about those rows of the table that share runs.

    Attributes:
        rows: their places in the table; what follows counts by these.
        runs: which runs all of them have, `seed 0`, ...
        left_out: the other rows' places.
        areas: None where nothing can be claimed.
        networks: every pair of the trained networks; patients alone.
        against: rows against the reference of their network; patients and training.
        best: which rows may be the best; None where training's variance is not known.
        accuracy: p-value of each row's difference in accuracy from the reference, patients alone, by Holm over all of
            them; by the row's place in the table.
        no_claims: why nothing can be claimed at all; empty where something can.
        no_strategies: why nothing can be claimed about strategies; empty where something can.
    """

    rows: tuple[int, ...]
    runs: tuple[str, ...]
    left_out: tuple[int, ...]
    areas: Areas | None = None
    networks: tuple[NetworkPair, ...] = ()
    against: tuple[StrategyDifference, ...] = ()
    best: MayBeBest | None = None
    accuracy: Mapping[int, float] = field(default_factory=dict)
    no_claims: str = ""
    no_strategies: str = ""


def claims_of(study: Study, rows: Sequence[Row]) -> StudyClaims:
    """All claims that these rows allow."""
    return replace(_of_areas(study, rows), accuracy=_of_accuracy(rows))


def _of_accuracy(rows: Sequence[Row]) -> Mapping[int, float]:
    told = {place: row.against.accuracy.p_value for place, row in enumerate(rows) if row.against}
    known = {place: p for place, p in told.items() if p is not None}
    adjusted = holm(np.array(list(known.values())))
    return dict(zip(known, adjusted.tolist(), strict=True))


def _of_areas(study: Study, rows: Sequence[Row]) -> StudyClaims:
    """Claims from areas under the ROC curve.

    Rows are compared over runs that all of them have. A row with too few is left out, by how many it has and never by
    its figures: more than half of the runs must be left, and two where any row has two.
    """
    references = reference_rows(study, rows)
    inside, shared = _sharing(rows, references)
    left_out = tuple(place for place, row in enumerate(rows) if row.runs and place not in inside)
    names = tuple(run.unit.part_name for run in rows[inside[0]].runs if _tested(run) in shared) if inside else ()
    if len(inside) < 2:
        return StudyClaims(inside, names, left_out, no_claims="fewer than two rows have runs to compare")
    parts = _parts([rows[place] for place in inside], shared)
    try:
        areas = areas_of(parts)
    except UsageError as error:
        return StudyClaims(inside, names, left_out, no_claims=str(error))
    networks = network_pairs(areas)
    reason = _no_strategies(rows[inside[0]], shared)
    if reason:
        return StudyClaims(inside, names, left_out, areas, networks, no_strategies=reason)
    training = training_between_rows(areas)
    index = {place: number for number, place in enumerate(inside)}
    pairs = [
        (index[place], index[reference])
        for place, reference in references.items()
        if place in index and reference in index and place != reference
    ]
    against = against_reference(areas, training, pairs) if pairs else ()
    return StudyClaims(inside, names, left_out, areas, networks, against, may_be_best(areas, training))


def reference_rows(study: Study, rows: Sequence[Row]) -> Mapping[int, int]:
    """Place of each row -> place of the reference on the same network; rows without one are missing."""
    places = {row.key: place for place, row in enumerate(rows)}
    found = {place: reference_key(study, row.backbone, tuple(places)) for place, row in enumerate(rows)}
    return {place: places[key] for place, key in found.items() if key is not None}


Tested = tuple[str, tuple[str, ...]]
"""What a run was tested on: its split, and the patients of the test part."""


def _tested(run: UnitRun) -> Tested:
    return run.unit.split_sha256, run.tested.patients


def _sharing(rows: Sequence[Row], references: Mapping[int, int]) -> tuple[tuple[int, ...], frozenset[Tested]]:
    """Rows that are compared, and the runs that all have: rows with the most runs first, references before others."""
    keys = {place: frozenset(map(_tested, row.runs)) for place, row in enumerate(rows) if row.runs}
    most = max(map(len, keys.values()), default=0)
    needed = max(min(2, most), most // 2 + 1)
    inside: list[int] = []
    shared: frozenset[Tested] = frozenset()
    for place in sorted(keys, key=lambda place: (-len(keys[place]), place not in references.values(), place)):
        left = shared & keys[place] if inside else keys[place]
        if len(left) >= needed:
            inside, shared = [*inside, place], left
    return tuple(sorted(inside)), shared


def _parts(rows: Sequence[Row], shared: frozenset[Tested]) -> tuple[SharedPart, ...]:
    """The test part of each shared run, in the order of the runs."""
    by_key = [{_tested(run): run.tested for run in row.runs} for row in rows]
    order = [_tested(run) for run in rows[0].runs if _tested(run) in shared]
    return tuple(
        SharedPart(key[1], by_key[0][key].truth, np.stack([own[key].answers.ranked for own in by_key])) for key in order
    )


def _no_strategies(row: Row, shared: frozenset[Tested]) -> str:
    """Why training's variance is not known; empty where it is."""
    seeds = [run.unit.settings.seed for run in row.runs if _tested(run) in shared]
    if len(seeds) < 2:
        return "there is one run of each row, so that it is not known what another training would change"
    if len(set(seeds)) < len(seeds):
        return "runs of a row share a seed, so that it is not known what another seed would change"
    return ""
