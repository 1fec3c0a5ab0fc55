"""What must hold of every answer of an engine, whatever the scan: finite, and fitting together.

A network leaves nothing of ours in the processor's caches. So each kind of call to numpy takes some ten microseconds
here, and few are made.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import identity_difference, identity_error
from edgecad.decision.probabilities import probabilities_of_one
from edgecad.errors import GateFailed

IDENTITY_TOLERANCE = 1e-4
"""Largest relative error of `mean(cam) + cam_bias == logits` that rounding explains, fp32."""
PROBABILITY_TOLERANCE = 1e-4
"""Largest difference of a probability to the softmax of the logits that rounding explains."""
FEW = 2048
"""Values up to which plain numbers are faster than arrays; all that one image's answer rests on has fewer."""


def check_outputs(values: dict[str, NDArray[np.float32]], temperature: float) -> None:
    """Check outputs of the graph, by name, as far as they are there.

    Raises:
        GateFailed: a value is not finite, the map does not add up to the score, or the probabilities are not
            the softmax of `logits / temperature`.
    """
    for name, value in values.items():
        if not _is_finite(value):
            raise GateFailed(f"the engine gave a value that is not finite in {name}; no answer: run `edgecad verify`")
    if {"cam", "cam_bias", "logits"} <= values.keys():
        _check_identity(values["cam"], values["cam_bias"], values["logits"])
    if {"probabilities", "logits"} <= values.keys():
        _check_probabilities(values["probabilities"], values["logits"], temperature)


def _is_finite(value: NDArray[np.float32]) -> bool:
    if value.size > FEW:
        return bool(np.isfinite(value).all())
    # In Python's floats no sum of float32 overflows, so it is finite if and only if all of them are.
    return math.isfinite(sum(value.ravel().tolist()))


def _check_identity(cam: NDArray[np.float32], cam_bias: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
    # The relative error is no larger, and as a rule it need not be known.
    if identity_difference(cam, cam_bias, logits) <= IDENTITY_TOLERANCE:
        return
    error = identity_error(cam, cam_bias, logits)
    if not error <= IDENTITY_TOLERANCE:
        raise GateFailed(
            f"the heat map and the score do not belong together (relative error {error:.1e}, at most "
            f"{IDENTITY_TOLERANCE:.0e}); no answer: run `edgecad verify`"
        )


def _check_probabilities(probabilities: NDArray[np.float32], logits: NDArray[np.float32], temperature: float) -> None:
    error = max(
        (
            abs(given - expected)
            for own, of_logits in zip(probabilities.tolist(), logits.tolist(), strict=True)
            for given, expected in zip(own, probabilities_of_one(of_logits, temperature), strict=True)
        ),
        default=0.0,
    )
    if not error <= PROBABILITY_TOLERANCE:  # so that no number is no pass
        raise GateFailed(
            f"the probabilities are not those of the logits (difference {error:.1e}, at most "
            f"{PROBABILITY_TOLERANCE:.0e}); no answer: run `edgecad verify`"
        )
