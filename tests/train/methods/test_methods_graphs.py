"""A method's model for export: the same log-odds and maps as the method's own, by layers of Keras alone."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import keras
import numpy as np
import pytest
from msgspec.structs import replace as replace_fields
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from edgecad.answer.familiarity import unit
from edgecad.answer.heatmap import disc_weights
from edgecad.contract import Drawing
from edgecad.errors import GateFailed, UsageError
from edgecad.polarmap.segments import segment_means
from edgecad.polarmap.square import input_mask
from edgecad.polarmap.uptake.drawing import drawn, uptake_of
from edgecad_train.data import PreparedData
from edgecad_train.evaluation.familiarity.deepened import deepened
from edgecad_train.evaluation.localisation.cells import means_by_cell
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.graphs.changes import BLURS, CHANNELS, LARGE, RINGS
from edgecad_train.methods.graphs.making import KeptModel, kept_model
from edgecad_train.methods.graphs.parts import CellParts
from edgecad_train.methods.graphs.percents import percents_by_sum
from edgecad_train.methods.grids import on_cells
from edgecad_train.methods.limits.limits import SIDE
from edgecad_train.methods.networks.answers import heat_maps
from edgecad_train.methods.table import METHODS
from edgecad_train.methods.task import MethodScans, Task
from edgecad_train.networks.explain import log_odds_of
from edgecad_train.networks.network import LOGITS, POOLING
from edgecad_train.training.settings import Settings

BUILT = ("normal-limits", "segments-logistic", "deep-features")
PARITY = 1e-6
"""Of the largest log-odds."""


@pytest.fixture(scope="module")
def task(phantoms: PreparedData) -> Task:
    rows = np.arange(len(phantoms.cases))
    return Task(MethodScans(phantoms), rows[rows % 3 > 0], rows, Settings("mobilenetv2", "none"), seed=0)


@pytest.fixture(scope="module", params=BUILT)
def both(
    request: pytest.FixtureRequest, task: Task, small: Callable[[], AbstractContextManager[None]]
) -> tuple[str, Answer, KeptModel]:
    """A method's answer about all scans, and its model."""
    method = METHODS[request.param]
    with small():
        answer: Answer = import_module(method.module).answer(task)
        return method.name, answer, kept_model(method, answer, task.scans.data, task.settings, task.ask)


def test_the_model_says_what_the_method_says(both: tuple[str, Answer, KeptModel], task: Task) -> None:
    _, answer, kept = both
    scale = np.abs(answer.log_odds).max()
    assert np.ptp(answer.log_odds) > 0.1 * scale  # scans are told apart, or the same means nothing
    assert np.abs(log_odds_of(kept.logits) - answer.log_odds).max() < PARITY * scale
    assert answer.maps is not None
    own = answer.maps(task.ask)
    maps = heat_maps(kept.model, task.scans.data.images, POOLING, (LOGITS,))(task.ask)
    assert np.abs(maps - own).max() < 1e-5 * np.abs(own).max()
    constants = answer.log_odds - maps.mean(axis=(1, 2), dtype=np.float64)
    assert np.ptp(constants) < 1e-4


def test_the_kept_model_is_opened_without_code(both: tuple[str, Answer, KeptModel], task: Task, tmp_path: Path) -> None:
    _, _, kept = both
    path = tmp_path / "model.keras"
    kept.model.save(path)
    config = zipfile.ZipFile(path).read("config.json").decode()
    assert "Lambda" not in config
    assert "edgecad" not in config
    again = keras.saving.load_model(path, compile=False, safe_mode=True)
    images = task.scans.data.images[:4]
    assert np.array_equal(again(images).numpy(), kept.model(images).numpy())


def changes_of(image: NDArray[np.uint8], drawing: Drawing) -> NDArray[np.float64]:
    """The mean slopes of a prepared image, `(CHANNELS,)`, by scipy."""
    fine = 2 * SIDE
    disc = np.where(input_mask(len(image), "polar-map"), uptake_of(image, drawing), np.nan)
    means = means_by_cell(disc, fine, fine)
    known, grid = np.isfinite(means), np.nan_to_num(means)

    def blurred(deviation: float) -> NDArray[np.float64]:
        smooth = partial(gaussian_filter, sigma=deviation, truncate=3, mode="constant")
        return np.asarray(np.where(known, smooth(grid) / np.maximum(smooth(known.astype(float)), 1e-9), 0.0))

    levels = [grid, *map(blurred, BLURS)]
    places = (np.arange(fine) + 0.5) / SIDE - 1
    angle = np.arctan2(*np.meshgrid(places, places, indexing="ij"))
    outward, around = [], []
    for coarse, finer in zip(levels[1:], levels, strict=False):
        down, across = np.gradient(finer - coarse)
        outward.append(across * np.cos(angle) + down * np.sin(angle))
        around.append(down * np.cos(angle) - across * np.sin(angle))
    slopes = np.abs([*outward, *around]).reshape(-1, SIDE, 2, SIDE, 2).mean(axis=(2, 4))
    radius = np.hypot(*np.meshgrid(*[(np.arange(SIDE) + 0.5) * 2 / SIDE - 1] * 2))
    rings = [(radius >= low) & (radius < high) for low, high in pairwise(RINGS)]
    over = disc_weights(SIDE, SIDE)
    return np.array([(slope * ring * over).mean() for ring in rings for slope in slopes])


def test_deep_deficits_are_like_the_training_scans_and_a_field_of_blots_is_not(
    both: tuple[str, Answer, KeptModel], task: Task
) -> None:
    name, _, kept = both
    data, count = task.scans.data, len(task.ask)
    drawing = data.preparation.drawing
    assert drawing is not None
    if not METHODS[name].needs_uptake:
        return
    rng, side = np.random.default_rng(3), data.preparation.size
    fields = gaussian_filter(rng.normal(size=(count, side, side)), sigma=(0, side / 12, side / 12))
    spread = np.ptp(fields, axis=(1, 2), keepdims=True)
    blots = (100 * (fields - fields.min(axis=(1, 2), keepdims=True)) / spread).astype(np.float32)
    own = unit(kept.pooled_of(data.images, count))
    deep = unit(kept.pooled_of(np.stack([deepened(image, drawing, 2.4) for image in data.images]), count))
    other = unit(
        kept.pooled_of(np.stack([drawn(blot, side, replace_fields(drawing, blur=0.0)) for blot in blots]), count)
    )
    nearest = [1 - (rows @ own.T).max(axis=1) for rows in (deep, other)]
    assert np.median(nearest[1]) > 3 * np.median(nearest[0])


def test_features_tell_how_uptake_changes_whatever_weighs_in_the_score(
    both: tuple[str, Answer, KeptModel], task: Task
) -> None:
    """A usual scan's changes are all of about one size, and what makes the score is small beside them."""
    name, _, kept = both
    assert kept.feature_layer == ("square" if METHODS[name].needs_uptake else "block_13_expand_relu")
    if not METHODS[name].needs_uptake:
        return
    pooled = kept.pooled_of(task.scans.data.images, len(task.ask))
    drawing = task.scans.data.preparation.drawing
    found = np.stack([changes_of(image, drawing) for image in task.scans.data.images])
    weighed = found * LARGE / np.sqrt(found.mean(axis=0))
    assert np.abs(pooled[:, -CHANNELS:] - weighed).max() < 1e-3 * weighed.max()
    made, like = (np.linalg.norm(part, axis=1) for part in (pooled[:, :-CHANNELS], pooled[:, -CHANNELS:]))
    assert (made < 0.1 * like).all()


def test_a_model_that_says_other_things_is_not_kept(task: Task) -> None:
    method = METHODS["normal-limits"]
    answer: Answer = import_module(method.module).answer(task)
    other = {**answer.learnt, "slope": answer.learnt["slope"] * 1.01}
    with pytest.raises(GateFailed, match="other log-odds than the method itself"):
        kept_model(method, replace(answer, learnt=other), task.scans.data, task.settings, task.ask)


def test_uptake_is_read_from_the_sum_of_colours_as_from_the_colours(phantoms: PreparedData) -> None:
    drawing = phantoms.preparation.drawing
    assert drawing is not None
    table = percents_by_sum(drawing)
    for image in phantoms.images[:3]:
        assert np.array_equal(table[image.sum(axis=-1, dtype=np.int64)], uptake_of(image, drawing))


def test_a_drawing_whose_sums_do_not_tell_uptake_is_refused() -> None:
    with pytest.raises(UsageError, match="draw in hot-iron or linear-grey"):
        percents_by_sum(Drawing(table="rainbow"))


@pytest.mark.parametrize("size", [64, 75, 224])
def test_sums_of_cells_are_the_means_of_cells_and_of_segments(size: int) -> None:
    rng = np.random.default_rng(2)
    disc = np.where(input_mask(size, "polar-map"), rng.uniform(0, 100, (size, size)), np.nan).astype(np.float32)
    parts = CellParts.of(size, SIDE)
    values = np.nan_to_num(disc).ravel()[parts.pixels].astype(np.float64)
    means = (values * parts.mean_weights()).sum(axis=0)
    assert np.abs(means - np.nan_to_num(on_cells(disc, SIDE)).ravel()).max() < 1e-4
    slots = (values[..., None] * parts.segment_weights()).sum(axis=0)
    found = [slots[parts.slots == number].sum() / SIDE**2 for number in range(1, 18)]
    assert np.abs(np.array(found) - segment_means(disc)).max() < 1e-4
    assert not parts.segment[:, 0].any()  # what has no slot is read from this corner
