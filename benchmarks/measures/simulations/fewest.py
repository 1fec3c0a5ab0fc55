"""All placements of at most two inversions: whether a further pair the wrong way round may raise the lower bound."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edgecad.frozen import Frozen
from edgecad_train.evaluation.statistics.auc import auc

MOST = 2.0
"""Inversions. A pair of equal scores is half of one."""
INVOLVED = 4
"""Patients of a class that so few inversions can involve: each has at least half of one."""


class OrderFound(Frozen, frozen=True, kw_only=True):
    """Lower bounds by the number of inversions, over all placements of them.

    `rises` counts pairs of placements of which the one with fewer inversions has the lower lower bound.
    """

    positives: int
    negatives: int
    placements: dict[str, int]
    lowest: dict[str, float]
    highest: dict[str, float]
    rises: int


def order_found(positives: int, negatives: int) -> OrderFound:
    """Lower bounds of all placements of 0, 0.5, ... 2 inversions, ties among them."""
    lows: dict[float, list[float]] = {}
    for inversions, groups in sorted(_placements(min(positives, INVOLVED), min(negatives, INVOLVED))):
        truth, scores = _patients(groups, positives, negatives)
        lows.setdefault(inversions, []).append(auc(truth, scores).low)
    counts = sorted(lows)
    rises = sum(
        int((np.array(lows[more])[None] > np.array(lows[fewer])[:, None] + 1e-12).sum())
        for index, fewer in enumerate(counts)
        for more in counts[index + 1 :]
    )
    return OrderFound(
        positives=positives,
        negatives=negatives,
        placements={f"{own:g}": len(lows[own]) for own in counts},
        lowest={f"{own:g}": min(lows[own]) for own in counts},
        highest={f"{own:g}": max(lows[own]) for own in counts},
        rises=rises,
    )


Groups = tuple[tuple[int, int], ...]
"""From the lowest score to the highest: positives and negatives that have it."""


def _placements(positives: int, negatives: int) -> set[tuple[float, Groups]]:
    return set(_grown(positives, negatives, 0.0, ()))


def _grown(positives: int, negatives: int, inversions: float, groups: Groups) -> Iterator[tuple[float, Groups]]:
    """Add a group of equal scores above the groups, in every way that leaves few inversions."""
    if not positives and not negatives:
        yield inversions, groups
    for cad, others in np.ndindex(positives + 1, negatives + 1):
        own = inversions + cad * (negatives - others) + cad * others / 2
        if own <= MOST and (cad or others) and not (groups and _alike(groups[-1], (cad, others))):
            yield from _grown(positives - cad, negatives - others, own, (*groups, (cad, others)))


def _alike(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether both groups are of one class, the same one: apart they place nobody otherwise than together."""
    return 0 in (one[0] + other[0], one[1] + other[1])


def _patients(groups: Groups, positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
    """Truth and scores, with the patients whom no inversion involves below and above."""
    cad = np.repeat(np.arange(len(groups)), [own for own, _ in groups])
    others = np.repeat(np.arange(len(groups)), [own for _, own in groups])
    cad = np.concatenate([cad, np.full(positives - len(cad), len(groups))])
    others = np.concatenate([others, np.full(negatives - len(others), -1)])
    truth = np.arange(positives + negatives) < positives
    return truth, np.concatenate([cad, others]).astype(np.float64)
