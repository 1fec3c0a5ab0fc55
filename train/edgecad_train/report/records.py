"""What run.json and history.json hold, as far as a report shows it; fields unknown here are let be."""

from __future__ import annotations

from typing import Any

import msgspec

from edgecad.contract import Activation


class StageSettings(msgspec.Struct, frozen=True):
    """One stage as it was planned."""

    name: str
    part: str
    epochs: int
    learning_rate: float
    layerwise: bool = False
    hold_batch_norm: bool = True


class PlanSettings(msgspec.Struct, frozen=True):
    """The strategy."""

    strategy: str
    stages: tuple[StageSettings, ...]
    pretrained: bool
    lr_exponent: float
    """a, 3 to 4: LR1 = 10^-a."""


class HeadSettings(msgspec.Struct, frozen=True):
    """Hidden units, their activation, and the dropout after them; runs that name no activation had ReLU."""

    units: int
    dropout: float
    activation: Activation = "relu"


class RunSettings(msgspec.Struct, frozen=True):
    """What defines the run beside its data and its partition."""

    backbone: str
    weights: str
    plan: PlanSettings
    head: HeadSettings
    batch_size: int
    seed: int
    reference: str
    class_weights: str = "none"
    patience: int | None = None
    passes: int = 1
    search_trials: int = 0
    decide: str = "sensitivity>=0.95"
    """Runs that name no rule had this one."""
    select_on_test: bool = False


class Unfrozen(msgspec.Struct, frozen=True):
    """How much of the backbone fine-tuning trains; `parameter_share` is 0 to 1."""

    layers: int
    of_layers: int
    parameter_share: float


class RefusedScan(msgspec.Struct, frozen=True):
    """A scan that was left out, and the short word why."""

    file: str
    reason: str
    message: str


class DataFinding(msgspec.Struct, frozen=True):
    """What was found out about the data: duplicates and the like. The text may name files."""

    code: str
    text: str
    files: tuple[str, ...] = ()


class RunRecord(msgspec.Struct, frozen=True):
    """run.json."""

    settings: RunSettings
    fine_tuned_from: str | None
    unfrozen: Unfrozen | None
    patient_rule: str
    scans: int
    refused: tuple[RefusedScan, ...]
    seconds: float
    seconds_by_step: dict[str, float]
    findings: tuple[DataFinding, ...] = ()
    optimism: dict[str, Any] | None = None
    """Set where epochs were selected on the test part."""
    labels_to_read_again: tuple[str, ...] = ()
    """Patients; see `edgecad_train.evaluation.decision.labels`."""
    search: dict[str, Any] | None = None


class EpochRecord(msgspec.Struct, frozen=True):
    """Mean cross-entropy (nats) and accuracy (0 to 1) of one epoch."""

    loss: float
    accuracy: float
    val_loss: float | None = None
    val_accuracy: float | None = None


class StageRecord(msgspec.Struct, frozen=True):
    """One stage as it went; `best` is the index of its best epoch, `taken` of the one that went on if another did."""

    stage: str
    epochs: tuple[EpochRecord, ...]
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
    def kept(self) -> EpochRecord:
        """Figures of the epoch whose weights went on."""
        return self.epochs[self.kept_index]


class TrainingRecord(msgspec.Struct, frozen=True):
    """`run`, `fold 1` or `refit`."""

    name: str
    stages: tuple[StageRecord, ...]


class History(msgspec.Struct, frozen=True):
    """history.json."""

    trainings: tuple[TrainingRecord, ...]

    def __post_init__(self) -> None:
        if not self.trainings or not all(training.stages for training in self.trainings):
            raise ValueError("no training, or one without stages")
