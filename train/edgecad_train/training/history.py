"""How trainings went, epoch by epoch; nothing here needs Keras."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Epoch:
    """Figures of one epoch: mean cross-entropy (nats) and accuracy (0 to 1).

    Those of validation are None where a network is refitted on all development patients.
    """

    loss: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None

    @property
    def rank(self) -> tuple[float, float]:
        """The higher the better: validation accuracy, then validation loss."""
        return (self.val_accuracy or 0.0, -(self.val_loss or 0.0))


@dataclass(frozen=True)
class StageHistory:
    """What a stage did.

    Attributes:
        best: index of the epoch that was best on the scans that judged it.
        taken: index of the epoch whose weights went on, where that is another one: a fold takes what was best for the
            other folds.

    Raises:
        ValueError: `best` or `taken` is no index of `epochs`.
    """

    stage: str
    epochs: tuple[Epoch, ...]
    best: int
    taken: int | None = None

    def __post_init__(self) -> None:
        for what, index in (("best", self.best), ("taken", self.kept_index)):
            if not 0 <= index < len(self.epochs):
                raise ValueError(f"the {what} epoch, {index}, is not one of {len(self.epochs)}")

    @property
    def kept_index(self) -> int:
        """Index of the epoch whose weights went on."""
        return self.best if self.taken is None else self.taken

    @property
    def kept(self) -> Epoch:
        """Figures of the epoch whose weights went on."""
        return self.epochs[self.kept_index]


@dataclass(frozen=True)
class TrainingHistory:
    """What one training did, stage by stage; `name` is `run`, `fold K`, `fold K, exported head` or `refit`."""

    name: str
    stages: tuple[StageHistory, ...]
