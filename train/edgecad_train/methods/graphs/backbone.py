"""`deep-features` as one network: the frozen backbone, and scaler, support vector machine and line as one layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from numpy.typing import NDArray

from edgecad.contract import Preparation
from edgecad_train.methods.features.frozen import frozen_network
from edgecad_train.methods.graphs.head import set_log_odds
from edgecad_train.networks.head import Head
from edgecad_train.training.settings import Settings

BARE = Head(units=0, dropout=0.0)


def model_on_backbone(learnt: Mapping[str, NDArray[Any]], how: Preparation, settings: Settings) -> keras.Model:
    """Images `(n, size, size, 3)` uint8 RGB -> logits `(n, 2)`."""
    model = frozen_network(settings, how, BARE).model
    set_log_odds(model, learnt["weights"], float(learnt["bias"]))
    return model
