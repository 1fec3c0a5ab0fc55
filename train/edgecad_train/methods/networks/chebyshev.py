"""A graph convolution by Chebyshev polynomials of the graph's Laplacian, on the cells of a polar grid.

    y = sum_k T_k(L) x W_k + b,   T_0 = 1, T_1(L) = L, T_k(L) = 2 L T_(k-1)(L) - T_(k-2)(L)

L is the normalised Laplacian, rescaled to eigenvalues from -1 to 1 (Defferrard et al. 2016, arXiv:1606.09375, section
2.1).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import keras
import numpy as np

from edgecad_train.methods.networks.grid import Floats, PolarGrid

ORDER = 3
"""Polynomials, T_0 among them: a cell hears of cells up to two edges away."""


@lru_cache(maxsize=8)
def laplacian_of(grid: PolarGrid) -> Floats:
    """The rescaled normalised Laplacian of a grid's cells, `(cells, cells)`, eigenvalues -1 to 1.

    Each cell has an edge of weight 1 to its neighbours in ring and angle; cells of the innermost ring have one to the
    cell on the other side of the apex, or to both nearest to it of an odd number. Kept: do not write to it.
    """
    numbers = np.arange(grid.cells).reshape(grid.rings, grid.angles)
    beside = np.roll(numbers, -1, axis=1)
    across = np.roll(numbers[:1], -(grid.angles // 2), axis=1)
    pairs = ((numbers, beside), (numbers[:-1], numbers[1:]), (numbers[:1], across))
    edges = np.concatenate([np.stack(pair, axis=-1).reshape(-1, 2) for pair in pairs])
    joined = np.zeros((grid.cells, grid.cells))
    joined[edges[:, 0], edges[:, 1]] = joined[edges[:, 1], edges[:, 0]] = 1.0
    root = 1.0 / np.sqrt(joined.sum(axis=1))
    laplacian = np.eye(grid.cells) - root[:, None] * joined * root
    largest = float(np.linalg.eigvalsh(laplacian)[-1])
    return np.asarray(2.0 * laplacian / largest - np.eye(grid.cells), np.float32)


@keras.saving.register_keras_serializable(package="edgecad")
class Chebyshev(keras.layers.Layer):
    """Values of cells `(n, cells, channels)` -> `(n, cells, filters)`.

    The Laplacian is a weight that does not learn: as a plain tensor it would be one more input of an ONNX graph.
    """

    def __init__(
        self, filters: int, *, rings: int, angles: int, order: int = ORDER, activation: str = "linear", **options: Any
    ) -> None:
        """Take the grid and what is computed on it; `options` are those of every Keras layer."""
        super().__init__(**options)
        self.filters, self.order = filters, order
        self.grid = PolarGrid(rings, angles)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make weights: the Laplacian, `order` stacked kernels, and biases."""
        cells, channels = self.grid.cells, int(input_shape[-1] or 0)
        if input_shape[1] != cells:
            raise ValueError(f"{input_shape[1]} cells came, and the grid has {cells}")
        # Stacks of one matrix: of a product with a plain matrix the converter makes shape arithmetic.
        self.laplacian = self.add_weight(
            name="laplacian", shape=(1, cells, cells), initializer="zeros", trainable=False
        )
        self.laplacian.assign(laplacian_of(self.grid)[None])
        self.kernel = self.add_weight(
            name="kernel", shape=(1, self.order * channels, self.filters), initializer="glorot_uniform"
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Compute it."""
        terms = [inputs]
        for k in range(1, self.order):
            step = keras.ops.matmul(self.laplacian, terms[-1])
            terms.append(step if k == 1 else 2.0 * step - terms[-2])
        values = keras.ops.matmul(keras.ops.concatenate(terms, axis=-1), self.kernel)
        return self.activation(values + self.bias)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Of `call`."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again."""
        own = {
            "filters": self.filters,
            "rings": self.grid.rings,
            "angles": self.grid.angles,
            "order": self.order,
            "activation": keras.activations.serialize(self.activation),
        }
        return {**super().get_config(), **own}
