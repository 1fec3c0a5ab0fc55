"""Units: what is asked for becomes a list of named runs, and the name holds all that defines one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

import msgspec
import pytest
from fake_study import fake_data, fake_plan, fake_spec
from typer.testing import CliRunner

from edgecad.cli.fields import words_of
from edgecad.cli.program import app
from edgecad.colourtables.known import known_table
from edgecad.contract import Drawing, MapPlace, Preparation
from edgecad.errors import UsageError
from edgecad_train.study.definition.kept import difference
from edgecad_train.study.definition.partitions import partitions_of
from edgecad_train.study.definition.request import OF_A_UNIT, StudyOptions
from edgecad_train.study.definition.spec import Weights, study_from
from edgecad_train.study.definition.units import Unit
from edgecad_train.training.settings import Settings
from edgecad_train.training.strategies import STRATEGIES

PLACE = MapPlace(number=1, count=2)
OTHER_SETTINGS = {
    "uncertain": 0.2,
    "backbone": "vgg16",
    "weights": "imagenet",
    "strategy": "all",
    "lr_exponent": 3.25,
    "layerwise": True,
    "warmup_epochs": 99,
    "finetune_epochs": 99,
    "early_stopping": 3,
    "units": 8,
    "activation": "relu",
    "dropout": 0.1,
    "search": True,
    "search_trials": 9,
    "batch_size": 4,
    "class_weights": "balanced",
    "augment": 2,
    "decide": "costs=4",
    "labelled_by": "two readers",
    "select_on_test": True,
    "seed": 7,
    "device": "cpu",
}
OTHER = {
    "settings": Settings(backbone="vgg16"),
    "weights_sha256": "a" * 64,
    "fold": 3,
    "inner_folds": 5,
    "preparation": Preparation(size=299),
    "data_sha256": "e" * 64,
    "split_sha256": "f" * 64,
    "versions": {"edgecad": "0", "keras": "3", "tensorflow": "3"},
    "method": "normal-limits",
}


def test_a_name_is_the_hash_of_the_units_sorted_json() -> None:
    uptake = Preparation(size=32, input="uptake", tables=(known_table("jet"),), drawing=Drawing(), map=PLACE)
    unit = msgspec.structs.replace(fake_plan().study.units[0], preparation=uptake)
    told = msgspec.to_builtins(unit)
    assert told.pop("method") == ""
    assert told["settings"].pop("device") == "auto"  # as before there were devices, so units keep their names
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"))
    assert unit.name == hashlib.sha256(canonical.encode()).hexdigest()[:16]
    assert msgspec.json.decode(msgspec.json.encode(unit), type=Unit).name == unit.name


@pytest.mark.parametrize("field", Unit.__struct_fields__)
def test_every_field_of_a_unit_is_in_its_name(field: str) -> None:
    unit = fake_plan().study.units[0]
    assert msgspec.structs.replace(unit, **{field: OTHER[field]}).name != unit.name


@pytest.mark.parametrize("field", [each.name for each in dataclasses.fields(Settings)])
def test_every_option_of_training_is_in_its_name(field: str) -> None:
    unit = next(unit for unit in fake_plan().study.units if unit.settings.strategy == "two-stage")
    other = OTHER_SETTINGS.get(field, 0.1)  # an option that is new here is a number
    settings = dataclasses.replace(unit.settings, **{field: other})
    assert msgspec.structs.replace(unit, settings=settings).name != unit.name


def test_units_are_networks_by_strategies_by_seeds_and_a_networks_run_together() -> None:
    study = fake_plan().study
    assert len(study.units) == 2 * 4 * 2
    assert [unit.settings.backbone for unit in study.units] == ["mobilenetv2"] * 8 + ["resnet50v2"] * 8
    assert len({unit.name for unit in study.units}) == 16
    rows = study.rows()
    assert list(rows)[:4] == [
        ("mobilenetv2", "scratch"),
        ("mobilenetv2", "warm-up"),
        ("mobilenetv2", "two-stage"),
        ("mobilenetv2", "two-stage, layer-wise"),
    ]
    assert [[unit.settings.seed for unit in units] for units in rows.values()] == [[0, 1]] * 8


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
    assert [(unit.settings.strategy, unit.settings.layerwise) for unit in study.units[: len(wanted)]] == wanted


def test_a_unit_from_scratch_is_named_without_weights_that_it_does_not_use() -> None:
    spec = fake_spec()
    rows = tuple(
        msgspec.structs.replace(row, weights=Weights(name="imagenet", sha256="a" * 64)) for row in spec.backbones
    )
    data = fake_data()
    study = study_from(fake_spec(backbones=rows), data.origin, partitions_of(data.cases, 2, None))
    scratch = [unit for unit in study.units if unit.settings.strategy == "scratch"]
    others = [unit for unit in study.units if unit.settings.strategy != "scratch"]
    assert {(unit.settings.weights, unit.weights_sha256) for unit in scratch} == {("none", "")}
    assert {(unit.settings.weights, unit.weights_sha256) for unit in others} == {("imagenet", "a" * 64)}


def test_the_same_study_differs_in_nothing_and_others_in_what_is_named() -> None:
    spec = fake_spec()
    assert difference(spec, fake_spec()) is None
    assert difference(spec, fake_spec(seeds=3)) == "seeds 2 there, 3 here"
    assert difference(spec, fake_spec(settings=Settings(warmup_epochs=5))) == (
        "settings warmup_epochs 100 there, 5 here"
    )
    fewer = difference(spec, fake_spec(backbones=spec.backbones[:1]))
    assert fewer == "backbones resnet50v2 given there, none here"
    other_data = difference(spec, fake_spec(data_sha256="e" * 64))
    assert other_data == f"data_sha256 {'d' * 12}... there, {'e' * 12}... here"


def test_strategies_come_in_the_papers_order_and_unknown_ones_are_refused() -> None:
    assert StudyOptions(strategies="two-stage, scratch,two-stage").strategy_names == ("scratch", "two-stage")
    assert StudyOptions().strategy_names == STRATEGIES
    with pytest.raises(UsageError, match=r"'s7'.*two-stage"):
        StudyOptions(strategies="scratch,s7")
    with pytest.raises(UsageError, match="names nothing"):
        StudyOptions(strategies=" , ")


@pytest.mark.parametrize(
    ("words", "protocol"),
    [
        ({}, "holdout"),
        ({"protocol": "holdout"}, "holdout"),
        ({"inner_folds": 0}, "holdout"),
        ({"inner_folds": 3}, "folds"),
        ({"protocol": "folds"}, "folds"),
        ({"protocol": "folds", "inner_folds": 4}, "folds"),
    ],
)
def test_one_validation_part_chooses_unless_folds_are_wanted(words: dict[str, Any], protocol: str) -> None:
    assert StudyOptions(**words).protocol_name == protocol


@pytest.mark.parametrize("words", [{"protocol": "holdout", "inner_folds": 3}, {"protocol": "folds", "inner_folds": 0}])
def test_protocols_that_contradict_their_folds_are_refused(words: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"--protocol {words['protocol']} "):
        StudyOptions(**words)


def test_a_study_has_every_option_of_training_but_those_that_it_varies() -> None:
    told = CliRunner().invoke(app, ["study", "--help"], env={"COLUMNS": "200"}).output
    trained = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "200"}).output
    options = [words[0] for words in words_of(Settings(), OF_A_UNIT, defaults=True)]
    assert {"--class-weights", "--augment", "--search-trials", "--decide", "--labelled-by"} <= set(options)
    for option in (*options, "--early-stopping", "--search", "--show-optimism-of-selecting-on-test"):
        assert option in told, option
        assert option in trained, option


def test_a_unit_of_colours_has_the_name_that_it_had_before_there_was_uptake() -> None:
    unit = fake_plan().study.units[0]
    told = msgspec.to_builtins(unit)
    for name in ("input", "tables", "drawing", "map"):
        del told["preparation"][name]
    del told["settings"]["device"], told["method"]
    canonical = msgspec.json.encode(told, order="sorted")
    assert unit.name == hashlib.sha256(canonical).hexdigest()[:16]


def test_what_of_the_maps_is_seen_makes_another_unit() -> None:
    unit = fake_plan().study.units[0]
    uptake = Preparation(size=32, input="uptake", drawing=Drawing())
    kinds = (
        unit.preparation,
        uptake,
        msgspec.structs.replace(uptake, drawing=Drawing(beyond="mirrored")),
        msgspec.structs.replace(uptake, tables=(known_table("jet"),)),
        msgspec.structs.replace(uptake, map=PLACE),
    )
    assert len({msgspec.structs.replace(unit, preparation=how).name for how in kinds}) == len(kinds)
