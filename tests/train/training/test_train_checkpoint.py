"""A run that was killed goes on at an epoch, and comes out as if nothing had happened."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.data import PreparedData
from edgecad_train.networks.head import Head
from edgecad_train.networks.network import Network
from edgecad_train.running.training import train
from edgecad_train.runs.outcome import TrainingOutcome
from edgecad_train.splits.split import folds_by_patient
from edgecad_train.training.checkpoint import Checkpoint
from edgecad_train.training.history import Epoch, StageHistory
from edgecad_train.training.search.choice import HeadChoice
from edgecad_train.training.settings import Settings
from edgecad_train.training.stages import StageState
from edgecad_train.training.strategies import Stage

Build = Callable[..., Network]
Draw = Callable[[int, int], Any]
RunStage = Callable[..., StageHistory]
STATE = "state-0.npz"
STAGE = Stage("fine-tuning", "top", 6, 1e-2)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def _killed_after(epochs: int) -> Callable[..., None]:
    def progress(name: str, done: int, of: int, figures: str) -> None:
        if done == epochs:
            raise Killed

    return progress


@pytest.mark.parametrize("epochs", [1, 3, 6])
def test_a_stage_that_was_killed_ends_as_one_that_was_not(
    epochs: int, small_network: Build, small_examples: Draw, run_stage: RunStage, tmp_path: Path
) -> None:
    """What judges says the opposite of what teaches, so an early epoch is best, and its weights must be kept apart."""
    train_part = small_examples(12, 0)
    held = dataclasses.replace(train_part, labels=1 - train_part.labels)
    whole = small_network(dropout=0.4)
    wanted = run_stage(whole, STAGE, train_part, held, 4)
    assert wanted.best < 2, "a later epoch was best, so its weights may be those of the kill; choose another seed"
    with pytest.raises(Killed):
        run_stage(small_network(dropout=0.4), STAGE, train_part, held, 4,
                  keeper=Checkpoint(tmp_path, 0.0).keeper(0, ()), progress=_killed_after(epochs))  # fmt: skip
    again = small_network(dropout=0.4)
    told: list[int] = []
    history = run_stage(again, STAGE, train_part, held, 4, keeper=Checkpoint(tmp_path, 0.0).keeper(0, ()),
                        progress=lambda name, done, of, figures: told.append(done))  # fmt: skip
    assert told == list(range(epochs + 1, 7))
    assert history == wanted
    for one, other in zip(again.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_state_comes_back_array_by_array(tmp_path: Path) -> None:
    arrays = [np.full((2, 3), number, np.float32) for number in range(9)]
    epochs = tuple(Epoch(1.0 - number / 9, 0.5, 0.7, 0.6) for number in range(2))
    state = StageState(epochs, 0, (arrays[0], arrays[1]), (arrays[2], arrays[3]), tuple(arrays[4:7]),
                       ((arrays[7],), (arrays[8],)))  # fmt: skip
    Checkpoint(tmp_path, 0.0).keeper(0, ()).keep(lambda: state, last=False)
    back = Checkpoint(tmp_path).keeper(0, ()).restore()
    assert back is not None
    assert (back.epochs, back.best) == (epochs, 0)
    for name in ("weights", "best_weights", "optimizer"):
        np.testing.assert_array_equal(getattr(back, name), getattr(state, name), err_msg=name)
    np.testing.assert_array_equal(back.seen, state.seen)


def test_another_stage_or_training_does_not_take_the_state(
    tmp_path: Path, small_network: Build, small_examples: Draw, run_stage: RunStage
) -> None:
    part = small_examples(8, 0)
    history = run_stage(small_network(), STAGE, part, part, 4, keeper=Checkpoint(tmp_path, 0.0).keeper(1, ()))
    checkpoint = Checkpoint(tmp_path)
    assert checkpoint.keeper(1, ()).restore() is not None
    assert checkpoint.keeper(1, (history,)).restore() is None
    assert checkpoint.keeper(0, ()).restore() is None


def test_a_full_disk_leaves_the_last_good_state(
    tmp_path: Path, small_network: Build, small_examples: Draw, run_stage: RunStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = small_examples(8, 0)
    with pytest.raises(Killed):
        run_stage(small_network(), STAGE, part, part, 4, keeper=Checkpoint(tmp_path, 0.0).keeper(0, ()),
                  progress=_killed_after(2))  # fmt: skip
    before = (tmp_path / STATE).read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("edgecad.system.folders.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run_stage(small_network(), STAGE, part, part, 4, keeper=Checkpoint(tmp_path, 0.0).keeper(0, ()))
    assert (tmp_path / STATE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [STATE]  # no half of a newer one


def test_a_damaged_state_is_named_and_not_guessed_from(tmp_path: Path) -> None:
    (tmp_path / STATE).write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(UsageError, match=r"state-0\.npz cannot be read .*; remove it"):
        Checkpoint(tmp_path).keeper(0, ()).restore()


@pytest.mark.parametrize("where", [("fold 1, warm-up", 1), ("fold 2, fine-tuning", 1), ("refit, warm-up", 1)])
def test_a_run_of_folds_that_was_killed_gives_the_same_figures(
    where: tuple[str, int], phantoms: PreparedData, folded: TrainingOutcome, tmp_path: Path
) -> None:
    settings = Settings("mobilenetv2", "none", "two-stage", warmup_epochs=2, finetune_epochs=1)
    folds = folds_by_patient(phantoms.cases, seed=0, folds=3)

    def stop(name: str, done: int, of: int, figures: str) -> None:
        if (name, done) == where:
            raise Killed

    with pytest.raises(Killed):
        train(phantoms, folds, settings, "a-run", stop, checkpoint=Checkpoint(tmp_path, 0.0))
    told: list[str] = []
    outcome = train(phantoms, folds, settings, "a-run", lambda name, *_: told.append(name),
                    checkpoint=Checkpoint(tmp_path, 0.0))  # fmt: skip
    assert where[0].startswith("fold 1") or "fold 1, warm-up" not in told
    np.testing.assert_array_equal(outcome.log_odds, folded.log_odds)
    assert outcome.histories == folded.histories
    assert outcome.evaluations == folded.evaluations
    assert dataclasses.replace(outcome.said).maps.shape == folded.said.maps.shape


def test_a_head_that_was_chosen_is_not_chosen_again(tmp_path: Path) -> None:
    chosen = HeadChoice(Head(32, 0.1), 3.25, trials=9, loss=0.5)
    assert Checkpoint(tmp_path).choice(2, lambda: chosen) == chosen
    assert Checkpoint(tmp_path).choice(2, lambda: pytest.fail("searched again")) == chosen
    other = HeadChoice(Head(), 4.0)
    assert Checkpoint(tmp_path).choice(3, lambda: other) == other


def test_the_seconds_of_earlier_sessions_are_added(tmp_path: Path) -> None:
    Checkpoint(tmp_path).spend("warm-up", 2.0)
    again = Checkpoint(tmp_path)
    again.spend("warm-up", 0.5)
    assert again.seconds == {"warm-up": 2.5}
    assert Checkpoint(None).seconds == {}
