"""Which head a training uses: the one that was asked for, or what a search finds on patients it may look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad_train.data import Case
from edgecad_train.splits.split import rows_of, stratified_folds
from edgecad_train.training.frozen import Rows, Storage, layer_of, run_in_batches
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.search.hyperband import Fold, SearchOptions, search_head
from edgecad_train.training.settings import Settings
from edgecad_train.training.stages import Progress
from edgecad_train.training.trainer import Materials, lowest_known

INNER_FOLDS = 3


@dataclass
class HeadFinder:
    """Chooses heads; pooled features are computed when a search first wants them."""

    materials: Materials
    settings: Settings
    cases: Sequence[Case]
    progress: Progress | None
    _pooled: Rows | None = None

    def choose(self, rows: NDArray[np.intp], held: NDArray[np.intp] | None, seed: int, name: str = "") -> HeadChoice:
        """Head and a for a training on `rows`.

        Args:
            held: validation scans to search by; None searches by inner folds of `rows`, by patient.
            name: whose head it is, for the progress, where a run searches several times.
        """
        settings = self.settings
        if not settings.trials:
            return HeadChoice(settings.head, settings.plan.lr_exponent)
        options = SearchOptions(
            settings.trials,
            max(stage.epochs for stage in settings.plan.stages),
            settings.head.activation,
            settings.batch_size,
            settings.stage_options(self.materials.labels[rows]).loss,
        )
        folds = [Fold(rows, held)] if held is not None else self._inner(rows, seed)
        tell, task = self.progress, f"head search, {name}" if name else "head search"
        return search_head(
            self._features(),
            self.materials.labels,
            folds,
            options,
            seed,
            (lambda done, of, loss: tell(task, done, of, f"loss {loss:.3f}")) if tell else None,
        )

    def _inner(self, rows: NDArray[np.intp], seed: int) -> list[Fold]:
        labels = {self.cases[row].patient: self.cases[row].label for row in rows}
        own = [self.cases[row] for row in rows]
        fewest = min(list(labels.values()).count(label) for label in set(labels.values()))
        folds = stratified_folds(sorted(labels), labels, min(INNER_FOLDS, fewest), seed)
        parts = [rows[rows_of(own, fold)] for fold in folds]
        return [Fold(np.setdiff1d(rows, part), part) for part in parts]

    def _features(self) -> Rows:
        """Pooled features of the network with its first weights, `(n, channels)`."""
        if self._pooled is None:
            network = self.materials.network
            network.model.set_weights(self.materials.first)
            below, pooled = lowest_known(network, self.settings.plan), network.model.get_layer("pooling").output
            known = self.materials.outputs.get(layer_of(pooled))
            self._pooled = (
                known[0]
                if known
                else run_in_batches(
                    keras.Model(below, pooled), self.materials.passes(below)[0], self.settings.batch_size, Storage()
                )
            )
        return self._pooled
