"""What defines a study, and the units that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from edgecad.contract import Origin, Preparation
from edgecad.frozen import Frozen
from edgecad_train.methods.table import Method, method_named
from edgecad_train.splits.protocol import Protocol, ProtocolName
from edgecad_train.splits.split import Folds, Split
from edgecad_train.study.definition.partitions import draws
from edgecad_train.study.definition.request import Rates
from edgecad_train.study.definition.units import Unit
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import plan_for

STUDY = "study.json"
SCHEMA: Literal[3] = 3
"""From 3 on a unit is a run folder."""
REFERENCE_STRATEGY = "two-stage"
"""What every other row is compared with, unless another is named before the study begins."""


class Weights(Frozen, frozen=True, kw_only=True):
    """First weights of a backbone: `imagenet`, `none` or a file's name, and the file's hash."""

    name: str
    sha256: str = ""
    """Of the file's bytes; empty for `none`."""


class BackboneSpec(Frozen, frozen=True, kw_only=True):
    """A row of the study: a network, its first weights, and how scans become its input."""

    name: str
    weights: Weights
    preparation: Preparation


class StudySpec(Frozen, frozen=True, kw_only=True):
    """All that defines a study. The same `StudySpec` gives the same units, in the same order."""

    backbones: tuple[BackboneSpec, ...]
    strategies: tuple[str, ...]
    rates: Rates
    settings: Settings
    """What all units share; what is each unit's own (`request.OF_A_UNIT`) is left at its default."""
    seeds: int
    folds: int | None
    protocol: ProtocolName
    """Who of those who are not tested chooses epoch, temperature and threshold."""
    inner_folds: int | None
    """How many folds do, if any; None takes five, or as many as the smaller class has patients."""
    time_plain: bool
    keep_models: bool
    data_sha256: str
    patient_rule: str
    versions: dict[str, str]
    reference: str = REFERENCE_STRATEGY
    """Strategy that the others of each network are compared with. It is part of the definition, so that nobody names
    it after a look at the table. It may be a method, which is then every row's."""
    methods: tuple[str, ...] = ()
    """Rows beside the strategies; see `edgecad_train.methods.table`."""

    @property
    def chooser(self) -> Protocol:
        """The protocol, as `edgecad_train.splits` takes it."""
        return Protocol(self.protocol, self.inner_folds)


class Study(Frozen, frozen=True, kw_only=True):
    """`study.json`: what defines the study, and all units by it, those of one backbone together."""

    schema: Literal[3] = SCHEMA
    origin: Origin
    spec: StudySpec
    units: tuple[Unit, ...]

    def __post_init__(self) -> None:
        if len({unit.name for unit in self.units}) != len(self.units):
            raise ValueError("two units of the study have one name")

    @property
    def random_networks(self) -> tuple[str, ...]:
        """Networks without first weights although a strategy or method wants some."""
        lacking = (unit.network for unit in self.units if unit.plan.pretrained and not unit.weights_sha256)
        return tuple(dict.fromkeys(lacking))

    def rows(self) -> dict[tuple[str, str], tuple[Unit, ...]]:
        """`(network, variant)` of each row of the table, in order, and its units."""
        keys = dict.fromkeys((unit.network, unit.variant) for unit in self.units)
        return {
            (name, variant): tuple(u for u in self.units if (u.network, u.variant) == (name, variant))
            for name, variant in keys
        }


def study_from(spec: StudySpec, origin: Origin, partitions: Sequence[Split | Folds]) -> Study:
    """Spell the units out.

    Args:
        partitions: one for each of `draws(spec.seeds, spec.folds)`.
    """
    parts = tuple(zip(draws(spec.seeds, spec.folds), partitions, strict=True))
    units = [
        _unit(spec, row, replace(spec.settings, strategy=strategy, layerwise=layerwise, seed=seed), fold, partition)
        for row in spec.backbones
        for strategy, layerwise in _variants(spec)
        for (seed, fold), partition in parts
    ]
    units += [
        _unit(spec, row, replace(spec.settings, seed=seed), fold, partition, method)
        for method in spec.methods
        for row in _networks_of(method_named(method), spec.backbones)
        for (seed, fold), partition in parts
    ]
    return Study(origin=origin, spec=spec, units=tuple(units))


def _networks_of(method: Method, backbones: tuple[BackboneSpec, ...]) -> tuple[BackboneSpec, ...]:
    """The networks that a method has a row on; the first, whose input it reads, where it stands on none."""
    if not method.takes_network:
        return backbones[:1]
    return tuple(row for row in backbones if method.only in ("", row.name))


def _unit(
    spec: StudySpec,
    row: BackboneSpec,
    settings: Settings,
    fold: int | None,
    partition: Split | Folds,
    method: str = "",
) -> Unit:
    pretrained = method_named(method).takes_network if method else settings.plan.pretrained
    weights = row.weights if pretrained else Weights(name="none")
    return Unit(
        settings=replace(settings, backbone=row.name, weights=weights.name),
        weights_sha256=weights.sha256,
        fold=fold,
        inner_folds=len(partition.folds) if isinstance(partition, Folds) else 0,
        preparation=row.preparation,
        data_sha256=spec.data_sha256,
        split_sha256=partition.sha256,
        versions=spec.versions,
        method=method,
    )


def _variants(spec: StudySpec) -> Iterator[tuple[str, bool]]:
    """Strategies with and without layer-wise rates, where these make a difference."""
    for strategy in spec.strategies:
        differs = plan_for(strategy, layerwise=True) != plan_for(strategy)
        if spec.rates != "layer-wise" or not differs:
            yield strategy, False
        if differs and (spec.rates == "layer-wise" or (spec.rates == "both" and strategy == REFERENCE_STRATEGY)):
            yield strategy, True
