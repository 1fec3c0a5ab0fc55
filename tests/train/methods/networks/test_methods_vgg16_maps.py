"""vgg16-maps: what it reads of several maps, and what it says where there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgecad.errors import UsageError
from edgecad_train.methods.networks import vgg16_maps
from edgecad_train.methods.networks.learning import Lessons
from edgecad_train.methods.task import MethodScans, Task
from edgecad_train.training.settings import Settings

from .conftest import FITTED

FEW = Lessons(epochs=12, held=1, rate=3e-3)


def _task(scans: MethodScans, cache: Path | None = None, backbone: str = "vgg16") -> Task:
    settings = Settings(backbone, "none")
    return Task(scans, np.arange(FITTED), np.arange(FITTED, len(scans.truth)), settings, 1, cache)


@pytest.fixture(scope="module")
def several(scans: MethodScans) -> MethodScans:
    """The first map is the same of everybody; what tells them apart is in the map at rest."""
    data, first = scans.data, scans.data.images[:1]
    images = np.repeat(first, len(data.cases), axis=0)
    return MethodScans(replace(data, images=images, further={"rest": data.images}))


def test_every_map_is_read(several: MethodScans, tmp_path: Path) -> None:
    task = _task(several, tmp_path)
    answer = vgg16_maps.answer(task, FEW)
    truth = several.truth[task.ask]
    assert answer.log_odds[truth].mean() > answer.log_odds[~truth].mean()
    assert answer.chosen["maps"] == "path, rest"
    assert answer.maps is None
    assert answer.make_model
    assert answer.make_model().input.shape == (None, 1024)
    # Each map has its own place in the cache, and what lies there is what is computed.
    assert len([*tmp_path.glob("*.npy")]) == 2
    again = vgg16_maps.answer(_task(MethodScans(several.data), tmp_path), FEW)
    assert np.array_equal(again.log_odds, answer.log_odds)


def test_one_map_a_scan_is_refused(scans: MethodScans) -> None:
    with pytest.raises(UsageError, match="columns map:NAME of a CSV"):
        vgg16_maps.answer(_task(scans), FEW)


def test_another_network_is_refused(several: MethodScans) -> None:
    with pytest.raises(UsageError, match="--backbones vgg16"):
        vgg16_maps.answer(_task(MethodScans(several.data), backbone="mobilenetv2"), FEW)
