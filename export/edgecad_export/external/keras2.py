"""Files of Keras 2, read into Keras 3 without Keras 2: its description rewritten where both mean the same.

Keras 3 reads few of them: it has other words for the same layers (`groups` of a depthwise convolution, a `Functional`
in another module, a policy as a dictionary), and none for arithmetic between layers. What means something else in
Keras 3, or nothing, is refused with Keras' own reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from edgecad.errors import ModelInvalid
from edgecad_export.external.keras2_links import linked, plain_name
from edgecad_export.external.keras2_operations import OPERATION_LAYERS, operation_of

AGAIN = (
    "build the network with Keras 3 by the code that made it, read its weights with model.load_weights('{name}'), and "
    "save it with model.save('model.keras')"
)
"""What works for whoever has the code; a Keras 2 that loads the file and saves it again writes a file of Keras 2."""
MODELS = {
    "Functional": ("keras.src.models.functional", "Functional"),
    "Model": ("keras.src.models.functional", "Functional"),
    "Sequential": ("keras", "Sequential"),
}
"""Module and name of Keras 3 for each class of models of Keras 2."""
UNUSED = ("_initializer", "_regularizer", "_constraint")
"""Ends of the names of what only training uses: the weights are read from the file."""
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "groups": (1,),
    "ragged": (False,),
    "optional": (False,),
    "rng_type": ("stateful", "stateless", "legacy_stateful", None),
    "renorm": (False,),
    "virtual_batch_size": (None,),
    "fused": (None, True, False),
}
"""Arguments that layers of Keras 3 lack or need not be told, and the values that say nothing."""
CHANGED = {
    "hard_sigmoid": "which is clip(0.2 x + 0.5, 0, 1) in Keras 2 and another function in Keras 3, where "
    "keras.ops.hard_sigmoid(1.2 * x) is it",
}
"""Functions whose name means another function in Keras 3."""


def of_keras_2(version: str | None) -> bool:
    """Whether a file's `keras_version` is one of Keras 2, `tf_keras` included; files before 1.2 have none."""
    return version is not None and version.partition(".")[0] in ("0", "1", "2")


def model_of_keras_2(description: dict[str, Any]) -> keras.Model:
    """Build the model that a description of Keras 2 tells, with weights still to be read.

    Raises:
        ModelInvalid: a part means something else in Keras 3, or Keras 3 has none such.
        Exception: whatever Keras raises where it knows a part under no name.
    """
    model: keras.Model = keras.saving.deserialize_keras_object(_modern(description), safe_mode=True)
    return model


def _modern(entry: dict[str, Any]) -> dict[str, Any]:
    """A model or a layer in the words of Keras 3."""
    kind, config = str(entry["class_name"]), dict(entry.get("config") or {})
    if kind in MODELS:
        return _model(kind, config)
    if kind in OPERATION_LAYERS:
        return entry  # its model rewrites it, because its arguments stand in its call
    config = _plain(config)
    shape = config.pop("batch_input_shape", None)
    if kind == "InputLayer":
        config["batch_shape"] = shape
    if kind == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    if kind == "ThresholdedReLU":  # x where it is above theta, and 0 elsewhere: the same, in Keras 3's words
        kind, config["threshold"] = "ReLU", config.pop("theta", 1.0)
    if not hasattr(keras.layers, kind):
        raise ModelInvalid(
            f"layer {config.get('name')!r} is a {kind}, which Keras 3 does not have; put layers in its place that "
            "compute the same"
        )
    return {"module": "keras.layers", "class_name": kind, "config": config, "registered_name": None}


def _model(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    module, name = MODELS[kind]
    if not isinstance(config.get("layers"), list):
        raise ModelInvalid("its description lists no layers")
    if name == "Functional":
        config = linked(config)
        config["layers"] = list(map(_called, config["layers"]))
    else:
        config["layers"] = list(map(_modern, _with_input(config["layers"])))
    config["name"] = plain_name(str(config.get("name", kind.lower())))
    config.pop("dtype", None)
    registered = name if name == "Functional" else None
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def _with_input(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Layers of a sequential model; an older one has its input's shape in its first layer."""
    shape = layers[0]["config"].get("batch_input_shape") if layers and layers[0]["class_name"] != "InputLayer" else None
    if shape is None or layers[0]["class_name"] in MODELS:
        return layers
    return [{"class_name": "InputLayer", "config": {"batch_input_shape": shape}}, *layers]


def _called(entry: dict[str, Any]) -> dict[str, Any]:
    """A layer of a functional model, with its calls; arithmetic becomes an operation of Keras 3."""
    if entry["class_name"] in OPERATION_LAYERS:
        return operation_of(entry)
    return {**_modern(entry), "name": entry["name"], "inbound_nodes": entry["inbound_nodes"]}


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    """A layer's arguments, without those that say nothing, in forms that Keras 3 takes; layers inside as well."""
    made = {}
    for name, value in config.items():
        if name.endswith(UNUSED) or (name in NEUTRAL and value in NEUTRAL[name]):
            continue
        if isinstance(value, str) and value in CHANGED:
            raise ModelInvalid(f"layer {config.get('name')!r} has {value}, {CHANGED[value]}")
        made[name] = _FORMS[name](value) if name in _FORMS else value
    return made


def _axis(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _policy(value: Any) -> Any:
    inner = value.get("config") if isinstance(value, dict) else None
    return inner["name"] if isinstance(inner, dict) and isinstance(inner.get("name"), str) else value


def _inside(value: Any) -> Any:
    return _modern(value) if isinstance(value, dict) and isinstance(value.get("class_name"), str) else value


_FORMS: dict[str, Callable[[Any], Any]] = {"axis": _axis, "dtype": _policy, "layer": _inside, "name": plain_name}
