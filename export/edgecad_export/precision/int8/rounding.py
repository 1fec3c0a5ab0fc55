"""Weights of a convolution on an integer grid, chosen so that its outputs, not its weights, come out right.

A convolution is a linear map of its input patches. Rounding each weight to the nearest grid point is best only if
the patches' values were uncorrelated; they never are, and on scans that look alike hardly anything is left in most
directions. So weights are rounded one after another, and each takes up what the ones before it have done to the
outputs: Frantar et al. 2022 (GPTQ, arXiv:2210.17323), in the form of Babai's nearest plane (Babai 1986), which needs
one Cholesky factor and no inverse.

Shapes here: `g` groups, `r` outputs of a group, `k` weights of an output, `s` samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgecad_export.precision.int8.weight_bounds import WeightBounds

Floats = NDArray[np.floating]

DAMPING = 0.5
"""Added to the second moments' diagonal, in its mean: what samples say nothing of is rounded to the nearest."""
STIFFNESS = 1.0
"""The same, where weights move off their trained values: less is believed of the samples there."""
BLOCK = 128
"""Columns after which what was rounded is carried over in one product."""


@dataclass(frozen=True)
class RoundedConvolution:
    """Weights and bias of a convolution on the grid.

    Attributes:
        weights: `(g, r, k)`, whole multiples of `scales`.
        scales: `(g, r)`, one an output.
        bias: `(g, r)`, such that the mean output over the samples is that of the fp32 network.
    """

    weights: NDArray[np.float64]
    scales: NDArray[np.float64]
    bias: NDArray[np.float64]


def rounded(weights: Floats, bias: Floats, wide: Floats, narrow: Floats, bounds: WeightBounds) -> RoundedConvolution:
    """Round to whole multiples, within bounds, of a scale of each output.

    Args:
        weights: `(g, r, k)`.
        bias: `(g, r)`.
        wide: `(g, s, k)`, input patches as the fp32 network has them.
        narrow: `(g, s, k)`, the same patches as they come out of what was rounded before.
    """
    wide_mean, narrow_mean = (np.asarray(np.mean(part, axis=1, dtype=np.float64)) for part in (wide, narrow))
    seen, lost = _centred(narrow, narrow_mean), _centred(wide, wide_mean)
    lost -= seen
    moments, moved = _moments(seen, seen), _moments(lost, seen)
    ideal = weights + _solved(moments, np.asarray(weights, np.float64) @ moved)
    scales = _scales(ideal, bounds)
    result = _on_grid(ideal, scales, moments, bounds)
    means = np.einsum("grk,gk->gr", weights, wide_mean) - np.einsum("grk,gk->gr", result, narrow_mean)
    return RoundedConvolution(result, scales, bias + means)


def _centred(samples: Floats, mean: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(samples, np.float32) - np.expand_dims(mean, 1).astype(np.float32)


def _moments(one: Floats, other: Floats) -> NDArray[np.float64]:
    """`(g, k, k)`: mean products over the samples."""
    return np.asarray(np.swapaxes(one, 1, 2) @ other / one.shape[1], np.float64)


def _damped(moments: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    size = moments.shape[-1]
    mean = np.trace(moments, axis1=1, axis2=2) / size
    # A dead input has no moments at all; any positive diagonal then means rounding to the nearest.
    return np.asarray(moments + (share * mean + 1e-9)[:, None, None] * np.eye(size))


def _solved(moments: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """What to add to the weights so that they make up for errors in their inputs: a ridge regression."""
    return np.swapaxes(np.linalg.solve(_damped(moments, STIFFNESS), np.swapaxes(right, 1, 2)), 1, 2)


def _scales(weights: NDArray[np.float64], bounds: WeightBounds) -> NDArray[np.float64]:
    found = bounds.smallest_scales(weights)
    # Held as float32 in the graph; a folded channel that is zero throughout takes any scale.
    return np.where(found > 0, found, 1.0).astype(np.float32).astype(np.float64)


def _on_grid(
    weights: NDArray[np.float64], scales: NDArray[np.float64], moments: NDArray[np.float64], bounds: WeightBounds
) -> NDArray[np.float64]:
    """Nearest plane, last column first; columns in the order of their moments, so that the largest is rounded first."""
    order = np.argsort(np.diagonal(moments, axis1=1, axis2=2), axis=1, kind="stable")
    back = np.argsort(order, axis=1, kind="stable")
    sorted_weights = np.take_along_axis(weights, order[:, None, :], axis=2)
    sorted_moments = np.take_along_axis(np.take_along_axis(moments, order[:, :, None], 1), order[:, None, :], 2)
    factor = np.linalg.cholesky(_damped(sorted_moments, DAMPING))
    factor = factor / np.diagonal(factor, axis1=1, axis2=2)[:, None, :]
    partners = np.take_along_axis(back, bounds.partners[order], axis=1)
    result = _nearest_plane(sorted_weights, scales, factor, partners, bounds)
    return np.take_along_axis(result, back[:, None, :], axis=2)


def _nearest_plane(
    weights: NDArray[np.float64],
    scales: NDArray[np.float64],
    factor: NDArray[np.float64],
    partners: NDArray[np.intp],
    bounds: WeightBounds,
) -> NDArray[np.float64]:
    """Round `(g, r, k)` weights.

    Args:
        factor: `(g, k, k)`, lower triangular with ones on its diagonal.
        partners: `(g, k)`, as the bounds', in the order of the columns.
    """
    result, errors = np.empty_like(weights), np.zeros_like(weights)
    room = np.full(weights.shape, float(bounds.alone))
    groups = np.arange(len(weights))
    for end in range(weights.shape[2], 0, -BLOCK):
        start = max(0, end - BLOCK)
        ideal = weights[:, :, start:end] + errors[:, :, end:] @ factor[:, end:, start:end]
        inside = factor[:, start:end, start:end]
        for column in range(end - start - 1, -1, -1):
            here = start + column
            carried = np.einsum("grk,gk->gr", errors[:, :, here + 1 : end], inside[:, column + 1 :, column])
            target = (ideal[:, :, column] + carried) / scales
            whole = np.clip(np.rint(target), -room[:, :, here], room[:, :, here])
            room[groups, :, partners[:, here]] = np.minimum(bounds.alone, bounds.together - np.abs(whole))
            result[:, :, here] = whole * scales
            errors[:, :, here] = weights[:, :, here] - result[:, :, here]
    return result
