"""One cell's worth of work, named by the hash of all that defines it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from edgecad.contract import NO_NETWORK, Preparation
from edgecad.frozen import Frozen
from edgecad_train.methods.table import method_named
from edgecad_train.runs.older import LATER_SETTINGS
from edgecad_train.study.definition.partitions import part_name
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import Plan

NAME_LENGTH = 16

LATER: dict[str, dict[str, Any]] = {
    "preparation": {"input": "rgb", "tables": (), "drawing": None, "map": None},
    "settings": LATER_SETTINGS,
}
"""Fields of a unit's parts that came later, and the values that mean what was before: a unit keeps its name then."""


def _without(part: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in later or value != later[name]}


class Unit(Frozen, frozen=True, kw_only=True):
    """One run of a study: done once, whatever is killed. Its run folder bears its name."""

    settings: Settings
    """How to train. `weights` is `imagenet`, `none` or the name of a file: where the file lies decides nothing."""
    weights_sha256: str
    """Of the file of first weights; empty without one."""
    fold: int | None
    """Which of the outer folds is the test part, from 0; None where the seed draws the split."""
    inner_folds: int
    """Folds of those who are not tested, which choose epoch, threshold and temperature; 0 for one validation part."""
    preparation: Preparation
    data_sha256: str
    split_sha256: str
    versions: dict[str, str]
    """Of what figures depend on; see `edgecad_train.versions`."""
    method: str = ""
    """Name of the method; empty where a network is trained by a strategy. Of a method the settings name the network
    that it stands on, or the one whose input it reads; their strategy is idle."""

    @property
    def name(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the unit's canonical JSON."""
        told = msgspec.to_builtins(self)
        told = {**told, **{name: _without(told[name], later) for name, later in LATER.items()}}
        if not self.method:
            del told["method"]  # it came later, and a unit keeps its name
        canonical = msgspec.json.encode(told, order="sorted")
        return hashlib.sha256(canonical).hexdigest()[:NAME_LENGTH]

    @property
    def part_name(self) -> str:
        """Which split this unit is about: `seed 2` or `fold 3`, folds counted from 1."""
        return part_name(self.settings.seed, self.fold)

    @property
    def network(self) -> str:
        """Name of the network that is trained or read; `none` of a method without one."""
        own = not self.method or method_named(self.method).takes_network
        return self.settings.backbone if own else NO_NETWORK

    @property
    def plan(self) -> Plan:
        """The strategy, filled in; a method has no stages."""
        if not self.method:
            return self.settings.plan
        return Plan(self.method, (), pretrained=method_named(self.method).takes_network)

    @property
    def variant(self) -> str:
        """The method, or the strategy with its rates where they are layer-wise: words for a row of the table."""
        if self.method:
            return self.method
        return f"{self.settings.strategy}, layer-wise" if self.settings.layerwise else self.settings.strategy

    def __str__(self) -> str:
        words = (self.network, self.variant, self.part_name)
        return ", ".join(words[1:] if self.network == NO_NETWORK else words)
