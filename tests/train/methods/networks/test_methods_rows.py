"""The rows of the networks in the table of methods."""

from __future__ import annotations

from importlib import import_module

import pytest

from edgecad_train.methods.networks import polar, vgg16_maps
from edgecad_train.methods.table import METHODS, method_named
from edgecad_train.networks.backbones import BACKBONES

NETWORKS = ("polar-cnn", "polar-gcn", "rgb-cnn", "vgg16-maps")


@pytest.mark.parametrize("name", NETWORKS)
def test_a_row_names_its_module(name: str) -> None:
    row = method_named(name)
    assert callable(import_module(row.module).answer)
    assert row.keras  # or TensorFlow would choose its device before it is told one


def test_what_can_be_exported_is_said() -> None:
    assert [name for name in NETWORKS if METHODS[name].exportable] == ["polar-cnn"]
    assert {name for name in NETWORKS if METHODS[name].needs_uptake} == set(polar._LAYERS)


def test_the_only_network_of_a_row_is_one_of_the_table() -> None:
    only = [row.only for row in METHODS.values() if row.only]
    assert only == [vgg16_maps.NETWORK]
    assert set(only) <= set(BACKBONES)
    assert all(row.takes_network for row in METHODS.values() if row.only)
