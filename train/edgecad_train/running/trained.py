"""The trainings of one run: by one part that chooses, or by folds. None of them judges the test part."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import keras
import numpy as np

from edgecad_train.data import PreparedData
from edgecad_train.evaluation.familiarity.measuring import MeasuredFamiliarity
from edgecad_train.evaluation.familiarity.scans import familiarity_of
from edgecad_train.networks.explain import Explained
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import build_network
from edgecad_train.networks.pooled import pooled_over
from edgecad_train.splits.split import Folds, Split, rows_of
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.crossfit import cross_fitted, epochs_of_refit
from edgecad_train.training.frozen import Scans, Storage
from edgecad_train.training.history import StageHistory, TrainingHistory
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.search.heads import HeadFinder
from edgecad_train.training.settings import Settings
from edgecad_train.training.stages import Progress
from edgecad_train.training.trainer import Materials, Place, Trainer, materials_for

EXPORTED_HEAD = "exported head"
"""In the names of trainings of a fold by the head that is exported, where a search found it another one."""


@dataclass(frozen=True)
class Trained:
    """The network to export, how it came about, and what was said of the scans.

    Attributes:
        trainer: its weights are those of the network.
        histories: of every training, the network's own last.
        choices: head and rates of each of them.
        own: what that network itself says of every scan.
        said: the same, but out-of-fold where there are folds: what is judged.
        deciding: the same, by fold networks of the head that is exported: what chooses threshold, temperature and the
            heat map's scale. Where no search gave the folds other heads it is `said`.
        deciders: names of the trainings that `deciding` is from.
        familiarity: of that network; None with too few patients.
        place: of its training.
        most: epochs of each stage that were to be chosen from, where its own training stopped at the chosen ones.
    """

    trainer: Trainer
    histories: tuple[TrainingHistory, ...]
    choices: tuple[HeadChoice, ...]
    own: Explained
    said: Explained
    deciding: Explained
    deciders: tuple[str, ...]
    familiarity: MeasuredFamiliarity | None
    place: Place
    most: tuple[int, ...] | None = None

    @property
    def taken(self) -> tuple[int, ...]:
        """Epoch of each stage that the network took, counted from 1."""
        return tuple(stage.kept_index + 1 for stage in self.histories[-1].stages)


@dataclass(frozen=True)
class _CrossFit:
    """Trainings of all folds, and what each said of the scans that it did not learn from."""

    histories: tuple[TrainingHistory, ...]
    choices: tuple[HeadChoice, ...]
    held: tuple[Explained, ...]
    steps: tuple[int, ...]
    """Of an epoch of each."""

    def epochs_of_refit(self, whole: int) -> tuple[int, ...]:
        """Of each stage of a refit whose epochs have `whole` steps."""
        return tuple(epochs_of_refit(own, self.steps, whole) for own in self._by_stage())

    @property
    def longest(self) -> tuple[int, ...]:
        """Of each stage: the epochs of the fold that ran longest."""
        return tuple(max(len(history.epochs) for history in own) for own in self._by_stage())

    def _by_stage(self) -> Iterator[tuple[StageHistory, ...]]:
        return zip(*(history.stages for history in self.histories), strict=True)


@dataclass
class Trainings:
    """What the trainings of one run share."""

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

    def made(self) -> Trained:
        """Train all that the partition asks for."""
        return self._folds(self.partition) if isinstance(self.partition, Folds) else self._one(self.partition)

    def _one(self, split: Split) -> Trained:
        """Train once; the validation part chooses."""
        place = self._place("run", 0, split)
        choice = self._choice(place)
        trainer = self._trainer(choice)
        history = self._train(trainer, place)
        with self.timed("explain"):
            said = trainer.explain(np.arange(len(self.data.cases)))
        familiarity = self._familiarity(trainer)
        return Trained(trainer, (history,), (choice,), said, said, said, (history.name,), familiarity, place)

    def _folds(self, folds: Folds) -> Trained:
        """Train once a fold, then once on the whole development part for as many steps as the folds wanted.

        A search finds each fold's head inside its own training patients, so that those it judges chose nothing. The
        head to export is found by all development patients; then folds are trained by that head as well, and these
        choose, because epochs and thresholds of other heads are not its own.
        """
        places = [self._place(f"fold {index + 1}", index, folds.split(index)) for index in range(len(folds.folds))]
        whole = Place("refit", len(places), rows_of(self.data.cases, folds.development), None)
        judged = self._cross_fit(places, [self._choice(replace(place, held=None)) for place in places])
        choice = self._choice(whole)
        deciding = judged
        if any(not own.same_network(choice) for own in judged.choices):
            # Names of their own in the checkpoint: the numbers, and so the orders of scans, are the folds'.
            again = [replace(p, name=f"{p.name}, {EXPORTED_HEAD}", kept=f"exported-{p.number}") for p in places]
            deciding = self._cross_fit(again, [choice] * len(places))
            whole = replace(whole, kept="exported")
        trainer = self._trainer(choice)
        refit = self._train(trainer, whole, deciding.epochs_of_refit(self._steps(whole)))
        with self.timed("explain"):
            own = trainer.explain(np.arange(len(self.data.cases)))
        fits = [judged] if deciding is judged else [judged, deciding]
        return Trained(
            trainer,
            (*(history for fit in fits for history in fit.histories), refit),
            (*(each for fit in fits for each in fit.choices), choice),
            own,
            self._out_of_fold(own, folds, judged.held),
            self._out_of_fold(own, folds, deciding.held),
            tuple(history.name for history in deciding.histories),
            self._familiarity(trainer),
            whole,
            deciding.longest,
        )

    def _cross_fit(self, places: Sequence[Place], choices: Sequence[HeadChoice]) -> _CrossFit:
        results = cross_fitted(
            places,
            len(self.settings.plan.stages),
            lambda index: self._trainer(choices[index]),
            self.checkpoint,
            self.progress,
        )
        histories, held = zip(*results, strict=True)
        return _CrossFit(histories, tuple(choices), held, tuple(map(self._steps, places)))

    def _steps(self, place: Place) -> int:
        """Of an epoch."""
        return math.ceil(len(place.rows) / self.settings.batch_size)

    def _familiarity(self, trainer: Trainer) -> MeasuredFamiliarity | None:
        """Of all scans but the test part's: a network that learnt from a scan knows it better than a new one."""
        rows = rows_of(self.data.cases, self.partition.development)
        with self.timed("familiarity"):
            patients, drawing = [self.data.cases[row].patient for row in rows], self.data.preparation.drawing
            own = trainer.pooled(rows)
            return familiarity_of(self.data.images, rows, patients, drawing, own, trainer.pooled_of)

    def _place(self, name: str, number: int, split: Split) -> Place:
        rows, held = (rows_of(self.data.cases, members) for members in (split.train, split.validation))
        return Place(name, number, rows, held)

    def _out_of_fold(self, said: Explained, folds: Folds, results: Sequence[Explained]) -> Explained:
        """Replace what the refit says of the scans that it learnt from by what was said out of fold."""
        logits, maps = said.logits.copy(), said.maps.copy()
        for members, held in zip(folds.folds, results, strict=True):
            rows = rows_of(self.data.cases, members)
            logits[rows], maps[rows] = held.logits, held.maps
        return Explained(logits, maps)

    def _choice(self, place: Place) -> HeadChoice:
        """Head and rates of a training, as the checkpoint has them or found now."""
        name = {"run": "", "refit": EXPORTED_HEAD}.get(place.name, place.name)
        with self.timed("search"):
            return self.checkpoint.choice(
                place.key, lambda: self.heads.choose(place.rows, place.held, self.settings.seed, name)
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
    def timed(self, step: str) -> Iterator[None]:
        """Count the time of a step."""
        begun = time.monotonic()
        yield
        self.checkpoint.spend(step, time.monotonic() - begun)
