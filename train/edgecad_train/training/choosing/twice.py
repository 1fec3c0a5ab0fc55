"""One training whose epochs are chosen twice: as a run chose them, and by scans that must not choose.

Both stages' epochs are choices, and the epoch of one stage is the start of the next. So the training is run once, with
the run's own seeds and scans, and watched: what it says of the judging scans is kept of every epoch. At the end of a
stage that is not the last one, the judging scans may want another epoch than the run took. The next stage then goes on
from both, in the same order of scans and with the same dropout, and all its epochs are candidates. They differ in which
epochs were taken and in nothing else. The run's own epochs are among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgecad_train.networks.explain import log_odds_of
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.history import StageHistory
from edgecad_train.training.stages import Progress, StageRun, Weights
from edgecad_train.training.trainer import Place, Trainer

Rank = Callable[[NDArray[np.float64]], tuple[float, float]]
"""How good log-odds of the judging scans `(n,)` are; the higher the better."""


@dataclass(frozen=True)
class Ending:
    """A network that the training could have ended with.

    Attributes:
        epochs: the epoch that was taken of each stage, counted from 1.
        log_odds: what it says of the judging scans, `(n,)`, before temperature.
    """

    epochs: tuple[int, ...]
    log_odds: NDArray[np.float64]


@dataclass(frozen=True)
class Twice:
    """The network of the epochs that the run took, the one that the judging scans want, and how many there were."""

    honest: Ending
    wanted: Ending
    candidates: int


@dataclass(frozen=True)
class _Way:
    """A training on its way: where it is kept, and the stages so far with the weights that went on."""

    place: Place
    so_far: tuple[tuple[StageHistory, Weights], ...] = ()

    @property
    def epochs(self) -> tuple[int, ...]:
        return tuple(history.kept_index + 1 for history, _ in self.so_far)

    def after(self, run: StageRun, epoch: int, place: Place | None = None) -> _Way:
        """Go on from an epoch, counted from 1."""
        history = replace(run.history, taken=epoch - 1)
        return _Way(place or self.place, (*self.so_far, (history, run.seen[epoch - 1][1:])))


def chosen_twice(
    trainer: Trainer,
    place: Place,
    taken: Sequence[int],
    judges: NDArray[np.intp],
    rank: Rank,
    checkpoint: Checkpoint,
    *,
    most: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> Twice:
    """Train once more as a run did, and choose its epochs by the judging scans as well.

    Args:
        place: of the run's training: its number, its scans and those that may end a stage early.
        taken: epoch of each stage that the run took, counted from 1.
        judges: scans that choose the second time.
        most: epochs of each stage; None as planned.
    """
    ways, found = [_Way(place)], list[Ending]()
    for stage, own in enumerate(taken):
        last = stage == len(taken) - 1
        epochs = most[stage] if most else None
        runs = [_run(trainer, way, stage, judges, epochs, checkpoint, progress) for way in ways]
        if last:
            found = [one for way, run in zip(ways, runs, strict=True) for one in _endings(way, run)]
        else:
            ways = list(_onwards(ways, runs, own, rank))
    honest = next(one for one in found if one.epochs == tuple(taken))
    return Twice(honest, _best(found, honest, rank), len(found))


def _run(
    trainer: Trainer,
    way: _Way,
    stage: int,
    judges: NDArray[np.intp],
    epochs: int | None,
    checkpoint: Checkpoint,
    progress: Progress | None,
) -> StageRun:
    kept = checkpoint.stage(way.place.key, stage)
    if kept is None:
        kept = trainer.train_stage(way.place, way.so_far, checkpoint, progress, judges=judges, epochs=epochs)
        checkpoint.put_stage(way.place.key, stage, kept)
    return kept


def _onwards(ways: Sequence[_Way], runs: Sequence[StageRun], own: int, rank: Rank) -> Iterator[_Way]:
    """The run's own way first; then the one that the judging scans want, where it is another."""
    honest = ways[0].after(runs[0], own)
    yield honest
    found = list(_endings(ways[-1], runs[-1]))
    wanted = _best(found, next((one for one in found if one.epochs == honest.epochs), found[0]), rank)
    if wanted.epochs != honest.epochs:
        place = ways[-1].place
        other = replace(place, kept=f"{ways[0].place.key}-other")
        yield ways[-1].after(runs[-1], wanted.epochs[-1], other)


def _endings(way: _Way, run: StageRun) -> Iterator[Ending]:
    for epoch, seen in enumerate(run.seen, 1):
        yield Ending((*way.epochs, epoch), log_odds_of(np.asarray(seen[0], np.float64)))


def _best(found: Sequence[Ending], honest: Ending, rank: Rank) -> Ending:
    """The best by rank; the run's own where no other is better, then the one that was found first."""
    best = max(found, key=lambda one: rank(one.log_odds))
    return best if rank(best.log_odds) > rank(honest.log_odds) else honest
