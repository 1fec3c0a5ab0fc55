"""One cell's worth of work, named by the hash of all that defines it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from edgecad.contract import Preparation
from edgecad.frozen import Frozen
from edgecad_train.runs.older import LATER_SETTINGS
from edgecad_train.study.definition.partitions import part_name
from edgecad_train.training.settings import Settings

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

    @property
    def name(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the unit's canonical JSON."""
        told = msgspec.to_builtins(self)
        told = {**told, **{name: _without(told[name], later) for name, later in LATER.items()}}
        canonical = msgspec.json.encode(told, order="sorted")
        return hashlib.sha256(canonical).hexdigest()[:NAME_LENGTH]

    @property
    def part_name(self) -> str:
        """Which split this unit is about: `seed 2` or `fold 3`, folds counted from 1."""
        return part_name(self.settings.seed, self.fold)

    @property
    def variant(self) -> str:
        """The strategy, with its rates where they are layer-wise: words for a row of the table."""
        return f"{self.settings.strategy}, layer-wise" if self.settings.layerwise else self.settings.strategy

    def __str__(self) -> str:
        return f"{self.settings.backbone}, {self.variant}, {self.part_name}"
