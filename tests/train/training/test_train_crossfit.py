"""A fold goes on with the epoch that was best for the others, and is scored there; its own patients choose nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad_train.networks.explain import Explained
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.choosing.crossfit import cross_fitted, epochs_of_others, epochs_of_refit, median_epoch
from edgecad_train.training.frozen import Scans, Storage
from edgecad_train.training.history import Epoch, StageHistory, TrainingHistory
from edgecad_train.training.stages import StageOptions
from edgecad_train.training.strategies import Plan, Stage
from edgecad_train.training.trainer import Place, Trainer, materials_for

WARM_UP, FINE_TUNING = Stage("warm-up", "head", 5, 1e-2), Stage("fine-tuning", "top", 4, 3e-3)
PLANS = {"two stages": (WARM_UP, FINE_TUNING), "head alone": (WARM_UP,)}
FOLDS = 3
Result = list[tuple[TrainingHistory, Explained]]


def history(best: int, epochs: int = 9) -> StageHistory:
    return StageHistory("warm-up", (Epoch(1.0, 0.5, 1.0, 0.5),) * epochs, best)


@pytest.mark.parametrize(
    ("best", "taken"), [((0, 4, 8), [6, 4, 2]), ((3, 3, 3), [3, 3, 3]), ((1, 7), [7, 1]), ((0, 0, 1, 5), [1, 1, 0, 0])]
)
def test_each_fold_takes_the_median_of_the_others(best: tuple[int, ...], taken: list[int]) -> None:
    assert epochs_of_others([history(epoch) for epoch in best]) == taken


def test_what_was_best_for_a_fold_does_not_move_its_own_epoch() -> None:
    own = {epochs_of_others([history(best), history(2), history(6)])[0] for best in range(9)}
    assert own == {4}


def test_a_fold_that_was_stopped_early_takes_its_last_epoch() -> None:
    assert epochs_of_others([history(0, epochs=3), history(8), history(8)])[0] == 2


def test_the_refit_takes_the_median_of_all() -> None:
    assert median_epoch([history(0), history(4), history(8)]) == 5


@pytest.mark.parametrize(
    ("steps", "whole", "epochs"), [((8, 8, 8), 10, 4), ((9, 9, 9), 11, 4), ((4, 4, 4), 4, 5), ((1, 1, 1), 40, 1)]
)
def test_the_refit_trains_as_far_as_the_folds(steps: tuple[int, ...], whole: int, epochs: int) -> None:
    """As many epochs of more scans would be more steps."""
    assert epochs_of_refit([history(0), history(4), history(8)], steps, whole) == epochs


def test_of_one_epoch_the_refit_has_one() -> None:
    assert epochs_of_refit([history(0, epochs=1)] * 5, (7,) * 5, 9) == 1


@pytest.fixture(params=PLANS.values(), ids=PLANS)
def trainer(
    request: pytest.FixtureRequest, small_network: Callable[..., Network], small_examples: Callable[[int, int], Any]
) -> Trainer:
    drawn = small_examples(18, 3)
    plan = Plan("two-stage", request.param, True, 4.0)
    scans = Scans(drawn.images, "drawn")
    materials = materials_for(small_network(), plan, scans, drawn.labels, 0, 1, 4, Storage())
    return Trainer(materials, Head(8, 0.2), plan, StageOptions(4))


def places() -> list[Place]:
    """18 scans in three folds."""
    everybody = np.arange(18)
    return [
        Place(f"fold {index + 1}", index, everybody[everybody % FOLDS != index], everybody[everybody % FOLDS == index])
        for index in range(FOLDS)
    ]


def fitted(trainer: Trainer, checkpoint: Checkpoint | None = None, progress: Any = None) -> Result:
    return cross_fitted(places(), len(trainer.plan.stages), lambda _: trainer, checkpoint or Checkpoint(None), progress)


def test_scores_are_those_of_a_network_trained_for_just_so_many_epochs(trainer: Trainer) -> None:
    """By a training of its own that sees no held-out scan."""
    results = fitted(trainer)
    for place, (told, held) in zip(places(), results, strict=True):
        epochs = [1 + (stage.taken or 0) for stage in told.stages]
        trainer.train(replace(place, held=None), epochs=epochs)
        assert place.held is not None
        plain = trainer.explain(place.held)
        np.testing.assert_allclose(held.logits, plain.logits, atol=1e-5)
        np.testing.assert_allclose(held.maps, plain.maps, atol=1e-4)


def test_best_is_told_beside_what_was_taken(trainer: Trainer) -> None:
    results = fitted(trainer)
    for number, stage in enumerate(trainer.plan.stages):
        own = [told.stages[number] for told, _ in results]
        assert [one.taken for one in own] == epochs_of_others(own)
        for one in own:
            assert len(one.epochs) == stage.epochs
            assert one.best == max(range(stage.epochs), key=lambda epoch, one=one: (one.epochs[epoch].rank, -epoch))


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


@pytest.mark.parametrize("share", [0.0, 0.4, 0.7, 0.99])
def test_a_run_of_folds_that_was_killed_ends_as_one_that_was_not(
    trainer: Trainer, tmp_path: Path, share: float
) -> None:
    total = FOLDS * sum(stage.epochs for stage in trainer.plan.stages)
    after = 1 + int(share * (total - 1))
    wanted, told = fitted(trainer), list[str]()

    def kill(name: str, done: int, of: int, figures: str) -> None:
        told.append(name)
        if len(told) == after:
            raise Killed

    with pytest.raises(Killed):
        fitted(trainer, Checkpoint(tmp_path, 0.0), kill)
    again: list[str] = []
    results = fitted(trainer, Checkpoint(tmp_path, 0.0), lambda name, *_: again.append(name))
    assert len(again) == total - after
    for (one, held), (other, known) in zip(wanted, results, strict=True):
        assert one == other
        np.testing.assert_array_equal(held.logits, known.logits)
        np.testing.assert_array_equal(held.maps, known.maps)
