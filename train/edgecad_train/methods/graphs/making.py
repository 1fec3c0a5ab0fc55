"""The model of a fitted method, as export takes it, held against the method's own answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from edgecad.errors import GateFailed
from edgecad_train.data import PreparedData
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.graphs.backbone import model_on_backbone
from edgecad_train.methods.graphs.changes import weigh_changes
from edgecad_train.methods.graphs.limits import model_on_deficits, model_on_segments
from edgecad_train.methods.networks.answers import outputs
from edgecad_train.methods.table import Method
from edgecad_train.networks.explain import log_odds_of, pooled_features
from edgecad_train.networks.network import feature_layer_of
from edgecad_train.training.settings import Settings

SAME = 1e-4
"""Largest difference of log-odds between a method and its model, relative to the largest log-odds, or to 1."""


@dataclass(frozen=True, eq=False)
class KeptModel:
    """A method's model.

    Attributes:
        model: images `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`.
        logits: of every scan of the run, `(n, 2)`.
    """

    model: keras.Model
    logits: NDArray[np.float64]

    @property
    def feature_layer(self) -> str:
        """Name of the layer whose output is pooled, before its cells are weighted."""
        return feature_layer_of(self.model)

    def pooled_of(self, images: Any, count: int) -> NDArray[np.float32]:
        """Pooled features of `count` images `(count, size, size, 3)` uint8 RGB, which are read by rows."""
        return pooled_features(self.model, self.model.input, images, np.arange(count))


def kept_model(
    method: Method, answer: Answer, data: PreparedData, settings: Settings, development: NDArray[np.intp]
) -> KeptModel:
    """Build the model of a method that can be exported, and hold it against what the method says.

    Args:
        answer: about all scans of `data`.
        development: rows of the scans that are not of the test part.

    Raises:
        GateFailed: the two say other things.
        UsageError: a graph cannot tell uptake of this drawing.
    """
    model = _model(method, answer, data, settings, development)
    logits = np.concatenate([*outputs(model, data.images, np.arange(len(data.cases)))]).astype(np.float64)
    scale = max(float(np.abs(answer.log_odds).max()), 1.0)
    difference = float(np.abs(log_odds_of(logits) - answer.log_odds).max())
    if not difference <= SAME * scale:
        raise GateFailed(
            f"the model of {method.name} says other log-odds than the method itself: they differ by {difference:.1e}, "
            f"at most {SAME * scale:.1e} wanted; report it"
        )
    return KeptModel(model, logits)


def _model(
    method: Method, answer: Answer, data: PreparedData, settings: Settings, development: NDArray[np.intp]
) -> keras.Model:
    if method.takes_network:
        return model_on_backbone(answer.learnt, data.preparation, settings)
    on_uptake = {"uptake": model_on_deficits, "segments": model_on_segments}
    model = answer.make_model() if answer.make_model else on_uptake[method.needs](answer.learnt, data.preparation)
    weigh_changes(model, pooled_features(model, model.input, data.images, development))
    return model
