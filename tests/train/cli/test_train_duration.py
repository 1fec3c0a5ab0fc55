"""How long a run will train, said from its first epochs."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest

from edgecad.cli.progress import silent
from edgecad_train.cli.train.duration import TrainingTime, with_training_time
from edgecad_train.splits.split import Split
from edgecad_train.training.settings import Settings

UNITS = {"s": 1, "min": 60, "h": 3600, "days": 86400}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("order", ["stage by stage", "training by training"])
def test_it_is_said_once_and_roughly_right(seed: int, order: str) -> None:
    rng, clock, said = np.random.default_rng(seed), Clock(), list[tuple[str, float]]()
    epochs = {"warm-up": int(rng.integers(5, 100)), "fine-tuning": int(rng.integers(5, 40))}
    took = {"warm-up": float(rng.uniform(0.02, 1)), "fine-tuning": float(rng.uniform(0.2, 20))}
    folds = int(rng.integers(0, 6))
    names = [f"fold {number}, " for number in range(1, folds + 1)] + (["refit, "] if folds else [""])
    rough = TrainingTime(epochs, len(names), lambda line: said.append((line, clock.now)), clock)
    pairs = [(name, stage) for name in names for stage in epochs]
    if order == "stage by stage":
        pairs.sort(key=lambda pair: [*epochs].index(pair[1]))
    for name, stage in pairs:
        clock.now += 9.0  # what compiles
        for done in range(1, epochs[stage] + 1):
            clock.now += took[stage]
            rough(f"{name}{stage}", done)
    assert len(said) <= 1
    for line, at in said:
        found = re.fullmatch(r"training: about ([\d.]+) (\w+) left, roughly, measured on the first epochs", line)
        assert found
        assert 0.5 < float(found[1]) * UNITS[found[2]] / (clock.now - at) < 1.6
    if clock.now > 120 and len(names) > 1:
        assert said


def test_other_tasks_and_short_runs_say_nothing() -> None:
    clock, said = Clock(), list[str]()
    rough = TrainingTime({"warm-up": 20}, 2, said.append, clock)
    for done in range(1, 200):
        clock.now += 1
        rough("reading", done)
        rough("frozen part", done)
    for done in range(1, 21):
        clock.now += 0.1
        rough("fold 1, warm-up", done)
    assert said == []


def test_nobody_is_told_who_wants_no_progress_or_whose_search_decides() -> None:
    split = Split(train=("a",), validation=("b",), test=("c",), seed=0)
    assert with_training_time(silent, Settings(), split) is silent

    def bars(task: str, done: int, total: int, figures: str) -> None:
        pass

    assert with_training_time(bars, Settings(search=True), split) is bars
    assert with_training_time(bars, Settings(), split) is not bars
