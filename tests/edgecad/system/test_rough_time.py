"""How long work will take: said once, roughly right, and not where it ends soon."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pytest

from edgecad.system.clock import SOON, RoughTime, rough_words

UNITS = {"s": 1, "min": 60, "h": 3600, "days": 86400}


def seconds_of(words: str) -> float:
    found = re.search(r"about ([\d.]+) (s|min|h|days)", words)
    assert found, words
    return float(found[1]) * UNITS[found[2]]


@pytest.mark.parametrize("seed", range(200))
def test_words_are_near_what_they_say(seed: int) -> None:
    seconds = float(np.exp(np.random.default_rng(seed).uniform(np.log(SOON), np.log(1e7))))
    assert 0.65 < seconds_of(rough_words(seconds)) / seconds < 1.5


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("seed", range(40))
def test_a_task_is_estimated_once_from_its_first_part(seed: int) -> None:
    rng, clock, said = np.random.default_rng(seed), Clock(), list[tuple[str, float]]()
    rough = RoughTime(lambda line: said.append((line, clock.now)), clock)
    total, each = int(rng.integers(2, 500)), float(np.exp(rng.uniform(np.log(0.005), np.log(20))))
    clock.now += 30.0  # what opens and compiles is done before the first report, and counts for nothing
    for done in range(1, total + 1):
        clock.now += each
        rough("reading", done, total)
    ended = clock.now
    assert len(said) <= 1
    for line, at in said:
        assert line.startswith("reading: about ")
        assert line.endswith(" left, roughly")
        assert 0.6 < seconds_of(line) / (ended - at) < 1.6
    if (total - 2) * each > 2 * (3 + each + SOON):
        assert said


def test_short_work_and_work_that_is_done_already_say_nothing() -> None:
    clock, said = Clock(), list[str]()
    rough = RoughTime(said.append, clock)
    for done in range(100):
        rough("short", done, 99)
        clock.now += 0.1
    for _ in range(10):
        rough("done", 5, 5)
        clock.now += 10
    assert said == []


def test_tasks_are_told_apart() -> None:
    clock, said = Clock(), list[str]()
    rough = RoughTime(said.append, clock)
    for done in range(20):
        rough("one", done, 100)
        rough("two", done, 1000)
        clock.now += 1
    assert [line.split(":")[0] for line in said] == ["one", "two"]
