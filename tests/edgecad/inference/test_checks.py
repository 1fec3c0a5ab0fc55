"""What must hold of every answer of an engine: what fails is said, and what fits together passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgecad.decision.probabilities import probabilities_of, probabilities_of_one
from edgecad.errors import GateFailed
from edgecad.inference.checks import check_outputs

TEMPERATURE = 1.7


def _outputs(images: int = 3, size: float = 1.0) -> dict[str, Any]:
    """Outputs that fit together, as an engine rounds them; values of about `size`."""
    rng = np.random.default_rng(0)
    cam, bias = size * rng.normal(size=(images, 2, 5, 6)), size * rng.normal(size=(images, 2))
    logits = cam.mean((2, 3)) + bias
    values = {"logits": logits, "probabilities": probabilities_of(logits, TEMPERATURE), "cam": cam, "cam_bias": bias}
    return {name: value.astype(np.float32) for name, value in values.items()}


@pytest.mark.parametrize("images", [0, 1, 3])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_what_fits_together_passes(images: int, size: float) -> None:
    check_outputs(_outputs(images, size), TEMPERATURE)


@pytest.mark.parametrize("name", ["logits", "probabilities", "cam", "cam_bias", "features"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_said_with_its_output(name: str, value: float) -> None:
    values = {**_outputs(), "features": np.zeros((3, 5, 6, 4), np.float32)}
    values[name][-1] = value
    values[name][0].flat[0] = -value  # they do not cancel either
    with pytest.raises(GateFailed, match=f"not finite in {name}; no answer"):
        check_outputs(values, TEMPERATURE)


def test_the_largest_numbers_are_finite() -> None:
    check_outputs({"features": np.full((1, 5, 6, 4), np.finfo(np.float32).max)}, TEMPERATURE)


@pytest.mark.parametrize("size", [1.0, 1e4])
@pytest.mark.parametrize("name", ["logits", "cam", "cam_bias"])
def test_a_map_that_does_not_add_up_is_refused(name: str, size: float) -> None:
    values = _outputs(size=size)
    del values["probabilities"]
    scale = max(float(np.abs(values[own]).max()) for own in ("logits", "cam", "cam_bias"))
    values[name][1, 1] += 0.5e-4 * scale
    check_outputs(values, TEMPERATURE)  # rounding explains it
    values[name][1, 1] += 1e-4 * scale
    with pytest.raises(GateFailed, match="do not belong together"):
        check_outputs(values, TEMPERATURE)


@pytest.mark.parametrize("temperature", [TEMPERATURE * 1.01, 0.01])
def test_probabilities_of_other_logits_are_refused(temperature: float) -> None:
    with pytest.raises(GateFailed, match="not those of the logits"):
        check_outputs(_outputs(), temperature)


def test_one_image_has_the_probabilities_that_it_has_among_many() -> None:
    logits = np.array([[3.0, -2.0], [-1e4, 1e4], [0.0, 0.0], [1e30, 1.0]])
    one_by_one = [probabilities_of_one(row, 0.3) for row in logits.tolist()]
    assert np.allclose(one_by_one, probabilities_of(logits, 0.3), rtol=1e-15, atol=0)
