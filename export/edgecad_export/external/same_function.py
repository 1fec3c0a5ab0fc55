"""Proof that the rebuilt model is the function of the file: log-odds of both, on images on which the file's vary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.contract.scaling import pixel_rule
from edgecad.errors import GateFailed
from edgecad_export.external.about import ExternalModel
from edgecad_export.external.rebuilt import RebuiltModel
from edgecad_export.graph.outputs import answering

SAME = 4e-5
"""Largest difference of a log-odds, relative to logits above 1; 1e-5 of a probability of one half."""
SAME_HALVED = 2e-2
"""Largest difference of a probability between a model that computed in 16 bits and the same in 32."""
VARIED = 2e-5
"""Log-odds vary if they spread by more, relative to the logits: twenty times the rounding of fp32."""
SHARE = 0.05
"""Of the spread that a difference may be, where the file's scores vary little."""
ROUNDED = 1e-6
"""Of the logits: no difference below this is one."""


def check_same_function(rebuilt: RebuiltModel, about: ExternalModel, images: NDArray[np.uint8]) -> None:
    """Hold the rebuilt model against the original, each fed as it wants to be, on `images` and on drawn ones.

    Args:
        images: prepared, `(n, size, size, 3)` uint8 RGB.

    Raises:
        GateFailed: they differ, a value is not finite, or the file's own scores are all alike, which proves nothing.
    """
    shown = np.concatenate([images, drawn_images(rebuilt.size)])
    logits = _answers(rebuilt.model, shown)
    seen, scale = logits[:, 0] - logits[:, 1], np.maximum(1, np.abs(logits).max(axis=1))
    if rebuilt.halved:
        _check_halved(seen, _log_odds(rebuilt, about, shown))
        with _in_fp32(rebuilt):
            wanted = _log_odds(rebuilt, about, shown)
    else:
        wanted = _log_odds(rebuilt, about, shown)
    if not np.isfinite(seen).all():
        raise _not_finite()
    _compare(seen, wanted, scale)


def _compare(seen: NDArray[np.float64], wanted: NDArray[np.float64], scale: NDArray[np.float64]) -> None:
    spread = float(np.ptp(wanted))
    if spread <= VARIED * scale.max():
        raise GateFailed(
            f"the model's own score is {1 / (1 + np.exp(-wanted.mean())):.6f} on every image tried, scans and noise "
            "alike, so it tells nothing apart and nothing can show that the rebuilt model is the same: check that its "
            "weights were saved, and how its input was scaled"
        )
    bound = np.minimum(SAME * scale, np.maximum(SHARE * spread, ROUNDED * scale))
    worst = int(np.argmax(np.abs(seen - wanted) / bound))
    difference = float(np.abs(seen - wanted)[worst])
    if difference > bound[worst]:
        raise GateFailed(
            f"the model answers otherwise once its layers are copied (log-odds differ by {difference:.1e}, at most "
            f"{bound[worst]:.1e}), so it cannot be explained; nothing was written"
        )


def _check_halved(seen: NDArray[np.float64], wanted: NDArray[np.float64]) -> None:
    """Of a model that computed in 16 bits the scores may move, but only a little."""
    difference = np.abs(_probability(seen) - _probability(wanted)).max(initial=0.0)
    if difference > SAME_HALVED:
        raise GateFailed(
            f"the model computed in 16 bits, and in 32 its probabilities differ by {difference:.1e}, at most "
            f"{SAME_HALVED:g}; train its last layers in float32 and save it again; nothing was written"
        )


def _probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -700, 700))), np.float64)


def drawn_images(size: int) -> NDArray[np.uint8]:
    """Images that no model was trained on and that few take for one another, `(6, size, size, 3)`: they are varied."""
    draw = np.random.default_rng(21)
    fine = draw.integers(0, 256, (2, size, size, 3))
    side = -(-size // 8)
    coarse = draw.integers(0, 256, (2, 8, 8, 3)).repeat(side, axis=1).repeat(side, axis=2)[:, :size, :size]
    plain = np.stack([np.full((size, size, 3), level) for level in (20, 235)])
    return np.concatenate([fine, coarse, plain]).astype(np.uint8)


def _log_odds(rebuilt: RebuiltModel, about: ExternalModel, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Log-odds of the first class by the file's own model, `(n,)`."""
    kind, head = rebuilt.original.inputs[0].dtype, rebuilt.head
    fed = images if kind == "uint8" else pixel_rule(about.input_scaling).applied(images)
    with _opened_end(rebuilt):
        values = _answers(rebuilt.original, fed).reshape(len(images), -1)
    if not np.isfinite(values).all():
        raise _not_finite()
    if head.units == 2:
        return np.asarray(values[:, 0] - values[:, 1], np.float64)
    return values[:, 0] if about.unit == about.class_names[0] else -values[:, 0]


def _answers(model: keras.Model, images: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(answering(model.inputs[0], model.outputs[:1])(images)[0], np.float64)


@contextmanager
def _opened_end(rebuilt: RebuiltModel) -> Iterator[None]:
    """Let the original give its logits, where a layer or an operation at its end makes probabilities of them."""
    # An operation is not copied, so both graphs have the same one; a layer's original is another than its copy.
    last: Any = rebuilt.last or rebuilt.head.last
    if last is None:
        yield
    elif hasattr(last, "activation"):
        activation, last.activation = last.activation, keras.activations.linear
        try:
            yield
        finally:
            last.activation = activation
    else:
        last.call = lambda values, *_, **__: values
        try:
            yield
        finally:
            del last.call


@contextmanager
def _in_fp32(rebuilt: RebuiltModel) -> Iterator[None]:
    """Let the original compute in 32 bits, as the rebuilt model does."""
    policies = [layer.dtype_policy for layer in rebuilt.layers]
    for layer in rebuilt.layers:
        layer.dtype_policy = keras.dtype_policies.get("float32")
    try:
        yield
    finally:
        for layer, policy in zip(rebuilt.layers, policies, strict=True):
            layer.dtype_policy = policy


def _not_finite() -> GateFailed:
    return GateFailed("the model gives values that are not finite; its weights are damaged: save it again")
