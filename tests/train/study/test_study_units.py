"""Units: what is asked for becomes a list of named runs, and the name holds all that defines one."""

from __future__ import annotations

import hashlib
import json

import msgspec
import pytest
from fake_study import fake_data, fake_plan, fake_spec

from edgecad.contract import Preparation
from edgecad.errors import UsageError
from edgecad_train.study.definition.kept import difference
from edgecad_train.study.definition.partitions import partitions_of
from edgecad_train.study.definition.spec import rates_named, strategies_named, study_from
from edgecad_train.study.definition.units import Training, Unit, Weights
from edgecad_train.training.strategies import STRATEGIES

OTHER = {
    "backbone": "vgg16",
    "weights": Weights(name="imagenet", sha256="a" * 64),
    "strategy": "all",
    "layerwise": True,
    "training": Training(warmup_epochs=99),
    "seed": 7,
    "fold": 3,
    "inner_folds": 5,
    "preparation": Preparation(size=299),
    "data_sha256": "e" * 64,
    "split_sha256": "f" * 64,
    "versions": {"edgecad": "0", "keras": "3", "tensorflow": "3"},
}


def test_a_name_is_the_hash_of_the_units_sorted_json() -> None:
    unit = fake_plan().study.units[0]
    canonical = json.dumps(msgspec.to_builtins(unit), sort_keys=True, separators=(",", ":"))
    assert unit.name == hashlib.sha256(canonical.encode()).hexdigest()[:16]
    assert msgspec.json.decode(msgspec.json.encode(unit), type=Unit).name == unit.name


@pytest.mark.parametrize("field", Unit.__struct_fields__)
def test_every_field_of_a_unit_is_in_its_name(field: str) -> None:
    unit = fake_plan().study.units[0]
    assert msgspec.structs.replace(unit, **{field: OTHER[field]}).name != unit.name


def test_units_are_networks_by_strategies_by_seeds_and_a_networks_run_together() -> None:
    study = fake_plan().study
    assert len(study.units) == 2 * 4 * 2
    assert [unit.backbone for unit in study.units] == ["mobilenetv2"] * 8 + ["resnet50v2"] * 8
    assert len({unit.name for unit in study.units}) == 16
    assert study.rows()[:4] == (
        ("mobilenetv2", "scratch", False),
        ("mobilenetv2", "warm-up", False),
        ("mobilenetv2", "two-stage", False),
        ("mobilenetv2", "two-stage", True),
    )


@pytest.mark.parametrize(
    ("rates", "wanted"),
    [
        ("uniform", [("warm-up", False), ("two-stage", False)]),
        ("layer-wise", [("warm-up", False), ("two-stage", True)]),
        ("both", [("warm-up", False), ("two-stage", False), ("two-stage", True)]),
    ],
)
def test_layer_wise_rates_only_where_they_make_a_difference(rates: str, wanted: list[tuple[str, bool]]) -> None:
    study = fake_plan(rates=rates, strategies=("warm-up", "two-stage"), seeds=1).study
    assert [(unit.strategy, unit.layerwise) for unit in study.units[: len(wanted)]] == wanted


def test_a_unit_from_scratch_is_named_without_weights_that_it_does_not_use() -> None:
    spec = fake_spec()
    rows = tuple(
        msgspec.structs.replace(row, weights=Weights(name="imagenet", sha256="a" * 64)) for row in spec.backbones
    )
    data = fake_data()
    study = study_from(fake_spec(backbones=rows), data.origin, partitions_of(data.cases, 2, None))
    assert {unit.weights.name for unit in study.units if unit.strategy == "scratch"} == {"none"}
    assert {unit.weights.name for unit in study.units if unit.strategy != "scratch"} == {"imagenet"}


def test_the_same_study_differs_in_nothing_and_others_in_what_is_named() -> None:
    spec = fake_spec()
    assert difference(spec, fake_spec()) is None
    assert difference(spec, fake_spec(seeds=3)) == "seeds 2 there, 3 asked for"
    assert difference(spec, fake_spec(training=Training(warmup_epochs=5))) == (
        "training warmup_epochs 100 there, 5 asked for"
    )
    fewer = difference(spec, fake_spec(backbones=spec.backbones[:1]))
    assert fewer == "backbones resnet50v2 given there, none asked for"
    other_data = difference(spec, fake_spec(data_sha256="e" * 64))
    assert other_data == f"data_sha256 {'d' * 12}... there, {'e' * 12}... asked for"


def test_strategies_come_in_the_papers_order_and_unknown_ones_are_refused() -> None:
    assert strategies_named("two-stage, scratch,two-stage") == ("scratch", "two-stage")
    assert strategies_named("all") == STRATEGIES
    with pytest.raises(UsageError, match=r"'s7'.*two-stage"):
        strategies_named("scratch,s7")
    with pytest.raises(UsageError, match="names nothing"):
        strategies_named(" , ")
    with pytest.raises(UsageError, match="uniform, layer-wise, both"):
        rates_named("fast")
