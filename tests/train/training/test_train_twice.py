"""One training whose epochs are chosen twice: every candidate is what a training of just these epochs gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.twice import Twice, chosen_twice
from edgecad_train.training.frozen import Scans, Storage
from edgecad_train.training.stages import StageOptions
from edgecad_train.training.strategies import Plan, Stage
from edgecad_train.training.trainer import Place, Trainer, materials_for

STAGES = (Stage("warm-up", "head", 4, 1e-2), Stage("fine-tuning", "top", 3, 3e-3))
ROWS, JUDGES = np.arange(12), np.arange(12, 18)
PLACE = Place("chosen on test", 5, ROWS, None, "twice")


@pytest.fixture
def trainer(small_network: Callable[..., Network], small_examples: Callable[[int, int], Any]) -> Trainer:
    drawn, plan = small_examples(18, 3), Plan("two-stage", STAGES, True, 4.0)
    materials = materials_for(small_network(), plan, Scans(drawn.images, "drawn"), drawn.labels, 0, 1, 4, Storage())
    return Trainer(materials, Head(8, 0.2), plan, StageOptions(4))


def _chosen(trainer: Trainer, taken: tuple[int, ...], rank: Any, checkpoint: Checkpoint | None = None) -> Twice:
    return chosen_twice(trainer, PLACE, taken, JUDGES, rank, checkpoint or Checkpoint(None))


def test_both_networks_are_those_of_trainings_that_differ_in_their_epochs_alone(trainer: Trainer) -> None:
    seen: list[Any] = []

    def later_is_better(said: Any) -> tuple[float, float]:
        """The last one that was seen is the best of all."""
        place = next((n for n, one in enumerate(seen) if np.array_equal(one, said)), len(seen))
        if place == len(seen):
            seen.append(said)
        return (float(place), 0.0)

    found = _chosen(trainer, (2, 1), later_is_better)
    assert (found.honest.epochs, found.wanted.epochs, found.candidates) == ((2, 1), (4, 3), 6)
    for one in (found.honest, found.wanted):
        trainer.train(Place("plain", 5, ROWS, None), epochs=one.epochs)
        np.testing.assert_allclose(one.log_odds, trainer.explain(JUDGES).log_odds, atol=1e-5)


def test_where_the_judging_scans_want_the_same_first_stage_there_is_one_start(trainer: Trainer) -> None:
    found = _chosen(trainer, (2, 2), lambda said: (0.0, 0.0))
    assert (found.wanted.epochs, found.candidates) == ((2, 2), 3)
    assert found.wanted is found.honest


@pytest.mark.parametrize("taken", [(1, 1), (4, 2), (3, 3)])
def test_what_the_judging_scans_want_is_never_worse_by_their_own_rule(trainer: Trainer, taken: tuple[int, int]) -> None:
    truth = np.arange(18)[JUDGES] % 2 == 0

    def rank(said: Any) -> tuple[float, float]:
        return float(((said >= 0) == truth).mean()), -float(np.abs(said).mean())

    found = _chosen(trainer, taken, rank)
    assert found.honest.epochs == taken
    assert rank(found.wanted.log_odds) >= rank(found.honest.log_odds)
