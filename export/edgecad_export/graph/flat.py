"""Copy a Keras model's layers onto an input of ours, models inside models opened up: one flat graph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from edgecad.errors import ModelInvalid

HALF = ("mixed_float16", "mixed_bfloat16")
"""Policies whose weights are fp32 and whose sums were not; the copy computes all in fp32."""


class FlatCopy:
    """Copies of a model's layers, with their weights, called in the same order on another tensor."""

    def __init__(self, reserved: Iterable[str]) -> None:
        """Begin a copy.

        Args:
            reserved: names that no copied layer may bear.
        """
        self._names = set(reserved)
        self._copies: dict[int, keras.layers.Layer] = {}
        self._originals: dict[int, keras.layers.Layer] = {}
        self.halved = False
        """Whether a layer computed in 16 bits."""

    def called(self, model: keras.Model, tensor: Any) -> Any:
        """Output tensor of the copy of `model` on `tensor`.

        Raises:
            ModelInvalid: layers that cannot be copied.
        """
        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                tensor = self._call(layer, tensor)
            return tensor
        if not hasattr(model, "_run_through_graph"):
            raise ModelInvalid(
                f"{model.name!r} is a subclassed model ({type(model).__name__}), whose layers only its own code knows; "
                "call it on a keras.Input, make keras.Model(input, output) of that, and save this one"
            )
        # What keras.models.clone_model does, without its new model around each part.
        return model._run_through_graph(tensor, operation_fn=lambda operation: operation, call_fn=self._call)

    def original_of(self, copy: Any) -> Any:
        """The layer that `copy` is the copy of; None for an operation, which is not copied."""
        return self._originals.get(id(copy))

    @property
    def originals(self) -> tuple[keras.layers.Layer, ...]:
        """All layers that were copied."""
        return tuple(self._originals.values())

    def _call(self, operation: Any, *values: Any, **options: Any) -> Any:
        if "training" in options:  # as Keras does with a call that was written with training=True, or by default
            options["training"] = False
        if isinstance(operation, keras.Model):
            return self.called(operation, values[0])
        if not isinstance(operation, keras.layers.Layer):
            return operation(*values, **options)
        copy = self._copy(operation)
        result = copy(*values, **options)
        copy.set_weights(operation.get_weights())
        if isinstance(copy, keras.layers.Normalization):
            copy.finalize_state()  # it computes with copies of its weights
        return result

    def _copy(self, layer: keras.layers.Layer) -> keras.layers.Layer:
        if id(layer) not in self._copies:
            config = {**layer.get_config(), "name": self._free_name(layer.name), "dtype": self._policy(layer)}
            self._copies[id(layer)] = copy = type(layer).from_config(config)
            self._originals[id(copy)] = layer
        return self._copies[id(layer)]

    def _policy(self, layer: keras.layers.Layer) -> str:
        if getattr(layer, "data_format", None) == "channels_first":
            raise ModelInvalid(
                f"layer {layer.name!r} wants channels first; build the model with data_format='channels_last'"
            )
        policy = layer.dtype_policy.name
        if policy not in ("float32", *HALF):
            raise ModelInvalid(f"layer {layer.name!r} computes in {policy}; float32 or mixed_float16 is wanted")
        self.halved = self.halved or policy in HALF
        return "float32"

    def _free_name(self, base: str) -> str:
        name, number = base, 1
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._names.add(name)
        return name
