"""One run: train by the plan on the parts of a partition, choose on what was held out, open the test part once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Decision
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.decision.choice import choose_decision, with_test_part
from edgecad_train.evaluation.evaluation import evaluate_part
from edgecad_train.evaluation.familiarity.deepened import EXPONENTS, DeepenedImages
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity, measured
from edgecad_train.evaluation.optimism import ChosenBy, Judged, Optimism, optimism_of, rank_at_even_odds
from edgecad_train.networks.explain import Explained
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import build_network
from edgecad_train.networks.pooled import pooled_over
from edgecad_train.running.contracting import contract_for
from edgecad_train.runs.outcome import TrainingOutcome, by_patient
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.crossfit import cross_fitted, median_epoch
from edgecad_train.training.choosing.twice import chosen_twice
from edgecad_train.training.frozen import Scans, Storage
from edgecad_train.training.history import TrainingHistory
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.search.heads import HeadFinder
from edgecad_train.training.settings import Settings
from edgecad_train.training.stages import Progress
from edgecad_train.training.trainer import SELECTING_ON_TEST, Materials, Place, Trainer, materials_for


def train(
    data: PreparedData,
    partition: Split | Folds,
    settings: Settings,
    name: str,
    progress: Progress | None = None,
    cache: Path | None = None,
    checkpoint: Checkpoint | None = None,
    scratch: Path | None = None,
) -> TrainingOutcome:
    """Train, choose on what was held out, and open the test part once.

    Args:
        name: of the run.
        cache: folder of frozen outputs that several runs share.
        checkpoint: where a run in progress is kept, so that it resumes after a kill.
        scratch: folder for arrays that are larger than the memory budget.
    """
    checkpoint = checkpoint or Checkpoint(None)
    run = _Run(data, partition, settings, checkpoint, progress)
    kept = cache or (checkpoint.folder / "frozen" if checkpoint.folder else None)
    run.prepare(Storage(scratch, cache=kept))
    trained = run.folds(partition) if isinstance(partition, Folds) else run.one(partition)
    return run.outcome(name, trained)


@dataclass(frozen=True)
class _Trained:
    """The network to export, how it came about, and what was said of the scans."""

    trainer: Trainer
    histories: tuple[TrainingHistory, ...]
    choices: tuple[HeadChoice, ...]
    own: Explained
    """What that network itself says of every scan."""
    said: Explained
    """The same, but out-of-fold where there are folds: what is judged."""
    deciding: Explained
    """The same, by networks of the head that is exported: what chooses threshold, temperature and the map's scale."""
    familiarity: MeasuredFamiliarity | None
    """Of that network; None with too few patients."""
    place: Place
    """Of its training."""
    most: tuple[int, ...] | None = None
    """Epochs of each stage that were to be chosen from, where its own training stopped at the chosen ones."""

    @property
    def taken(self) -> tuple[int, ...]:
        """Epoch of each stage that the network took, counted from 1."""
        return tuple(stage.kept_index + 1 for stage in self.histories[-1].stages)


@dataclass
class _Run:
    """What the steps of one run share."""

    data: PreparedData
    partition: Split | Folds
    settings: Settings
    checkpoint: Checkpoint
    progress: Progress | None
    materials: Materials = field(init=False)
    heads: HeadFinder = field(init=False)
    trainers: dict[tuple[Head, float], Trainer] = field(default_factory=dict)

    def prepare(self, storage: Storage) -> None:
        """Build the network and run what is frozen."""
        settings = self.settings
        keras.utils.set_random_seed(settings.seed)
        over = pooled_over(self.data.preparation.input)
        network = build_network(settings.network, settings.first_weights, settings.head, settings.features, over)
        tell = self.progress
        self.materials = materials_for(
            network,
            settings.plan,
            Scans(self.data.images, self.data.images_sha256),
            self.data.labels,
            settings.seed,
            settings.augment,
            settings.batch_size,
            storage,
            (lambda done, of: tell("frozen part", done, of, "")) if tell else None,
        )
        # Not added to an earlier session's: what came from the cache counts what it took to compute.
        self.checkpoint.spend("frozen", self.materials.frozen_seconds - self.checkpoint.seconds.get("frozen", 0.0))
        self.heads = HeadFinder(self.materials, settings, self.data.cases, self.progress)

    def one(self, split: Split) -> _Trained:
        """Train once; the validation part chooses."""
        place = self._place("run", 0, split)
        choice = self._choice(place)
        trainer = self._trainer(choice)
        history = self._train(trainer, place)
        with self._timed("explain"):
            said = trainer.explain(np.arange(len(self.data.cases)))
        return _Trained(trainer, (history,), (choice,), said, said, said, self._familiarity(trainer), place)

    def folds(self, folds: Folds) -> _Trained:
        """Train once a fold, then once on the whole development part for as many epochs as the folds wanted."""
        places = [self._place(f"fold {index + 1}", index, folds.split(index)) for index in range(len(folds.folds))]
        whole = Place("refit", len(places), rows_of(self.data.cases, folds.development), None)
        # A fold's head is found inside its own training patients, so that those it judges chose nothing.
        choices = [self._choice(replace(place, held=None)) for place in places]
        results = cross_fitted(
            places,
            len(self.settings.plan.stages),
            lambda index: self._trainer(choices[index]),
            self.checkpoint,
            self.progress,
        )
        choices.append(self._choice(whole))
        trainer = self._trainer(choices[-1])
        histories = [history for history, _ in results]
        refit = self._train(trainer, whole, _epochs_of(histories))
        with self._timed("explain"):
            own = trainer.explain(np.arange(len(self.data.cases)))
        said = self._out_of_fold(own, folds, [held for _, held in results])
        return _Trained(
            trainer, (*histories, refit), tuple(choices), own, said, said, self._familiarity(trainer), whole,
            _longest(histories),
        )  # fmt: skip

    def outcome(self, name: str, trained: _Trained) -> TrainingOutcome:
        """Choose threshold and temperature on what was held out; then judge the test part."""
        part, held = self.partition.chosen_on, self.partition.held
        log_odds = trained.said.log_odds
        decision = self._decide(*by_patient(self.data, held, trained.deciding.log_odds))
        truth, own = by_patient(self.data, held, log_odds)
        judges = by_patient(self.data, self.partition.test, log_odds)
        decision = with_test_part(decision, *judges)
        evaluations = (evaluate_part(truth, own, decision, part), evaluate_part(*judges, decision, "test"))
        rows = rows_of(self.data.cases, held)
        contract = contract_for(
            name, self.data, self.partition, self.settings, trained.trainer, trained.choices[-1], decision,
            np.asarray(trained.deciding.maps[rows]), evaluations, trained.familiarity,
        )  # fmt: skip
        return TrainingOutcome(
            network=trained.trainer.network,
            histories=trained.histories,
            choices=trained.choices,
            contract=contract,
            partition=self.partition,
            settings=self.settings,
            data=self.data,
            evaluations=evaluations,
            said=trained.said,
            development=rows,
            network_logits=trained.own.logits[rows],
            centres=None if trained.familiarity is None else trained.familiarity.centres,
            optimism=self._optimism(trained) if self.settings.select_on_test else None,
            seconds_by_step={step: round(seconds, 2) for step, seconds in self.checkpoint.seconds.items()},
        )

    def _decide(self, truth: NDArray[np.bool_], log_odds: NDArray[np.float64]) -> Decision:
        """The one place where scores choose: validation, or out-of-fold of the exported head; one row a patient.

        Args:
            truth: `(n,)`, True for CAD.
            log_odds: `(n,)`, before temperature.
        """
        return choose_decision(log_odds, truth, self.partition.chosen_on, self.settings.rule)

    def _familiarity(self, trainer: Trainer) -> MeasuredFamiliarity | None:
        """Of all scans but the test part's: a network that learnt from a scan knows it better than a new one."""
        rows = rows_of(self.data.cases, self.partition.development)
        with self._timed("familiarity"):
            drawing, patients = self.data.preparation.drawing, [self.data.cases[row].patient for row in rows]
            deeper = (
                []
                if drawing is None
                else [
                    trainer.pooled_of(DeepenedImages(self.data.images, rows, drawing, exponent), len(rows))
                    for exponent in EXPONENTS
                ]
            )
            return measured(trainer.pooled(rows), patients, deepened=deeper)

    def _place(self, name: str, number: int, split: Split) -> Place:
        rows, held = (rows_of(self.data.cases, members) for members in (split.train, split.validation))
        return Place(name, number, rows, held)

    def _out_of_fold(self, said: Explained, folds: Folds, results: list[Explained]) -> Explained:
        """Replace what the refit says of the scans that it learnt from by what was said out of fold."""
        logits, maps = said.logits.copy(), said.maps.copy()
        for members, held in zip(folds.folds, results, strict=True):
            rows = rows_of(self.data.cases, members)
            logits[rows], maps[rows] = held.logits, held.maps
        return Explained(logits, maps)

    def _optimism(self, trained: _Trained) -> Optimism:
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
            self.checkpoint,
            most=trained.most,
            progress=self.progress,
        )
        trained.trainer.network.model.set_weights(kept)
        own, other = (ChosenBy(one.epochs, self._tested(test, one.log_odds)) for one in (found.honest, found.wanted))
        return optimism_of(own, other, found.candidates)

    def _tested(self, rows: NDArray[np.intp], said: NDArray[np.float64]) -> Judged:
        """Truth and mean log-odds of the test part's patients, from those of its scans."""
        values = np.zeros(len(self.data.cases))
        values[rows] = said
        return by_patient(self.data, self.partition.test, values)

    def _choice(self, place: Place) -> HeadChoice:
        """Head and rates of a training, as the checkpoint has them or found now."""
        with self._timed("search"):
            return self.checkpoint.choice(
                place.number, lambda: self.heads.choose(place.rows, place.held, self.settings.seed)
            )

    def _trainer(self, choice: HeadChoice) -> Trainer:
        key = (choice.head, choice.lr_exponent)
        if key not in self.trainers:
            self.trainers.clear()  # the optimiser's memory of a head that is done with
            labels = self.data.labels[rows_of(self.data.cases, self.partition.development)]
            plan = self.settings.plan.at(choice.lr_exponent)
            self.trainers[key] = Trainer(self.materials, choice.head, plan, self.settings.stage_options(labels))
        return self.trainers[key]

    def _train(self, trainer: Trainer, place: Place, epochs: tuple[int, ...] | None = None) -> TrainingHistory:
        return trainer.train(place, epochs=epochs, checkpoint=self.checkpoint, progress=self.progress)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.checkpoint.spend(step, time.monotonic() - begun)


def _epochs_of(histories: list[TrainingHistory]) -> tuple[int, ...]:
    """Epochs of each stage for the refit: the median of the folds' best."""
    return tuple(median_epoch(own) for own in zip(*(history.stages for history in histories), strict=True))


def _longest(histories: list[TrainingHistory]) -> tuple[int, ...]:
    """Epochs of each stage of the fold that ran longest."""
    return tuple(max(len(own.epochs) for own in stage) for stage in zip(*(h.stages for h in histories), strict=True))


def run_name(backbone: str, now: Callable[[], datetime] = datetime.now) -> str:
    """Name of a new run: local time and backbone."""
    return f"{now():%Y%m%d-%H%M%S}-{backbone}"
