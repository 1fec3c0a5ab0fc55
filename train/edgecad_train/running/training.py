"""One run: train by the plan on the parts of a partition, choose on what was held out, open the test part once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgecad_train.data import PreparedData
from edgecad_train.data.openings import Opens
from edgecad_train.evaluation.clinical.fusing import ClinicalRequest
from edgecad_train.evaluation.optimism import ChosenBy, Judged, Optimism, optimism_of, rank_at_even_odds
from edgecad_train.running.contracting import contract_for, network_words
from edgecad_train.running.judging import fused, judge
from edgecad_train.running.trained import Trained, Trainings
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.twice import chosen_twice
from edgecad_train.training.device.record import TrainingDevice
from edgecad_train.training.frozen import Storage
from edgecad_train.training.settings import Settings
from edgecad_train.training.stages import Progress
from edgecad_train.training.trainer import SELECTING_ON_TEST, frozen_places


def train(
    data: PreparedData,
    partition: Split | Folds,
    settings: Settings,
    name: str,
    progress: Progress | None = None,
    cache: Path | None = None,
    checkpoint: Checkpoint | None = None,
    scratch: Path | None = None,
    opens: Opens | None = None,
    device: TrainingDevice | None = None,
    clinical: ClinicalRequest | None = None,
) -> TrainingOutcome:
    """Train, choose on what was held out, and open the test part once, at the end.

    Args:
        name: of the run.
        cache: folder of frozen outputs that several runs share.
        checkpoint: where a run in progress is kept, so that it resumes after a kill.
        scratch: folder for arrays that are larger than the memory budget.
        opens: counts the opening; None counts nothing, and the contract says so.
        device: that was opened in this process; None where nobody opened one, and no record names it.
        clinical: columns that enter the score; the partition has folds.
    """
    checkpoint = checkpoint or Checkpoint(None)
    trainings = Trainings(data, partition, settings, checkpoint, progress)
    kept = cache or (checkpoint.folder / "frozen" if checkpoint.folder else None)
    trainings.prepare(Storage(scratch, cache=kept))
    return _Run(trainings, opens, device, clinical).outcome(name, trainings.made())


@dataclass
class _Run:
    """A run whose trainings have ended: what remains is to choose, to judge and to tell."""

    trainings: Trainings
    opens: Opens | None = None
    device: TrainingDevice | None = None
    clinical: ClinicalRequest | None = None

    @property
    def data(self) -> PreparedData:
        return self.trainings.data

    @property
    def partition(self) -> Split | Folds:
        return self.trainings.partition

    @property
    def settings(self) -> Settings:
        return self.trainings.settings

    def outcome(self, name: str, trained: Trained) -> TrainingOutcome:
        """Choose threshold and temperature on what was held out; then judge the test part."""
        held, log_odds = self.partition.held, trained.said.log_odds
        judged = judge(self.data, self.partition, self.settings, log_odds, trained.deciding.log_odds, self.opens)
        rows = rows_of(self.data.cases, held)
        contract = contract_for(
            name, self.data, self.partition, self.settings, judged,
            network_words(trained.trainer, trained.choices[-1]), np.asarray(trained.deciding.maps[rows]),
            trained.familiarity,
        )  # fmt: skip
        both = (self.data, self.partition, self.settings, log_odds, trained.deciding.log_odds)
        clinical = None if self.clinical is None else fused(*both, self.clinical)
        contract = contract if clinical is None else msgspec.structs.replace(contract, clinical=clinical.model)
        return TrainingOutcome(
            network=trained.trainer.network,
            histories=trained.histories,
            choices=trained.choices,
            contract=contract,
            partition=self.partition,
            settings=self.settings,
            data=self.data,
            evaluations=judged.evaluations,
            said=trained.said,
            development=rows,
            network_logits=trained.own.logits[rows],
            centres=None if trained.familiarity is None else trained.familiarity.centres,
            deciders=trained.deciders,
            deciding_log_odds=trained.deciding.log_odds,
            optimism=self._optimism(trained) if self.settings.select_on_test else None,
            seconds_by_step={step: round(seconds, 2) for step, seconds in self.trainings.checkpoint.seconds.items()},
            clinical=clinical,
            device=self.device,
            frozen_on=frozen_places(self.trainings.materials, self.settings.plan),
        )

    def _optimism(self, trained: Trained) -> Optimism:
        """Train the network to export once more, and choose its epochs on the test part too, as the paper did.

        It comes last, with the same scans, orders and dropout, so the run's own network is one of the candidates; the
        network to export keeps its weights.
        """
        kept, test = trained.trainer.network.model.get_weights(), rows_of(self.data.cases, self.partition.test)
        found = chosen_twice(
            trained.trainer,
            replace(trained.place, name=SELECTING_ON_TEST, kept=SELECTING_ON_TEST.replace(" ", "-")),
            trained.taken,
            test,
            lambda said: rank_at_even_odds(*self._tested(test, said)),
            self.trainings.checkpoint,
            most=trained.most,
            progress=self.trainings.progress,
        )
        trained.trainer.network.model.set_weights(kept)
        own, other = (ChosenBy(one.epochs, self._tested(test, one.log_odds)) for one in (found.honest, found.wanted))
        return optimism_of(own, other, found.candidates)

    def _tested(self, rows: NDArray[np.intp], said: NDArray[np.float64]) -> Judged:
        """Truth and mean log-odds of the test part's patients, from those of its scans."""
        values = np.zeros(len(self.data.cases))
        values[rows] = said
        return by_patient(self.data, self.partition.test, values)


def run_name(backbone: str, now: Callable[[], datetime] = datetime.now) -> str:
    """Name of a new run: local time and backbone."""
    return f"{now():%Y%m%d-%H%M%S}-{backbone}"
