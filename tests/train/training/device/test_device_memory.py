"""What a GPU has left, as its driver tells."""

from __future__ import annotations

from typing import Any

import pytest

from edgecad_train.training.device.memory import LIBRARY, free_memory

FREE = 3 * 2**30 + 17


class Driver:
    """As much of CUDA's driver API as is asked; one call may be refused."""

    def __init__(self, refused: str = "") -> None:
        self.calls: list[str] = []
        self._refused = refused

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.calls.append(name)
            if name == self._refused:
                return 2
            if name == "cuDeviceGet":
                return 0 if arguments[1] < 2 else 101
            if name == "cuMemGetInfo_v2":
                arguments[0]._obj.value, arguments[1]._obj.value = FREE, 8 * 2**30
            return 0

        return call


def test_the_drivers_figure_is_told_and_the_context_given_back() -> None:
    driver = Driver()
    assert free_memory(1, lambda name: driver) == FREE
    assert driver.calls[-2:] == ["cuCtxPopCurrent_v2", "cuDevicePrimaryCtxRelease_v2"]


@pytest.mark.parametrize(
    "refused", ["cuInit", "cuDeviceGet", "cuDevicePrimaryCtxRetain", "cuCtxPushCurrent_v2", "cuMemGetInfo_v2"]
)
def test_a_driver_that_refuses_tells_nothing_and_keeps_nothing(refused: str) -> None:
    driver = Driver(refused)
    assert free_memory(0, lambda name: driver) is None
    for taken, given in (
        ("cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2"), ("cuCtxPushCurrent_v2", "cuCtxPopCurrent_v2"),
    ):  # fmt: skip
        assert (given in driver.calls) == (taken in driver.calls and taken != refused)


def test_without_a_driver_or_such_a_gpu_nothing_is_told() -> None:
    def absent(name: str) -> Any:
        assert name == LIBRARY
        raise OSError(name)

    assert free_memory(0, absent) is None
    assert free_memory(2, lambda name: Driver()) is None
