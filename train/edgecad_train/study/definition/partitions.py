"""Who is tested in which unit: a draw by each seed, or outer folds that test everybody once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgecad.errors import UsageError
from edgecad_train.data import Case
from edgecad_train.splits.protocol import HOLDOUT, Protocol
from edgecad_train.splits.split import Folds, Split, divide, divide_rest, stratified_folds


def draws(seeds: int, folds: int | None) -> tuple[tuple[int, int | None], ...]:
    """The `(seed, fold)` of each partition of a study.

    Each fold has a seed of its own. With one seed for all, what that seed brings to a row would be in each of its
    folds, and could not be told from the row's worth.
    """
    if folds is None:
        return tuple((seed, None) for seed in range(seeds))
    return tuple((fold, fold) for fold in range(folds))


def part_name(seed: int, fold: int | None) -> str:
    """Word for a partition, `seed 2` or `fold 3`; folds are counted from 1."""
    return f"seed {seed}" if fold is None else f"fold {fold + 1}"


def partitions_of(
    cases: Sequence[Case], seeds: int, folds: int | None, protocol: Protocol = HOLDOUT
) -> tuple[Split | Folds, ...]:
    """One partition for each of `draws`, by patient and stratified.

    A seed draws its own, as `edgecad train --seed` would. Folds share the patients out: each patient is in
    the test part of one fold, and the others train and validate.

    Args:
        protocol: who of the others chooses epoch, temperature and threshold.

    Raises:
        UsageError: a class has fewer patients than there are folds.
    """
    if folds is None:
        return tuple(divide(cases, seed, protocol) for seed in range(seeds))
    return tuple(_outer_folds(cases, folds, protocol))


def _outer_folds(cases: Sequence[Case], folds: int, protocol: Protocol) -> Iterator[Split | Folds]:
    labels = {case.patient: case.label for case in cases}
    own = list(labels.values())
    fewest = min(own.count(label) for label in set(own))
    if fewest < folds:
        raise UsageError(f"--folds {folds}, and a class has {fewest} patients; at most {fewest} folds are possible")
    for test in stratified_folds(sorted(labels), labels, folds, seed=0):
        yield divide_rest(tuple(sorted(set(labels) - set(test))), test, labels, 0, protocol)
