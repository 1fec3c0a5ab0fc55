"""Contracts of every version that was ever released are read, for as long as models carry them.

`contract_vN.json` is the text inside a model of version N, written once and never again. Who raises
`CONTRACT_VERSION` adds a file, and changes none.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgecad import contract as module
from edgecad.contract import CONTRACT_VERSION, Contract, contract_from_json, json_from_contract
from edgecad.errors import ModelInvalid
from edgecad.frozen import Frozen, json_from_struct

Run = Callable[..., Any]
HERE = Path(__file__).parent
VERSIONS = range(1, CONTRACT_VERSION + 1)
AS_RELEASED = {
    1: "e247c039d085a8c64e87a4d8fb40cdcf4f4742025f9242939a4f5dd8487eb0a8",
    2: "c66ebb01ad21abb719c6e932adb7577870efa174f5ad4d612df628b718c21e70",
}


def text_of(version: int) -> str:
    return (HERE / f"contract_v{version}.json").read_text("utf-8")


def parts_of(value: object) -> Iterator[msgspec.Struct]:
    """A struct, and every struct inside it."""
    if isinstance(value, tuple):
        for entry in value:
            yield from parts_of(entry)
    elif isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            yield from parts_of(getattr(value, name))


def without_later(read: Any, said: Any) -> Any:
    """What was read, without the fields that the older text did not have."""
    if isinstance(read, dict) and isinstance(said, dict):
        return {name: without_later(read[name], value) for name, value in said.items()}
    if isinstance(read, list) and isinstance(said, list) and len(read) == len(said):
        return [without_later(one, other) for one, other in zip(read, said, strict=True)]
    return read


def test_every_version_has_its_file_and_no_other_has() -> None:
    found = sorted(path.name for path in HERE.glob("contract_v*.json"))
    assert found == sorted(f"contract_v{version}.json" for version in VERSIONS)
    assert sorted(AS_RELEASED) == list(VERSIONS)


@pytest.mark.parametrize("version", AS_RELEASED)
def test_what_was_released_is_as_it_was(version: int) -> None:
    assert hashlib.sha256(text_of(version).encode()).hexdigest() == AS_RELEASED[version]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_of_every_version_is_read_as_what_it_says(version: int) -> None:
    contract = contract_from_json(text_of(version))
    assert contract.version == version == json.loads(text_of(version))["version"]
    read, said = json.loads(json_from_struct(contract)), json.loads(text_of(version))
    assert without_later(read, said) == said


def test_the_newest_is_written_as_the_same_text() -> None:
    assert json_from_struct(contract_from_json(text_of(CONTRACT_VERSION))) + "\n" == text_of(CONTRACT_VERSION)


def test_a_version_1_contract_does_not_say_its_activations() -> None:
    assert contract_from_json(text_of(1)).activations is None


def later_fields(one: Any, other: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where `other` has a field that `one` lacks, in parts that both have."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name, value in other.items():
            yield from later_fields(one[name], value, (*path, name)) if name in one else [(*path, name)]
    if isinstance(one, list) and isinstance(other, list) and one and other:
        yield from later_fields(one[0], other[0], (*path, 0))


LATER = list(later_fields(json.loads(text_of(1)), json.loads(text_of(2))))
"""Fields that version 2 added, by the texts of both."""


def test_version_2_added_fields_of_a_golden_answer_too() -> None:
    assert ("golden", 0, "clinical") in LATER
    assert ("decision", "zone") in LATER
    assert len(LATER) == 20


@pytest.mark.parametrize("path", LATER, ids=lambda path: ".".join(map(str, path)))
def test_a_field_of_a_later_version_is_unknown_in_an_older_one(path: tuple[str | int, ...]) -> None:
    """Else a contract of today could call itself version 1, of which no digest is demanded."""
    content: Any = json.loads(text_of(1))
    place, newer = content, json.loads(text_of(2))
    for step in path[:-1]:
        place, newer = place[step], newer[step]
    place[path[-1]] = newer[path[-1]]
    with pytest.raises(ModelInvalid, match=f"version 1 has no field {path[-1]}"):
        contract_from_json(json.dumps(content))


def test_the_newest_file_holds_every_part_of_a_contract_and_leaves_nothing_empty() -> None:
    """Else a field could change its name, or a part its shape, and the file would not tell."""
    contract = contract_from_json(text_of(CONTRACT_VERSION))
    kinds = {kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Frozen)}
    parts = list(parts_of(contract))
    assert {type(part) for part in parts} == kinds - {Frozen}
    for part in parts:
        empty = [name for name in part.__struct_fields__ if getattr(part, name) in (None, (), {}, "")]
        assert not empty, (type(part).__name__, empty)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_that_is_gone_or_new_would_be_found(version: int) -> None:
    content = json.loads(text_of(version))
    del content["positive"]
    with pytest.raises(ModelInvalid, match="positive"):
        contract_from_json(json.dumps(content))
    content = {**json.loads(text_of(version)), "colour": 1}
    with pytest.raises(ModelInvalid, match="colour"):
        contract_from_json(json.dumps(content))


@pytest.fixture
def newer() -> str:
    """A contract of the version after this runtime's, with a field that this one cannot know."""
    return json.dumps({**json.loads(text_of(CONTRACT_VERSION)), "version": CONTRACT_VERSION + 1, "future": [1]})


def test_a_contract_from_the_future_is_refused_by_its_version(newer: str) -> None:
    with pytest.raises(ModelInvalid, match=f"version {CONTRACT_VERSION + 1}, .*up to {CONTRACT_VERSION}; update"):
        contract_from_json(newer)


@pytest.mark.parametrize("command", ["infer", "verify", "inspect", "bench"])
def test_a_model_from_the_future_ends_with_code_6_and_the_next_step(
    edgecad: Run, tiny_model: Callable[..., bytes], newer: str, tmp_path: Path, phantom_jpeg: Path, command: str
) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(tiny_model(newer))
    words = ["infer", phantom_jpeg, "--model", model] if command == "infer" else [command, model]
    done = edgecad(*words)
    assert (done.code, done.stdout) == (6, "")
    (line,) = done.stderr.splitlines()
    assert f"has version {CONTRACT_VERSION + 1}, and this runtime reads up to {CONTRACT_VERSION}" in line
    assert line.endswith("update edgecad, or export the model with this version")


def test_a_model_of_today_carries_the_newest_version(tiny_contract: Contract) -> None:
    assert tiny_contract.version == CONTRACT_VERSION


@pytest.mark.parametrize("version", VERSIONS)
def test_a_contract_is_written_in_the_fields_of_its_own_version(version: int) -> None:
    contract = contract_from_json((HERE / f"contract_v{version}.json").read_bytes())
    assert contract_from_json(json_from_contract(contract)) == contract
