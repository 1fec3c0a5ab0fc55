"""Columns that are drawn from the label, so that what they weigh in the log-odds is known.

Given the label, image and columns are independent. Then the log-odds of the label are the sum of the log-likelihood
ratios of each, and a logistic model of them is true:

    image     normal, d' apart, times a scale that the model does not know: 1 / scale
    number    normal with deviation 1, `effect` apart: `effect` a unit
    yes-no    with odds `exp(effect)` times as high: `effect`
    category  a, b, c with shares of each class: the logarithm of their ratio
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

if TYPE_CHECKING:
    from edgecad.clinical.values import Value
    from edgecad_train.evaluation.clinical.columns import ClinicalTraining
    from edgecad_train.evaluation.clinical.fusing import ImageScores
    from edgecad_train.evaluation.statistics.metrics import Part

SCALE = 0.6
"""Of the image's log-odds against true ones: no network is calibrated before its temperature."""
CATEGORIES = {"a": (0.5, 0.3), "b": (0.3, 0.4), "c": (0.2, 0.3)}
"""Share of patients with CAD, and of the others, in each category."""


@dataclass(frozen=True)
class TrueEffects:
    """What is drawn: d' of the image, and log-odds of a unit of the number and of yes."""

    separation: float = 1.6
    number: float = 0.8
    yes: float = 0.9

    @property
    def category(self) -> dict[str, float]:
        """Log-odds of each category."""
        return {name: float(np.log(cad / other)) for name, (cad, other) in CATEGORIES.items()}


def drawn_patients(
    classes: tuple[int, int], effects: TrueEffects, draw: np.random.Generator, part: Part, first: int = 0
) -> tuple[ImageScores, tuple[ClinicalTraining, ...]]:
    """Patients with CAD and others, what a network that does not exist says of them, and their columns.

    Args:
        first: number of the first one, so that two parts share no name.
    """
    from edgecad_train.evaluation.clinical.columns import ClinicalTraining
    from edgecad_train.evaluation.clinical.fusing import ImageScores

    truth = np.repeat([True, False], classes)
    side = np.where(truth, 0.5, -0.5)
    image = SCALE * effects.separation * (effects.separation * side + draw.standard_normal(len(truth)))
    names = tuple(f"p{first + number:05d}" for number in range(len(truth)))
    number = effects.number * side + draw.standard_normal(len(truth))
    yes = draw.random(len(truth)) < expit(effects.yes * side)
    words = [draw.choice(list(CATEGORIES), p=[share[not own] for share in CATEGORIES.values()]) for own in truth]
    values: dict[str, list[Value]] = {
        "number": number.tolist(),
        "yes": yes.tolist(),
        "category": [str(word) for word in words],
    }
    columns = (
        ClinicalTraining("number", "number", dict(zip(names, values["number"], strict=True))),
        ClinicalTraining("yes", "yes-no", dict(zip(names, values["yes"], strict=True))),
        ClinicalTraining("category", "category", dict(zip(names, values["category"], strict=True))),
    )
    return ImageScores(part, names, truth, image), columns
