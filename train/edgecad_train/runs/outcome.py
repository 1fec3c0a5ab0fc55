"""A finished run in memory, and its figures patient by patient; nothing here imports Keras."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Contract
from edgecad_train.classes import POSITIVE
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.baseline import Baseline
from edgecad_train.evaluation.clinical.fusing import FusedOutcome
from edgecad_train.evaluation.decision.labels import labels_to_read_again
from edgecad_train.evaluation.evaluation import Evaluation
from edgecad_train.evaluation.familiarity.centres import Centres
from edgecad_train.evaluation.optimism import Optimism
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.table import Method
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.device.record import FrozenPlace, TrainingDevice
from edgecad_train.training.history import TrainingHistory
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.settings import Settings

if TYPE_CHECKING:
    from edgecad_train.methods.graphs.making import KeptModel
    from edgecad_train.networks.explain import Explained
    from edgecad_train.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class RunOutcome(ABC):
    """A finished run, still in memory, whatever made it.

    Attributes:
        evaluations: of what chose (validation or out-of-fold), and of the test part.
        development: rows of the scans outside the test part that the exported network is checked by.
        seconds_by_step: where the time went.
        deciding_log_odds: of every scan, `(n,)`, what chose the decision; `log_odds` where no search gave the folds
            other heads than the exported one.
        clinical: the fused model; None where no clinical column was asked for.
        device: that trained; None where nobody opened one.
        baseline: normal limits on the same test part; None where nobody asked, or uptake is not the input.
    """

    contract: Contract
    partition: Split | Folds
    settings: Settings
    data: PreparedData
    evaluations: tuple[Evaluation, ...]
    development: NDArray[np.intp]
    seconds_by_step: dict[str, float]
    deciding_log_odds: NDArray[np.float64]
    clinical: FusedOutcome | None = None
    device: TrainingDevice | None = None
    baseline: Baseline | None = None

    @property
    @abstractmethod
    def log_odds(self) -> NDArray[np.float64]:
        """Of every scan, `(n,)`, before temperature; with folds, those of development scans are out-of-fold."""

    @property
    @abstractmethod
    def score_maps(self) -> NDArray[np.float32] | None:
        """Heat map of the score of every scan, `(n, h, w)`, logit units; None where there are none."""

    @property
    def chosen_apart(self) -> bool:
        """Whether the scores that chose are of other networks than the out-of-fold scores that judge."""
        return not np.array_equal(self.deciding_log_odds, self.log_odds)

    @property
    def labels_to_read_again(self) -> tuple[str, ...]:
        """Patients whose held-out scores speak against their label; see `edgecad_train.evaluation.decision.labels`."""
        held = self.partition.held
        return labels_to_read_again(sorted(held), *by_patient(self.data, held, self.log_odds))


@dataclass(frozen=True, kw_only=True)
class TrainingOutcome(RunOutcome):
    """A finished run of a network.

    Attributes:
        network: the one to export.
        histories: of every training, the exported network's last.
        choices: head and a of each of them.
        said: logits and heat maps of every scan, `n` of them; with folds, those of development scans are
            out-of-fold.
        network_logits: what the exported network itself says of the development scans, `(m, 2)`.
        centres: of its features of the training scans; None where nobody measured familiarity.
        optimism: what choosing its epochs on the test part would have claimed, where it was asked for.
        deciders: names of the trainings that said what chose the decision.
        frozen_on: layer of each cut from which stages learn -> where epochs read its values from.
    """

    network: Network
    histories: tuple[TrainingHistory, ...]
    choices: tuple[HeadChoice, ...]
    said: Explained
    network_logits: NDArray[np.float64]
    centres: Centres | None
    optimism: Optimism | None
    deciders: tuple[str, ...]
    frozen_on: dict[str, FrozenPlace] = field(default_factory=dict)

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """Of every scan, `(n,)`, before temperature."""
        return self.said.log_odds

    @property
    def score_maps(self) -> NDArray[np.float32]:
        """Heat map of the score of every scan, `(n, h, w)`, logit units."""
        return self.said.maps


@dataclass(frozen=True, kw_only=True)
class MethodOutcome(RunOutcome):
    """A finished run of a method.

    Attributes:
        method: which.
        own: what the method says that was fitted on all that may teach, of every scan.
        chosen: hyperparameters of each fit, by the fold's name; the last is that of `own`.
        said: log-odds of every scan, `(n,)`; with folds, those of development scans are out-of-fold.
        maps: heat maps of the same, `(n, h, w)`; None where the method has none.
        kept: its model for export; None where none was asked for, or the method has none.
        centres: of that model's features of the training scans; None where nobody measured familiarity.
    """

    method: Method
    own: Answer
    chosen: dict[str, dict[str, float | int | str]]
    said: NDArray[np.float64]
    maps: NDArray[np.float32] | None
    kept: KeptModel | None = None
    centres: Centres | None = None

    @property
    def log_odds(self) -> NDArray[np.float64]:
        """Of every scan, `(n,)`, before temperature."""
        return self.said

    @property
    def score_maps(self) -> NDArray[np.float32] | None:
        """Heat map of the score of every scan, `(n, h, w)`, logit units."""
        return self.maps


def by_patient(
    data: PreparedData, patients: tuple[str, ...], values: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Truth and mean value of each patient, `(patients,)`, in the order of their names.

    Args:
        values: one a scan, `(n,)`, for example log-odds.
    """
    own: dict[str, list[int]] = {name: [] for name in sorted(patients)}
    for row in rows_of(data.cases, patients):
        own[data.cases[row].patient].append(int(row))
    truth = np.array([data.cases[rows[0]].label == POSITIVE for rows in own.values()])
    return truth, np.array([values[rows].mean() for rows in own.values()])
