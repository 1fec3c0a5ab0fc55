"""The class activation map in numpy: what the exported graph must equal, and what pictures are drawn from.

For global average pooling, dense layers, and logits, let F be the pooled features. A hidden layer gives
h = z s(z), where z is its affine part and s its factor: the sigmoid of z (SiLU), [z > 0] (ReLU), or 1 (linear).
Let S be the diagonal of an image's factors. The logit of class c is then a sum over features, exactly:

    weights_c = W1 S1 W2 S2 ... Wn[:, c]          effective weight of each feature
    cam_c     = sum_k weights_c[k] F[:, :, k]
    bias_c    = what the layers' own biases add through the same factors
    mean(cam_c) + bias_c == logit_c               exactly

With SiLU the map is continuous in the features. With ReLU it jumps where a unit passes zero, though the logit does
not. Without a hidden layer this is the class activation map of Zhou et al. 2016 (arXiv:1512.04150). With ReLU, before
Grad-CAM's own ReLU and up to the factor h x w, it is Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391); with SiLU it
is not: the derivative of z s(z) has a second term, z s'(z), which would break the sum.
SiLU: Elfwing et al. 2018 (arXiv:1702.03118).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from edgecad.contract import Activation, HeatmapScale

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Dense:
    """One dense layer of a head: `weights` `(inputs, units)`, `bias` `(units,)`.

    `activation` is that of a hidden layer; the last layer gives logits and is `linear`.
    """

    weights: Floats
    bias: Floats
    activation: Activation = "linear"


@dataclass(frozen=True)
class ClassActivation:
    """Maps of every class, and what ties them to the score.

    Attributes:
        logits: `(n, classes)`.
        fc_weights: `(n, classes, channels)`, effective weights of the head for each image.
        cam: `(n, classes, h, w)`, raw and signed, logit units.
        cam_bias: `(n, classes)`; `cam.mean((2, 3)) + cam_bias == logits`.
        before: values of each hidden layer before its activation, `(n, units)`.
    """

    logits: Floats
    fc_weights: Floats
    cam: Floats
    cam_bias: Floats
    before: tuple[Floats, ...] = ()


def activation_factor(activation: Activation, before: Floats) -> Floats:
    """s(z) of an activation z s(z), for values `before` it, of any shape; 0 to 1."""
    if activation == "silu":
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * before)))  # the sigmoid, without overflow
    if activation == "relu":
        return np.asarray(before > 0, before.dtype)
    return np.ones_like(before)


def before_activation(pooled: Floats, head: Sequence[Dense]) -> tuple[Floats, ...]:
    """Values of each layer before its activation, `(n, units)`; the last ones are the logits.

    Args:
        pooled: means of the features, `(n, channels)`.
    """
    found: list[Floats] = []
    values = pooled
    for layer in head:
        before = np.asarray(values @ layer.weights + layer.bias)
        found.append(before)
        values = before * activation_factor(layer.activation, before)
    return tuple(found)


def class_activation(
    features: Floats, head: Sequence[Dense], factors: Sequence[Floats] | None = None
) -> ClassActivation:
    """Explain a head's logits.

    Args:
        features: `(n, h, w, channels)`, the input of the pooling layer.
        head: dense layers after the pooling, in order.
        factors: those of the hidden layers, `(n, units)` each, in place of the features' own. A file in fewer bits may
            have set a ReLU on the other side of zero: this is its map on these features.
    """
    *hidden, logits = before_activation(features.mean(axis=(1, 2)), head)
    if factors is None:
        factors = [activation_factor(layer.activation, before) for layer, before in zip(head[:-1], hidden, strict=True)]
    last = head[-1]
    weights = np.broadcast_to(last.weights.T, (len(features), *last.weights.T.shape))
    bias = np.broadcast_to(last.bias, logits.shape)
    for layer, factor in zip(reversed(head[:-1]), reversed(factors), strict=True):
        weights = weights * factor[:, None, :]
        bias = bias + weights @ layer.bias
        weights = weights @ layer.weights.T
    cam = np.einsum("nck,nhwk->nchw", weights, features)
    return ClassActivation(logits, np.asarray(weights), cam, np.asarray(bias), tuple(hidden))


def score_map(cam: Floats, positive: int) -> Floats:
    """The heat map that is shown: of the score, not of one logit.

    With two classes softmax sees only the difference of the logits; the common part of the two maps is
    arbitrary. So: the positive class's map minus the other's, logit units.

    Args:
        cam: `(..., 2, h, w)`.
        positive: index of the positive class.

    Returns:
        `(..., h, w)`; its mean plus the difference of the biases is the log-odds.
    """
    return np.asarray(cam[..., positive, :, :] - cam[..., 1 - positive, :, :])


def identity_difference(cam: Floats, cam_bias: Floats, logits: Floats) -> float:
    """Largest `|mean(cam) + cam_bias - logits|`, logit units, summed up in float64; NaN where it is not finite."""
    cells = cam.shape[-2] * cam.shape[-1]
    # An answer has few of them: as plain numbers, in Python's float64, they take a third of the time of arrays.
    sums = map(sum, cam.reshape(-1, cells).tolist())
    rows = zip(sums, cam_bias.ravel().tolist(), logits.ravel().tolist(), strict=True)
    differences = [abs(total / cells + bias - logit) for total, bias, logit in rows]
    return max(differences, default=0.0) if math.isfinite(sum(differences)) else math.nan


def identity_error(cam: Floats, cam_bias: Floats, logits: Floats) -> float:
    """`identity_difference`, relative to the size of what is added up; no larger than that itself.

    The sum may cancel, so the scale is that of its terms: max(1, |cam|, |cam_bias|, |logits|).
    """
    terms = (cam, cam_bias, logits)
    scale = max(1.0, *(float(np.abs(term).max(initial=0.0)) for term in terms))
    return identity_difference(cam, cam_bias, logits) / scale


def correlation(one: Floats, other: Floats) -> float:
    """Pearson correlation of two maps of the same shape; NaN if either is flat."""
    a, b = (np.asarray(item, np.float64).ravel() for item in (one, other))
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 0 else float("nan")


def logit_scale(logits: Floats) -> float:
    """What differences of logits and maps are measured by: the largest logit, at least 0.01."""
    return max(0.01, float(np.abs(logits).max()))


FLAT = 1e-6
"""Spread, in logit scales, below which a map is flat."""


def agreement(one: Floats, other: Floats, scale: float, shade: float = 0.0) -> float:
    """How alike two heat maps `(h, w)` are: their correlation, -1 to 1.

    Maps that differ nowhere by more than a shade are one map to whoever looks, and agree (1): the correlation of maps
    that are all but flat is that of their roundings. Flat maps have no correlation; they agree if no value differs by
    more than 1e-4 of `scale`, the largest logit, and do not (0) otherwise.

    Args:
        shade: the least difference that is kept or drawn, see `shade_of`; 0: every difference counts.
    """
    a, b = (np.asarray(item, np.float64) for item in (one, other))  # squares of a damaged model's values fit in these
    if float(np.abs(a - b).max()) <= shade:
        return 1.0
    if min(float(np.std(a)), float(np.std(b))) < FLAT * scale:
        return float(np.abs(a - b).max() <= 1e-4 * scale)
    return correlation(a, b)


def scale_of_maps(score_maps: Floats) -> HeatmapScale:
    """Fix the colour scale of a model from heat maps `(n, h, w)`, logit units.

    Full colour at the 99th percentile of magnitude; the activated region lies beyond half of it.
    Both are EdgeCAD's choice: the paper does not say how its regions were drawn.
    """
    full = max(float(np.quantile(np.abs(score_maps), 0.99)), 1e-3)
    return HeatmapScale(full_scale=full, region_threshold=full / 2)


SHADES = 1000
"""Steps into which a heat map's full scale is divided at least wherever a map is kept or drawn."""


def shade_of(full_scale: float) -> float:
    """Logit units from one shade of a heat map to the next."""
    return full_scale / SHADES


def as_recorded(shown: Floats, full_scale: float) -> NDArray[np.float64]:
    """A heat map `(h, w)` as fine as a record holds it: a thousandth of its full scale or finer.

    Pictures and regions take these values, so that they come out of a record as they came out of the answer.
    """
    digits = math.ceil(math.log10(SHADES / full_scale))
    return np.array([[round(float(cell), digits) for cell in row] for row in np.asarray(shown)], np.float64)


DISC = math.pi / 4
"""Share of a square that lies inside its inscribed disc."""


def share_outside_at(ratio: float) -> float:
    """Share of a map outside the disc, 0 to 1, where a cell of the disc holds `ratio` times what one outside does."""
    return (1 - DISC) / (1 - DISC + ratio * DISC)


DOUBTED_FROM = share_outside_at(1.25)
"""Share outside the disc from which a map is to be doubted: 18 %. The ratio is EdgeCAD's choice; the even spread, 1,
has 21 % there."""


def share_outside_disc(shown: Floats) -> float:
    """Share of the map's magnitude that lies in cells outside the disc, 0 to 1.

    A cell belongs to the disc by the part of its area inside. Evidence outside is evidence from what is
    black on every scan.
    """
    magnitude = np.abs(np.asarray(shown, np.float64))
    total = float(magnitude.sum())
    if total == 0.0:
        return 0.0
    return float((magnitude * (1.0 - cell_coverage(*magnitude.shape))).sum()) / total


@lru_cache(maxsize=8)
def cell_coverage(height: int, width: int, steps: int = 16) -> NDArray[np.float64]:
    """Share of each cell of a `(height, width)` grid that lies inside the inscribed disc. Kept: do not write to it."""
    y, x = ((np.arange(count * steps) + 0.5) / (count * steps) * 2 - 1 for count in (height, width))
    inside = y[:, None] ** 2 + x[None, :] ** 2 <= 1.0
    return np.asarray(inside.reshape(height, steps, width, steps).mean(axis=(1, 3)))


def disc_weights(height: int, width: int) -> NDArray[np.float64]:
    """What each cell of a `(height, width)` grid counts where features are pooled over the disc; of mean 1.

    A cell counts by the share of its area inside. The mean over all cells of features that were multiplied by this is
    the mean over the disc, and a heat map of them is zero where there is no map.
    """
    coverage = cell_coverage(height, width)
    return np.asarray(coverage / coverage.mean())
