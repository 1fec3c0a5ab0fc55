"""Work by several threads, in order: nothing lost, nothing hoarded, errors at their place."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from edgecad.system.parallel import in_order


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_results_come_in_order_whoever_is_first(workers: int) -> None:
    def work(item: int) -> int:
        time.sleep(0.002 * (item % 3))
        return item * item

    assert list(in_order(work, range(40), workers)) == [item * item for item in range(40)]


def test_only_a_few_are_under_way() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    for done, _ in enumerate(in_order(lambda item: item, items(), 3), start=1):
        assert len(taken) <= done + 2 * 3


def test_one_worker_is_the_caller_and_takes_one_at_a_time() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(3):
            taken.append(item)
            yield item

    for done, thread in enumerate(in_order(lambda item: threading.current_thread(), items(), 1), start=1):
        assert thread is threading.current_thread()
        assert len(taken) == done


def test_several_work_at_a_time() -> None:
    meeting = threading.Barrier(3, timeout=20)
    assert len(list(in_order(lambda item: meeting.wait(), range(9), 3))) == 9


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_comes_at_its_place_and_ends_the_work(workers: int) -> None:
    begun: list[int] = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 4:
            raise ValueError("the fifth")
        return item

    results = in_order(work, range(1000), workers)
    assert [next(results) for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="the fifth"):
        next(results)
    assert len(begun) < 20
