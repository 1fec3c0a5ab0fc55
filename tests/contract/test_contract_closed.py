"""Contract version 2 and record schema 2 are closed: whatever another program sees of a field stays as it is.

`docs/reference/schemas` has both as JSON Schemas, made from the types; their hashes stand here. Whoever adds, renames
or removes a field, or changes its type, choices, default or whether it may be left out, raises the version and adds
files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from edgecad.answer.record_csv import COLUMNS
from edgecad.answer.records import SCHEMA, Record, json_line, record_from_json
from edgecad.clinical.fusion import check_golden_fusion
from edgecad.contract import CONTRACT_VERSION, Contract, Decision, contract_from_json
from edgecad.errors import ModelInvalid, UsageError
from edgecad.frozen import json_from_struct
from edgecad.spool.index import RecordIndex, SpoolRecord

Run = Callable[..., Any]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCHEMAS = ROOT / "docs" / "reference" / "schemas"
CLOSED = {
    "contract-v2.json": "3b3ea2834debc315999d73802850eae68823b84890b317a293724a9a8dffaa0a",
    "record-v2.json": "65e1ed17366c4d648fc93dc469b01267fe4f6e5465f6ff9a63f595d4872a8786",
}
KINDS = {
    "clinical.json": "6246cbf3d3c6d9921aeaf52be98129406801e2f2b0fde9de65efa07be76cc367",
    "ensemble.json": "a131ae78606e654c5648528c70f8974bb770ffbbb15b51ac0e7abccaa1315c8c",
    "method.json": "840348eb5f94294bca8d9859593abc2ad6889bdbedda6312247ee83f02b1a04c",
    "network.json": "a87016eda1081285f93b4ec2dc8a9149a76d6301c3509b5ee6c2fd18e83e6199",
}
"""Contracts of version 2 as `edgecad export` wrote them of small networks, on phantoms."""
RECORDS = HERE / "record_v2.jsonl"
RECORDS_SHA256 = "fa076c8b0cb397efedb285282dee579a6feb2b2433925848d3de3cbe07f28e63"


def schemas() -> ModuleType:
    spec = importlib.util.spec_from_file_location("schemas", ROOT / "docs" / "schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_version_has_its_schema_which_never_changes() -> None:
    assert {path.name: sha256(path) for path in SCHEMAS.iterdir()} == CLOSED
    assert set(schemas().KINDS) == {f"contract-v{CONTRACT_VERSION}.json", f"record-v{SCHEMA}.json"}


@pytest.mark.parametrize("name", schemas().KINDS)
def test_the_types_are_those_of_the_schema(name: str) -> None:
    seen, kept = schemas().schema_of(schemas().KINDS[name]), json.loads((SCHEMAS / name).read_text("utf-8"))
    parts = seen["$defs"].keys() | kept["$defs"].keys()
    changed = ", ".join(sorted(part for part in parts if seen["$defs"].get(part) != kept["$defs"].get(part)))
    assert not changed, f"{changed}: changed in what {name} closed; raise the version, as CONTRIBUTING.md says"
    assert seen == kept


CHANGES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "added, with a default": lambda fields: [*fields, ("method", str | None, None)],
    "removed": lambda fields: fields[:-1],
    "renamed": lambda fields: [("cut", *fields[0][1:]), *fields[1:]],
    "of another type": lambda fields: [(fields[0][0], int), *fields[1:]],
    "optional": lambda fields: [(fields[0][0], float | None, None), *fields[1:]],
    "with another default": lambda fields: [*fields[:2], ("temperature", float, 2.0), *fields[3:]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_field_that_changes_would_be_found(change: str) -> None:
    schema_of = schemas().schema_of

    def like_decision(change: Callable[[list[Any]], list[Any]]) -> Any:
        fields = [
            (each.name, each.type, *([] if each.default is msgspec.NODEFAULT else [each.default]))
            for each in msgspec.structs.fields(Decision)
        ]
        made = msgspec.defstruct("Decision", change(fields), frozen=True, kw_only=True, forbid_unknown_fields=True)
        return schema_of(made)["$defs"]["Decision"]

    assert like_decision(lambda fields: fields) == schema_of(Contract)["$defs"]["Decision"]
    assert like_decision(CHANGES[change]) != schema_of(Contract)["$defs"]["Decision"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_contract_of_each_kind_is_read_as_what_it_says(kind: str) -> None:
    path = HERE / "kinds" / kind
    assert sha256(path) == KINDS[kind]
    contract = contract_from_json(path.read_bytes())
    assert json_from_struct(contract) + "\n" == path.read_text("utf-8")
    check_golden_fusion(contract)
    assert bool(contract.members) is (kind == "ensemble.json")
    assert (contract.clinical is not None) is (kind == "clinical.json")
    assert (contract.backbone == "none") is (kind == "method.json")


def test_the_folder_of_kinds_holds_these_and_no_other() -> None:
    assert sorted(path.name for path in (HERE / "kinds").iterdir()) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_with_a_contract_of_each_kind_is_opened_and_shown(
    edgecad: Run, tiny_model: Callable[..., bytes], tmp_path: Path, kind: str
) -> None:
    model = tmp_path / "model.onnx"
    contract = contract_from_json((HERE / "kinds" / kind).read_bytes())
    small = replace(contract, preparation=replace(contract.preparation, size=64))  # as the tiny graph takes
    model.write_bytes(tiny_model(small))
    done = edgecad("inspect", model)
    assert done.code == 0, done.stderr
    assert contract.name in done.stdout
    done = edgecad("inspect", model, "--json")
    said = json.loads(done.stdout)["contract"]
    assert {**said, "digest": None} == {**json.loads(json_from_struct(small)), "digest": None}


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_field_of_a_contract_is_refused_wherever_it_stands(kind: str) -> None:
    text = (HERE / "kinds" / kind).read_text("utf-8")

    def places(part: Any) -> int:
        own = 1 if isinstance(part, dict) else 0
        return own + sum(map(places, part.values() if own else part if isinstance(part, list) else ()))

    def spoil(part: Any, left: list[int]) -> None:
        if isinstance(part, dict):
            left[0] -= 1
            if left[0] == 0:
                part["tomorrow"] = {}
        for each in list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else ():
            spoil(each, left)

    for place in range(1, places(json.loads(text)) + 1):
        content = json.loads(text)
        spoil(content, [place])
        assert content != json.loads(text)
        if _is_free(content):
            continue  # names of packages, of bounds, of values: whatever stands there is a name
        with pytest.raises(ModelInvalid, match="tomorrow"):
            contract_from_json(json.dumps(content))


def _is_free(content: dict[str, Any]) -> bool:
    golden = content["golden"]
    parts = [content["versions"], content["tolerances"], content["executions"], *content["executions"].values()]
    parts += [(content["test_openings"] or {}).get("by", {})]
    parts += [entry["clinical"]["values"] for entry in golden if entry["clinical"]]
    return any("tomorrow" in part for part in parts)


def records() -> list[str]:
    return RECORDS.read_text("utf-8").splitlines()


def test_the_records_of_schema_2_are_as_they_were_and_are_written_as_the_same_text() -> None:
    assert sha256(RECORDS) == RECORDS_SHA256
    for line in records():
        record = record_from_json(line, SpoolRecord)
        assert record.schema == 2
        assert msgspec.json.encode(record).decode() == line
        assert list(json.loads(line)) == list(SpoolRecord.__struct_fields__)


def test_the_records_hold_every_status_and_every_field_and_leave_none_empty() -> None:
    """Else a field could change its shape, and the file would not tell."""
    found = [json.loads(line) for line in records()]
    assert {record["status"] for record in found} == {"answered", "refused", "failed", "copy"}
    for name in SpoolRecord.__struct_fields__:
        assert any(record[name] not in (None, [], {}, "") for record in found), name
    for part in ("recalibration", "clinical", "uids", "view", "disc", "colour_table", "findings"):
        inner = [value for record in found if record[part] for value in _listed(record[part])]
        assert inner
        for name in inner[0]:
            assert any(value[name] not in (None, [], {}) for value in inner), (part, name)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_records_of_schema_2_fit_into_the_csv_and_its_columns_stay() -> None:
    for line in records():
        record = record_from_json(line, SpoolRecord)
        assert len([cell(record) for cell in COLUMNS.values()]) == len(COLUMNS)


def test_a_record_of_another_program_may_have_more_fields_and_one_of_a_newer_schema_is_refused() -> None:
    content = json.loads(records()[0])
    assert record_from_json(json.dumps({**content, "tomorrow": [1]}), Record).label == content["label"]
    assert json_line(record_from_json(records()[0], Record)).startswith('{"schema":2,')
    for schema in (SCHEMA + 1, 0):
        with pytest.raises(UsageError, match=f"has schema {schema}, and this edgecad reads 1 to {SCHEMA}; update"):
            record_from_json(json.dumps({**content, "schema": schema, "label": [1]}), Record)
    for text in ("{}", "[", '{"schema": "2"}', json.dumps({**content, "status": "lost"}), "[" * 100_000):
        with pytest.raises(UsageError, match="no record of edgecad"):
            record_from_json(text, Record)


def test_a_watch_passes_over_records_of_a_newer_schema_and_leaves_them(tmp_path: Path) -> None:
    day = tmp_path / "done" / "2026-11-30"
    day.mkdir(parents=True)
    (tmp_path / "refused").mkdir()
    line = records()[0]
    (day / "a.json").write_text(line)
    (day / "b.json").write_text(json.dumps({**json.loads(line), "schema": SCHEMA + 1}))
    index = RecordIndex(tmp_path)
    index.load()
    assert index.find("a") is not None
    assert index.find("b") is None
    assert (day / "b.json").is_file()
