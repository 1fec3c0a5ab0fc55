"""The contract travels as JSON and is read back exactly, or refused by the name of what is wrong."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from edgecad.contract import (
    CONTRACT_VERSION,
    Colours,
    Contract,
    Decision,
    GoldenAnswer,
    HeatmapScale,
    Labelling,
    Metric,
    Preparation,
    contract_from_json,
)
from edgecad.errors import ModelInvalid
from edgecad.frozen import json_from_struct


def changed(contract: Contract, path: str, value: Any) -> str:
    """The contract's JSON with the field at the dotted `path` set, or taken away for `...`."""
    content = json.loads(json_from_struct(contract))
    *way, last = path.split(".")
    inner = content
    for step in way:
        inner = inner[step]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return json.dumps(content)


def test_a_contract_survives_the_way_through_json(tiny_contract: Contract) -> None:
    metric = Metric(name="auc", value=0.9, low=0.8, high=0.95, n=40, part="test", method="bootstrap")
    golden = GoldenAnswer(sample="a.jpg", sha256="ab", logits=(0.1, -2.5e-7), score_map=((1.0, 2.0),))
    full = msgspec.structs.replace(
        tiny_contract, metrics=(metric,), golden=(golden,), tolerances={"logits": 1e-5}, versions={"a": "1"}
    )
    assert contract_from_json(json_from_struct(full)) == full


def test_json_of_a_contract_is_indented_for_people(tiny_contract: Contract) -> None:
    text = json_from_struct(tiny_contract)
    assert json.loads(text)["positive"] == "CAD"
    assert len(text.splitlines()) > 20


@pytest.mark.parametrize("field", ["positive", "origin", "preparation", "decision", "heatmap", "labelling"])
def test_a_missing_field_is_refused_by_its_name(tiny_contract: Contract, field: str) -> None:
    with pytest.raises(ModelInvalid, match=field):
        contract_from_json(changed(tiny_contract, field, ...))


@pytest.mark.parametrize("path", ["colour", "preparation.rotate", "decision.rule_of_thumb"])
def test_an_unknown_field_is_refused_by_its_name(tiny_contract: Contract, path: str) -> None:
    with pytest.raises(ModelInvalid, match=path.rpartition(".")[2]):
        contract_from_json(changed(tiny_contract, path, 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("origin", "hospital"),
        ("scaling", "nonsense"),
        ("precision", "fp8"),
        ("classes", ["CAD", "nonCAD", "other"]),
        ("classes", ["CAD", 1]),
        ("name", None),
        ("preparation.size", "64"),
        ("preparation.size", 64.5),
        ("preparation.crop", "square"),
        ("preparation.version", 2),
        ("decision.threshold", "0.5"),
        ("labelling.reference", 3),
    ],
)
def test_a_field_of_the_wrong_kind_is_refused_by_its_name(tiny_contract: Contract, path: str, value: Any) -> None:
    with pytest.raises(ModelInvalid, match=rf"{path.rpartition('.')[2]}.*export the model again"):
        contract_from_json(changed(tiny_contract, path, value))


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("preparation.size", 31, "input size 31"),
        ("preparation.size", 1025, "input size 1025"),
        ("preparation.max_overlay_share", 0.5, "max_overlay_share"),
        ("preparation.max_overlay_share", -0.1, "max_overlay_share"),
        ("decision.threshold", 0, "threshold 0"),
        ("decision.threshold", 1, "threshold 1"),
        ("decision.temperature", 0, "temperature 0"),
        ("decision.temperature", -1, "temperature -1"),
        ("heatmap.full_scale", 0, "scale must be positive"),
        ("heatmap.region_threshold", -1, "scale must be positive"),
        ("labelling.prevalence", 0, "prevalence 0"),
        ("labelling.prevalence", 1, "prevalence 1"),
        ("colours.bins", "0" * 1023, "1024 hexadecimal digits"),
        ("classes", ["CAD", "CAD"], "two different classes"),
        ("positive", "ill", "'ill' is not among the classes"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(tiny_contract: Contract, path: str, value: Any, words: str) -> None:
    with pytest.raises(ModelInvalid, match=words):
        contract_from_json(changed(tiny_contract, path, value))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Preparation(size=8),
        lambda: Decision(threshold=float("nan"), rule=""),
        lambda: Decision(threshold=0.5, rule="", temperature=float("inf")),
        lambda: HeatmapScale(full_scale=float("nan"), region_threshold=1),
        lambda: Labelling(reference="", prevalence=float("nan")),
        lambda: Colours(bins=""),
    ],
)
def test_python_too_cannot_make_what_cannot_be_meant(make: Any) -> None:
    with pytest.raises(ValueError):
        make()


def test_a_contract_cannot_be_changed(tiny_contract: Contract) -> None:
    with pytest.raises(AttributeError):
        tiny_contract.positive = "nonCAD"  # type: ignore[misc]


def test_a_newer_contract_is_refused_with_the_next_step(tiny_contract: Contract) -> None:
    with pytest.raises(ModelInvalid, match="update edgecad"):
        contract_from_json(changed(tiny_contract, "version", CONTRACT_VERSION + 1))


def test_a_newer_contract_is_told_by_its_version_even_if_its_fields_are_unknown() -> None:
    with pytest.raises(ModelInvalid, match=f"version {CONTRACT_VERSION + 1}"):
        contract_from_json(json.dumps({"version": CONTRACT_VERSION + 1, "new": {"field": 1}}))


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_was_never_released_is_refused(tiny_contract: Contract, version: int) -> None:
    with pytest.raises(ModelInvalid, match="version"):
        contract_from_json(changed(tiny_contract, "version", version))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"version": "1"}', b"\xff\xfe"])
def test_what_is_no_contract_is_refused(text: str | bytes) -> None:
    with pytest.raises(ModelInvalid, match="contract"):
        contract_from_json(text)


def test_the_classes_keep_the_order_of_the_outputs(tiny_contract: Contract) -> None:
    swapped = msgspec.structs.replace(tiny_contract, classes=("nonCAD", "CAD"))
    assert (tiny_contract.positive_index, tiny_contract.negative) == (0, "nonCAD")
    assert (swapped.positive_index, swapped.negative) == (1, "nonCAD")


def test_version_2_names_its_activations(tiny_contract: Contract) -> None:
    with pytest.raises(ModelInvalid, match="activations"):
        contract_from_json(changed(tiny_contract, "activations", None))


@pytest.mark.parametrize(
    "text",
    ['{"a":' * 700_000, "[" * 2_000_000, "[" * 10**5 + "]" * 10**5, '{"version":' + "[" * 10**5 + "]" * 10**5 + "}"],
    ids=["objects", "lists", "whole lists", "inside"],
)
def test_a_text_that_is_too_deep_is_no_contract(text: str) -> None:
    with pytest.raises(ModelInvalid, match="cannot be used"):
        contract_from_json(text)


def test_a_contract_with_a_deep_part_is_none(tiny_contract: Contract) -> None:
    deep = json_from_struct(tiny_contract).rstrip()[:-1] + ',"more":' + "[" * 10**5 + "]" * 10**5 + "}"
    with pytest.raises(ModelInvalid, match="cannot be used"):
        contract_from_json(deep)
