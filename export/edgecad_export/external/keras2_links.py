"""Which layer of a functional Keras 2 model is called on which: the same links, counted and named as Keras 3 does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MODELS = ("Functional", "Model", "Sequential")


def plain_name(name: str) -> str:
    """Keras 3 allows no `/` in the names of layers; Keras 2's DenseNets have it."""
    return name.replace("/", "_")


def linked(config: dict[str, Any]) -> dict[str, Any]:
    """A functional model's description with every link as `[layer, call, tensor]` of Keras 3.

    Keras 2 counted a model's own input as its first call; Keras 3 counts calls by others alone.
    """
    layers = [
        {**layer, "inbound_nodes": list(map(_as_list, layer.get("inbound_nodes") or []))} for layer in config["layers"]
    ]
    names = {str(layer["name"]) for layer in layers}
    ends = {key: _links_in(config.get(key, []), names) for key in ("input_layers", "output_layers")}
    nodes = [layer["inbound_nodes"] for layer in layers]
    last: dict[str, int] = {}
    for name, call, *_ in (*_links(nodes, names), *_links(list(ends.values()), names)):
        last[name] = max(call, last.get(name, 0))
    own = {
        str(layer["name"]): layer["class_name"] in MODELS
        and last.get(str(layer["name"]), 0) >= len(layer["inbound_nodes"])
        for layer in layers
    }
    for layer in layers:
        layer["inbound_nodes"] = _relinked(layer["inbound_nodes"], own)
        layer["name"] = plain_name(str(layer["name"]))
    return {**config, **{key: _relinked(value, own) for key, value in ends.items()}, "layers": layers}


def _as_list(node: Any) -> Any:
    """A call on a single tensor may stand without its list."""
    return [node] if isinstance(node, list) and node and isinstance(node[0], str) else node


def _links_in(value: Any, names: set[str]) -> Any:
    """Inputs or outputs; a single one without its list, because Keras 3 gives back a list for a list."""
    alone = isinstance(value, list) and len(value) == 1 and _is_link(value[0], names)
    return value[0] if alone else value


def _is_link(value: Any, names: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and value[0] in names
        and all(isinstance(number, int) for number in value[1:3])
    )


def _links(value: Any, names: set[str]) -> Iterator[list[Any]]:
    if _is_link(value, names):
        yield value
        value = value[3:]
    if isinstance(value, dict):
        value = list(value.values())
    for part in value if isinstance(value, list) else []:
        yield from _links(part, names)


def _relinked(value: Any, own: dict[str, bool]) -> Any:
    if _is_link(value, own):
        name, call, tensor, *options = value
        return [plain_name(name), call - own[name], tensor, *_relinked(options, own)]
    if isinstance(value, dict):
        return {key: _relinked(part, own) for key, part in value.items()}
    return [_relinked(part, own) for part in value] if isinstance(value, list) else value
