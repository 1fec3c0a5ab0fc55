"""Arithmetic between the layers of a Keras 2 model, as operations of Keras 3.

Keras 2 wrote `x / 127.5` as a layer that looks a function of TensorFlow up by its name. Of those a few are known here,
by what they compute; none is looked up.
"""

from __future__ import annotations

from typing import Any

from edgecad.errors import ModelInvalid

OPERATION_LAYERS = ("TFOpLambda", "SlicingOpLambda")
OPERATIONS = {
    "math.truediv": ("numpy", "TrueDivide"),
    "math.divide": ("numpy", "TrueDivide"),
    "math.add": ("numpy", "Add"),
    "__operators__.add": ("numpy", "Add"),
    "math.subtract": ("numpy", "Subtract"),
    "math.multiply": ("numpy", "Multiply"),
    "math.negative": ("numpy", "Negative"),
    "nn.bias_add": ("numpy", "Add"),
    "nn.relu": ("nn", "Relu"),
    "nn.relu6": ("nn", "Relu6"),
    "nn.silu": ("nn", "Silu"),
    "nn.swish": ("nn", "Silu"),
    "nn.sigmoid": ("nn", "Sigmoid"),
    "math.sigmoid": ("nn", "Sigmoid"),
    "nn.softmax": ("nn", "Softmax"),
    "math.reduce_mean": ("numpy", "Mean"),
    "__operators__.getitem": ("numpy", "GetItem"),
    "cast": ("core", "Cast"),
}
"""Module of `keras.src.ops` and class for each function of TensorFlow."""
CONSTRUCTED = {
    "Softmax": {"axis": "axis"},
    "Mean": {"axis": "axis", "keepdims": "keepdims"},
    "Cast": {"dtype": "dtype"},
}
"""Arguments that Keras 3 takes where the operation is made and not where it is called."""
SECOND = ("y", "bias", "slice_spec")
"""Names that functions of TensorFlow give to their second argument."""
IGNORED = ("name", "data_format", "axis", "keepdims", "dtype", "features", "x")
CONSTANT = "_CONSTANT_VALUE"


def operation_of(entry: dict[str, Any]) -> dict[str, Any]:
    """A layer of Keras 2 that calls a function of TensorFlow, as an operation of Keras 3 with its calls.

    Raises:
        ModelInvalid: the function, or the way it is called, is not known here.
    """
    function, name = entry["config"].get("function"), entry["name"]
    if function not in OPERATIONS:
        raise ModelInvalid(
            f"layer {name!r} calls tf.{function}, which is code that is looked up by its name, and no code of others "
            f"is run; known are {', '.join(sorted(set(OPERATIONS)))}"
        )
    module, kind = OPERATIONS[function]
    calls = [_call_of(node, name) for node in entry.get("inbound_nodes", [])]
    wanted = CONSTRUCTED.get(kind, {})
    made = {mine: calls[0][1][theirs] for mine, theirs in wanted.items() if calls and theirs in calls[0][1]}
    return {
        "module": f"keras.src.ops.{module}",
        "class_name": kind,
        "config": {"name": name, **made},
        "registered_name": kind,
        "name": name,
        "inbound_nodes": [{"args": args, "kwargs": {}} for args, _ in calls],
    }


def _call_of(node: Any, name: str) -> tuple[list[Any], dict[str, Any]]:
    """Arguments of one call by their places, and all that were given by name."""
    first, *more = node if isinstance(node[0], list) else [node]
    if more:
        raise ModelInvalid(
            f"layer {name!r} calls a function of TensorFlow on a list of tensors, which is not known here"
        )
    options = first[3] if len(first) > 3 else {}
    unknown = [key for key, value in options.items() if key not in (*SECOND, *IGNORED) and value is not None]
    if unknown or options.get("data_format") not in (None, "NHWC"):
        raise ModelInvalid(f"layer {name!r} calls a function of TensorFlow with {unknown or 'channels first'}")
    args = [first[2] if first[0] == CONSTANT else _tensor(first)]
    args += [_argument(key, options[key]) for key in SECOND if key in options]
    return args, options


def _argument(key: str, value: Any) -> Any:
    if key == "slice_spec":
        return _slices(value)
    if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str):
        return _tensor(value)
    return value if not isinstance(value, list) else {
        "class_name": "__numpy__", "config": {"value": value, "dtype": "float32"},
    }  # fmt: skip


def _slices(value: Any) -> Any:
    """Parts of an index: whole numbers, `...`, and ranges as dictionaries."""
    return [_slice(part) for part in (value if isinstance(value, list) else [value])]


def _slice(part: Any) -> Any:
    if isinstance(part, dict) and set(part) == {"start", "stop", "step"}:
        return {"class_name": "__slice__", "config": part}
    if isinstance(part, dict) and part.get("class_name") == "__ellipsis__":
        return {"class_name": "__ellipsis__", "config": {}}
    return part


def _tensor(reference: list[Any]) -> dict[str, Any]:
    """A tensor by the layer that makes it; its shape is found when the layers are called."""
    history = list(reference[:3])
    return {"class_name": "__keras_tensor__", "config": {"shape": [], "dtype": "float32", "keras_history": history}}
