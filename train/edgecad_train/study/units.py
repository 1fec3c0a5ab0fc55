"""One cell's worth of work, named by the hash of all that defines it."""

from __future__ import annotations

import hashlib

import msgspec

from edgecad.contract import Activation, Frozen, Preparation
from edgecad.decision.rules import BALANCED

NAME_LENGTH = 16


class Weights(Frozen, frozen=True, kw_only=True):
    """First weights of a backbone: `imagenet`, `none` or a file's name, and the file's hash."""

    name: str
    sha256: str = ""
    """Of the file's bytes; empty for `none`."""


class Training(Frozen, frozen=True, kw_only=True):
    """What every unit of a study shares."""

    lr_exponent: float = 4.0
    warmup_epochs: int = 100
    finetune_epochs: int = 30
    hidden_units: int = 64
    activation: Activation = "silu"
    dropout: float = 0.3
    batch_size: int = 16
    decide: str = BALANCED
    """Rule of the threshold, as `--decide` takes it."""


class Unit(Frozen, frozen=True, kw_only=True):
    """One training run of a study: done once, whatever is killed."""

    backbone: str
    weights: Weights
    strategy: str
    layerwise: bool
    """Whether fine-tuned layers learn at rates that fall with depth."""
    training: Training
    seed: int
    """Of the split, the first weights and the order of scans."""
    fold: int | None
    """Which of the outer folds is the test part, from 0; None where the seed draws the split."""
    inner_folds: int
    """Folds of those who are not tested, to choose threshold and temperature by; 0 for one validation part."""
    preparation: Preparation
    data_sha256: str
    split_sha256: str
    versions: dict[str, str]
    """Of what figures depend on; see `edgecad_train.versions`."""

    @property
    def name(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the unit's canonical JSON."""
        canonical = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(canonical).hexdigest()[:NAME_LENGTH]

    @property
    def part_name(self) -> str:
        """Which split this unit is about: `seed 2` or `fold 3`, folds counted from 1."""
        return f"seed {self.seed}" if self.fold is None else f"fold {self.fold + 1}"

    def __str__(self) -> str:
        return f"{self.backbone}, {variant_name(self.strategy, self.layerwise)}, {self.part_name}"


def variant_name(strategy: str, layerwise: bool) -> str:
    """Words for a row of the table."""
    return f"{strategy}, layer-wise" if layerwise else strategy
