"""Calls that take too long are asked to stop, each once, and those in time are left alone."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from edgecad.runners import watchdog
from edgecad.runners.watchdog import Watchdog


@pytest.fixture
def dog(monkeypatch: pytest.MonkeyPatch) -> Watchdog:
    """One that looks often."""
    monkeypatch.setattr(watchdog, "LOOK", 0.01)
    return Watchdog()


def test_a_call_that_is_late_is_stopped_once(dog: Watchdog) -> None:
    stopped: list[float] = []
    with dog.limited(0.05, lambda: stopped.append(time.monotonic())) as call:
        time.sleep(0.3)
    assert len(stopped) == 1
    assert call.late


def test_a_call_in_time_is_left_alone(dog: Watchdog) -> None:
    with dog.limited(0.2, lambda: pytest.fail("it was stopped")) as call:
        pass
    time.sleep(0.4)
    assert not call.late


def test_of_many_calls_the_late_ones_are_stopped(dog: Watchdog) -> None:
    stopped: list[int] = []

    def work(number: int) -> None:
        with dog.limited(0.1 if number % 2 else 60.0, lambda: stopped.append(number)):
            time.sleep(0.4)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stopped) == [1, 3, 5, 7]


def test_a_stop_that_fails_keeps_nobody_from_being_stopped(dog: Watchdog) -> None:
    stopped = threading.Event()
    with dog.limited(0.02, lambda: 1 / 0), dog.limited(0.02, stopped.set):
        assert stopped.wait(5)


def test_calls_leave_nothing_behind_and_one_thread_serves_all(dog: Watchdog) -> None:
    before = threading.active_count()
    for _ in range(1000):
        with dog.limited(1.0, lambda: None):
            pass
    assert threading.active_count() == before + 1
    assert not dog._calls


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_process_that_forked_has_a_thread_of_its_own(dog: Watchdog) -> None:
    with dog.limited(1.0, lambda: None):
        pass
    child = os.fork()
    if child == 0:
        stopped = threading.Event()
        with dog.limited(0.05, stopped.set):
            os._exit(0 if stopped.wait(10) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
