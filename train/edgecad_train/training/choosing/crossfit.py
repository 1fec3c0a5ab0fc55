"""Folds side by side, stage by stage, so that no fold's epoch is chosen by the patients whom it then scores.

An epoch that is chosen on the scans which it scores makes their scores too good. So every epoch of every fold is kept,
and a fold goes on with the median of the *other* folds' best epochs. That costs no training: of all stages but the last
the weights that learn are kept after each epoch, and of the last one what it says of the held-out scans.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgecad_train.networks.explain import Explained
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.history import StageHistory, TrainingHistory
from edgecad_train.training.stages import Progress, StageRun, Weights
from edgecad_train.training.trainer import Place, Trainer


@dataclass
class _Fold:
    """A fold on its way: its stages so far, each with the weights that went on."""

    place: Place
    done: list[tuple[StageHistory, Weights]] = field(default_factory=list)


def cross_fitted(
    places: Sequence[Place],
    stages: int,
    trainer_of: Callable[[int], Trainer],
    checkpoint: Checkpoint,
    progress: Progress | None = None,
) -> list[tuple[TrainingHistory, Explained]]:
    """Train each fold, and say what it makes of its held-out scans at the epoch that the others chose.

    Args:
        places: at least two, each with scans to hold out.
        stages: of each training.
        trainer_of: gives the trainer of a fold, by its place in the list.
        checkpoint: keeps what has ended, so that a run that was killed resumes.
    """
    folds = [_Fold(place) for place in places]
    for stage in range(stages):
        runs = [_stage(fold, index, stage, trainer_of, checkpoint, progress) for index, fold in enumerate(folds)]
        for fold, run, taken in zip(folds, runs, epochs_of_others([run.history for run in runs]), strict=True):
            fold.done.append((replace(run.history, taken=taken), run.seen[taken]))
    return [
        (TrainingHistory(fold.place.name, tuple(history for history, _ in fold.done)), _held(fold)) for fold in folds
    ]


def _stage(
    fold: _Fold,
    index: int,
    stage: int,
    trainer_of: Callable[[int], Trainer],
    checkpoint: Checkpoint,
    progress: Progress | None,
) -> StageRun:
    kept = checkpoint.stage(fold.place.key, stage)
    if kept is None:
        kept = trainer_of(index).train_stage(fold.place, fold.done, checkpoint, progress)
        checkpoint.put_stage(fold.place.key, stage, kept)
    return kept


def _held(fold: _Fold) -> Explained:
    logits, maps = fold.done[-1][1]
    return Explained(np.asarray(logits, np.float64), maps)


def epochs_of_others(histories: Sequence[StageHistory]) -> list[int]:
    """Index of the epoch that each fold takes: the median of the other folds' best, or its last if it ended before."""
    return [
        min(median_epoch([other for other in histories if other is not own]), len(own.epochs)) - 1 for own in histories
    ]


def median_epoch(histories: Sequence[StageHistory]) -> int:
    """Median of the best epochs of a stage, counted from 1."""
    return max(1, round(float(np.median([history.best + 1 for history in histories]))))


def epochs_of_refit(histories: Sequence[StageHistory], steps: Sequence[int], whole: int) -> int:
    """Epochs of a stage of the refit: as many steps as the folds' median of best epochs takes, at least one epoch.

    The refit has more scans, so its epochs have more steps. As many epochs would train it further than any of the
    folds: its log-odds were then 1.1 to 1.5 times theirs, and threshold and zone fitted it less.

    Args:
        histories: of the stage, one a fold.
        steps: of an epoch of each fold, and `whole`, of an epoch of the refit.
    """
    return max(1, round(median_epoch(histories) * float(np.mean(steps)) / whole))
