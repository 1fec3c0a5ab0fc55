"""What tests of networks share: the walk by which they check boundaries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest

LayersBetween = Callable[[Any, Any], set[str]]


@pytest.fixture(scope="session")
def layers_between() -> LayersBetween:
    """Names of the layers between two tensors: `layers_between(low, high)`."""
    return _layers_between


def _layers_between(low: Any, high: Any) -> set[str]:
    """Names of the layers on the way back from `high`, without passing `low`."""
    seen: set[str] = set()
    waiting = [high]
    while waiting:
        tensor = waiting.pop()
        layer = tensor._keras_history.operation
        if tensor is low or layer.name in seen:
            continue
        seen.add(layer.name)
        if not isinstance(layer, keras.layers.InputLayer):
            waiting += keras.tree.flatten(layer.input)
    return seen
