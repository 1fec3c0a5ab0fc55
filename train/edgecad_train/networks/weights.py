"""First weights of a backbone: from Keras' cache, a Keras file, or an archive of arrays that may lack the top."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecad.errors import UsageError
from edgecad.system.digests import file_sha256
from edgecad.system.words import did_you_mean
from edgecad_train.networks.backbones import Backbone
from edgecad_train.networks.imagenet import imagenet_file
from edgecad_train.networks.weightsfile import flaw_of

if TYPE_CHECKING:
    import keras


def check_first_weights(weights: str, backbone: Backbone) -> None:
    """See that a file of weights is there, whole, and of a kind that can hold them; whether it fits is seen later.

    Args:
        weights: `imagenet` and `none` are taken as they are.

    Raises:
        UsageError: no such file, or one that holds something else.
    """
    if weights in ("imagenet", "none"):
        return
    path = Path(weights)
    if not path.is_file():
        raise UsageError(
            f"no weights file at {path}{did_you_mean(weights, ('imagenet', 'none'))}; give --weights imagenet, none or "
            "an existing file"
        )
    flaw = flaw_of(path)
    if flaw:
        raise _unfit(path, backbone, flaw)


def load_first_weights(base: keras.Model, backbone: Backbone, weights: str, runs: Set[str]) -> str:
    """Put first weights into `base`, a backbone on top of its scaling.

    Args:
        base: the whole backbone, also where a part of it will be cut off: files are of the whole.
        weights: `imagenet`, `none`, a Keras weights file of the backbone without top, or an `.npz` archive with
            one array a variable under `layer/variable`. An archive may end below the top; layers that it lacks
            keep random weights, and the words that come back say which of them run.
        runs: names of the layers that are not cut off.

    Returns:
        The words that record where the weights came from.

    Raises:
        NotAvailable: `imagenet` is neither in Keras' cache nor to be fetched.
        UsageError: the file does not fit.
    """
    from edgecad_train.networks.scaling import LAYERS as SCALING_LAYERS

    if weights == "none":
        return "none"
    check_first_weights(weights, backbone)
    path = imagenet_file(backbone) if weights == "imagenet" else Path(weights)
    own = [layer for layer in base.layers if layer.name not in SCALING_LAYERS]
    lacking = _from_archive(own, path, backbone) if path.suffix == ".npz" else _from_keras(own, path, backbone)
    untrained = _words_of([name for name in lacking if name in runs])
    origin = f"{'imagenet' if weights == 'imagenet' else 'file'} {path.name} sha256:{file_sha256(path)[:16]}"
    return f"{origin}; UNTRAINED, random: {untrained}" if untrained else origin


def _from_keras(own: list[keras.layers.Layer], path: Path, backbone: Backbone) -> list[str]:
    import keras

    bare: Any = getattr(keras.applications, backbone.application)(
        include_top=False, weights=None, input_shape=(backbone.size, backbone.size, 3)
    )
    try:
        with warnings.catch_warnings():
            # Keras only warns, layer by layer, where it leaves one with random weights.
            warnings.simplefilter("error", UserWarning)
            bare.load_weights(path)
    except (OSError, ValueError, KeyError, UserWarning) as error:
        other = "its layers are others"
        first_line = other if isinstance(error, UserWarning) else str(error).strip().partition("\n")[0]
        raise _unfit(path, backbone, first_line) from error
    for mine, loaded in zip(own, bare.layers, strict=True):
        mine.set_weights(loaded.get_weights())
    return []


def _from_archive(own: list[keras.layers.Layer], path: Path, backbone: Backbone) -> list[str]:
    """Fill layers from an archive; return the names of those that it does not reach."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            held = {name: np.asarray(arrays[name], np.float32) for name in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise _unfit(path, backbone, str(error)) from error
    lacking = []
    names = _names_in(held, own)
    for layer in own:
        for variable in layer.weights:
            value = held.pop(f"{names.get(layer.name, layer.name)}/{variable.name}", None)
            if value is not None and value.shape != tuple(variable.shape):
                raise _unfit(path, backbone, f"{layer.name} has shape {value.shape}, {tuple(variable.shape)} wanted")
            if value is not None:
                variable.assign(value)
            elif not variable.name.startswith("moving_"):  # folded archives leave the neutral statistics out
                lacking.append(layer.name)
    if held:
        raise _unfit(path, backbone, f"it has no layer for {next(iter(held))}")
    _check_top(lacking, own, path, backbone)
    return list(dict.fromkeys(lacking))


def _names_in(held: Iterable[str], own: list[keras.layers.Layer]) -> dict[str, str]:
    """What an archive calls the layers whose names Keras counts, `conv2d_7` say, by their own names.

    Keras counts all layers of a class that a process has made, so the same network may begin at another number.
    """
    archived = {name.rpartition("/")[0] for name in held}
    found: dict[str, str] = {}
    for kind in {type(layer) for layer in own}:
        counted = re.compile(rf"{_counted_name(kind)}(?:_(\d+))?")
        mine = _in_order([layer.name for layer in own if type(layer) is kind and layer.weights], counted)
        found |= dict(zip(mine, _in_order(archived, counted), strict=False))
    return found


def _counted_name(kind: type) -> str:
    """How Keras begins the name of a layer that nobody named: `BatchNormalization` gives `batch_normalization`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def _in_order(names: Iterable[str], counted: re.Pattern[str]) -> list[str]:
    matches = [match for match in map(counted.fullmatch, names) if match]
    return [match.group() for match in sorted(matches, key=lambda match: int(match.group(1) or 0))]


def _check_top(lacking: list[str], own: list[keras.layers.Layer], path: Path, backbone: Backbone) -> None:
    """See that what an archive lacks is the top: a gap below layers that it holds is a damaged file."""
    if not lacking:
        return
    first = [layer.name for layer in own].index(lacking[0])
    above = [layer.name for layer in own[first:] if layer.weights and layer.name not in lacking]
    if above:
        raise _unfit(path, backbone, f"{lacking[0]} is missing below {above[0]}, which it holds")


def _words_of(untrained: list[str]) -> str:
    return f"{len(untrained)} layers from {untrained[0]} on" if untrained else ""


def _unfit(path: Path, backbone: Backbone, seen: str) -> UsageError:
    return UsageError(
        f"{path} does not hold the weights of {backbone.name} without top: {seen}; "
        "give the Keras weights file of this backbone, or with --backbone the network that it is of"
    )
