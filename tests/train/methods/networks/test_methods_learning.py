"""What the networks among the methods learn from, what they do not look at, and that they do it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from edgecad.errors import UsageError
from edgecad_train.classes import CLASSES
from edgecad_train.methods.answer import Answer
from edgecad_train.methods.networks import learning, polar, rgb_cnn
from edgecad_train.methods.networks.learning import Lessons
from edgecad_train.methods.task import MethodScans, Task

from .conftest import FITTED, task_on

FEW = Lessons(epochs=6, folds=3, held=2, rate=3e-3)


def _answer(name: str, task: Task, lessons: Lessons = FEW) -> Answer:
    return rgb_cnn.answer(task, lessons) if name == "rgb-cnn" else polar.answer_of(name, task, lessons)


def _with_other_labels(scans: MethodScans) -> MethodScans:
    """Labels of the scans that may not be learnt from, turned round."""
    turned = {CLASSES[0]: CLASSES[1], CLASSES[1]: CLASSES[0]}
    cases = [replace(case, label=turned[case.label]) for case in scans.data.cases[FITTED:]]
    return MethodScans(replace(scans.data, cases=(*scans.data.cases[:FITTED], *cases)))


@pytest.mark.parametrize("name", ["polar-cnn", "polar-gcn", "rgb-cnn"])
def test_an_answer_is_exact_repeatable_and_of_the_fitting_part_alone(scans: MethodScans, name: str) -> None:
    first = _answer(name, task_on(scans))
    assert first.log_odds.shape == (12,)
    # A cold wall is told from none.
    truth = scans.truth[FITTED:]
    assert first.log_odds[truth].mean() > first.log_odds[~truth].mean()
    # The mean of the map plus one constant is the score. A flattened map has a constant of its own for each image.
    assert first.maps is not None
    maps = first.maps(np.arange(FITTED, 48))
    assert maps.ndim == 3
    assert maps.std() > 0
    if name != "rgb-cnn":
        assert np.ptp(first.log_odds - maps.mean((1, 2))) < 1e-4
    assert 1 <= int(first.chosen["epochs"]) <= FEW.epochs
    # Whoever judges changes nothing, and the same seed gives the same.
    second = _answer(name, task_on(_with_other_labels(scans)))
    assert second.chosen == first.chosen
    assert_array_equal(second.log_odds, first.log_odds)


def test_another_seed_gives_another_network(scans: MethodScans) -> None:
    one, other = (_answer("polar-cnn", task_on(scans, seed)).log_odds for seed in (3, 4))
    assert np.abs(one - other).max() > 1e-3


def test_the_kept_model_takes_images_and_says_the_same(task: Task) -> None:
    answer = _answer("polar-cnn", task)
    assert answer.make_model
    logits = answer.make_model()(task.scans.data.images[task.ask]).numpy()
    assert np.abs(logits[:, 0] - logits[:, 1] - answer.log_odds).max() < 1e-3


def test_the_maps_of_a_flattened_network_add_up(task: Task) -> None:
    answer = _answer("rgb-cnn", task)
    assert answer.maps is not None
    assert answer.make_model
    model = answer.make_model()
    maps = answer.maps(task.ask)
    import keras

    # Where every bias is nought, all of the score is in the map.
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            layer.bias.assign(np.zeros(layer.bias.shape))
    logits = model(task.scans.data.images[task.ask]).numpy()
    again = answer.maps(task.ask)
    assert np.abs(logits[:, 0] - logits[:, 1] - again.mean((1, 2))).max() < 1e-3 * max(1.0, np.abs(again).max())
    assert maps.shape == again.shape


def test_so_many_weights_as_theirs() -> None:
    assert rgb_cnn.rgb_cnn(256).count_params() == 6_553_378


def test_folds_choose_the_epoch_of_least_loss(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([0.9, 0.4, 0.8, 0.5, 0.7, 0.6] * FEW.held)
    monkeypatch.setattr(learning.EpochRunner, "evaluate", lambda *_: (next(losses), 0.0))
    assert _answer("polar-gcn", task).chosen["epochs"] == 2


def test_what_is_held_out_judges_alone(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt: list[set[int]] = []
    judged: list[set[int]] = []

    def train(_: Any, examples: Any, seed: Any, epoch: int) -> tuple[float, float]:
        learnt.append(set(examples.rows.tolist()))
        return 0.5, 0.5

    def evaluate(_: Any, examples: Any) -> tuple[float, float]:
        judged.append(set(examples.rows.tolist()))
        return 0.5, 0.5

    monkeypatch.setattr(learning.EpochRunner, "train", train)
    monkeypatch.setattr(learning.EpochRunner, "evaluate", evaluate)
    _answer("polar-gcn", task, Lessons(epochs=1, folds=3, held=3))
    everyone = set(task.fit.tolist())
    assert learnt.pop() == everyone
    for learns, judges in zip(learnt, judged, strict=True):
        assert learns | judges == everyone
        assert not learns & judges
    assert set.union(*judged) == everyone


def test_colours_are_refused(scans: MethodScans) -> None:
    from msgspec.structs import replace as with_

    how = with_(scans.data.preparation, input="rgb", drawing=None, tables=())
    with pytest.raises(UsageError, match="--input uptake"):
        _answer("polar-cnn", task_on(MethodScans(replace(scans.data, preparation=how))))
