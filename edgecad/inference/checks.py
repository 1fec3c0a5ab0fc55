"""What must hold of every answer of an engine, whatever the scan: finite, and fitting together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgecad.answer.heatmap import identity_error
from edgecad.decision.probabilities import probabilities_of
from edgecad.errors import GateFailed

IDENTITY_TOLERANCE = 1e-4
"""Largest relative error of `mean(cam) + cam_bias == logits` that rounding explains, fp32."""
PROBABILITY_TOLERANCE = 1e-4
"""Largest difference of a probability to the softmax of the logits that rounding explains."""


def check_outputs(values: dict[str, NDArray[np.float32]], temperature: float) -> None:
    """Check outputs of the graph, by name, as far as they are there.

    Raises:
        GateFailed: a value is not finite, the map does not add up to the score, or the probabilities are not
            the softmax of `logits / temperature`.
    """
    for name, value in values.items():
        if not np.isfinite(value).all():
            raise GateFailed(f"the engine gave a value that is not finite in {name}; no answer: run `edgecad verify`")
    if {"cam", "cam_bias", "logits"} <= values.keys():
        error = identity_error(values["cam"], values["cam_bias"], values["logits"])
        if error > IDENTITY_TOLERANCE:
            raise GateFailed(
                f"the heat map and the score do not belong together (relative error {error:.1e}, at most "
                f"{IDENTITY_TOLERANCE:.0e}); no answer: run `edgecad verify`"
            )
    if {"probabilities", "logits"} <= values.keys():
        expected = probabilities_of(values["logits"], temperature)
        error = float(np.abs(values["probabilities"] - expected).max(initial=0.0))
        if error > PROBABILITY_TOLERANCE:
            raise GateFailed(
                f"the probabilities are not those of the logits (difference {error:.1e}, at most "
                f"{PROBABILITY_TOLERANCE:.0e}); no answer: run `edgecad verify`"
            )
