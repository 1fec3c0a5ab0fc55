"""The correction of fp16's features: the scale and shift that were lost come back, whatever cells count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from edgecad.answer.heatmap import disc_weights
from edgecad_export.exporter import candidates_of
from edgecad_export.precision.fp16.correction import CORRECTED, corrected, features_of
from edgecad_export.request import ExportRequest
from edgecad_export.runfiles import read_run
from edgecad_train.networks.pooled import within_disc


def _over_disc(features: Any) -> Any:
    return keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(within_disc(features)))


@pytest.mark.parametrize("over", ["disc", "all"])
def test_a_scale_and_a_shift_of_each_channel_are_undone_before_cells_are_weighted(
    over: str, small_classifier: Callable[..., Any], run_folder: Callable[..., Path], tmp_path: Path
) -> None:
    model = small_classifier(head=_over_disc if over == "disc" else None)
    pooled = [layer.name for layer in model.layers if isinstance(layer, keras.layers.ReLU)][-1]
    run = read_run(run_folder(tmp_path / "runs" / "a", model, feature_layer=pooled, pooled_over=over))
    graph = candidates_of(run, ExportRequest()).fp32
    exact = features_of(graph, run.images)
    channels = exact.shape[-1]
    scale, shift = np.linspace(0.8, 1.3, channels), np.linspace(-0.4, 0.5, channels)
    cells = disc_weights(*exact.shape[1:3])[..., None] if over == "disc" else 1.0
    found = corrected(graph, ((exact - shift * cells) / scale).astype(np.float32), exact)
    constants = {tensor.name: numpy_helper.to_array(tensor).ravel() for tensor in found.graph.initializer}
    np.testing.assert_allclose(constants[f"{CORRECTED}/scale"], scale, rtol=1e-4)
    np.testing.assert_allclose(constants[f"{CORRECTED}/shift"], shift, atol=1e-4)
    onnx.checker.check_model(found)
    moved = exact * scale + shift * cells
    np.testing.assert_allclose(features_of(found, run.images), moved, atol=1e-3)
